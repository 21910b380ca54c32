#pragma once

#include "core/json.h"
#include "proto/proto_steam.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_services;

/*
 * What comes after a game's files: its shortcut and the artwork. It is kept as
 * JSON in the game's entry of the registry (`pending`), written there together with the files'
 * arrival, and taken off bit by bit as it is done, so that a game never stays half installed:
 * what a crash interrupts goes on with the next start.
 */
struct game_setup {
	bool wants_shortcut;
	char *user_id; /* whose; digits; NULL: the most recent login */
	/*
	 * Its name, NULL: the game's. exe: absolute; NULL: the registered one. start_dir: absolute,
	 * or relative to the game's folder; NULL: the executable's folder.
	 */
	struct shortcut_config shortcut;
	char *icon;	 /* absolute path for the shortcut; NULL: as it is */
	char *upload_id; /* whose images wait (game_artwork.h); NULL: none do */
};

/* Longer texts are refused by whoever makes them: the registry is one file. */
#define GAME_SETUP_MAX_BYTES (64 * 1024)

extern const struct json_field game_setup_fields[];
void game_setup_finish(struct game_setup *setup);
char *game_setup_text(const struct game_setup *setup); /* "": nothing is left; caller frees */

/*
 * app_id: 0 when there is no shortcut. message: what a person should know, a sentence, e.g. why
 * there is none or why it is not to be seen yet; NULL: nothing. Borrowed during the call.
 */
typedef void game_setup_done(void *user, uint32_t app_id, const char *message);

/*
 * Does what is pending for the game in dir. done (may be NULL) is called once, as soon as the
 * shortcut is certain, maybe before this returns; artwork goes on behind it.
 */
void game_setup_start(
	struct agent_services *services, const char *dir, game_setup_done *done, void *user);
/* At the start of the agent: what earlier runs left, of all games. */
void game_setup_resume(struct agent_services *services);
