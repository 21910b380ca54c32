#define LOG_MODULE "games"

#include "games/game_removal.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
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

#define SHORTCUT_ID_BIT UINT32_C(0x80000000)

struct game_removal {
	struct game_removal_options options;
};

/* One game or shortcut being removed. */
struct removal_job {
	const struct game_removal_options *options;
	const struct game
		*game;	 /* a registered one; borrowed until it is in the trash; NULL: none */
	uint32_t app_id; /* as requested, or the game's */
	bool forget;
	struct strvec accounts; /* the accounts that have the shortcut */
	char *shortcut;		/* recreates the game's shortcut, JSON; NULL: it has none */
	char *game_name;
	char *trash_id;
	char *note;
	char *prefix;
	size_t removing; /* shortcuts under way */
	struct error err;
	game_removal_done *done;
	void *user;
};

static void end_removal(struct removal_job *job)
{
	const struct game_removed removed = { .game_name = job->game_name,
		.trash_id = job->trash_id,
		.note = job->note,
		.prefix = job->prefix };
	bool failed = job->err.kind != ERROR_NONE;

	job->done(job->user, failed ? NULL : &removed, failed ? &job->err : NULL);
	strvec_finish(&job->accounts);
	free(job->shortcut);
	free(job->game_name);
	free(job->trash_id);
	free(job->note);
	free(job->prefix);
	free(job);
}

/* --- What to remove --- */

static const struct game *find_app(const struct game_removal_options *options, uint32_t app_id)
{
	const struct game *game = game_registry_find_app(options->registry, app_id);

	return game != NULL ? game
			    : game_registry_find_app(options->registry,
				      steam_actual_app_id(options->steam, app_id));
}

static bool find_dir(struct removal_job *job, const char *dir)
{
	job->game = game_registry_find(job->options->registry, dir);
	if (job->game == NULL) {
		return error_set(&job->err, ERROR_NOT_FOUND,
			"no game was installed in '%s'; its folder is left alone", dir);
	}
	job->app_id = job->game->app_id;
	return true;
}

/* The game that the account's shortcut of that id starts, unless the game has another shortcut. */
static const struct game *find_started(
	const struct game_removal_options *options, const char *account_id, uint32_t app_id)
{
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	const struct shortcut *shortcut;
	const struct game *game;

	if (!steam_list_shortcuts(options->steam, account_id, &list, NULL)) {
		return NULL;
	}
	shortcut = shortcut_list_find(&list, app_id);
	if (shortcut == NULL) {
		shortcut = shortcut_list_find(&list, steam_actual_app_id(options->steam, app_id));
	}
	game = shortcut != NULL ? game_registry_find_file(options->registry, shortcut->exe) : NULL;
	return game != NULL && shortcut_list_find(&list, game->app_id) == NULL ? game : NULL;
}

/*
 * A game whose id is not known, e.g. because it could not be saved before the agent ended: by where
 * its shortcut's program is. account_id NULL: any.
 */
static const struct game *find_by_program(
	const struct game_removal_options *options, const char *account_id, uint32_t app_id)
{
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	const struct game *game = NULL;

	if (account_id != NULL) {
		return find_started(options, account_id, app_id);
	}
	if (!steam_list_users(options->steam, &users, NULL)) {
		return NULL;
	}
	for (size_t i = 0; i < users.count && game == NULL; i++) {
		game = find_started(options, users.items[i].account_id, app_id);
	}
	return game;
}

/* The requested registered game. A request that names another user means only their shortcut. */
static bool find_game(struct removal_job *job, const struct game_removal_request *request)
{
	const struct game_removal_options *options = job->options;
	AUTO(free_ptr) char *account_id = NULL;
	const struct game *game;

	if (request->app_id == 0) {
		return find_dir(job, request->dir != NULL ? request->dir : "");
	}
	job->app_id = request->app_id;
	if (json_is_given(request->user_id) && !steam_find_account(options->steam, request->user_id,
						       NULL, &account_id, &job->err)) {
		return false;
	}
	game = find_app(options, request->app_id);
	if (game == NULL) {
		job->game = find_by_program(options, account_id, request->app_id);
	} else if (account_id == NULL || strcmp(game->user_id, account_id) == 0) {
		job->game = game;
	}
	return true;
}

