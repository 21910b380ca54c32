#pragma once

#include "hubs/agent_hub.h"

#include <stdbool.h>

struct error;
struct game_artwork;
struct game_registry;
struct game_removal;
struct game_setup;
struct hubs;
struct loop;
struct pairing;
struct steam;
struct steam_artwork;
struct strvec;
struct token_store;
struct upload_status;
struct upload_store;
struct ws_server_options;

/*
 * The connected Hubs: their sessions and requests. Only one at a time is paired and served; a newer
 * connection of the same Hub replaces it. All members are borrowed.
 */
struct hubs_options {
	struct loop *loop;
	/* What is reported to Hubs about this device: */
	const char *const *id; /* read at each use */
	const char *platform;
	const char *version;
	const struct strvec *capabilities;
	/* What they work on: */
	struct pairing *pairing;
	struct token_store *tokens;
	struct upload_store *uploads;
	struct game_registry *registry;
	struct game_artwork *game_artwork;
	struct game_setup *game_setup;
	struct game_removal *game_removal;
	struct steam *steam;
	struct steam_artwork *steam_artwork;
	/* Settings, read at each use: */
	char *const *name;		   /* agent.name */
	const bool *accept;		   /* connections.accept */
	const bool *send_code_to_hub;	   /* pairing.sendCodeToHub */
	const bool *restart_while_playing; /* steam.restartWhilePlaying */
	const bool *allow_local_artwork;   /* artwork.localServers */
	/* A Hub has connected or disconnected: see hubs_connected(). */
	void (*changed)(void *user);
	void *user;
};

struct hubs *hubs_create(const struct hubs_options *options);
/* Before the server's connections are closed: Steam is left alone from now on. NULL is fine. */
void hubs_stop(struct hubs *hubs);
/*
 * After the server, and after everything that answers requests: uploads, artwork, Steam. NULL is
 * fine.
 */
void hubs_destroy(struct hubs *hubs);
/* Has the server's connections passed to them. */
void hubs_serve(struct hubs *hubs, struct ws_server_options *server);

/* The Hub that is paired and connected; NULL: none. Its address is "" then. */
const struct agent_hub *hubs_connected(const struct hubs *hubs);
const char *hubs_connected_address(const struct hubs *hubs);
/* Its token was revoked: disconnects it. */
void hubs_expel(struct hubs *hubs, const char *hub_id);

/* --- Events for the connected Hub --- */

/* Progress of an upload; sent only if the upload is that Hub's. */
void hubs_upload_progress(struct hubs *hubs, const struct upload_status *status);
/* Progress of an installed game's artwork; see agent_session_announce(). */
void hubs_announce_artwork(
	struct hubs *hubs, const char *status, const char *game_name, const char *message);
