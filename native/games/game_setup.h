#pragma once

#include "core/json.h"
#include "proto/proto_steam.h"
#include "steam/change/steam_change.h"

#include <stdbool.h>
#include <stdint.h>

struct game;
struct game_artwork;
struct game_registry;
struct game_setup;
struct libraries;
struct steam;
struct upload_store;

/*
 * The work after a game's files are installed: its shortcut and artwork. It is stored as JSON in
 * the game's registry entry (`pending`), written together with the installation, and removed step
 * by step as it is done, so that a game never stays half installed: what a crash interrupts
 * continues at the next start.
 */
struct game_setup_plan {
	bool wants_shortcut;
	const char *user_id; /* the account, digits; NULL: the most recent login */
	/*
	 * name: NULL: the game's. exe: absolute; NULL: the registered one. start_dir: absolute, or
	 * relative to the game's folder; NULL: the executable's folder.
	 */
	struct shortcut_config shortcut;
	const char *command;   /* the target as its user has made it; NULL: the executable */
	bool restored;	       /* it is what was in Steam, not what a Hub wants */
	const char *icon;      /* absolute path for the shortcut; NULL: as it is */
	const char *upload_id; /* its images are waiting (game_artwork.h); NULL: none */
	cJSON *tree;
};

/*
 * What was last written into the game's shortcut (struct game's `shortcut`), into set, which is
 * zeroed before; for a game of an earlier build of this program, what it will have been.
 */
void game_setup_last_set(struct shortcut_set *set, const struct game *game);
/* The text for struct game once the request is done; caller frees. */
char *game_setup_set_text(const struct steam_shortcut_request *request);

/*
 * Before the game's folder, below from, becomes the same below to: changes the paths in its pending
 * work and in what was last written in Steam, and has its shortcut follow (is_installed; a deleted
 * game has none until it is restored). What the user has changed in Steam stays.
 */
void game_setup_follow(struct game *game, const char *from, const char *to, bool is_installed);

/* Callers refuse longer texts: the registry is one file. */
#define GAME_SETUP_PLAN_MAX_BYTES (64 * 1024)

extern const struct json_field game_setup_plan_fields[];
void game_setup_plan_finish(struct game_setup_plan *plan);
char *game_setup_plan_text(
	const struct game_setup_plan *plan); /* "": no work is left; caller frees */

struct game_setup_options {
	struct game_registry *registry;
	struct libraries *libraries;
	struct upload_store *uploads;
	struct steam *steam;
	struct game_artwork *artwork;
	char *const *compat_tool; /* steam.compatTool; read at each use */
};

struct game_setup *game_setup_create(const struct game_setup_options *options);
/* Work interrupted from now on is left for the next start. NULL is fine. */
void game_setup_stop(struct game_setup *setup);
/* After steam_destroy() and game_artwork_stop(), which end what is under way. NULL is fine. */
void game_setup_destroy(struct game_setup *setup);

/*
 * app_id: 0 when there is no shortcut. later: Steam gets it by itself when it ends or is restarted.
 * message: a sentence for the user, e.g. why there is none or why it is not visible yet; NULL:
 * none. Borrowed during the call.
 */
typedef void game_setup_done(void *user, uint32_t app_id, bool later, const char *message);

/*
 * Does the pending work for the game in dir. done (may be NULL) is called once, as soon as the
 * shortcut's outcome is known, perhaps before this returns; artwork continues afterwards.
 */
void game_setup_start(struct game_setup *setup, const char *dir, game_setup_done *done, void *user);
/*
 * At the start of the agent, when the list of games could only be read later, and when a library is
 * there again: does the work that is left, for all games that are there.
 */
void game_setup_resume(struct game_setup *setup);

/*
 * At the start and after uploads were removed: removes images whose upload is neither resumable nor
 * still to be finished.
 */
void game_setup_sweep_images(struct game_setup *setup);

/* The tool to run the program at that path: for Windows games the owner's choice; NULL: none. */
const char *game_setup_compat_tool(const struct game_setup *setup, const char *exe);
