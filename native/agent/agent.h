#pragma once

#include "agent/agent_identity.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;
struct agent_hub;
struct config;
struct error;
struct game_registry;
struct game_removal;
struct game_trash;
struct game_versions;
struct kept_files;
struct libraries;
struct loop;
struct lws_loop;
struct mdns;
struct pairing;
struct paths;
struct steam;
struct steam_ui;
struct strbuf;
struct strvec;
struct token_store;
struct upload_installed;
struct upload_status;
struct upload_store;
struct worker;

#define AGENT_PORT_FROM_SETTINGS (-1)

/*
 * The agent as a whole: creates its modules, connects and ends them. agent.c shows which module
 * notifies which. Everything is borrowed for the agent's life.
 */
struct agent_options {
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct worker *worker;
	const struct paths *paths;
	struct config *config;		 /* changed by agent_set() */
	int64_t port;			 /* 0: any free one; or AGENT_PORT_FROM_SETTINGS */
	const char *steam_dir;		 /* NULL: Steam's own places */
	const struct steam_ui *steam_ui; /* the game-mode plugin; NULL: none */
	/*
	 * It listens now, on another port, or cannot listen for a new reason; not during _create().
	 * NULL is fine.
	 */
	void (*listening_changed)(void *user);
	void *user;
};

/* Events for the local IPC; all optional. */
struct agent_events {
	void (*hub_changed)(void *user);
	void (*uploads_changed)(void *user);
	void (*upload_progress)(void *user, const struct upload_status *status);
	void (*settings_changed)(void *user, const char *key);
	/* NULL: no listener. */
	void (*game_updated)(void *user, const struct upload_installed *installed);
	void (*games_changed)(void *user); /* installed, deleted, restored, another app id … */
	void (*libraries_changed)(void *user);
	void (*steam_changed)(void *user); /* the queue of changes */
	/* Everything without its own event: notices, announcing, this device's addresses. */
	void (*status_changed)(void *user);
};

/*
 * Loads the state on disk and listens; while another process uses the port, everything else works
 * and the port is retried. Errors: IO, NO_SPACE.
 */
struct agent *agent_create(const struct agent_options *options, struct error *err);
/* Closes connections (1001), checkpoints uploads, says goodbye on the network. NULL is fine. */
void agent_destroy(struct agent *agent);
/* One listener. */
void agent_set_events(struct agent *agent, const struct agent_events *events, void *user);
/*
 * From now on announces the service by DNS-SD while it listens. Slow: call it after the agent
 * serves.
 */
void agent_announce(struct agent *agent);
/* From now on pairing codes are shown on the screen (pairing_overlay.h). */
void agent_show_codes(struct agent *agent);

uint16_t agent_port(const struct agent *agent); /* listened on, or wanted */
/* Why it does not listen, one sentence; NULL: it does. */
const char *agent_listening_problem(const struct agent *agent);
const struct agent_hub *agent_connected_hub(const struct agent *agent); /* NULL: none */
/* Its address; "" when no Hub is connected. */
const char *agent_connected_address(const struct agent *agent);
/* Messages for the owner, one sentence each, e.g. about files that were set aside. */
void agent_notices(const struct agent *agent, struct strvec *notices); /* copies; replaces */
void agent_add_notice(struct agent *agent, const char *sentence);

/* The Steam driver that a change would use now, and why, as one sentence appended to detail. */
const char *agent_steam_driver(const struct agent *agent, struct strbuf *detail);

/* Whether codes are shown on the screen: pairing_overlay_state(), or "off". */
const char *agent_overlay_state(const struct agent *agent, struct strbuf *detail);

/* pairing_pick(); connections from that address go first from now on. Errors: NOT_FOUND. */
bool agent_pick_hub(struct agent *agent, const char *address, struct error *err);
/* Forgets a Hub and closes its connection. Errors: NOT_FOUND, IO, NO_SPACE. */
bool agent_revoke_hub(struct agent *agent, const char *hub_id, struct error *err);
/*
 * For a library whose card will not come back: its games, unfinished uploads and deleted games are
 * forgotten, and the games' shortcuts removed; no file is touched. Errors: as libraries_forget()'s.
 */
bool agent_forget_library(struct agent *agent, const char *id, struct error *err);
/* Would it be forgotten? Errors: the same. */
bool agent_may_forget_library(const struct agent *agent, const char *id, struct error *err);
/*
 * As agent_settings_set(). *restart_needed: it takes effect only at the next start, as does the
 * port if the command line sets it.
 */
bool agent_set(struct agent *agent, const char *key, const char *value, bool *restart_needed,
	struct error *err);

/* The parts, borrowed. */
const struct config *agent_config(const struct agent *agent);
const struct agent_identity *agent_identity(const struct agent *agent);
struct game_registry *agent_registry(const struct agent *agent);
struct libraries *agent_libraries(const struct agent *agent);
const struct mdns *agent_mdns(const struct agent *agent); /* NULL: not announced */
struct pairing *agent_pairing(const struct agent *agent);
struct game_removal *agent_removal(const struct agent *agent);
struct steam *agent_steam(const struct agent *agent);
struct token_store *agent_tokens(const struct agent *agent);
struct game_trash *agent_trash(const struct agent *agent);
struct kept_files *agent_kept(const struct agent *agent);
struct game_versions *agent_versions(const struct agent *agent);
struct upload_store *agent_uploads(const struct agent *agent);