/* Errors: CONFLICT. */
static bool check_not_uploading(
	const struct game_removal_options *options, const struct game *game, struct error *err)
{
	const struct upload_filter filter = { .dir = game->dir };

	if (!upload_store_find(options->uploads, &filter, &(struct upload_status){ 0 })) {
		return true;
	}
	error_set(err, ERROR_CONFLICT,
		"'%s' is being uploaded; cancel the upload or wait until it has finished",
		game->name);
	return error_explain(err, "being_uploaded", "name", game->name, NULL);
}

static bool check_idle(struct removal_job *job)
{
	const struct game *game = job->game;
	uint32_t app_id = steam_actual_app_id(job->options->steam, job->app_id);

	if (app_id != 0 && steam_install_runs_game(app_id)) {
		error_set(&job->err, ERROR_CONFLICT, "'%s' is running; quit it before deleting it",
			game != NULL ? game->name : "the game");
		return error_explain(&job->err, "game_running", NULL);
	}
	return game == NULL || check_not_uploading(job->options, game, &job->err);
}

/* JSON from which game_setup recreates the shortcut, with its present id. */
static char *describe_shortcut(
	const struct game *game, const struct shortcut *shortcut, const char *account_id)
{
	AUTO(game_setup_plan_finish) struct game_setup_plan left = { 0 };
	/* Deleted again before everything was done: its icon is still pending. */
	bool has_icon = json_is_given(shortcut->icon) ||
			!json_read_text(&left, game_setup_plan_fields, game->pending,
				strlen(game->pending), NULL);
	AUTO(free_ptr) char *exe = path_join(game->dir, game->executable);
	const struct game_setup_plan setup = {
		.wants_shortcut = true,
		.restored = true,
		.command = shortcut->command,
		.user_id = account_id,
		.icon = has_icon ? shortcut->icon : left.icon,
		.shortcut = {
			.name = shortcut->name,
			.exe = *shortcut->exe == '/' && shortcut->command == NULL ? shortcut->exe
										 : exe,
			.start_dir = shortcut->start_dir,
			.launch_options = shortcut->launch_options,
			.tags = shortcut->tags,
		},
	};

	return game_setup_plan_text(&setup);
}

/* Is that account's shortcut to be removed? */
static bool goes(
	const struct removal_job *job, const char *account_id, const struct shortcut *shortcut)
{
	const struct game *game = job->game;

	/*
	 * Two accounts may have the same id for different games: it is derived from name and path.
	 */
	return game == NULL || strcmp(game->user_id, account_id) == 0 ||
	       shortcut_starts_in(shortcut, game->dir);
}

static void look_in_account(struct removal_job *job, const char *account_id)
{
	const struct game_removal_options *options = job->options;
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	struct error err = { 0 };
	const struct shortcut *shortcut;

	if (!steam_list_shortcuts(options->steam, account_id, &list, &err)) {
		if (job->note == NULL) {
			job->note = xstrdup(err.message);
		}
		return;
	}
	shortcut = shortcut_list_find(&list, job->app_id);
	if (shortcut == NULL) {
		shortcut =
			shortcut_list_find(&list, steam_actual_app_id(options->steam, job->app_id));
	}
	if (shortcut == NULL || !goes(job, account_id, shortcut)) {
		return;
	}
	strvec_push(&job->accounts, account_id);
	if (job->game_name == NULL) {
		job->game_name = xstrdup(shortcut->name);
	}
	if (job->game != NULL &&
		(job->shortcut == NULL || strcmp(job->game->user_id, account_id) == 0)) {
		free(job->shortcut);
		job->shortcut = describe_shortcut(job->game, shortcut, account_id);
	}
}

/*
 * A game's shortcut is removed from every account; any other only where requested, or first found.
 */
