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
	struct game game;   /* its registry entry, for when it is restored */
	int64_t deleted_at; /* Unix time; only shown */
	int64_t kept_ms;    /* for so long the agent has run since, as far as it is counted */
};

/* All fields but folder, which follows from the id and the game's place. */
extern const struct json_field trashed_game_fields[];

/* A new one, deleted now. */
void trashed_game_init(struct trashed_game *trashed, const struct game *game);
void trashed_game_finish(struct trashed_game *trashed);
/* After reading and checking: fills in what follows from the fields. */
void trashed_game_complete(struct trashed_game *trashed);
/* After reading: are the values possible? Its texts are not NULL. Errors: INVALID. */
bool trashed_game_check(const struct trashed_game *trashed, struct error *err);

/*
 * Where deleted games wait, in the folder that their own folder was in and so on its file system:
 * <parent of game_dir>/.capydeck/trash/<id>. No link below the parent is followed. game_dir:
 * absolute, as the registry has it.
 */
char *trashed_game_folder(const char *game_dir, const char *id); /* caller frees */

/*
 * Both move the whole folder with one rename, made durable, and never replace anything. On failure
 * it stays where it was. Errors: NOT_FOUND (it does not exist), INVALID (it is a link or not a
 * folder), CONFLICT (the destination exists), IO, NO_SPACE.
 */
bool trashed_game_put_folder(const char *game_dir, const char *id, struct error *err);
bool trashed_game_restore_folder(const char *game_dir, const char *id, struct error *err);

/*
 * Permanently and durably deletes it; success if it does not exist. Blocks: call it on a worker.
 * Errors: NOT_FOUND (the folder above is missing too: its disk may be removed), INVALID, IO.
 */
bool trashed_game_remove_folder(const char *game_dir, const char *id, struct error *err);
