#include "cmd/ctl_games.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "proto/proto_ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The app id that text is, or 0. */
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

/* A folder as a shell completes it may end with a slash. */
static bool same_dir(const char *dir, const char *text)
{
	size_t length = strlen(dir);

	return strncmp(dir, text, length) == 0 &&
	       strspn(text + length, "/") == strlen(text + length);
}

/* NULL with err of the kind NONE: there is none. */
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
				"more than one game is '%s': name the folder, '%s' or '%s'", text,
				found->dir, game->dir);
			return NULL;
		}
		found = game;
	}
	return found;
}

/* Which game text means. A shortcut that is not of a game of ours has an app id only. */
static bool choose_game(struct ctl *ctl, const char *text, struct ipc_game_ref *ref,
	char **question, struct error *err)
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

static void print_note(const char *note)
{
	if (note != NULL && *note != '\0') {
		ctl_say("%s", note);
	}
}

static void print_deleted(const struct ipc_game_moved *moved)
{
	if (*moved->trash_id != '\0') {
		ctl_say("deleted '%s'; 'capydeck ctl games restore %s' brings it back", moved->name,
			moved->trash_id);
	} else {
		ctl_say("removed '%s' from Steam; there was no folder to delete", moved->name);
	}
	print_note(moved->note);
}

bool ctl_games_delete(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_game_ref ref = { 0 };
	struct ipc_game_moved moved = { 0 };
	AUTO(free_ptr) char *question = NULL;
	bool ok = choose_game(ctl, args[0], &ref, &question, err) &&
		  ctl_confirm(ctl, question, err) &&
		  ctl_call(ctl, "games.delete", ipc_game_ref_fields, &ref, ipc_game_deleted_fields,
			  &moved, err);

	if (ok && !ctl->json) {
		print_deleted(&moved);
	}
	json_finish(&moved, ipc_game_deleted_fields);
	json_finish(&ref, ipc_game_ref_fields);
	return ok;
}

/* by_name: a game's name does, too, if only one in the trash has it. */
static bool choose_trashed(struct ctl *ctl, const char *text, bool by_name,
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
				"more than one deleted game is '%s': name the id, '%s' or '%s'",
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

bool ctl_games_restore(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	struct ipc_game_moved moved = { 0 };
	AUTO(free_ptr) char *name = NULL;
	bool ok = choose_trashed(ctl, args[0], true, &params, &name, err) &&
		  ctl_call(ctl, "games.restore", ipc_trash_id_fields, &params,
			  ipc_game_restored_fields, &moved, err);

	if (ok && !ctl->json) {
		ctl_say("restored '%s'", moved.name);
		print_note(moved.note);
	}
	json_finish(&moved, ipc_game_restored_fields);
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}

bool ctl_games_discard(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	AUTO(free_ptr) char *name = NULL;
	AUTO(free_ptr) char *question = NULL;
	bool ok = choose_trashed(ctl, args[0], false, &params, &name, err);

	if (ok) {
		question = xasprintf("Delete '%s' for good?", name);
	}
	ok = ok && ctl_confirm(ctl, question, err) &&
	     ctl_tell(ctl, "games.discard", ipc_trash_id_fields, &params, "deleted for good", err);
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}
