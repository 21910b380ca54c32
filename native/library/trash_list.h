#pragma once

#include "core/state_file.h"
#include "library/trashed_game.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* What game_trash.c stores: <state_dir>/trash.json. Indices are those of games unless stated. */
struct trash_list {
	int64_t version;
	struct trashed_game *games; /* restorable; newest last */
	size_t games_count;
	struct trashed_game *discarded; /* to be permanently deleted; newest last */
	size_t discarded_count;
	struct state_link link;
};

/* Fills a zeroed list. *notice (caller frees, else NULL): a file was set aside. */
void trash_list_load(struct trash_list *list, const char *path, char **notice);
void trash_list_finish(struct trash_list *list);

/* Errors: IO, NO_SPACE. */
bool trash_list_save(struct trash_list *list, struct error *err);

/* Appends it under a new id and saves. NULL on error: INVALID (its folder's path), IO, NO_SPACE. */
struct trashed_game *trash_list_add(
	struct trash_list *list, const struct game *game, struct error *err);
/* Errors: NOT_FOUND. */
bool trash_list_find(
	const struct trash_list *list, const char *id, size_t *index, struct error *err);

/* These do not save. The caller owns what take returns. */
struct trashed_game trash_list_take(struct trash_list *list, size_t index);
void trash_list_drop(struct trash_list *list, size_t index);
void trash_list_discard(struct trash_list *list, size_t index);
void trash_list_undo_discard(struct trash_list *list, size_t index);   /* of the last one */
void trash_list_drop_discarded(struct trash_list *list, size_t index); /* of the discarded */
