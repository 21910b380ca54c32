#include "library/trash_list.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/xalloc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FILE_VERSION 1
#define FILE_MAX_BYTES (16 * 1024 * 1024)

static const struct json_field trash_list_fields[] = {
	JSON_FIELD(struct trash_list, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct trash_list, games, "games", trashed_game_fields, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct trash_list, discarded, "discarded", trashed_game_fields, 0),
	JSON_FIELDS_END,
};

static bool check_trash_list(const void *object, struct error *err)
{
	const struct trash_list *list = object;

	return list->version == FILE_VERSION ||
	       error_set(err, ERROR_INVALID, "its version is not %d", FILE_VERSION);
}

static bool check_trashed_entry(const char *key, const void *entry, struct error *err)
{
	return trashed_game_check(entry, err);
}

static const struct state_file trash_file = {
	.what = "the list of deleted games",
	.loss = "none of them can be restored; their folders stay in '" PATH_OWN_FOLDER "/trash'",
	.max_bytes = FILE_MAX_BYTES,
	.fields = trash_list_fields,
	.object_bytes = offsetof(struct trash_list, link), /* the rest is not stored in the file */
	.fill_texts = true,
	.check = check_trash_list,
	.check_entry = check_trashed_entry,
};

static void complete_trash_list(void *object)
{
	struct trash_list *list = object;

	list->version = FILE_VERSION;
	for (size_t i = 0; i < list->games_count; i++) {
		trashed_game_complete(&list->games[i]);
	}
	for (size_t i = 0; i < list->discarded_count; i++) {
		trashed_game_complete(&list->discarded[i]);
	}
}

void trash_list_load(struct trash_list *list, const char *path, char **notice)
{
	state_link_init(&list->link, &trash_file, path, list, complete_trash_list);
	*notice = state_link_take_notice(&list->link);
}

void trash_list_finish(struct trash_list *list)
{
	while (list->games_count > 0) {
		trash_list_drop(list, list->games_count - 1);
	}
	while (list->discarded_count > 0) {
		trash_list_drop_discarded(list, list->discarded_count - 1);
	}
	free(list->games);
	free(list->discarded);
	state_link_finish(&list->link);
	*list = (struct trash_list){ 0 };
}

bool trash_list_save(struct trash_list *list, struct error *err)
{
	return state_link_write(&list->link, err);
}

/* game is left empty. */
static void append_game(struct trashed_game **games, size_t *count, struct trashed_game *game)
{
	*games = xrealloc(*games, *count + 1, sizeof(**games));
	(*games)[(*count)++] = *game;
	*game = (struct trashed_game){ 0 };
}

static struct trashed_game take_game(struct trashed_game *games, size_t *count, size_t index)
{
	struct trashed_game taken = games[index];

	(*count)--;
	memmove(&games[index], &games[index + 1], (*count - index) * sizeof(*games));
	return taken;
}

struct trashed_game *trash_list_add(
	struct trash_list *list, const struct game *game, struct error *err)
{
	AUTO(trashed_game_finish) struct trashed_game fresh;

	trashed_game_init(&fresh, game);
	if (!trashed_game_check(&fresh, err)) {
		return NULL;
	}
	append_game(&list->games, &list->games_count, &fresh);
	if (!trash_list_save(list, err)) {
		trash_list_drop(list, list->games_count - 1);
		return NULL;
	}
	return &list->games[list->games_count - 1];
}

bool trash_list_find(
	const struct trash_list *list, const char *id, size_t *index, struct error *err)
{
	for (size_t i = 0; i < list->games_count; i++) {
		if (strcmp(list->games[i].id, id) == 0) {
			*index = i;
			return true;
		}
	}
	return error_set(err, ERROR_NOT_FOUND, "no deleted game has the id '%s'", id);
}

struct trashed_game trash_list_take(struct trash_list *list, size_t index)
{
	return take_game(list->games, &list->games_count, index);
}

void trash_list_drop(struct trash_list *list, size_t index)
{
	struct trashed_game game = trash_list_take(list, index);

	trashed_game_finish(&game);
}

void trash_list_discard(struct trash_list *list, size_t index)
{
	struct trashed_game game = trash_list_take(list, index);

	append_game(&list->discarded, &list->discarded_count, &game);
}

void trash_list_undo_discard(struct trash_list *list, size_t index)
{
	struct trashed_game game =
		take_game(list->discarded, &list->discarded_count, list->discarded_count - 1);

	append_game(&list->games, &list->games_count, &game);
	game = list->games[list->games_count - 1];
	memmove(&list->games[index + 1], &list->games[index],
		(list->games_count - 1 - index) * sizeof(game));
	list->games[index] = game;
}

void trash_list_drop_discarded(struct trash_list *list, size_t index)
{
	struct trashed_game game = take_game(list->discarded, &list->discarded_count, index);

	trashed_game_finish(&game);
}
