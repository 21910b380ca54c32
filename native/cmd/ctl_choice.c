#include "cmd/ctl_choice.h"

#include "cmd/ctl.h"
#include "core/error.h"
#include "core/json.h"
#include "core/xalloc.h"
#include "proto/proto_ipc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- Games --- */

/* The app id in text, or 0. */
static uint32_t app_id_of(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	return strspn(text, "0123456789") == strlen(text) && *text != '\0' && errno == 0 &&
			       value <= UINT32_MAX
		       ? (uint32_t)value
		       : 0;
}

/* A folder completed by a shell may end with a slash. */
static bool same_dir(const char *dir, const char *text)
{
	size_t length = strlen(dir);

	return strncmp(dir, text, length) == 0 &&
	       strspn(text + length, "/") == strlen(text + length);
}

/* NULL with err of the kind NONE: not found. */
static const struct ipc_game *find_game(
	const struct ipc_games *games, const char *text, struct error *err)
{
	const struct ipc_game *found = NULL;

	for (size_t i = 0; i < games->games_count; i++) {
		const struct ipc_game *game = &games->games[i];

		if (strcmp(game->name, text) != 0 && !same_dir(game->dir, text) &&
			(game->app_id == 0 || game->app_id != app_id_of(text))) {
			continue;
		}
		if (found != NULL) {
			error_set(err, ERROR_CONFLICT,
				"more than one game is called '%s'; give the folder, '%s' or '%s'",
				text, found->dir, game->dir);
			return NULL;
		}
		found = game;
	}
	return found;
}

bool ctl_choice_game(struct ctl *ctl, const char *text, struct ipc_game_ref *ref, char **question,
	struct error *err)
{
	struct ipc_games games = { 0 };
	const struct ipc_game *game = NULL;
	bool ok = ctl_fetch(ctl, "games.list", ipc_games_fields, &games, err);

	if (ok) {
		game = find_game(&games, text, err);
		ok = game != NULL || err->kind == ERROR_NONE;
	}
	if (ok && game != NULL) {
		ref->dir = json_keep(&ref->tree, game->dir);
		*question = xasprintf("Delete '%s' in '%s'? It can be restored from the trash.",
			game->name, game->dir);
	} else if (ok && app_id_of(text) != 0) {
		ref->app_id = app_id_of(text);
		*question = xasprintf("Remove the shortcut %u from Steam?", ref->app_id);
	} else if (ok) {
		ok = error_set(err, ERROR_NOT_FOUND,
			"no game '%s' was installed by this agent; 'capydeck ctl games' lists them",
			text);
	}
	json_finish(&games, ipc_games_fields);
	return ok;
}

bool ctl_choice_trashed(struct ctl *ctl, const char *text, bool by_name,
	struct ipc_trash_id *params, char **name, struct error *err)
{
	struct ipc_trash trash = { 0 };
	const struct ipc_trashed_game *found = NULL;
	bool ok = ctl_fetch(ctl, "games.trash", ipc_trash_fields, &trash, err);

	for (size_t i = 0; ok && i < trash.games_count; i++) {
		const struct ipc_trashed_game *game = &trash.games[i];

		if (strcmp(game->id, text) != 0 && (!by_name || strcmp(game->name, text) != 0)) {
			continue;
		}
		if (found != NULL) {
			ok = error_set(err, ERROR_CONFLICT,
				"more than one deleted game is called '%s'; give the id, '%s' "
				"or '%s'",
				text, found->id, game->id);
		}
		found = game;
	}
	if (ok && found == NULL) {
		ok = error_set(err, ERROR_NOT_FOUND,
			"no game '%s' is in the trash; 'capydeck ctl games trash' lists them",
			text);
	}
	if (ok) {
		params->id = json_keep(&params->tree, found->id);
		*name = xstrdup(found->name);
	}
	json_finish(&trash, ipc_trash_fields);
	return ok;
}

/* --- Libraries --- */

/* NULL: none, or several. */
static const struct ipc_library *find_library(
	const struct ipc_libraries *libraries, const char *text, struct error *err)
{
	const struct ipc_library *found = NULL;

	for (size_t i = 0; i < libraries->libraries_count; i++) {
		const struct ipc_library *library = &libraries->libraries[i];

		if (strcmp(library->id, text) != 0 && strcmp(library->name, text) != 0 &&
			!same_dir(library->place, text)) {
			continue;
		}
		if (found != NULL && !found->present && !library->present &&
			strcmp(found->id, library->id) != 0) {
			error_set(err, ERROR_CONFLICT,
				"more than one library is called '%s'; give the id, '%s' or '%s'",
				text, found->id, library->id);
			return NULL;
		}
		/* The one in its place is not the one to forget. */
		found = found == NULL || found->present ? library : found;
	}
	if (found == NULL) {
		error_set(err, ERROR_NOT_FOUND,
			"there is no library '%s'; 'capydeck ctl libraries' lists them", text);
	} else if (*found->id == '\0') {
		error_set(err, ERROR_NOT_FOUND,
			"nothing was installed in '%s' yet; the settings library.path and "
			"library.extra say which folders are libraries",
			found->place);
		return NULL;
	}
	return found;
}

bool ctl_choice_library(struct ctl *ctl, const char *text, struct ipc_library_id *params,
	char **question, struct error *err)
{
	struct ipc_libraries libraries = { 0 };
	const struct ipc_library *found = NULL;
	bool ok = ctl_fetch(ctl, "libraries.list", ipc_libraries_fields, &libraries, err);

	if (ok) {
		found = find_library(&libraries, text, err);
		ok = found != NULL;
	}
	if (ok) {
		params->id = json_keep(&params->tree, found->id);
		*question = xasprintf("Forget the library '%s' and its %lld game%s? Its files are "
				      "left alone.",
			found->name, (long long)found->games, found->games == 1 ? "" : "s");
	}
	json_finish(&libraries, ipc_libraries_fields);
	return ok;
}