static bool find_shortcuts(struct removal_job *job, const char *user_id)
{
	const struct game_removal_options *options = job->options;
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	const struct steam_user *wanted = NULL;

	if (job->app_id == 0) {
		return true;
	}
	if (!steam_list_users(options->steam, &users, &job->err)) {
		if (job->game == NULL) {
			return false;
		}
		job->err = (struct error){ 0 }; /* without Steam there is no shortcut */
		return true;
	}
	if (job->game == NULL && json_is_given(user_id)) {
		wanted = steam_users_find(&users, user_id, NULL);
	}
	for (size_t i = 0; i < users.count; i++) {
		if (job->game != NULL || (job->accounts.count == 0 &&
						 (wanted == NULL || wanted == &users.items[i]))) {
			look_in_account(job, users.items[i].account_id);
		}
	}
	return true;
}

/* --- Deleting --- */

/*
 * Proton's folder of a registered game: below Steam's, under the shortcut's id. The ids of
 * shortcuts have the top bit set; another id is that of a game of Steam's own.
 */
static void find_prefix(struct removal_job *job)
{
	uint32_t app_id = steam_actual_app_id(job->options->steam, job->app_id);
	AUTO(free_ptr) char *root = NULL;
	AUTO(free_ptr) char *prefix = NULL;

	if (job->game == NULL || (app_id & SHORTCUT_ID_BIT) == 0 ||
		!steam_find_account(job->options->steam, NULL, &root, NULL, NULL)) {
		return;
	}
	prefix = xasprintf("%s/steamapps/compatdata/%" PRIu32, root, app_id);
	if (path_presence(prefix) == PATH_PRESENT) {
		job->prefix = TAKE_PTR(prefix);
	}
}

static void forget_game(struct removal_job *job)
{
	AUTO(free_ptr) char *dir = xstrdup(job->game->dir);

	free(job->game_name);
	job->game_name = xstrdup(job->game->name);
	job->game = NULL;
	if (game_registry_remove(job->options->registry, dir, &job->err)) {
		log_info(
			"forgot '%s' in '%s': its library will not come back", job->game_name, dir);
	}
}

static void put_in_trash(struct removal_job *job)
{
	const struct game_removal_options *options = job->options;
	struct game game = *job->game;
	const struct trashed_game *trashed;

	/* Restoring uses it to recreate the shortcut, or to finish pending work. */
	if (job->shortcut != NULL) {
		game.pending = job->shortcut;
	}
	free(job->game_name);
	job->game_name = xstrdup(game.name);
	trashed = game_trash_put(options->trash, &game, &job->err);
	if (trashed != NULL || job->err.kind == ERROR_NONE) {
		log_info("deleted '%s'", job->game_name);
	}
	job->game = NULL;
	if (trashed != NULL) {
		job->trash_id = xstrdup(trashed->id);
	}
}

static void on_shortcut_removed(
	void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct removal_job *job = user;
	const char *note = err != NULL ? err->message : outcome->note;

	/* A shortcut that is already gone is fine. */
	if (note != NULL && job->note == NULL && (err == NULL || err->kind != ERROR_NOT_FOUND)) {
		job->note = xstrdup(note);
	}
	job->removing--;
	if (job->removing == 0) {
		end_removal(job);
	}
}

/*
 * The folder first: a crash after it leaves a shortcut to nothing, which the next start recognises
 * and removes, whereas a game without a shortcut may be intended.
 */
static void remove_all(struct removal_job *job)
{
	const struct game_removal_options *options = job->options;

	if (job->game != NULL && job->forget) {
		forget_game(job);
	} else if (job->game != NULL) {
		put_in_trash(job);
	} else if (job->accounts.count == 0 && job->note != NULL) {
		error_set(&job->err, ERROR_IO, "%s", job->note); /* it may exist */
	} else if (job->accounts.count == 0) {
		error_set(&job->err, ERROR_NOT_FOUND, "no shortcut has the app id %" PRIu32,
			job->app_id);
	}
	job->removing = job->accounts.count;
	if (job->err.kind != ERROR_NONE || job->removing == 0) {
		end_removal(job);
		return;
	}
	for (size_t i = 0; i < job->accounts.count; i++) {
		steam_remove_shortcut(options->steam, job->accounts.items[i], job->app_id,
			on_shortcut_removed, job);
	}
}

