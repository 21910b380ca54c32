#define LOG_MODULE "trash"

#include "library/game_trash.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/steady_clock.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "library/trash_list.h"

#include <stdlib.h>
#include <string.h>

/* A timer stops while the device sleeps: check the clock now and then, and save what has passed. */
#define LOOK_AGAIN_MS (60 * 60 * 1000)
#define RETRY_MS (60 * 1000)
#define WORTH_SAVING_MS (60 * 1000)

struct game_trash {
	struct worker *worker;
	struct game_registry *registry;
	struct libraries *libraries;
	int64_t expire_after_ms;
	void (*gone)(void *user, const struct game *game);
	void *user;
	struct trash_list list;
	bool is_settled;       /* what an earlier run left has been looked at */
	int64_t counted_at_ms; /* by the steady clock: kept_ms of the games is from then … */
	int64_t unsaved_ms;    /* … and this much of it is not in the file */
	struct loop_timer *timer;
	/* Of the discarded games, this many could not be deleted since the last check … */
	size_t failed_count;
	struct deletion *deletion; /* … and this deletes the next; NULL: none under way */
};

/* Owns all it needs, so that the worker may finish it after the trash is destroyed. */
struct deletion {
	struct worker_job job;
	struct game_trash *trash; /* NULL: destroyed */
	char *game_dir;
	char *id;
	struct error err;
	bool succeeded;
};

/* --- The list --- */

/* Each saving of the list saves the time too. */
static bool save(struct game_trash *trash, struct error *err)
{
	if (!trash_list_save(&trash->list, err)) {
		return false;
	}
	trash->unsaved_ms = 0;
	return true;
}

static void save_or_warn(struct game_trash *trash)
{
	struct error err;

	if (!save(trash, &err)) {
		log_warning("%s", err.message);
	}
}

/* Is its card out, or unreadable now? What is not found there then says nothing. */
static bool is_away(const struct game_trash *trash, const struct game *game)
{
	return !libraries_check_game(trash->libraries, game, "try again", NULL);
}

/* --- Deleting permanently --- */

static void delete_next(struct game_trash *trash);

static struct deletion *deletion_of(struct worker_job *job)
{
	return CONTAINER_OF(job, struct deletion, job);
}

static void run_deletion(struct worker_job *job)
{
	struct deletion *deletion = deletion_of(job);

	deletion->succeeded =
		trashed_game_remove_folder(deletion->game_dir, deletion->id, &deletion->err);
}

static void deletion_done(struct worker_job *job)
{
	struct deletion *deletion = deletion_of(job);
	struct game_trash *trash = deletion->trash;

	/* The card may have been removed meanwhile: its bare mount point has nothing to delete. */
	if (trash != NULL && is_away(trash, &trash->list.discarded[trash->failed_count].game)) {
		trash->failed_count++;
	} else if (trash != NULL && deletion->succeeded) {
		log_info("permanently deleted '%s'", deletion->game_dir);
		if (trash->gone != NULL) {
			trash->gone(trash->user, &trash->list.discarded[trash->failed_count].game);
		}
		trash_list_drop_discarded(&trash->list, trash->failed_count);
		save_or_warn(trash);
	} else if (trash != NULL && deletion->err.kind == ERROR_NOT_FOUND) {
		trash->failed_count++; /* retried when its disk is back */
	} else if (trash != NULL) {
		log_warning("cannot permanently delete '%s': %s", deletion->game_dir,
			deletion->err.message);
		trash->failed_count++;
	}
	if (trash != NULL) {
		trash->deletion = NULL;
		delete_next(trash);
	}
	free(deletion->game_dir);
	free(deletion->id);
	free(deletion);
}

/* One after another: these are whole games, and the worker has more urgent work. */
static void delete_next(struct game_trash *trash)
{
	const struct trash_list *list = &trash->list;
	const struct trashed_game *game;

	if (trash->deletion != NULL) {
		return;
	}
	while (trash->failed_count < list->discarded_count &&
		is_away(trash, &list->discarded[trash->failed_count].game)) {
		trash->failed_count++;
	}
	if (trash->failed_count == list->discarded_count) {
		return;
	}
	game = &list->discarded[trash->failed_count];
	trash->deletion = xcalloc(1, sizeof(*trash->deletion));
	*trash->deletion = (struct deletion){
		.job = { .run = run_deletion, .done = deletion_done },
		.trash = trash,
		.game_dir = xstrdup(game->game.dir),
		.id = xstrdup(game->id),
	};
	worker_submit(trash->worker, &trash->deletion->job);
}

/* --- Time --- */

