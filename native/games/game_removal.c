#define LOG_MODULE "games"

#include "games/game_removal.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "steam/change/shortcuts.h"
#include "steam/client/steam_install.h"
#include "steam/client/steam_users.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct removal {
	struct agent_services *services;
	const struct game *game; /* ours; borrowed until it is in the trash; NULL: none */
	uint32_t app_id;	 /* as asked for, or the game's */
	struct strvec accounts;	 /* who has the shortcut */
	char *shortcut; /* what makes the shortcut of the game anew, JSON; NULL: it has none */
	char *game_name;
	char *trash_id;
	char *note;
	size_t removing; /* shortcuts under way */
	struct error err;
	game_removal_done *done;
	void *user;
};

static void answer(struct removal *removal)
{
	const struct game_removed removed = { .game_name = removal->game_name,
		.trash_id = removal->trash_id,
		.note = removal->note };
	bool failed = removal->err.kind != ERROR_NONE;

	removal->done(removal->user, failed ? NULL : &removed, failed ? &removal->err : NULL);
	strvec_finish(&removal->accounts);
	free(removal->shortcut);
	free(removal->game_name);
	free(removal->trash_id);
	free(removal->note);
	free(removal);
}

static bool is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* --- What is to go --- */

static const struct game *find_app(const struct agent_services *services, uint32_t app_id)
{
	const struct game *game = game_registry_find_app(services->games, app_id);

	return game != NULL ? game
			    : game_registry_find_app(services->games,
				      steam_actual_app_id(services->steam, app_id));
}

static bool find_dir(struct removal *removal, const char *dir)
{
	removal->game = game_registry_find(removal->services->games, dir);
	if (removal->game == NULL) {
		return error_set(&removal->err, ERROR_NOT_FOUND,
			"no game was installed in '%s'; its folder is left alone", dir);
	}
	removal->app_id = removal->game->app_id;
	return true;
}

/* The registered game that is asked for. Whoever names another user means their shortcut alone. */
static bool find_game(struct removal *removal, const struct game_removal_request *request)
{
	const struct agent_services *services = removal->services;
	AUTO(free_ptr) char *account_id = NULL;
	const struct game *game;

	if (request->app_id == 0) {
		return find_dir(removal, request->dir != NULL ? request->dir : "");
	}
	removal->app_id = request->app_id;
	if (is_given(request->user_id) && !steam_find_account(services->steam, request->user_id,
						  NULL, &account_id, &removal->err)) {
		return false;
	}
	game = find_app(services, request->app_id);
	if (game != NULL && (account_id == NULL || strcmp(game->user_id, account_id) == 0)) {
		removal->game = game;
	}
	return true;
}

struct upload_search {
	const char *dir;
	bool found;
};

static void visit_upload(void *user, const struct upload_status *status)
{
	struct upload_search *search = user;

	search->found |= status->state != UPLOAD_PAUSED && strcmp(status->dir, search->dir) == 0;
}

/* Errors: CONFLICT. */
static bool check_not_uploading(
	struct agent_services *services, const struct game *game, struct error *err)
{
	struct upload_search search = { .dir = game->dir };

	upload_store_each(services->uploads, visit_upload, &search);
	return !search.found ||
	       error_set(err, ERROR_CONFLICT,
		       "'%s' is being uploaded; cancel the upload or wait for its end", game->name);
}

static bool check_idle(struct removal *removal)
{
	const struct game *game = removal->game;
	uint32_t app_id = steam_actual_app_id(removal->services->steam, removal->app_id);

	if (app_id != 0 && steam_install_runs_game(app_id)) {
		return error_set(&removal->err, ERROR_CONFLICT,
			"'%s' is running; quit it before deleting it",
			game != NULL ? game->name : "the game");
	}
	return game == NULL || check_not_uploading(removal->services, game, &removal->err);
}

/* JSON that game_setup makes the shortcut of, under the id that it has. */
static char *describe_shortcut(
	const struct game *game, const struct shortcut *shortcut, const char *account_id)
{
	AUTO(game_setup_finish) struct game_setup left = { 0 };
	/* Deleted again before all was done, it still has its icon to come. */
	bool has_icon =
		is_given(shortcut->icon) || !json_read_text(&left, game_setup_fields, game->pending,
						    strlen(game->pending), NULL);
	const struct game_setup setup = {
		.wants_shortcut = true,
		.user_id = (char *)account_id,
		.icon = has_icon ? shortcut->icon : left.icon,
		.shortcut = {
			.name = shortcut->name,
			.exe = shortcut->exe,
			.start_dir = shortcut->start_dir,
			.launch_options = shortcut->launch_options,
			.tags = shortcut->tags,
		},
	};

	return game_setup_text(&setup);
}

