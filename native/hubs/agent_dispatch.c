#include "hubs/agent_dispatch.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "hubs/agent_session.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "upload/chunk_receiver.h"

#include <stdlib.h>
#include <string.h>

/*
 * One row per type, with one handler of one family. It replies, or keeps the request for later;
 * false: the error is the reply. payload may be NULL.
 */
static const struct agent_handler {
	const char *type;
	enum session_state needs;
	bool (*session)(const struct handle_session_options *options, struct agent_session *session,
		cJSON *payload, struct error *err);
	bool (*steam)(const struct handle_steam_options *options, struct agent_session *session,
		cJSON *payload, struct error *err);
	bool (*artwork)(const struct handle_artwork_options *options, struct agent_session *session,
		cJSON *payload, struct error *err);
	bool (*upload)(const struct handle_upload_options *options, struct agent_session *session,
		cJSON *payload, struct error *err);
} handlers[] = {
	/* Sorted by type. */
	{ "apply_artwork", SESSION_PAIRED, .artwork = handle_apply_artwork },
	{ "cancel_upload", SESSION_PAIRED, .upload = handle_cancel_upload },
	{ "complete_upload", SESSION_PAIRED, .upload = handle_complete_upload },
	{ "create_shortcut", SESSION_PAIRED, .steam = handle_create_shortcut },
	{ "delete_game", SESSION_PAIRED, .steam = handle_delete_game },
	{ "delete_shortcut", SESSION_PAIRED, .steam = handle_delete_shortcut },
	{ "get_config", SESSION_PAIRED, .session = handle_get_config },
	{ "get_info", SESSION_PAIRED, .session = handle_get_info },
	{ "get_steam_users", SESSION_PAIRED, .steam = handle_get_steam_users },
	{ "hub_connected", SESSION_CONNECTED, .session = handle_hub_connected },
	{ "init_upload", SESSION_PAIRED, .upload = handle_init_upload },
	{ "list_shortcuts", SESSION_PAIRED, .steam = handle_list_shortcuts },
	{ "pair_confirm", SESSION_CONNECTED, .session = handle_pair_confirm },
	{ "ping", SESSION_CONNECTED, .session = handle_ping },
	{ "restart_steam", SESSION_PAIRED, .steam = handle_restart_steam },
	{ "upload_chunk", SESSION_PAIRED, .upload = handle_upload_chunk },
};

static int compare_type(const void *type, const void *handler)
{
	return strcmp(type, ((const struct agent_handler *)handler)->type);
}

static bool call_handler(const struct agent_dispatch *dispatch, const struct agent_handler *handler,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	if (handler->session != NULL) {
		return handler->session(&dispatch->session, session, payload, err);
	}
	if (handler->steam != NULL) {
		return handler->steam(&dispatch->steam, session, payload, err);
	}
	if (handler->artwork != NULL) {
		return handler->artwork(&dispatch->artwork, session, payload, err);
	}
	return handler->upload(&dispatch->upload, session, payload, err);
}

static bool give_message(const struct agent_dispatch *dispatch, struct agent_session *session,
	const struct envelope *message, struct error *err)
{
	const struct agent_handler *handler = bsearch(message->type, handlers,
		sizeof(handlers) / sizeof(handlers[0]), sizeof(handlers[0]), compare_type);
	enum session_state needs = handler != NULL ? handler->needs : SESSION_PAIRED;

	if (agent_session_state(session) < needs) {
		return error_set(err, ERROR_UNAUTHORIZED,
			"'%s' needs a paired Hub; send hub_connected first", message->type);
	}
	if (handler == NULL) {
		return error_set(
			err, ERROR_NOT_IMPLEMENTED, "unknown message type '%s'", message->type);
	}
	return call_handler(dispatch, handler, session, message->payload, err);
}

void agent_dispatch_text(const struct agent_dispatch *dispatch, struct agent_session *session,
	const char *text, size_t length)
{
	AUTO(envelope_finish) struct envelope message = { 0 };
	struct error err = { 0 };
	bool ok = envelope_read(&message, text, length, &err);

	agent_session_set_request(session, message.id != NULL ? message.id : "");
	if (!ok || !give_message(dispatch, session, &message, &err)) {
		agent_session_reply_error(session, &err);
	}
	agent_session_set_request(session, NULL);
}

/* --- Binary messages --- */

void agent_dispatch_binary_part(const struct agent_dispatch *dispatch,
	struct agent_session *session, const char *message, size_t length)
{
	if (agent_session_state(session) == SESSION_PAIRED) {
		handle_upload_part(&dispatch->upload, session, message, length);
	}
}

/* Answers a message of which only the id is read. */
static void refuse(struct agent_session *session, const char *id, const struct error *err)
{
	agent_session_set_request(session, id);
	agent_session_reply_error(session, err);
	agent_session_set_request(session, NULL);
}

static void refuse_stranger(struct agent_session *session, const char *id)
{
	struct error err;

	error_set(&err, ERROR_UNAUTHORIZED, "pair first: send hub_connected");
	refuse(session, id, &err);
}

void agent_dispatch_binary(const struct agent_dispatch *dispatch, struct agent_session *session,
	struct strbuf *message)
{
	AUTO(free_ptr) char *id = NULL;

	if (agent_session_state(session) == SESSION_PAIRED) {
		handle_upload_binary(&dispatch->upload, &dispatch->artwork, session, message);
		return;
	}
	id = chunk_receiver_id(message->data, message->length);
	refuse_stranger(session, id != NULL ? id : "");
}

void agent_dispatch_oversize(const struct agent_dispatch *dispatch, struct agent_session *session,
	const char *start, size_t length)
{
	AUTO(free_ptr) char *id = chunk_receiver_id(start, length);
	struct error err;

	chunk_receiver_reset(agent_session_receiver(session));
	if (id == NULL) {
		agent_session_close(session, WS_CLOSE_TOO_LARGE, "message too big");
	} else if (agent_session_state(session) != SESSION_PAIRED) {
		refuse_stranger(session, id);
	} else {
		error_set(&err, ERROR_TOO_LARGE,
			"a message may have at most %d bytes; send chunks of %d", MAX_MESSAGE_BYTES,
			CHUNK_SIZE_BYTES);
		refuse(session, id, &err);
	}
}