static void count_time(struct game_trash *trash)
{
	int64_t passed_ms = steady_clock_passed_ms(trash->counted_at_ms);

	for (size_t i = 0; i < trash->list.games_count; i++) {
		int64_t *kept_ms = &trash->list.games[i].kept_ms;

		*kept_ms += *kept_ms < INT64_MAX - passed_ms ? passed_ms : 0;
	}
	trash->counted_at_ms = steady_clock_ms();
	trash->unsaved_ms += passed_ms;
}

static int64_t expires_in_ms(const struct game_trash *trash, const struct trashed_game *game)
{
	int64_t left_ms = trash->expire_after_ms - steady_clock_passed_ms(trash->counted_at_ms);

	return left_ms > game->kept_ms ? left_ms - game->kept_ms : 0;
}

static void save_time(struct game_trash *trash)
{
	count_time(trash);
	if (trash->list.link.is_read && trash->list.games_count > 0 &&
		trash->unsaved_ms >= WORTH_SAVING_MS) {
		save_or_warn(trash);
	}
}

/* just_tried: what has expired and is still there cannot be deleted now. */
static void arm(struct game_trash *trash, bool just_tried)
{
	int64_t delay_ms = trash->is_settled ? LOOK_AGAIN_MS : RETRY_MS;

	if (trash->list.games_count == 0 && trash->list.discarded_count == 0 &&
		trash->list.link.is_read) {
		loop_timer_stop(trash->timer);
		return;
	}
	for (size_t i = 0; i < trash->list.games_count; i++) {
		int64_t left_ms = expires_in_ms(trash, &trash->list.games[i]);

		if (left_ms < delay_ms && (left_ms > 0 || !just_tried)) {
			delay_ms = left_ms;
		}
	}
	loop_timer_set(trash->timer, delay_ms);
}

static void arm_timer(struct game_trash *trash)
{
	arm(trash, false);
}

static bool make_ready(struct game_trash *trash, struct error *err);

/* All or, when that cannot be saved, none (false): what is listed can be restored. */
static bool discard_expired(struct game_trash *trash)
{
	AUTO(free_ptr) size_t *indices = xcalloc(trash->list.games_count, sizeof(*indices));
	size_t count = 0;
	struct error err;

	for (size_t i = trash->list.games_count; i > 0; i--) {
		if (expires_in_ms(trash, &trash->list.games[i - 1]) == 0 &&
			!is_away(trash, &trash->list.games[i - 1].game)) {
			trash_list_discard(&trash->list, i - 1);
			indices[count++] = i - 1;
		}
	}
	if (count == 0 || save(trash, &err)) {
		return true;
	}
	log_warning("deleted games that have expired are kept: %s", err.message);
	while (count > 0) {
		trash_list_undo_discard(&trash->list, indices[--count]);
	}
	return false;
}

static void on_timer(void *user)
{
	struct game_trash *trash = user;
	bool ok;

	make_ready(trash, NULL);
	save_time(trash);
	ok = discard_expired(trash);
	if (trash->deletion == NULL) {
		trash->failed_count = 0;
	}
	delete_next(trash);
	if (ok) {
		arm(trash, true);
	} else {
		loop_timer_set(trash->timer, RETRY_MS);
	}
}

/* --- Leftovers of an earlier run --- */

enum leftover {
	LEFTOVER_STAYS,
	LEFTOVER_ENDS,	  /* the game was not moved, or is back */
	LEFTOVER_UNKNOWN, /* until the disk or the registry's file can be read or written */
};

static enum leftover settle(struct game_trash *trash, const struct trashed_game *game)
{
	const char *dir = game->game.dir;
	enum path_presence in_trash, in_place;
	struct error err;

	if (game_registry_find(trash->registry, dir) == NULL || is_away(trash, &game->game)) {
		return LEFTOVER_STAYS;
	}
	in_trash = path_presence(game->folder);
	in_place = path_presence(dir);
	if (in_trash == PATH_UNKNOWN || in_place == PATH_UNKNOWN) {
		return LEFTOVER_UNKNOWN;
	}
	if (in_trash == PATH_PRESENT && in_place == PATH_ABSENT &&
		!game_registry_remove(trash->registry, dir, &err)) {
		log_warning("%s", err.message);
		return LEFTOVER_UNKNOWN;
	}
	return in_trash == PATH_ABSENT && in_place == PATH_PRESENT ? LEFTOVER_ENDS : LEFTOVER_STAYS;
}

static void settle_all(struct game_trash *trash)
{
	size_t count = trash->list.games_count;

	trash->is_settled = true;
	for (size_t i = count; i > 0; i--) {
		switch (settle(trash, &trash->list.games[i - 1])) {
		case LEFTOVER_STAYS:
			break;
		case LEFTOVER_ENDS:
			trash_list_drop(&trash->list, i - 1);
			break;
		case LEFTOVER_UNKNOWN:
			trash->is_settled = false;
			break;
		}
	}
	if (trash->list.games_count != count) {
		save_or_warn(trash);
	}
}

