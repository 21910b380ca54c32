#pragma once

#include <stdbool.h>

struct agent_events;
struct agent_identity;
struct agent_options;
struct agent_session;
struct config;
struct error;
struct game_artwork;
struct game_registry;
struct game_removal;
struct game_setup;
struct game_trash;
struct loop;
struct pairing;
struct paths;
struct steam;
struct steam_artwork;
struct strvec;
struct token_store;
struct upload_store;
struct worker;

/*
 * What all sessions of one agent share, and what of it tells what to the others; owned by the
 * agent, borrowed by them.
 */
struct agent_services {
	struct loop *loop;
	struct worker *worker;
	const struct paths *paths;
	const struct config *config;
	const struct agent_identity *identity;
	struct token_store *tokens;
	struct pairing *pairing;
	struct upload_store *uploads;
	struct game_registry *games;
	struct game_trash *trash;
	struct steam *steam;
	struct steam_artwork *artwork;
	struct game_artwork *game_artwork;
	struct game_setup *game_setup;
	struct game_removal *game_removal;

	/* The session of the one Hub that is connected and authenticated; NULL: none. */
	struct agent_session *connected;
	/* What ends now is cut short, and nothing is begun any more. */
	bool stopping;
	const struct agent_events *events; /* NULL: nobody listens */
	void *user;
};

/*
 * Loads what is kept on disk. services is zeroed but for its identity. notices (added to): what the
 * owner should know. Errors: IO, NO_SPACE; to be closed then, too.
 */
bool agent_services_open(struct agent_services *services, const struct agent_options *options,
	struct strvec *notices, struct error *err);
/* Zeroed is fine. */
void agent_services_close(struct agent_services *services);

/* `connected` has changed. */
void agent_services_tell_hub_changed(const struct agent_services *services);
