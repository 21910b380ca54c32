#pragma once

#include "core/json.h"
#include "proto/proto_steam.h"

#include <stdbool.h>
#include <stdint.h>

struct game_artwork;
struct game_registry;
struct game_setup;
struct steam;
struct upload_store;

/*
 * What comes after a game's files: its shortcut and the artwork. It is kept as JSON in the game's
 * entry of the registry (`pending`), written there together with the files' arrival, and taken off
 * bit by bit as it is done, so that a game never stays half installed: what a crash interrupts goes
 * on with the next start.
 */
struct game_setup_plan {
	bool wants_shortcut;
	const char *user_id; /* whose; digits; NULL: the most recent login */
	/*
	 * Its name, NULL: the game's. exe: absolute; NULL: the registered one. start_dir: absolute,
	 * or relative to the game's folder; NULL: the executable's folder.
	 */
	struct shortcut_config shortcut;
	const char *icon;      /* absolute path for the shortcut; NULL: as it is */
	const char *upload_id; /* whose images wait (game_artwork.h); NULL: none do */
	cJSON *tree;
};

/* Longer texts are refused by whoever makes them: the registry is one file. */
#define GAME_SETUP_PLAN_MAX_BYTES (64 * 1024)

extern const struct json_field game_setup_plan_fields[];
void game_setup_plan_finish(struct game_setup_plan *plan);
char *game_setup_plan_text(
	const struct game_setup_plan *plan); /* "": nothing is left; caller frees */

struct game_setup_options {
	struct game_registry *registry;
	struct upload_store *uploads;
	struct steam *steam;
	struct game_artwork *artwork;
	char *const *compat_tool; /* steam.compatTool; read at each use */
};

struct game_setup *game_setup_create(const struct game_setup_options *options);
/* What is cut short from now on is left for the next start. NULL is fine. */
void game_setup_stop(struct game_setup *setup);
/* After steam_destroy() and game_artwork_stop(), which end what is under way. NULL is fine. */
void game_setup_destroy(struct game_setup *setup);

/*
 * app_id: 0 when there is no shortcut. message: what a person should know, a sentence, e.g. why
 * there is none or why it is not to be seen yet; NULL: nothing. Borrowed during the call.
 */
typedef void game_setup_done(void *user, uint32_t app_id, const char *message);

/*
 * Does what is pending for the game in dir. done (may be NULL) is called once, as soon as the
 * shortcut is certain, maybe before this returns; artwork goes on behind it.
 */
void game_setup_start(struct game_setup *setup, const char *dir, game_setup_done *done, void *user);
/* At the start of the agent: what earlier runs left, of all games. */
void game_setup_resume(struct game_setup *setup);

/*
 * At the start and when uploads have gone: images go whose upload is neither resumable nor still
 * to be finished.
 */
void game_setup_sweep_images(struct game_setup *setup);

/* What is to run the program at that path: for Windows games the owner's tool; NULL: nothing. */
const char *game_setup_compat_tool(const struct game_setup *setup, const char *exe);
