#pragma once

#include "core/json.h"
#include "library/game_registry.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/* A deleted game that can be had again; see game_trash.h. */
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
/* After reading: adds what the fields may have left out. */
void trashed_game_complete(struct trashed_game *trashed);
/* Can the folder and the game's be told apart from all others? Errors: INVALID. */
bool trashed_game_check(const struct trashed_game *trashed, struct error *err);
