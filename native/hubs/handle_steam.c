#define LOG_MODULE "steam"

#include "hubs/handle_steam.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "games/game_removal.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "library/game_registry.h"
#include "proto/proto_steam.h"
#include "proto/proto_upload.h"
#include "steam/change/shortcuts.h"
#include "steam/client/steam_users.h"
#include "steam/steam.h"

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

static void delete_shortcut_finish(struct delete_shortcut *request)
{
	json_finish(request, delete_shortcut_fields);
}

static void delete_game_finish(struct delete_game *request)
{
	json_finish(request, delete_game_fields);
}

/* --- Reading --- */

bool handle_get_steam_users(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	bool is_desktop = agent_session_hub(session)->is_desktop;
	AUTO(free_ptr) struct steam_user_message *messages = NULL;
	struct steam_users_response response;
	struct error why = { 0 };

	/*
	 * Without Steam there are no users, but a Hub can still send games, and an error would stop
	 * it.
	 */
	if (!steam_list_users(options->steam, &users, &why) && why.kind != ERROR_NOT_FOUND) {
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

bool handle_list_shortcuts(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(list_shortcuts_finish) struct list_shortcuts request = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list shortcuts = { 0 };
	AUTO(free_ptr) struct shortcut_message *messages = NULL;
	struct shortcuts_response response;

	if ((payload != NULL && !json_read(&request, list_shortcuts_fields, payload, err)) ||
		!steam_list_shortcuts(options->steam, request.user_id, &shortcuts, err)) {
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
	const struct handle_steam_options *options;
	struct agent_ticket *ticket;
	struct create_shortcut request;
	char *set; /* of a game's shortcut: what is written, for the registry; NULL: not a game's */
};

/* path relative to dir, borrowed from it; NULL if it is outside, or not written plainly. */
static const char *below(const char *dir, const char *path)
{
	size_t length = strlen(dir);
	AUTO(free_ptr) char *clean = NULL;

	if (strncmp(path, dir, length) != 0 || path[length] != '/') {
		return NULL;
	}
	path += length + 1;
	clean = path_normalise_relative(path, NULL);
	return clean != NULL && strcmp(clean, path) == 0 ? path : NULL;
}

/* The registered game that contains the program, or NULL. */
static const struct game *game_of(const struct handle_steam_options *options, const char *exe)
{
	const struct game *game = game_registry_find_file(options->registry, exe);

	return game != NULL && below(game->dir, exe) != NULL ? game : NULL;
}

/* Its next push updates this shortcut, and deleting it removes it. False: see *err. */
static bool remember_shortcut(const struct handle_steam_options *options, const char *exe,
	const struct steam_outcome *outcome, char *set, struct error *err)
{
	const struct game *known = game_of(options, exe);
	AUTO(free_ptr) char *account_id = NULL;
	AUTO(free_ptr) char *executable = NULL;
	struct game game;

	if (known == NULL) {
		return true;
	}
	account_id = xstrdup(outcome->account_id);
	executable = xstrdup(below(known->dir, exe));
	game = *known;
	game.app_id = outcome->app_id;
	game.user_id = account_id;
	game.executable = executable;
	game.shortcut = set != NULL ? set : game.shortcut;
	return game_registry_record(options->registry, &game, err);
}

static void on_created(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct create_job *job = user;
	const struct shortcut_config *shortcut = &job->request.shortcut;
	const struct handle_steam_options *options = job->options;

	if (err != NULL) {
		agent_ticket_fail_take(job->ticket, err);
	} else {
		struct error unsaved;
		bool is_saved =
			remember_shortcut(options, shortcut->exe, outcome, job->set, &unsaved);
		const struct operation_result result = {
			.success = true,
			.app_id = outcome->app_id,
			.message = is_saved ? outcome->note : unsaved.message,
		};

		agent_ticket_reply_take(
			job->ticket, "operation_result", operation_result_fields, &result);
		game_artwork_apply(options->artwork, NULL, outcome->account_id, outcome->app_id,
			shortcut->name, &shortcut->artwork, NULL, NULL);
	}
	create_shortcut_finish(&job->request);
	free(job->set);
	free(job);
}

bool handle_create_shortcut(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(create_shortcut_finish) struct create_shortcut request = { 0 };
	const struct shortcut_config *shortcut = &request.shortcut;
	AUTO(shortcut_set_finish) struct shortcut_set last = { 0 };
	struct steam_shortcut_request put;
	struct create_job *job;
	const struct game *game;

	if (!json_read(&request, create_shortcut_fields, payload, err)) {
		return false;
	}
	if (!json_is_given(shortcut->exe) || !json_is_given(shortcut->name)) {
		return error_set(err, ERROR_INVALID, "a shortcut needs '%s'",
			json_is_given(shortcut->exe) ? "name" : "exe");
	}
	/* A game's shortcut is updated; one of an unknown game would be a second one. */
	if (!state_link_ready(game_registry_link(options->registry), err)) {
		return false;
	}
	game = game_of(options, shortcut->exe);
	job = xcalloc(1, sizeof(*job));
	job->options = options;
	job->ticket = agent_session_take_request(session);
	job->request = request;
	json_own(&job->request, create_shortcut_fields, payload);
	request = (struct create_shortcut){ 0 };
	shortcut = &job->request.shortcut;
	put = (struct steam_shortcut_request){
		.user_id = job->request.user_id,
		.app_id = game != NULL ? game->app_id : 0,
		.name = shortcut->name,
		.exe = shortcut->exe,
		.any_name = game != NULL,
		.start_dir = shortcut->start_dir,
		.launch_options =
			json_is_given(shortcut->launch_options) ? shortcut->launch_options : NULL,
		.tags = &shortcut->tags,
		.compat_tool = game_setup_compat_tool(options->setup, shortcut->exe),
		.previous = game != NULL ? &last : NULL,
	};
	if (game != NULL) {
		game_setup_last_set(&last, game);
		job->set = game_setup_set_text(&put);
	}
	steam_put_shortcut(options->steam, &put, on_created, job);
	return true;
}

/* --- restart_steam --- */

static void on_restarted(void *user, const char *message, const struct error *err)
{
	const struct steam_response response = {
		.success = err == NULL,
		.message = err != NULL ? err->message : message,
	};

	/* A refusal is an answer; an error would make Hubs abort what they are doing. */
	agent_ticket_reply_take(user, "steam_response", steam_response_fields, &response);
}

bool handle_restart_steam(const struct handle_steam_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{

	steam_restart_client(options->steam, *options->restart_while_playing, on_restarted,
		agent_session_take_request(session));
	return true;
}

static void on_restarted_after_delete(void *user, const char *message, const struct error *err)
{
	if (err != NULL) {
		log_warning(
			"a shortcut was deleted, but Steam was not restarted: %s", err->message);
	} else {
		log_info("%s", message);
	}
}

/* --- delete_shortcut, delete_game --- */

struct delete_job {
	const struct handle_steam_options *options;
	struct agent_ticket *ticket;
	uint32_t app_id;
	bool restart_steam;
};

static void reply_deleted_take(struct agent_ticket *ticket, uint32_t app_id, const char *note)
{
	const struct operation_result result = {
		.success = true,
		.app_id = app_id,
		.message = note,
	};

	agent_ticket_reply_take(ticket, "operation_result", operation_result_fields, &result);
}

static void reply_game_deleted_take(struct agent_ticket *ticket, const struct game_removed *removed)
{
	const struct delete_game_response response = {
		.status = "deleted",
		.game_name = removed->game_name,
		.message = removed->note,
	};

	agent_ticket_reply_take(ticket, "operation_result", delete_game_response_fields, &response);
}

static void on_shortcut_deleted(
	void *user, const struct game_removed *removed, const struct error *err)
{
	struct delete_job *job = user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(job->ticket));

	if (err != NULL) {
		agent_ticket_fail_take(job->ticket, err);
	} else {
		reply_deleted_take(job->ticket, job->app_id, removed->note);
		agent_session_announce(
			session, "delete", "complete", removed->game_name, "Deleted");
		if (job->restart_steam && !*job->options->stopping) {
			steam_restart_client(job->options->steam,
				*job->options->restart_while_playing, on_restarted_after_delete,
				NULL);
		}
	}
	agent_session_unref(session);
	free(job);
}

static void on_game_deleted(void *user, const struct game_removed *removed, const struct error *err)
{
	struct agent_ticket *ticket = user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(ticket));

	if (err != NULL) {
		agent_ticket_fail_take(ticket, err);
	} else {
		reply_game_deleted_take(ticket, removed);
		agent_session_announce(
			session, "delete", "complete", removed->game_name, "Deleted");
	}
	agent_session_unref(session);
}

/* Errors: NOT_FOUND, CONFLICT (several have that name). */
static bool find_by_name(const struct shortcut_list *shortcuts, const char *name, uint32_t *app_id,
	struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < shortcuts->count; i++) {
		if (strcmp(shortcuts->items[i].name, name) == 0) {
			*app_id = shortcuts->items[i].app_id;
			count++;
		}
	}
	if (count == 0) {
		return error_set(err, ERROR_NOT_FOUND, "no shortcut is called '%s'", name);
	}
	return count == 1 ||
	       error_set(err, ERROR_CONFLICT,
		       "%zu shortcuts are called '%s'; choose one by its appId", count, name);
}

/* Reports the start to the Hub, unless there is nothing to delete. */
static void announce_delete(const struct handle_steam_options *options,
	struct agent_session *session, const char *user_id, uint32_t app_id)
{
	AUTO(shortcut_list_finish) struct shortcut_list shortcuts = { 0 };
	const struct game *game = game_registry_find_app(options->registry, app_id);
	const struct shortcut *shortcut;

	if (game != NULL) {
		agent_session_announce(session, "delete", "start", game->name, "Deletion started");
	} else if (steam_list_shortcuts(options->steam, user_id, &shortcuts, NULL)) {
		shortcut = shortcut_list_find(&shortcuts, app_id);
		if (shortcut != NULL) {
			agent_session_announce(
				session, "delete", "start", shortcut->name, "Deletion started");
		}
	}
}

bool handle_delete_shortcut(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(delete_shortcut_finish) struct delete_shortcut request = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list shortcuts = { 0 };
	struct delete_job *job;

	if (!json_read(&request, delete_shortcut_fields, payload, err)) {
		return false;
	}
	if (request.app_id == 0) {
		if (!json_is_given(request.name)) {
			return error_set(
				err, ERROR_INVALID, "delete_shortcut needs 'appId' or 'name'");
		}
		if (!steam_list_shortcuts(options->steam, request.user_id, &shortcuts, err) ||
			!find_by_name(&shortcuts, request.name, &request.app_id, err)) {
			return false;
		}
	}
	announce_delete(options, session, request.user_id, request.app_id);
	job = xcalloc(1, sizeof(*job));
	*job = (struct delete_job){
		.options = options,
		.ticket = agent_session_take_request(session),
		.app_id = request.app_id,
		.restart_steam = request.restart_steam,
	};
	game_removal_start(options->removal,
		&(struct game_removal_request){
			.user_id = request.user_id, .app_id = request.app_id },
		on_shortcut_deleted, job);
	return true;
}

bool handle_delete_game(const struct handle_steam_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	AUTO(delete_game_finish) struct delete_game request = { 0 };

	if (!json_read(&request, delete_game_fields, payload, err)) {
		return false;
	}
	if (request.app_id == 0) {
		return error_set(err, ERROR_INVALID, "delete_game needs an 'appId' other than 0");
	}
	announce_delete(options, session, NULL, request.app_id);
	game_removal_start(options->removal,
		&(struct game_removal_request){ .app_id = request.app_id }, on_game_deleted,
		agent_session_take_request(session));
	return true;
}
