#include "hubs/operation_announce.h"

#include "hubs/agent_session.h"
#include "proto/proto_upload.h"
#include "upload/upload_store.h"

#include <string.h>

struct upload_search {
	const char *hub_id;
	bool found;
};

static void visit_upload(void *user, const struct upload_status *status)
{
	struct upload_search *search = user;

	search->found |=
		status->state != UPLOAD_PAUSED && strcmp(status->hub_id, search->hub_id) == 0;
}

static bool is_uploading(const struct agent_session *session)
{
	struct upload_search search = { .hub_id = agent_session_hub(session)->id };

	upload_store_each(agent_session_services(session)->uploads, visit_upload, &search);
	return search.found;
}

void operation_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message)
{
	bool is_desktop = agent_session_hub(session)->is_desktop;
	const struct operation_event event = {
		.type = (char *)type,
		.status = (char *)status,
		.game_name = (char *)game_name,
		.progress = strcmp(status, "complete") == 0 ? 100 : 0,
		.message = (char *)(is_desktop ? "" : message),
	};

	if (agent_session_services(session)->stopping ||
		(is_desktop && strcmp(type, "install") != 0 && is_uploading(session))) {
		return;
	}
	agent_session_push(session, "operation_event", operation_event_fields, &event);
}