/*
 * A list that could not be read so far is read before it is used, and compared with the registry as
 * soon as both are there. Errors: IO.
 */
static bool make_ready(struct game_trash *trash, struct error *err)
{
	if (!state_link_ready(&trash->list.link, err)) {
		return false;
	}
	if (!trash->is_settled && state_link_ready(game_registry_link(trash->registry), NULL)) {
		settle_all(trash);
	}
	return true;
}

/* --- Interface --- */

struct game_trash *game_trash_create(const struct game_trash_options *options, char **notice)
{
	struct game_trash *trash = xcalloc(1, sizeof(*trash));
	AUTO(free_ptr) char *path = path_join(options->state_dir, "trash.json");

	*trash = (struct game_trash){
		.worker = options->worker,
		.registry = options->registry,
		.libraries = options->libraries,
		.expire_after_ms = options->expire_after_ms,
		.gone = options->gone,
		.user = options->user,
		.timer = loop_timer_create(options->loop, on_timer, trash),
	};
	trash->counted_at_ms = steady_clock_ms();
	trash_list_load(&trash->list, path, notice);
	make_ready(trash, NULL);
	loop_timer_set(trash->timer, 0);
	return trash;
}

void game_trash_destroy(struct game_trash *trash)
{
	if (trash == NULL) {
		return;
	}
	if (trash->deletion != NULL) {
		trash->deletion->trash = NULL;
	}
	save_time(trash);
	loop_timer_destroy(trash->timer);
	trash_list_finish(&trash->list);
	free(trash);
}

void game_trash_set_expiry(struct game_trash *trash, int64_t expire_after_ms)
{
	trash->expire_after_ms = expire_after_ms;
	arm_timer(trash);
}

struct state_link *game_trash_link(struct game_trash *trash)
{
	return &trash->list.link;
}

void game_trash_resume(struct game_trash *trash)
{
	trash->is_settled = false;
	make_ready(trash, NULL);
	loop_timer_set(trash->timer, 0);
}

/*
 * The last entry, whose game was not moved or is back. If that is not certain the entry stays, or
 * the game could be in the trash without one.
 */
static void take_back(struct game_trash *trash)
{
	if (!path_is_gone(trash->list.games[trash->list.games_count - 1].folder)) {
		trash->is_settled = false;
		arm_timer(trash);
		return;
	}
	trash_list_drop(&trash->list, trash->list.games_count - 1);
	save_or_warn(trash);
}

const struct trashed_game *game_trash_put(
	struct game_trash *trash, const struct game *game, struct error *err)
{
	const struct game *known = game_registry_find(trash->registry, game->dir);
	const struct trashed_game *added;
	struct error problem = { 0 };
	const char *dir;

	if (known == NULL) {
		error_set(err, ERROR_INVALID, "'%s' was not installed by this program", game->dir);
		return NULL;
	}
	if (!libraries_check_game(trash->libraries, known, "delete it", err) ||
		!make_ready(trash, err)) {
		return NULL;
	}
	count_time(trash);
	added = trash_list_add(&trash->list, game, err);
	if (added == NULL) {
		return NULL;
	}
	dir = added->game.dir;
	if (!trashed_game_put_folder(dir, added->id, &problem)) {
		if (libraries_check_game(trash->libraries, &added->game, "delete it", &problem) &&
			problem.kind == ERROR_NOT_FOUND) {
			problem = (struct error){ 0 };
			game_registry_remove(trash->registry, dir, &problem);
		}
		take_back(trash);
		*err = problem;
		return NULL;
	}
	if (!game_registry_remove(trash->registry, dir, err)) {
		if (trashed_game_restore_folder(dir, added->id, NULL) ||
			path_presence(added->folder) == PATH_ABSENT) {
			take_back(trash);
			return NULL;
		}
		/* It can only stay in the trash, for all that is known: deleted, and the registry
		 * follows. */
		*err = (struct error){ 0 };
		game_registry_forget(trash->registry, dir);
	}
	arm_timer(trash);
	return added;
}

/*
 * Registered first: after a crash before the folder moved it is still in the trash, and leaves the
 * registry again.
 */
bool game_trash_restore(
	struct game_trash *trash, const char *id, struct trashed_game *restored, struct error *err)
{
	const struct trashed_game *game;
	struct error problem = { 0 };
	size_t index;

