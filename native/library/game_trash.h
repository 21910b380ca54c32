#pragma once

#include "library/game_registry.h"
#include "library/kept_files.h" /* what updates have put by */
#include "library/trashed_game.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct libraries;
struct state_link;
struct loop;
struct worker;

/*
 * Deleted games: each is moved, by rename, to .capydeck/trash/<id>/ beside where it was
 * (trashed_game.h), and can be restored until it expires: until the agent has run for that long
 * since (core/steady_clock.h), whatever the device's clock says. <state_dir>/trash.json, version 1,
 * lists them. It is written before a folder moves, and after a crash the place of the folder
 * decides: a game in the trash leaves the registry, one in its original place leaves the trash. A
 * missing folder (its disk may be removed) stays listed until it is permanently deleted, which
 * waits for the disk: otherwise it would stay there forever.
 */
struct game_trash;

struct game_trash_options {
	struct loop *loop;
	struct worker *worker; /* deletes permanently */
	const char *state_dir;
	struct game_registry *registry;
	struct libraries *libraries; /* what is away stays as it is */
	int64_t expire_after_ms;
	/* One was permanently deleted; borrowed. NULL: no listener. */
	void (*gone)(void *user, const struct game *game);
	void *user;
};

/* notice (caller frees, else NULL): a message for the user, e.g. that a file was set aside. */
struct game_trash *game_trash_create(const struct game_trash_options *options, char **notice);
void game_trash_destroy(struct game_trash *trash);
void game_trash_set_expiry(struct game_trash *trash, int64_t expire_after_ms);
/* The list's file (core/state_file.h): while it cannot be read no deleted game is known. */
struct state_link *game_trash_link(struct game_trash *trash);
/*
 * One of the two lists, or a disk, could not be read at the start and perhaps can be now; or a
 * library is there again.
 */
void game_trash_resume(struct game_trash *trash);

/*
 * Moves a registered game's folder to the trash and removes it from the registry. The game's
 * pending work is done when it is restored. A missing folder is only removed from the registry.
 * Returns the entry, borrowed until the trash changes (NULL: the folder did not exist and err->kind
 * is NONE, or an error). Errors: IO, NO_SPACE, INVALID (the folder is a link, or not below its
 * library), CONFLICT (its card is out).
 */
const struct trashed_game *game_trash_put(
	struct game_trash *trash, const struct game *game, struct error *err);
/*
 * Moves it back and into the registry, as passed to game_trash_put(). *restored is the caller's:
 * finish it with trashed_game_finish(). Errors: NOT_FOUND, CONFLICT (something else is there now,
 * its card is out), IO.
 */
bool game_trash_restore(
	struct game_trash *trash, const char *id, struct trashed_game *restored, struct error *err);
/* Permanently deletes one, on the worker. Errors: NOT_FOUND, IO, NO_SPACE; then it stays. */
bool game_trash_discard(struct game_trash *trash, const char *id, struct error *err);

/* Those below root whose library is not known, and that are there, are in the library of that id.
 */
void game_trash_adopt(struct game_trash *trash, const char *root, const char *id);
/* Changes their entries, in one write. Errors: IO, NO_SPACE; then it is tried again by the next. */
bool game_trash_change(
	struct game_trash *trash, game_change *change, void *user, struct error *err);
/* Drops those in a library that will not come back. Errors: IO, NO_SPACE. */
bool game_trash_forget(struct game_trash *trash, const char *id, struct error *err);

size_t game_trash_count(const struct game_trash *trash);
/* Newest last; borrowed until the trash changes. */
const struct trashed_game *game_trash_at(const struct game_trash *trash, size_t index);
/* Seconds until it is permanently deleted, if the agent keeps running. */
int64_t game_trash_expires_in_s(const struct game_trash *trash, const struct trashed_game *game);
