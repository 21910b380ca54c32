#define LOG_MODULE "games"

#include "games/game_setup.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/program_file.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "library/game_registry.h"
#include "library/libraries.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WITHOUT_SHORTCUT "the game is installed, without a shortcut in Steam: "

const struct json_field game_setup_plan_fields[] = {
	JSON_FIELD(struct game_setup_plan, wants_shortcut, "wantsShortcut", JSON_BOOL,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct game_setup_plan, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(struct game_setup_plan, shortcut, "shortcut", shortcut_config_fields,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct game_setup_plan, command, "command", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game_setup_plan, restored, "restored", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game_setup_plan, icon, "icon", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game_setup_plan, upload_id, "uploadId", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct game_setup_plan, tree),
	JSON_FIELDS_END,
};

struct game_setup {
	struct game_setup_options options;
	LIST_HEAD(, setup_job) jobs; /* under way */
	bool stopping;
};

/* The setup of one game while it is under way. */
struct setup_job {
	struct game_setup *setup;
	char *dir;
	char *pending; /* as it is in the registry */
	struct game_setup_plan left;
	uint32_t app_id; /* once the shortcut is made */
	bool later;	 /* it, or its icon, is queued */
	char *doubt;	 /* why Steam cannot start it; NULL: nothing is known, or it is told */
	char *set;	 /* for the registry then; NULL: it stays */
	game_setup_done *done; /* NULL: already called, or not given */
	void *user;
	LIST_ENTRY(setup_job) link;
};

void game_setup_plan_finish(struct game_setup_plan *plan)
{
	json_finish(plan, game_setup_plan_fields);
}

char *game_setup_plan_text(const struct game_setup_plan *plan)
{
	struct strbuf text = { 0 };

	json_write(&text, game_setup_plan_fields, plan);
	if (strcmp(text.data, "{}") == 0) {
		strbuf_reset(&text);
	}
	return strbuf_detach(&text);
}

void game_setup_last_set(struct shortcut_set *set, const struct game *game)
{
	if (*game->shortcut != '\0' && json_read_text(set, shortcut_set_fields, game->shortcut,
					       strlen(game->shortcut), NULL)) {
		return;
	}
	shortcut_set_finish(set);
	if (game->app_id != 0) {
		set->name = xstrdup(game->name);
		set->within = xstrdup(game->dir);
	}
}

char *game_setup_set_text(const struct steam_shortcut_request *request)
{
	AUTO(shortcut_set_finish) struct shortcut_set set = { 0 };
	struct strbuf text = { 0 };

	steam_change_note_set(&set, request);
	json_write(&text, shortcut_set_fields, &set);
	return strbuf_detach(&text);
}

/* The same path below to, kept in the plan; one that is not below from stays. */
static const char *follow_path(
	struct game_setup_plan *plan, const char *path, const char *from, const char *to)
{
	AUTO(free_ptr) char *moved = NULL;

	if (!json_is_given(path) || !path_is_within(path, from)) {
		return path;
	}
	moved = xasprintf("%s%s", to, path + strlen(from));
	return json_keep(&plan->tree, moved);
}

static void set_text(char **text, char *value_take)
{
	free(*text);
	*text = value_take;
}

/* The shortcut is written anew; its user's own name, options and tags stay. */
static void want_shortcut(struct game_setup_plan *plan, const struct game *game,
	const struct shortcut_set *last, const char *from, const char *to)
{
	plan->wants_shortcut = true;
	plan->user_id = json_keep(&plan->tree, game->user_id);
	plan->shortcut.name = json_keep(&plan->tree, last->name);
	plan->shortcut.start_dir = follow_path(plan, last->start_dir, from, to);
	if (plan->shortcut.start_dir == last->start_dir) {
		plan->shortcut.start_dir = json_keep(&plan->tree, last->start_dir);
	}
}

void game_setup_follow(struct game *game, const char *from, const char *to, bool is_installed)
{
	AUTO(game_setup_plan_finish) struct game_setup_plan plan = { 0 };
	AUTO(shortcut_set_finish) struct shortcut_set last = { 0 };
	struct strbuf text = { 0 };

	if (json_is_given(game->pending) && !json_read_text(&plan, game_setup_plan_fields,
						    game->pending, strlen(game->pending), NULL)) {
		return; /* game_setup_start() tells */
	}
	game_setup_last_set(&last, game);
	plan.shortcut.exe = follow_path(&plan, plan.shortcut.exe, from, to);
	plan.shortcut.start_dir = follow_path(&plan, plan.shortcut.start_dir, from, to);
	if (is_installed && game->app_id != 0 && !plan.wants_shortcut) {
		want_shortcut(&plan, game, &last, from, to);
	}
	set_text(&game->pending, game_setup_plan_text(&plan));
	if (shortcut_set_is_known(&last)) {
		json_write(&text, shortcut_set_fields, &last);
		set_text(&game->shortcut, strbuf_detach(&text));
	}
}

static const char *or_null(const char *text)
{
	return json_is_given(text) ? text : NULL;
}

static void tell_done(struct setup_job *job, uint32_t app_id, const char *message)
{
	game_setup_done *done = job->done;
	AUTO(free_ptr) char *doubt = TAKE_PTR(job->doubt);
	AUTO(free_ptr) char *both = NULL;

	job->done = NULL;
	if (doubt != NULL && message != NULL) {
		message = both = xasprintf("%s; %s", doubt, message);
	} else if (doubt != NULL) {
		message = doubt;
	}
	if (message != NULL) {
		log_info("'%s': %s", job->dir, message);
	}
	if (done != NULL) {
		done(job->user, app_id, job->later, message);
	}
}

static void setup_job_free(struct setup_job *job)
{
	tell_done(job, job->app_id, NULL);
	game_setup_plan_finish(&job->left);
	LIST_REMOVE(job, link);
	free(job->set);
	free(job->pending);
	free(job->dir);
	free(job);
}

/* The game's entry; NULL when it is gone, or reinstalled and handled by another job. */
static const struct game *entry_of(const struct setup_job *job)
{
	const struct game *game = game_registry_find(job->setup->options.registry, job->dir);

	return game != NULL && strcmp(game->pending, job->pending) == 0 ? game : NULL;
}

/*
 * Records the remaining work. outcome (may be NULL): the shortcut, now made. False: it is not saved
 * yet, and *err says so.
 */
static bool save_left(struct setup_job *job, const struct steam_outcome *outcome, struct error *err)
{
	const struct game *known = entry_of(job);
	AUTO(free_ptr) char *pending = game_setup_plan_text(&job->left);
	AUTO(free_ptr) char *account_id = NULL;
	struct game game;
	bool ok;

	if (known == NULL || (outcome == NULL && strcmp(pending, job->pending) == 0)) {
		return true;
	}
	game = *known;
	game.pending = pending;
	if (outcome != NULL) {
		game.app_id = outcome->app_id;
		game.user_id = account_id = xstrdup(outcome->account_id);
		game.shortcut = job->set != NULL ? job->set : game.shortcut;
	}
	ok = game_registry_record(job->setup->options.registry, &game, err);
	free(job->pending);
	job->pending = TAKE_PTR(pending);
	return ok;
}

static void end_job(struct setup_job *job)
{
	game_setup_plan_finish(&job->left);
	save_left(job, NULL, NULL);
	setup_job_free(job);
}

/* There is no shortcut for its images. */
static void end_without_shortcut(struct setup_job *job)
{
	if (job->left.upload_id != NULL && !job->setup->stopping) {
		game_artwork_forget(job->setup->options.artwork, job->left.upload_id);
	}
	end_job(job);
}

static void give_up(struct setup_job *job, const char *why)
{
	AUTO(free_ptr) char *message = xasprintf(WITHOUT_SHORTCUT "%s", why);

	tell_done(job, 0, message);
	end_without_shortcut(job);
}

static void on_artwork(void *user, bool finished)
{
	struct setup_job *job = user;

	if (job->setup->stopping || !finished) {
		setup_job_free(job); /* it continues when the agent restarts */
	} else {
		end_job(job);
	}
}

static bool has_urls(const struct artwork_urls *urls)
{
	return json_is_given(urls->grid) || json_is_given(urls->banner) ||
	       json_is_given(urls->hero) || json_is_given(urls->logo) || json_is_given(urls->icon);
}

static void dress_shortcut(struct setup_job *job);

static void on_icon(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct setup_job *job = user;

	if (err != NULL && err->kind == ERROR_CANCELLED) {
		setup_job_free(job);
		return;
	}
	if (err != NULL) {
		log_warning("the icon of '%s' could not be set: %s", job->dir, err->message);
	}
	job->later |= outcome != NULL && outcome->queued;
	tell_done(job, job->app_id, outcome != NULL ? outcome->note : NULL);
	job->left.icon = NULL;
	save_left(job, NULL, NULL);
	dress_shortcut(job);
}

/* The shortcut exists: now its artwork. */
static void dress_shortcut(struct setup_job *job)
{
	const struct game *game = entry_of(job);
	const struct game_setup_plan *left = &job->left;

	if (job->setup->stopping) {
		setup_job_free(job); /* it continues when the agent restarts */
	} else if (game == NULL || game->app_id == 0) {
		end_without_shortcut(job);
	} else if (left->icon != NULL) {
		steam_set_icon(job->setup->options.steam, game->user_id, game->app_id, left->icon,
			on_icon, job);
	} else if (left->upload_id != NULL || has_urls(&left->shortcut.artwork)) {
		game_artwork_apply(job->setup->options.artwork, left->upload_id, game->user_id,
			game->app_id, game->name, &left->shortcut.artwork, on_artwork, job);
	} else {
		end_job(job);
	}
}

/* The work left once the shortcut exists. */
static void leave_looks(struct game_setup_plan *left)
{
	struct artwork_urls artwork = left->shortcut.artwork;

	left->shortcut.artwork = (struct artwork_urls){ 0 };
	json_finish(&left->shortcut, shortcut_config_fields);
	left->shortcut.artwork = artwork;
	left->wants_shortcut = false;
	left->user_id = NULL;
	left->command = NULL;
	left->restored = false;
}

static void on_orphan_removed(
	void *user, const struct steam_outcome *outcome, const struct error *err)
{
	if (err != NULL) {
		log_warning("the shortcut of a deleted game is still there: %s", err->message);
	}
}

static void on_shortcut(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct setup_job *job = user;
	const struct game_setup *setup = job->setup;
	struct error unsaved;

	if (err != NULL && err->kind == ERROR_CANCELLED) {
		job->later = true;
		tell_done(
			job, 0, WITHOUT_SHORTCUT "the agent is stopping and will create it later");
		setup_job_free(job);
		return;
	}
	if (err != NULL) {
		give_up(job, err->message);
		return;
	}
	if (game_registry_find(setup->options.registry, job->dir) == NULL && !setup->stopping) {
		/* Its game was deleted meanwhile. */
		steam_remove_shortcut(setup->options.steam, outcome->account_id, outcome->app_id,
			on_orphan_removed, NULL);
	}
	job->app_id = outcome->app_id;
	job->later = outcome->queued;
	leave_looks(&job->left);
	if (!save_left(job, outcome, &unsaved)) {
		tell_done(job, outcome->app_id, unsaved.message);
	} else if (!json_is_given(job->left.icon)) {
		tell_done(job, outcome->app_id, outcome->note);
	}
	dress_shortcut(job);
}

/* Absolute paths are kept, others are relative to the game's folder; NULL for "". */
static char *in_game_dir(const char *dir, const char *path)
{
	if (!json_is_given(path)) {
		return NULL;
	}
	return *path == '/' ? xstrdup(path) : path_join(dir, path);
}

static bool runs_on_this_machine(const struct program_file *file, struct error *why)
{
	if (program_file_check(file, why)) {
		return true;
	}
#ifdef __x86_64__
	return false;
#else
	/* It may be for this one, or be emulated. */
	return why->kind == ERROR_NOT_IMPLEMENTED;
#endif
}

/*
 * A target that is not in the game's folder. A game that has a shortcut keeps it as it is, and gets
 * its images.
 */
static void refuse_target(struct setup_job *job, const struct game *game, const char *executable)
{
	AUTO(free_ptr)
	char *message = xasprintf("%snone of the game's files is '%s'; name the one that starts it "
				  "and send the game again",
		game->app_id != 0 ? "the game is installed, and its shortcut stays as it was: "
				  : WITHOUT_SHORTCUT,
		path_shown(executable).text);
	struct game unknown = *game;
	struct error err;

	unknown.executable = (char *)"";
	job->app_id = game->app_id;
	if (!game_registry_record(job->setup->options.registry, &unknown, &err)) {
		log_warning("'%s': %s", job->dir, err.message);
	}
	leave_looks(&job->left);
	tell_done(job, job->app_id, message);
	save_left(job, NULL, NULL);
	dress_shortcut(job);
}

static const char *executable_of(const struct setup_job *job, const struct game *game)
{
	const char *exe = job->left.shortcut.exe;

	return json_is_given(exe) ? exe : game->executable;
}

static void put_shortcut(struct setup_job *job, const struct game *game)
{
	const struct shortcut_config *shortcut = &job->left.shortcut;
	const char *executable = executable_of(job, game);
	AUTO(free_ptr) char *exe = in_game_dir(job->dir, executable);
	AUTO(free_ptr) char *start_dir = in_game_dir(job->dir, shortcut->start_dir);
	AUTO(shortcut_set_finish) struct shortcut_set last = { 0 };
	struct steam_shortcut_request request = {
		.user_id = job->left.user_id,
		.app_id = game->app_id,
		.name = json_is_given(shortcut->name) ? shortcut->name : game->name,
		.exe = exe,
		.any_name = true,
		.start_dir = start_dir,
		.launch_options = or_null(shortcut->launch_options),
		.tags = &shortcut->tags,
		.command = job->left.command,
		.previous = &last,
	};

	if (exe == NULL) {
		give_up(job, "no executable was named");
		return;
	}
	if (path_presence(exe) == PATH_ABSENT && path_presence(job->dir) == PATH_PRESENT) {
		refuse_target(job, game, executable);
		return;
	}
	request.compat_tool = game_setup_compat_tool(job->setup, exe);
	game_setup_last_set(&last, game);
	if (!job->left.restored) {
		free(job->set);
		job->set = game_setup_set_text(&request);
	}
	steam_put_shortcut(job->setup->options.steam, &request, on_shortcut, job);
}

/*
 * A shortcut is made all the same: what is wrong with the file can be mended in place. Returns the
 * game's entry, which may be another afterwards.
 */
static const struct game *look_at_program(struct setup_job *job, const struct game *game)
{
	AUTO(free_ptr) char *exe = in_game_dir(job->dir, executable_of(job, game));
	struct game_registry *registry = job->setup->options.registry;
	struct program_file file;
	struct error why;
	struct game doubted = *game;

	if (exe == NULL || !program_file_read(&file, AT_FDCWD, exe) ||
		runs_on_this_machine(&file, &why)) {
		return game;
	}
	job->doubt = xstrdup(why.message);
	doubted.problem = job->doubt;
	if (!game_registry_record(registry, &doubted, &why)) {
		log_warning("'%s': %s", job->dir, why.message);
	}
	return game_registry_find(registry, job->dir);
}

void game_setup_start(struct game_setup *setup, const char *dir, game_setup_done *done, void *user)
{
	const struct game *game = game_registry_find(setup->options.registry, dir);
	struct setup_job *job = xcalloc(1, sizeof(*job));
	struct error err = { 0 };

	*job = (struct setup_job){ .setup = setup,
		.dir = xstrdup(dir),
		.pending = xstrdup(game != NULL ? game->pending : ""),
		.done = done,
		.user = user };
	LIST_INSERT_HEAD(&setup->jobs, job, link);
	if (json_is_given(job->pending) && !json_read_text(&job->left, game_setup_plan_fields,
						   job->pending, strlen(job->pending), &err)) {
		log_warning("the pending work for '%s' cannot be read (%s): %.200s", dir,
			err.message, job->pending);
		game_setup_plan_finish(&job->left);
		job->left.wants_shortcut = false; /* all or nothing */
	}
	if (err.kind == ERROR_IO) { /* it may be whole: the next start does it */
		AUTO(free_ptr) char *message = xasprintf(WITHOUT_SHORTCUT "%s", err.message);

		tell_done(job, 0, message);
		setup_job_free(job);
		return;
	}
	if (job->left.wants_shortcut) {
		put_shortcut(job, look_at_program(job, game));
	} else {
		tell_done(job, 0, NULL);
		dress_shortcut(job);
	}
}

static bool is_under_way(const struct game_setup *setup, const char *dir)
{
	const struct setup_job *job;

	LIST_FOREACH (job, &setup->jobs, link) {
		if (strcmp(job->dir, dir) == 0) {
			return true;
		}
	}
	return false;
}

void game_setup_resume(struct game_setup *setup)
{
	const struct game_registry *registry = setup->options.registry;
	AUTO(strvec_finish) struct strvec dirs = { 0 };

	for (size_t i = 0; i < game_registry_count(registry); i++) {
		const struct game *game = game_registry_at(registry, i);

		/* The files of a game on a card that is out could not be examined. */
		if (*game->pending != '\0' && !is_under_way(setup, game->dir) &&
			libraries_check_game(setup->options.libraries, game, "try again", NULL)) {
			strvec_push(&dirs, game->dir);
		}
	}
	for (size_t i = 0; i < dirs.count; i++) {
		game_setup_start(setup, dirs.items[i], NULL, NULL);
	}
}

/* --- Leftover images --- */

static void push_upload_id(void *user, const struct upload_status *status)
{
	strvec_push(user, status->upload_id);
}

/* False: it cannot be told now. */
static bool push_pending_id(struct strvec *ids, const struct game *game)
{
	AUTO(game_setup_plan_finish) struct game_setup_plan plan = { 0 };
	struct error why = { 0 };

	if (json_read_text(
		    &plan, game_setup_plan_fields, game->pending, strlen(game->pending), &why) &&
		plan.upload_id != NULL) {
		strvec_push(ids, plan.upload_id);
	}
	return why.kind != ERROR_IO;
}

void game_setup_sweep_images(struct game_setup *setup)
{
	struct game_registry *registry = setup->options.registry;
	AUTO(strvec_finish) struct strvec ids = { 0 };

	/* What is not known may be needed. */
	if (setup->stopping || !state_link_ready(game_registry_link(registry), NULL) ||
		!upload_store_is_complete(setup->options.uploads)) {
		return;
	}
	upload_store_each(setup->options.uploads, push_upload_id, &ids);
	for (size_t i = 0; i < game_registry_count(registry); i++) {
		if (!push_pending_id(&ids, game_registry_at(registry, i))) {
			return;
		}
	}
	game_artwork_forget_others(setup->options.artwork, &ids);
}

/* --- Creating and destroying --- */

const char *game_setup_compat_tool(const struct game_setup *setup, const char *exe)
{
	struct program_file file;

	program_file_read(&file, AT_FDCWD, exe);
	return program_file_is_windows(&file) ? *setup->options.compat_tool : NULL;
}

struct game_setup *game_setup_create(const struct game_setup_options *options)
{
	struct game_setup *setup = xcalloc(1, sizeof(*setup));

	setup->options = *options;
	return setup;
}

void game_setup_stop(struct game_setup *setup)
{
	if (setup != NULL) {
		setup->stopping = true;
	}
}

void game_setup_destroy(struct game_setup *setup)
{
	assert(setup == NULL || LIST_EMPTY(&setup->jobs));
	free(setup);
}
