#pragma once

#include "core/json.h"
#include "library/game_registry.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/* A deleted game that can be restored; see game_trash.h. */
struct trashed_game {
	char *id;	    /* 16 hex digits */
	char *folder;	    /* absolute: where the game's folder is now */
	struct game game;   /* its entry, for the registry when it comes back */
	int64_t deleted_at; /* Unix time */
};

/* All but the folder, which follows from the id and where the game was. */
extern const struct json_field trashed_game_fields[];

/* A fresh one, of now. */
void trashed_game_init(struct trashed_game *trashed, const struct game *game);
void trashed_game_finish(struct trashed_game *trashed);
/* After reading and checking: adds what follows from the fields. */
void trashed_game_complete(struct trashed_game *trashed);
/* After reading: are the values possible? Its texts are not NULL. Errors: INVALID. */
bool trashed_game_check(const struct trashed_game *trashed, struct error *err);

/*
 * Where deleted games wait, in the folder that their own folder was in and so on its file system:
 * <parent of game_dir>/.capydeck/trash/<id>. Nothing below the parent is reached through a link.
 * game_dir: absolute, as the registry has it.
 */
char *trashed_game_folder(const char *game_dir, const char *id); /* caller frees */

/*
 * Both move the whole folder by one rename, made durable, and never replace anything. On failure
 * it is where it was. Errors: NOT_FOUND (it is not there), INVALID (it is a link or no folder),
 * CONFLICT (something is where it should go), IO, NO_SPACE.
 */
bool trashed_game_put_folder(const char *game_dir, const char *id, struct error *err);
bool trashed_game_restore_folder(const char *game_dir, const char *id, struct error *err);

/*
 * Deletes it for good; one that is not there is success. Blocks: for a worker.
 * Errors: NOT_FOUND (nor is the folder above: its disk may be out), INVALID, IO.
 */
bool trashed_game_remove_folder(const char *game_dir, const char *id, struct error *err);
