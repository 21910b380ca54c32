#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct error;
struct strbuf;
struct upload_chunk;

/* Artwork. A row of agent_dispatch.c … */
bool handle_apply_artwork(struct agent_session *session, cJSON *payload, struct error *err);

/*
 * … and a binary message that carries an image, which is emptied: for a shortcut, or with appId 0
 * for the game that this Hub is uploading. Answered by an artwork_image_response, once the image is
 * where it is to be.
 */
void handle_artwork_image(
	struct agent_session *session, const struct upload_chunk *header, struct strbuf *image);