/* Is the shortcut of that account one of those that go? */
static bool goes(
	const struct removal *removal, const char *account_id, const struct shortcut *shortcut)
{
	const struct game *game = removal->game;

	/* Two accounts may have the same id for different things: it is made of name and path. */
	return game == NULL || strcmp(game->user_id, account_id) == 0 ||
	       path_is_within(shortcut->exe, game->dir);
}

static void look_in_account(struct removal *removal, const char *account_id)
{
	struct agent_services *services = removal->services;
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	struct error err = { 0 };
	const struct shortcut *shortcut;

	if (!steam_list_shortcuts(services->steam, account_id, &list, &err)) {
		if (removal->note == NULL) {
			removal->note = xstrdup(err.message);
		}
		return;
	}
	shortcut = shortcut_list_find(&list, removal->app_id);
	if (shortcut == NULL) {
		shortcut = shortcut_list_find(
			&list, steam_actual_app_id(services->steam, removal->app_id));
	}
	if (shortcut == NULL || !goes(removal, account_id, shortcut)) {
		return;
	}
	strvec_push(&removal->accounts, account_id);
	if (removal->game_name == NULL) {
		removal->game_name = xstrdup(shortcut->name);
	}
	if (removal->game != NULL &&
		(removal->shortcut == NULL || strcmp(removal->game->user_id, account_id) == 0)) {
		free(removal->shortcut);
		removal->shortcut = describe_shortcut(removal->game, shortcut, account_id);
	}
}

/* A game's shortcut goes wherever it is; a stranger's where it is asked for, or first found. */
static bool find_shortcuts(struct removal *removal, const char *user_id)
{
	struct agent_services *services = removal->services;
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	const struct steam_user *wanted = NULL;

	if (removal->app_id == 0) {
		return true;
	}
	if (!steam_list_users(services->steam, &users, &removal->err)) {
		if (removal->game == NULL) {
			return false;
		}
		removal->err = (struct error){ 0 }; /* a Steam that is gone has no shortcut */
		return true;
	}
	if (removal->game == NULL && is_given(user_id)) {
		wanted = steam_users_find(&users, user_id, NULL);
	}
	for (size_t i = 0; i < users.count; i++) {
		if (removal->game != NULL ||
			(removal->accounts.count == 0 &&
				(wanted == NULL || wanted == &users.items[i]))) {
			look_in_account(removal, users.items[i].account_id);
		}
	}
	return true;
}

/* --- Deleting --- */

static void put_in_trash(struct removal *removal)
{
	struct agent_services *services = removal->services;
	struct game game = *removal->game;
	const struct trashed_game *trashed;

	/* Whoever restores it finds there what makes the shortcut anew, or what was still to be. */
	if (removal->shortcut != NULL) {
		game.pending = removal->shortcut;
	}
	free(removal->game_name);
	removal->game_name = xstrdup(game.name);
	log_info("'%s' in '%s' is deleted", game.name, game.dir);
	trashed = game_trash_put(services->trash, &game, &removal->err);
	removal->game = NULL;
	if (trashed != NULL) {
		removal->trash_id = xstrdup(trashed->id);
	}
}

static void on_shortcut_removed(
	void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct removal *removal = user;
	const char *note = err != NULL ? err->message : outcome->note;

	/* One that has gone meanwhile is not missed. */
	if (note != NULL && removal->note == NULL &&
		(err == NULL || err->kind != ERROR_NOT_FOUND)) {
		removal->note = xstrdup(note);
	}
	removal->removing--;
	if (removal->removing == 0) {
		answer(removal);
	}
}

/*
 * The folder goes first: a crash behind it leaves a shortcut to nothing, which the next start can
 * tell and removes, whereas a game without its shortcut might be meant.
 */
