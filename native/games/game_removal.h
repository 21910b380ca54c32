#pragma once

#include "games/game_versions.h" /* what updates have replaced, back into the game */

#include <stdbool.h>
#include <stdint.h>

struct error;
struct game_registry;
struct game_removal;
struct game_setup;
struct game_trash;
struct steam;
struct upload_store;

/*
 * Deletes and restores games, for Hubs and for the owner. A folder is removed only if it is in the
 * registry, and then to the trash (game_trash.h); for other shortcuts only the shortcut is removed.
 */
struct game_removal_options {
	struct game_registry *registry;
	struct game_trash *trash;
	struct upload_store *uploads;
	struct steam *steam;
	struct game_setup *setup;
};

struct game_removal *game_removal_create(const struct game_removal_options *options);
/* After steam_destroy(), which ends what is under way. NULL is fine. */
void game_removal_destroy(struct game_removal *removal);

struct game_removal_request {
	const char *user_id; /* the account of the shortcut; NULL: the registry's, or the most
				recent login */
	uint32_t app_id;     /* reported or actual; 0: by dir */
	const char *dir;     /* a registered game's folder, for games without a shortcut; or NULL */
	bool forget;	     /* its library will not come back: its files are not looked for */
};

struct game_removed {
	const char *game_name;
	const char *trash_id; /* NULL: no registered folder */
	const char *note;     /* NULL, or a sentence on why the shortcut is still visible */
	/*
	 * The folder in which Proton keeps what the game has written for Windows, saves among it.
	 * It stays, for restoring too. NULL: there is none.
	 */
	const char *prefix;
};

/* removed is NULL exactly when err is not; borrowed during the call. */
typedef void game_removal_done(
	void *user, const struct game_removed *removed, const struct error *err);

/*
 * done is called once, on the loop, perhaps before this returns. Errors: NOT_FOUND (neither a
 * shortcut nor a registered game), CONFLICT (it is running or being uploaded), INVALID (its folder
 * is now a link), IO, NO_SPACE.
 */
void game_removal_start(struct game_removal *removal, const struct game_removal_request *request,
	game_removal_done *done, void *user);

/*
 * At the start of the agent, or once its lists can be read: removes shortcuts whose game a crash
 * had already removed. */
void game_removal_resume(struct game_removal *removal);

/*
 * Restores the folder and its shortcut. game_name in the result. Errors: NOT_FOUND, CONFLICT, IO.
 */
void game_removal_restore(
	struct game_removal *removal, const char *trash_id, game_removal_done *done, void *user);
