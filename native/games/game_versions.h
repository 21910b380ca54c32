#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct game_registry;
struct game_setup;
struct kept_files;
struct steam;
struct upload_store;

/*
 * What an update has put by, back into the game: the player's files, and the previous build. Not
 * while the game runs or is being updated.
 */
struct game_versions_options {
	struct game_registry *registry;
	struct kept_files *kept;
	struct upload_store *uploads;
	struct steam *steam;
	struct game_setup *setup;
};

struct game_rolled_back {
	const char *name;
	const char *note; /* NULL, or a sentence on the shortcut */
};
typedef void game_rollback_done(
	void *user, const struct game_rolled_back *rolled_back, const struct error *err);

struct game_versions *game_versions_create(const struct game_versions_options *options);
void game_versions_destroy(struct game_versions *versions); /* NULL is fine */

/*
 * As kept_files_restore(). *name (caller frees): the game's. Errors: also CONFLICT (it runs, or is
 * being updated).
 */
bool game_versions_restore(struct game_versions *versions, const char *id, const char *path,
	size_t *count, char **name, struct error *err);

/*
 * The previous build of the game in dir becomes the installed one, and that one the previous; its
 * shortcut follows. done is called once, on the loop, perhaps before this returns. Errors:
 * NOT_FOUND (no such game, or nothing is kept of its previous build), CONFLICT, IO, NO_SPACE.
 */
void game_versions_rollback(
	struct game_versions *versions, const char *dir, game_rollback_done *done, void *user);