static void remove_all(struct removal *removal)
{
	struct agent_services *services = removal->services;

	if (removal->game != NULL) {
		put_in_trash(removal);
	} else if (removal->accounts.count == 0 && removal->note != NULL) {
		error_set(&removal->err, ERROR_IO, "%s", removal->note); /* it may be there */
	} else if (removal->accounts.count == 0) {
		error_set(&removal->err, ERROR_NOT_FOUND,
			"there is no shortcut with the app id %" PRIu32, removal->app_id);
	}
	removal->removing = removal->accounts.count;
	if (removal->err.kind != ERROR_NONE || removal->removing == 0) {
		answer(removal);
		return;
	}
	for (size_t i = 0; i < removal->accounts.count; i++) {
		steam_remove_shortcut(services->steam, removal->accounts.items[i], removal->app_id,
			on_shortcut_removed, removal);
	}
}

void game_removal_start(struct agent_services *services, const struct game_removal_request *request,
	game_removal_done *done, void *user)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	*removal = (struct removal){ .services = services, .done = done, .user = user };
	if (find_game(removal, request) && check_idle(removal) &&
		find_shortcuts(removal, request->user_id)) {
		remove_all(removal);
	} else {
		answer(removal);
	}
}

/* --- After a crash --- */

static void on_left_over_removed(
	void *user, const struct steam_outcome *outcome, const struct error *err)
{
	if (err != NULL) {
		log_warning("the shortcut of a deleted game is still there: %s", err->message);
	}
}

static void remove_left_over(struct agent_services *services, const char *account_id,
	const struct shortcut_list *list, const struct game *game)
{
	const struct shortcut *shortcut = shortcut_list_find(list, game->app_id);

	/* What was installed anew may have the id again, even if the registry was lost since. */
	if (shortcut != NULL && path_is_within(shortcut->exe, game->dir) &&
		game_registry_find(services->games, game->dir) == NULL && path_is_gone(game->dir)) {
		steam_remove_shortcut(
			services->steam, account_id, game->app_id, on_left_over_removed, NULL);
	}
}

void game_removal_resume(struct agent_services *services)
{
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };

	if (game_trash_count(services->trash) == 0 ||
		!steam_list_users(services->steam, &users, NULL)) {
		return;
	}
	for (size_t i = 0; i < users.count; i++) {
		AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
		const char *account_id = users.items[i].account_id;

		if (!steam_list_shortcuts(services->steam, account_id, &list, NULL)) {
			continue;
		}
		for (size_t n = 0; n < game_trash_count(services->trash); n++) {
			remove_left_over(services, account_id, &list,
				&game_trash_at(services->trash, n)->game);
		}
	}
}

/* --- Bringing back --- */

struct restoring {
	struct agent_services *services;
	char *game_name;
	char *dir; /* NULL: it failed */
	struct error err;
	game_removal_done *done;
	void *user;
};

static void on_set_up(void *user, uint32_t app_id, const char *message)
{
	struct restoring *restoring = user;
	const struct game_removed restored = { .game_name = restoring->game_name, .note = message };
	bool failed = restoring->dir == NULL;

	restoring->done(
		restoring->user, failed ? NULL : &restored, failed ? &restoring->err : NULL);
	free(restoring->game_name);
	free(restoring->dir);
	free(restoring);
}

static bool check_restorable(
	struct agent_services *services, const char *trash_id, struct error *err)
{
	for (size_t i = 0; i < game_trash_count(services->trash); i++) {
		const struct trashed_game *trashed = game_trash_at(services->trash, i);

		if (strcmp(trashed->id, trash_id) == 0) {
			return check_not_uploading(services, &trashed->game, err);
		}
	}
	return true; /* game_trash_restore() says that there is none */
}

void game_restore_start(
	struct agent_services *services, const char *trash_id, game_removal_done *done, void *user)
{
	struct restoring *restoring = xcalloc(1, sizeof(*restoring));
	AUTO(trashed_game_finish) struct trashed_game restored = { 0 };

	*restoring = (struct restoring){ .services = services, .done = done, .user = user };
	if (check_restorable(services, trash_id, &restoring->err) &&
		game_trash_restore(services->trash, trash_id, &restored, &restoring->err)) {
		log_info("'%s' is back in '%s'", restored.game.name, restored.game.dir);
		restoring->game_name = xstrdup(restored.game.name);
		restoring->dir = xstrdup(restored.game.dir);
	}
	if (restoring->dir != NULL) {
		game_setup_start(services, restoring->dir, on_set_up, restoring);
	} else {
		on_set_up(restoring, 0, NULL);
	}
}
