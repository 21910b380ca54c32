#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct agent_ticket;
struct error;
struct game_artwork;
struct game_registry;
struct steam;
struct steam_artwork;
struct strbuf;
struct upload_chunk;
struct upload_store;

/* Artwork. */
struct handle_artwork_options {
	struct steam *steam;
	struct game_registry *registry;
	struct steam_artwork *steam_artwork;
	struct game_artwork *game_artwork;
	struct upload_store *uploads;
	const bool *allow_local; /* artwork.localServers; read at each use */
};

/* A row of agent_dispatch.c … */
bool handle_apply_artwork(const struct handle_artwork_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);

/*
 * … and a binary message that carries an image, which is emptied, and its request, which is taken:
 * for a shortcut, or with appId 0 for the game that this Hub is uploading. Answered by an
 * artwork_image_response, once the image is in place.
 */
void handle_artwork_image(const struct handle_artwork_options *options, struct agent_ticket *ticket,
	const struct upload_chunk *header, struct strbuf *image);