	if (!make_ready(trash, err) || !trash_list_find(&trash->list, id, &index, err)) {
		return false;
	}
	game = &trash->list.games[index];
	if (!libraries_check_game(trash->libraries, &game->game, "restore it", err)) {
		return false;
	}
	if (game_registry_find(trash->registry, game->game.dir) != NULL) {
		error_set(err, ERROR_CONFLICT,
			"'%s' is installed in '%s' again; delete it first, then try again",
			game->game.name, game->game.dir);
		return error_explain(err, "installed_again", "name", game->game.name, NULL);
	}
	/* Not registered first: what is there now is not that game. */
	if (path_presence(game->game.dir) == PATH_PRESENT) {
		error_set(err, ERROR_CONFLICT, "'%s' exists again; move it away, then try again",
			game->game.dir);
		return error_explain(err, "in_the_way", "path", game->game.dir, NULL);
	}
	if (!game_registry_put(trash->registry, &game->game, err)) {
		return false;
	}
	if (!trashed_game_restore_folder(game->game.dir, id, &problem)) {
		libraries_check_game(trash->libraries, &game->game, "restore it", &problem);
		trash->is_settled = false; /* where the folder is decides, should the next fail */
		if (path_presence(game->folder) != PATH_ABSENT ||
			path_presence(game->game.dir) != PATH_PRESENT) {
			game_registry_remove(trash->registry, game->game.dir, NULL);
		}
		arm_timer(trash);
		return problem.kind == ERROR_NOT_FOUND
			       ? error_set(err, ERROR_NOT_FOUND,
					 "%s; if its disk was removed, insert it again",
					 problem.message)
			       : error_pass(err, &problem);
	}
	*restored = trash_list_take(&trash->list, index);
	free(restored->folder);
	restored->folder = xstrdup(restored->game.dir);
	save_or_warn(trash);
	arm_timer(trash);
	return true;
}

bool game_trash_discard(struct game_trash *trash, const char *id, struct error *err)
{
	size_t index;

	if (!make_ready(trash, err) || !trash_list_find(&trash->list, id, &index, err)) {
		return false;
	}
	if (!libraries_check_game(
		    trash->libraries, &trash->list.games[index].game, "delete it", err)) {
		return false;
	}
	trash_list_discard(&trash->list, index);
	if (!save(trash, err)) {
		trash_list_undo_discard(&trash->list, index);
		return false;
	}
	delete_next(trash);
	arm_timer(trash);
	return true;
}

static bool adopt(struct trashed_game *games, size_t count, const char *root, const char *id)
{
	bool changed = false;

	for (size_t i = 0; i < count; i++) {
		struct game *game = &games[i].game;

		if (*game->library == '\0' && path_is_within(game->dir, root) &&
			path_presence(games[i].folder) == PATH_PRESENT) {
			free(game->library);
			game->library = xstrdup(id);
			changed = true;
		}
	}
	return changed;
}

void game_trash_adopt(struct game_trash *trash, const char *root, const char *id)
{
	struct trash_list *list = &trash->list;
	bool changed = adopt(list->games, list->games_count, root, id);

	if (adopt(list->discarded, list->discarded_count, root, id) || changed) {
		save_or_warn(trash);
	}
}

static bool change_entries(
	struct trashed_game *games, size_t count, game_change *change, void *user)
{
	bool changed = false;

	for (size_t i = 0; i < count; i++) {
		if (change(user, &games[i].game)) {
			trashed_game_complete(&games[i]);
			changed = true;
		}
	}
	return changed;
}

bool game_trash_change(struct game_trash *trash, game_change *change, void *user, struct error *err)
{
	struct trash_list *list = &trash->list;
	bool changed;

	/* A deletion under way has the folder's path. */
	if (!make_ready(trash, err) || trash->deletion != NULL) {
		return trash->deletion != NULL;
	}
	changed = change_entries(list->games, list->games_count, change, user);
	changed |= change_entries(list->discarded, list->discarded_count, change, user);
	return !changed || trash_list_save(list, err);
}

bool game_trash_forget(struct game_trash *trash, const char *id, struct error *err)
{
	struct trash_list *list = &trash->list;

	if (!make_ready(trash, err)) {
		return false;
	}
	/* The deletion under way is of a library that is there. */
	for (size_t i = list->games_count; i > 0; i--) {
		if (strcmp(list->games[i - 1].game.library, id) == 0) {
			trash_list_drop(list, i - 1);
		}
	}
	for (size_t i = list->discarded_count; i > 0 && trash->deletion == NULL; i--) {
		if (strcmp(list->discarded[i - 1].game.library, id) == 0) {
			trash_list_drop_discarded(list, i - 1);
			trash->failed_count = 0;
		}
	}
	return save(trash, err);
}

size_t game_trash_count(const struct game_trash *trash)
{
	return trash->list.games_count;
}

const struct trashed_game *game_trash_at(const struct game_trash *trash, size_t index)
{
	return index < trash->list.games_count ? &trash->list.games[index] : NULL;
}

int64_t game_trash_expires_in_s(const struct game_trash *trash, const struct trashed_game *game)
{
	return expires_in_ms(trash, game) / 1000;
}
