#include "library/trashed_game.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/random.h"
#include "library/trash_folder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ID_DIGITS 16

const struct json_field trashed_game_fields[] = {
	JSON_FIELD(struct trashed_game, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_OBJECT(struct trashed_game, game, "game", game_fields, JSON_REQUIRED),
	JSON_FIELD(struct trashed_game, deleted_at, "deletedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELDS_END,
};

void trashed_game_init(struct trashed_game *trashed, const struct game *game)
{
	*trashed = (struct trashed_game){
		.id = random_hex(ID_DIGITS),
		.deleted_at = time(NULL),
	};
	game_copy(&trashed->game, game);
	trashed->folder = trash_folder_path(game->dir, trashed->id);
}

void trashed_game_finish(struct trashed_game *trashed)
{
	json_finish(trashed, trashed_game_fields);
	free(TAKE_PTR(trashed->folder));
}

void trashed_game_complete(struct trashed_game *trashed)
{
	struct game game = trashed->game;

	game_copy(&trashed->game, &game);
	game_finish(&game);
	trashed->folder = trash_folder_path(trashed->game.dir, trashed->id);
}

bool trashed_game_check(const struct trashed_game *trashed, struct error *err)
{
	const char *id = trashed->id, *dir = trashed->game.dir, *name = path_base(dir);

	if (strlen(id) != ID_DIGITS || strspn(id, "0123456789abcdef") != ID_DIGITS) {
		return error_set(err, ERROR_INVALID, "'%s' is no id of a deleted game", id);
	}
	if (dir[0] != '/' || strstr(dir, "/../") != NULL || *name == '\0' ||
		strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		return error_set(err, ERROR_INVALID, "'%s' is not the folder of a game", dir);
	}
	return true;
}
