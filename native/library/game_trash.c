#define LOG_MODULE "trash"

#include "library/game_trash.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/trash_list.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* A timer stops while the device sleeps: check the clock now and then. */
#define LOOK_AGAIN_MS (60 * 60 * 1000)

struct game_trash {
	struct worker *worker;
	struct game_registry *registry;
	int64_t expire_after_ms;
	void (*gone)(void *user, const struct game *game);
	void *user;
	struct trash_list list;
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

	if (trash != NULL && deletion->succeeded) {
		log_info("permanently deleted '%s'", deletion->game_dir);
		if (trash->gone != NULL) {
			trash->gone(trash->user, &trash->list.discarded[trash->failed_count].game);
		}
		trash_list_drop_discarded(&trash->list, trash->failed_count);
		trash_list_save_or_warn(&trash->list);
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

	if (trash->deletion != NULL || trash->failed_count == list->discarded_count) {
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

static int64_t expires_in_ms(const struct game_trash *trash, const struct trashed_game *game)
{
	int64_t passed_ms = (time(NULL) - game->deleted_at) * INT64_C(1000);

	/* A clock that was set back must not keep it for longer than the full time. */
	if (passed_ms < 0) {
		passed_ms = 0;
	}
	return passed_ms < trash->expire_after_ms ? trash->expire_after_ms - passed_ms : 0;
}

static void arm_timer(struct game_trash *trash)
{
	int64_t delay_ms = LOOK_AGAIN_MS;

	if (trash->list.games_count == 0 && trash->list.discarded_count == 0 &&
		!trash->list.unread) {
		loop_timer_stop(trash->timer);
		return;
	}
	for (size_t i = 0; i < trash->list.games_count; i++) {
		int64_t left_ms = expires_in_ms(trash, &trash->list.games[i]);

		delay_ms = left_ms < delay_ms ? left_ms : delay_ms;
	}
	loop_timer_set(trash->timer, delay_ms);
}

static bool make_ready(struct game_trash *trash, struct error *err);

static void on_timer(void *user)
{
	struct game_trash *trash = user;
	size_t count;

	make_ready(trash, NULL);
	count = trash->list.games_count;
	for (size_t i = count; i > 0; i--) {
		if (expires_in_ms(trash, &trash->list.games[i - 1]) == 0) {
			trash_list_discard(&trash->list, i - 1);
		}
	}
	if (trash->list.games_count != count) {
		trash_list_save_or_warn(&trash->list);
	}
	if (trash->deletion == NULL) {
		trash->failed_count = 0;
	}
	delete_next(trash);
	arm_timer(trash);
}

/* --- Leftovers of an earlier run --- */

static bool is_folder(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0 && S_ISDIR(stat.st_mode);
}

/* False: the game was not moved, or is back. */
static bool settle(struct game_trash *trash, const struct trashed_game *game)
{
	const char *dir = game->game.dir;
	struct error err;

	if (game_registry_find(trash->registry, dir) == NULL) {
		return true;
	}
	if (is_folder(game->folder) && path_is_gone(dir) &&
		!game_registry_remove(trash->registry, dir, &err)) {
		log_warning("%s", err.message);
	}
	return !path_is_gone(game->folder) || !is_folder(dir);
}

static void settle_all(struct game_trash *trash)
{
	size_t count = trash->list.games_count;

	for (size_t i = count; i > 0; i--) {
		if (!settle(trash, &trash->list.games[i - 1])) {
			trash_list_drop(&trash->list, i - 1);
		}
	}
	if (trash->list.games_count != count) {
		trash_list_save_or_warn(&trash->list);
	}
}

/* Reads a list that could not be read so far, before it is used. Errors: IO. */
static bool make_ready(struct game_trash *trash, struct error *err)
{
	if (!trash->list.unread) {
		return true;
	}
	if (!trash_list_retry(&trash->list, err)) {
		return false;
	}
	settle_all(trash);
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
		.expire_after_ms = options->expire_after_ms,
		.gone = options->gone,
		.user = options->user,
		.timer = loop_timer_create(options->loop, on_timer, trash),
	};
	trash_list_load(&trash->list, path, notice);
	settle_all(trash);
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
	loop_timer_destroy(trash->timer);
	trash_list_finish(&trash->list);
	free(trash);
}

void game_trash_set_expiry(struct game_trash *trash, int64_t expire_after_ms)
{
	trash->expire_after_ms = expire_after_ms;
	arm_timer(trash);
}

static void take_back(struct game_trash *trash)
{
	trash_list_drop(&trash->list, trash->list.games_count - 1);
	trash_list_save_or_warn(&trash->list);
}

const struct trashed_game *game_trash_put(
	struct game_trash *trash, const struct game *game, struct error *err)
{
	const struct trashed_game *added;
	struct error problem = { 0 };
	const char *dir;

	if (game_registry_find(trash->registry, game->dir) == NULL) {
		error_set(err, ERROR_INVALID, "'%s' was not installed by this program", game->dir);
		return NULL;
	}
	added = make_ready(trash, err) ? trash_list_add(&trash->list, game, err) : NULL;
	if (added == NULL) {
		return NULL;
	}
	dir = added->game.dir;
	if (!trashed_game_put_folder(dir, added->id, &problem)) {
		if (problem.kind == ERROR_NOT_FOUND) {
			problem = (struct error){ 0 };
			game_registry_remove(trash->registry, dir, &problem);
		}
		take_back(trash);
		*err = problem;
		return NULL;
	}
	if (!game_registry_remove(trash->registry, dir, err)) {
		if (trashed_game_restore_folder(dir, added->id, NULL)) {
			take_back(trash);
		}
		return NULL;
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
	if (game_registry_find(trash->registry, game->game.dir) != NULL) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' is installed in '%s' again; delete it first, then try again",
			game->game.name, game->game.dir);
	}
	if (!game_registry_put(trash->registry, &game->game, err)) {
		return false;
	}
	if (!trashed_game_restore_folder(game->game.dir, id, &problem)) {
		game_registry_remove(trash->registry, game->game.dir, NULL);
		return problem.kind == ERROR_NOT_FOUND
			       ? error_set(err, ERROR_NOT_FOUND,
					 "%s; if its disk was removed, insert it again",
					 problem.message)
			       : error_set(err, problem.kind, "%s", problem.message);
	}
	*restored = trash_list_take(&trash->list, index);
	free(restored->folder);
	restored->folder = xstrdup(restored->game.dir);
	trash_list_save_or_warn(&trash->list);
	arm_timer(trash);
	return true;
}

bool game_trash_discard(struct game_trash *trash, const char *id, struct error *err)
{
	size_t index;

	if (!make_ready(trash, err) || !trash_list_find(&trash->list, id, &index, err)) {
		return false;
	}
	trash_list_discard(&trash->list, index);
	trash_list_save_or_warn(&trash->list);
	delete_next(trash);
	arm_timer(trash);
	return true;
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
