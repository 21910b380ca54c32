#pragma once

#include <stdbool.h>

struct error;

/*
 * Where deleted games wait, in the folder that their own folder was in and so on its file system:
 * <parent of game_dir>/.capydeck/trash/<id>. Nothing below the parent is reached through a link.
 * game_dir: absolute, as the registry has it.
 */
char *trash_folder_path(const char *game_dir, const char *id); /* caller frees */

/*
 * Both move the whole folder by one rename, made durable, and never replace anything. On failure
 * it is where it was. Errors: NOT_FOUND (it is not there), INVALID (it is a link or no folder),
 * CONFLICT (something is where it should go), IO, NO_SPACE.
 */
bool trash_folder_put(const char *game_dir, const char *id, struct error *err);
bool trash_folder_restore(const char *game_dir, const char *id, struct error *err);

/*
 * Deletes it for good; one that is not there is success. Blocks: for a worker.
 * Errors: NOT_FOUND (nor is the folder above: its disk may be out), INVALID, IO.
 */
bool trash_folder_remove(const char *game_dir, const char *id, struct error *err);
