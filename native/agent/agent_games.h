#pragma once

#include <stdbool.h>
#include <stdint.h>

struct agent_state;
struct config;
struct error;
struct loop;
struct paths;
struct steam;
struct upload_installed;
struct upload_status;
struct worker;

/*
 * The games of this device: which are installed, being uploaded or deleted, in which libraries, and
 * what happens to them besides their files. Connects the modules that do this with each other;
 * everybody else hears of it through the events.
 */
struct agent_games_events {
	void (*uploads_changed)(void *user);
	void (*upload_progress)(void *user, const struct upload_status *status);
	void (*game_updated)(void *user, const struct upload_installed *installed);
	void (*games_changed)(void *user); /* installed, deleted, restored, another app id … */
	void (*libraries_changed)(void *user);
	void (*artwork_announced)(
		void *user, const char *status, const char *game_name, const char *message);
	/* A sentence for the owner; the callee's. */
	void (*noted)(void *user, char *sentence);
};

struct agent_games_options {
	struct loop *loop;
	struct worker *worker;
	const struct paths *paths;
	const struct config *config;
	struct agent_state *state;
	struct steam *steam;
	const struct agent_games_events *events;
	void *user;
};

/* In the order in which they are created: each uses those above it. For reading. */
struct agent_games {
	struct agent_games_options options;
	struct game_registry *registry;
	struct libraries *libraries;
	struct game_trash *trash;
	struct kept_files *kept;
	struct upload_store *uploads;
	struct steam_artwork *steam_artwork;
	struct game_artwork *artwork;
	struct game_setup *setup;
	struct game_removal *removal;
	struct game_versions *versions;
};

/* On failure agent_games_finish() is still due. Errors: as upload_store_create()'s. */
bool agent_games_init(
	struct agent_games *games, const struct agent_games_options *options, struct error *err);
/* Goes on with what an earlier run left unfinished. */
void agent_games_resume(struct agent_games *games);
/*
 * The end, in three steps. First: the state is gone, and work that is interrupted from now on is
 * left for the next start. Second, with the Hubs' connections gone: what still has work to end,
 * ends it. Last, after Steam and whoever is answered.
 */
void agent_games_stop(struct agent_games *games);
void agent_games_end_work(struct agent_games *games);
void agent_games_finish(struct agent_games *games);

/* The registry follows Steam's new app id of a game; Hubs may use either id. */
void agent_games_app_id_changed(
	struct agent_games *games, const char *account_id, uint32_t reported, uint32_t actual);
/* See agent_forget_library(). */
bool agent_games_forget_library(struct agent_games *games, const char *id, struct error *err);
bool agent_games_may_forget_library(
	const struct agent_games *games, const char *id, struct error *err);
