#define LOG_MODULE "agent"

#include "agent/library_contents.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "upload/upload_store.h"

#include <string.h>
#include <sys/stat.h>

struct counting {
	const char *id;
	const char *root;
	struct library_held *held;
	bool *seen; /* NULL: of no interest */
};

/* Where the library of an item is not known, its folder decides. */
static bool is_in(const struct counting *counting, const char *library, const char *dir)
{
	return *counting->id != '\0' && *library != '\0' ? strcmp(library, counting->id) == 0
							 : path_is_within(dir, counting->root);
}

static void look_for(const struct counting *counting, const char *folder)
{
	struct stat stat;

	if (counting->seen != NULL && lstat(folder, &stat) == 0 && S_ISDIR(stat.st_mode)) {
		*counting->seen = true;
	}
}

static void count_upload(void *user, const struct upload_status *status)
{
	const struct counting *counting = user;

	if (status->state == UPLOAD_PAUSED && is_in(counting, status->library, status->dir)) {
		counting->held->uploads++;
	}
}

bool library_contents_count(const struct library_contents *contents, const char *id,
	const char *root, struct library_held *held, bool *seen)
{
	struct counting counting = { .id = id, .root = root, .held = held, .seen = seen };

	for (size_t i = 0; i < game_registry_count(contents->registry); i++) {
		const struct game *game = game_registry_at(contents->registry, i);

		if (is_in(&counting, game->library, game->dir)) {
			held->games++;
			look_for(&counting, game->dir);
		}
	}
	for (size_t i = 0; contents->trash != NULL && i < game_trash_count(contents->trash); i++) {
		const struct trashed_game *trashed = game_trash_at(contents->trash, i);

		if (is_in(&counting, trashed->game.library, trashed->game.dir)) {
			held->deleted++;
			look_for(&counting, trashed->folder);
		}
	}
	if (contents->uploads != NULL) {
		upload_store_each(contents->uploads, count_upload, &counting);
	}
	return game_registry_link(contents->registry)->is_read &&
	       (contents->trash == NULL || game_trash_link(contents->trash)->is_read);
}

void library_contents_adopt(const struct library_contents *contents, const struct library *library)
{
	AUTO(free_ptr) char *id = xstrdup(library->id);
	AUTO(free_ptr) char *root = xstrdup(library->root);

	for (size_t i = 0; i < game_registry_count(contents->registry); i++) {
		struct game game = *game_registry_at(contents->registry, i);
		AUTO(game_finish) struct game changed = { 0 };
		struct error err = { 0 };

		if (*game.library != '\0' || !path_is_within(game.dir, root) ||
			path_presence(game.dir) != PATH_PRESENT) {
			continue;
		}
		game.library = id;
		game_copy(&changed, &game);
		if (!game_registry_put(contents->registry, &changed, &err)) {
			log_warning("%s", err.message);
		}
	}
	game_trash_adopt(contents->trash, root, id);
}
