#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct error;
struct game_artwork;
struct game_registry;
struct game_removal;
struct game_setup;
struct steam;

/* Steam's users and shortcuts, and Steam itself. */
struct handle_steam_options {
	struct steam *steam;
	struct game_registry *registry;
	struct game_artwork *artwork;
	struct game_removal *removal;
	const struct game_setup *setup;	   /* tells which tool runs a program */
	const bool *restart_while_playing; /* steam.restartWhilePlaying; read at each use */
	const bool *stopping;		   /* the agent is stopping: Steam is left alone */
};

/* Rows of agent_dispatch.c. */
bool handle_create_shortcut(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_delete_game(const struct handle_steam_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
bool handle_delete_shortcut(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_get_steam_users(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_list_shortcuts(const struct handle_steam_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_restart_steam(const struct handle_steam_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
