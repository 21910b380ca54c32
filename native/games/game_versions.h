#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct game_registry;
struct kept_files;
struct steam;
struct upload_store;

/*
 * What an update has put by, back into the game: the player's files. Not while the game runs or is
 * being updated.
 */
struct game_versions_options {
	struct game_registry *registry;
	struct kept_files *kept;
	struct upload_store *uploads;
	struct steam *steam;
};

struct game_versions *game_versions_create(const struct game_versions_options *options);
void game_versions_destroy(struct game_versions *versions); /* NULL is fine */

/*
 * As kept_files_restore(). *name (caller frees): the game's. Errors: also CONFLICT (it runs, or is
 * being updated).
 */
bool game_versions_restore(struct game_versions *versions, const char *id, const char *path,
	size_t *count, char **name, struct error *err);