void game_removal_start(struct game_removal *removal, const struct game_removal_request *request,
	game_removal_done *done, void *user)
{
	struct removal_job *job = xcalloc(1, sizeof(*job));

	*job = (struct removal_job){
		.options = &removal->options, .forget = request->forget, .done = done, .user = user
	};
	/* Of a game that is not known only the shortcut would go. */
	if (state_link_ready(game_registry_link(removal->options.registry), &job->err) &&
		find_game(job, request) && check_idle(job) &&
		find_shortcuts(job, request->user_id)) {
		find_prefix(job);
		remove_all(job);
	} else {
		end_removal(job);
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

static void remove_left_over(const struct game_removal_options *options, const char *account_id,
	const struct shortcut_list *list, const struct game *game)
{
	const struct shortcut *shortcut = shortcut_list_find(list, game->app_id);

	/* A new installation may have the same id, even if the registry was lost since. */
	if (shortcut != NULL && shortcut_starts_in(shortcut, game->dir) &&
		game_registry_find(options->registry, game->dir) == NULL &&
		path_is_gone(game->dir)) {
		steam_remove_shortcut(
			options->steam, account_id, game->app_id, on_left_over_removed, NULL);
	}
}

void game_removal_resume(struct game_removal *removal)
{
	const struct game_removal_options *options = &removal->options;
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };

	if (game_trash_count(options->trash) == 0 ||
		!state_link_ready(game_registry_link(options->registry), NULL) ||
		!steam_list_users(options->steam, &users, NULL)) {
		return;
	}
	for (size_t i = 0; i < users.count; i++) {
		AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
		const char *account_id = users.items[i].account_id;

		if (!steam_list_shortcuts(options->steam, account_id, &list, NULL)) {
			continue;
		}
		for (size_t n = 0; n < game_trash_count(options->trash); n++) {
			remove_left_over(options, account_id, &list,
				&game_trash_at(options->trash, n)->game);
		}
	}
}

/* --- Restoring --- */

struct restoring {
	char *game_name;
	char *dir; /* NULL: it failed */
	struct error err;
	game_removal_done *done;
	void *user;
};

static void on_set_up(void *user, uint32_t app_id, bool later, const char *message)
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
	const struct game_removal_options *options, const char *trash_id, struct error *err)
{
	for (size_t i = 0; i < game_trash_count(options->trash); i++) {
		const struct trashed_game *trashed = game_trash_at(options->trash, i);

		if (strcmp(trashed->id, trash_id) == 0) {
			return check_not_uploading(options, &trashed->game, err);
		}
	}
	return true; /* game_trash_restore() reports that there is none */
}

void game_removal_restore(
	struct game_removal *removal, const char *trash_id, game_removal_done *done, void *user)
{
	const struct game_removal_options *options = &removal->options;
	struct restoring *restoring = xcalloc(1, sizeof(*restoring));
	AUTO(trashed_game_finish) struct trashed_game restored = { 0 };

	*restoring = (struct restoring){ .done = done, .user = user };
	if (state_link_ready(game_registry_link(options->registry), &restoring->err) &&
		check_restorable(options, trash_id, &restoring->err) &&
		game_trash_restore(options->trash, trash_id, &restored, &restoring->err)) {
		log_info("restored '%s' in '%s'", restored.game.name, restored.game.dir);
		restoring->game_name = xstrdup(restored.game.name);
		restoring->dir = xstrdup(restored.game.dir);
	}
	if (restoring->dir != NULL) {
		game_setup_start(options->setup, restoring->dir, on_set_up, restoring);
	} else {
		on_set_up(restoring, 0, false, NULL);
	}
}

/* --- Creating and destroying --- */

struct game_removal *game_removal_create(const struct game_removal_options *options)
{
	struct game_removal *removal = xcalloc(1, sizeof(*removal));

	removal->options = *options;
	return removal;
}

void game_removal_destroy(struct game_removal *removal)
{
	free(removal);
}
