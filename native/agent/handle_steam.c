#define LOG_MODULE "steam"

#include "agent/handle_steam.h"

#include "agent/agent_session.h"
#include "agent/game_registry.h"
#include "agent/windows_program.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/xalloc.h"
#include "proto/proto_steam.h"
#include "proto/proto_upload.h"
#include "steam/shortcuts.h"
#include "steam/steam.h"
#include "steam/steam_users.h"

#include <stdlib.h>
#include <string.h>

static void list_shortcuts_finish(struct list_shortcuts *request)
{
	json_finish(request, list_shortcuts_fields);
}

static void create_shortcut_finish(struct create_shortcut *request)
{
	json_finish(request, create_shortcut_fields);
}

/* --- Reading --- */

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

/* --- create_shortcut --- */

struct create_job {
	struct agent_ticket *ticket;
	struct create_shortcut request;
};

static bool is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* The game of ours whose program it is, or NULL. */
static const struct game *game_of(const struct agent_services *services, const char *exe)
{
	/* With ".." in it, it may be anywhere. */
	return strstr(exe, "/../") == NULL ? game_registry_find_file(services->games, exe) : NULL;
}

/* Its next push updates this shortcut, and deleting it removes it. */
static void remember_shortcut(
	struct agent_services *services, const char *exe, const struct steam_outcome *outcome)
{
	const struct game *known = game_of(services, exe);
	struct error err = { 0 };
	struct game game;

	if (known == NULL) {
		return;
	}
	game = *known;
	game.app_id = outcome->app_id;
	game.user_id = (char *)outcome->account_id;
	game.executable = (char *)exe + strlen(known->dir) + 1;
	if (!game_registry_put(services->games, &game, &err)) {
		log_warning("the shortcut of '%s' could not be remembered: %s", known->name,
			err.message);
	}
}

static void on_created(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct create_job *job = user;
	const struct shortcut_config *shortcut = &job->request.shortcut;
	struct agent_services *services = agent_session_services(agent_ticket_session(job->ticket));

	if (err != NULL) {
		agent_ticket_fail_take(job->ticket, err);
	} else {
		const struct operation_result result = {
			.success = true,
			.app_id = outcome->app_id,
			.message = (char *)outcome->note,
		};

		remember_shortcut(services, shortcut->exe, outcome);
		agent_ticket_reply_take(
			job->ticket, "operation_result", operation_result_fields, &result);
	}
	create_shortcut_finish(&job->request);
	free(job);
}

bool handle_create_shortcut(struct agent_session *session, const cJSON *payload, struct error *err)
{
	struct agent_services *services = agent_session_services(session);
	AUTO(create_shortcut_finish) struct create_shortcut request = { 0 };
	const struct shortcut_config *shortcut = &request.shortcut;
	struct create_job *job;
	const struct game *game;

	if (!json_read(&request, create_shortcut_fields, payload, err)) {
		return false;
	}
	if (!is_given(shortcut->exe) || !is_given(shortcut->name)) {
		return error_set(err, ERROR_INVALID, "a shortcut needs '%s'",
			is_given(shortcut->exe) ? "name" : "exe");
	}
	game = game_of(services, shortcut->exe);
	job = xcalloc(1, sizeof(*job));
	job->ticket = agent_session_take_request(session);
	job->request = request;
	request = (struct create_shortcut){ 0 };
	shortcut = &job->request.shortcut;
	steam_put_shortcut(services->steam,
		&(struct steam_shortcut_request){
			.user_id = job->request.user_id,
			.app_id = game != NULL ? game->app_id : 0,
			.name = shortcut->name,
			.exe = shortcut->exe,
			.any_name = game != NULL,
			.start_dir = shortcut->start_dir,
			.launch_options = is_given(shortcut->launch_options)
						  ? shortcut->launch_options
						  : NULL,
			.tags = &shortcut->tags,
			.compat_tool = windows_program_is(shortcut->exe)
					       ? services->config->steam_compat_tool
					       : NULL,
		},
		on_created, job);
	return true;
}
