#include "agent/handle_steam.h"

#include "agent/agent_session.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "proto/proto_steam.h"
#include "steam/shortcuts.h"
#include "steam/steam.h"
#include "steam/steam_users.h"

#include <stdlib.h>

static void list_shortcuts_finish(struct list_shortcuts *request)
{
	json_finish(request, list_shortcuts_fields);
}

bool handle_get_steam_users(struct agent_session *session, const cJSON *payload, struct error *err)
{
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	bool is_desktop = agent_session_hub(session)->is_desktop;
	AUTO(free_ptr) struct steam_user_message *messages = NULL;
	struct steam_users_response response;
	struct error why = { 0 };

	/* Without Steam there is nobody: a Hub can still send games, and an error would stop it. */
	if (!steam_list_users(agent_session_services(session)->steam, &users, &why) &&
		why.kind != ERROR_NOT_FOUND) {
		*err = why;
		return false;
	}
	messages = xcalloc(users.count + 1, sizeof(*messages));
	for (size_t i = 0; i < users.count; i++) {
		const struct steam_user *user = &users.items[i];

		messages[i].id = is_desktop ? user->account_id : user->steam_id;
		messages[i].name = user->persona_name;
	}
	response = (struct steam_users_response){ .users = messages, .users_count = users.count };
	agent_session_reply(
		session, "steam_users_response", steam_users_response_fields, &response);
	return true;
}

bool handle_list_shortcuts(struct agent_session *session, const cJSON *payload, struct error *err)
{
	AUTO(list_shortcuts_finish) struct list_shortcuts request = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list shortcuts = { 0 };
	AUTO(free_ptr) struct shortcut_message *messages = NULL;
	struct shortcuts_response response;

	if ((payload != NULL && !json_read(&request, list_shortcuts_fields, payload, err)) ||
		!steam_list_shortcuts(
			agent_session_services(session)->steam, request.user_id, &shortcuts, err)) {
		return false;
	}
	messages = xcalloc(shortcuts.count + 1, sizeof(*messages));
	for (size_t i = 0; i < shortcuts.count; i++) {
		const struct shortcut *shortcut = &shortcuts.items[i];

		messages[i] = (struct shortcut_message){
			.app_id = shortcut->app_id,
			.name = shortcut->name,
			.exe = shortcut->exe,
			.start_dir = shortcut->start_dir,
			.launch_options = shortcut->launch_options,
			.tags = shortcut->tags,
			.last_played = shortcut->last_played_s,
		};
	}
	response = (struct shortcuts_response){
		.shortcuts = messages,
		.shortcuts_count = shortcuts.count,
	};
	agent_session_reply(session, "shortcuts_response", shortcuts_response_fields, &response);
	return true;
}
