#include "hubs/agent_dispatch.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "hubs/agent_session.h"
#include "hubs/handle_artwork.h"
#include "hubs/handle_session.h"
#include "hubs/handle_steam.h"
#include "hubs/handle_upload.h"
#include "proto/proto_envelope.h"

#include <stdlib.h>
#include <string.h>

static const struct agent_handler {
	const char *type;
	enum session_state needs;
	/* Replies, or keeps the request for later; false: the error is the reply. payload may be
	 * NULL. */
	bool (*handle)(struct agent_session *session, cJSON *payload, struct error *err);
} handlers[] = {
	/* Sorted by type. */
	{ "apply_artwork", SESSION_PAIRED, handle_apply_artwork },
	{ "cancel_upload", SESSION_PAIRED, handle_cancel_upload },
	{ "complete_upload", SESSION_PAIRED, handle_complete_upload },
	{ "create_shortcut", SESSION_PAIRED, handle_create_shortcut },
	{ "delete_game", SESSION_PAIRED, handle_delete_game },
	{ "delete_shortcut", SESSION_PAIRED, handle_delete_shortcut },
	{ "get_config", SESSION_PAIRED, handle_get_config },
	{ "get_info", SESSION_PAIRED, handle_get_info },
	{ "get_steam_users", SESSION_PAIRED, handle_get_steam_users },
	{ "hub_connected", SESSION_CONNECTED, handle_hub_connected },
	{ "init_upload", SESSION_PAIRED, handle_init_upload },
	{ "list_shortcuts", SESSION_PAIRED, handle_list_shortcuts },
	{ "pair_confirm", SESSION_CONNECTED, handle_pair_confirm },
	{ "ping", SESSION_CONNECTED, handle_ping },
	{ "restart_steam", SESSION_PAIRED, handle_restart_steam },
	{ "upload_chunk", SESSION_PAIRED, handle_upload_chunk },
};

static int compare_type(const void *type, const void *handler)
{
	return strcmp(type, ((const struct agent_handler *)handler)->type);
}

static bool dispatch(
	struct agent_session *session, const struct envelope *message, struct error *err)
{
	const struct agent_handler *handler = bsearch(message->type, handlers,
		sizeof(handlers) / sizeof(handlers[0]), sizeof(handlers[0]), compare_type);
	enum session_state needs = handler != NULL ? handler->needs : SESSION_PAIRED;

	if (agent_session_state(session) < needs) {
		return error_set(err, ERROR_UNAUTHORIZED,
			"'%s' needs a paired Hub: send hub_connected first", message->type);
	}
	if (handler == NULL) {
		return error_set(err, ERROR_NOT_IMPLEMENTED,
			"this agent does not know the message type '%s'", message->type);
	}
	return handler->handle(session, message->payload, err);
}

void agent_dispatch_text(struct agent_session *session, const char *text, size_t length)
{
	AUTO(envelope_finish) struct envelope message = { 0 };
	struct error err = { 0 };
	const char *id;
	bool ok = envelope_read(&message, text, length, &err);

	id = message.id != NULL ? message.id : "";
	agent_session_set_request(session, id);
	if (!ok || !dispatch(session, &message, &err)) {
		agent_session_fail(session, id, &err);
	}
	agent_session_set_request(session, NULL);
}
