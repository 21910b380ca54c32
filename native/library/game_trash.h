#pragma once

#include "library/trashed_game.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loop;
struct worker;

/*
 * Deleted games: each is moved, by rename, to .capydeck/trash/<id>/ beside where it was
 * (trashed_game.h), and can be restored until it expires. <state_dir>/trash.json, version 1, says
 * which there are. It is written before a folder moves, and at the next start the place of the
 * folder decides what a crash left half done: what is in the trash leaves the registry, what is in
 * its place leaves the trash. A folder that is nowhere (its disk may be out) is kept in mind until
 * it is deleted for good, which waits for the disk: it would stay there for ever.
 */
struct game_trash;

struct game_trash_options {
	struct loop *loop;
	struct worker *worker; /* for deleting for good */
	const char *state_dir;
	struct game_registry *registry;
	int64_t expire_after_ms;
	/* One was deleted for good; borrowed. NULL: nobody wants to know. */
	void (*gone)(void *user, const struct game *game);
	void *user;
};

/* notice (caller frees, else NULL): what a reader should know, e.g. a file set aside. */
struct game_trash *game_trash_create(const struct game_trash_options *options, char **notice);
void game_trash_destroy(struct game_trash *trash);
void game_trash_set_expiry(struct game_trash *trash, int64_t expire_after_ms);

/*
 * Moves a registered game's folder to the trash and takes it off the registry. What game has as
 * pending is done when it is restored. A folder that has gone already leaves the registry only.
 * Returns the entry, borrowed until the trash changes (NULL: the folder was not there, err->kind is
 * NONE then, or an error). Errors: IO, NO_SPACE, INVALID (the folder is a link, or not below its
 * library).
 */
const struct trashed_game *game_trash_put(
	struct game_trash *trash, const struct game *game, struct error *err);
/*
 * Moves it back and into the registry, as it was given to game_trash_put(). *restored is the
 * caller's: finish it with trashed_game_finish(). Errors: NOT_FOUND, CONFLICT (something else is
 * there now), IO.
 */
bool game_trash_restore(
	struct game_trash *trash, const char *id, struct trashed_game *restored, struct error *err);
/* Deletes one for good, on the worker. Errors: NOT_FOUND. */
bool game_trash_discard(struct game_trash *trash, const char *id, struct error *err);

size_t game_trash_count(const struct game_trash *trash);
/* Newest last; borrowed until the trash changes. */
const struct trashed_game *game_trash_at(const struct game_trash *trash, size_t index);
/* Seconds until it is deleted for good. */
int64_t game_trash_expires_in_s(const struct game_trash *trash, const struct trashed_game *game);
