#define LOG_MODULE "agent"

#include "agent/library_follow.h"

#include "agent/library_contents.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

struct following {
	const char *id;
	const char *from;
	const char *to;
};

static bool is_meant(const struct following *following, const struct game *game)
{
	return strcmp(game->library, following->id) == 0 &&
	       path_is_within(game->dir, following->from);
}

static char *new_path(const struct following *following, const char *path)
{
	return xasprintf("%s%s", following->to, path + strlen(following->from));
}

static bool change(const struct following *following, struct game *game, bool is_installed)
{
	char *dir;

	if (!is_meant(following, game)) {
		return false;
	}
	game_setup_follow(game, following->from, following->to, is_installed);
	dir = new_path(following, game->dir);
	free(game->dir);
	game->dir = dir;
	return true;
}

static bool change_installed(void *user, struct game *game)
{
	return change(user, game, true);
}

static bool change_deleted(void *user, struct game *game)
{
	return change(user, game, false);
}

/* The lists of their files first: without them an update could not tell what is the player's. */
static bool follow_games(const struct library_contents *contents, const struct following *following,
	const char *state_dir, struct error *err)
{
	AUTO(strvec_finish) struct strvec dirs = { 0 };

	for (size_t i = 0; i < game_registry_count(contents->registry); i++) {
		const struct game *game = game_registry_at(contents->registry, i);
		AUTO(free_ptr) char *dir = NULL;

		if (!is_meant(following, game)) {
			continue;
		}
		dir = new_path(following, game->dir);
		if (!installed_manifest_copy(state_dir, game->dir, dir, err)) {
			return false;
		}
		strvec_push(&dirs, game->dir);
	}
	if (dirs.count == 0) {
		return true;
	}
	if (!game_registry_change(contents->registry, change_installed, (void *)following, err)) {
		return false;
	}
	for (size_t i = 0; i < dirs.count; i++) {
		installed_manifest_forget(state_dir, dirs.items[i]);
	}
	log_info("%zu games of the library in '%s' are in '%s' now", dirs.count, following->from,
		following->to);
	return true;
}

static bool follow_kept(const struct following *following, struct error *err)
{
	AUTO(close_fd) int root_fd = library_open(following->to, following->id, err);

	return root_fd >= 0 && kept_files_follow(root_fd, following->from, following->to, err);
}

static void follow(const struct library_contents *contents, const struct following *following,
	const char *state_dir)
{
	struct error err = { 0 };

	if (!follow_games(contents, following, state_dir, &err) || !follow_kept(following, &err) ||
		(contents->trash != NULL && !game_trash_change(contents->trash, change_deleted,
						    (void *)following, &err)) ||
		(contents->uploads != NULL && !upload_store_follow(contents->uploads, following->id,
						      following->from, following->to, &err))) {
		log_warning("what is in '%s' is still known as in '%s': %s", following->to,
			following->from, err.message);
	}
}

/* The place where the library is; NULL: none of ours. */
static const struct library *find_present(const struct libraries *libraries, const char *id)
{
	for (size_t i = 0; i < libraries_count(libraries); i++) {
		const struct library *library = libraries_at(libraries, i);

		if (library->presence == LIBRARY_PRESENT && strcmp(library->id, id) == 0) {
			return library;
		}
	}
	return NULL;
}

void library_follow(const struct library_contents *contents, const struct libraries *libraries,
	const char *state_dir)
{
	/* Copies: whoever hears of a change looks at the libraries, which may list them anew. */
	AUTO(strvec_finish) struct strvec moves = { 0 };

	for (size_t i = 0; i < libraries_count(libraries); i++) {
		const struct library *library = libraries_at(libraries, i);
		const struct library *there =
			library->now_at != NULL ? find_present(libraries, library->id) : NULL;

		if (there != NULL && strcmp(there->root, library->root) != 0) {
			strvec_push(&moves, library->id);
			strvec_push(&moves, library->root);
			strvec_push(&moves, there->root);
		}
	}
	for (size_t i = 0; i < moves.count; i += 3) {
		const struct following following = {
			.id = moves.items[i], .from = moves.items[i + 1], .to = moves.items[i + 2]
		};

		follow(contents, &following, state_dir);
	}
}
