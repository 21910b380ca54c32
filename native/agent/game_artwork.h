#pragma once

#include <stdbool.h>
#include <stdint.h>

struct agent_services;
struct artwork_urls;
struct error;
struct strbuf;

/*
 * Artwork of the games that Hubs send. Images may come before their game is complete ("appId": 0):
 * they wait in <state_dir>/artwork/<uploadId>/ and outlive a crash.
 */

/* Keeps an image for the game that is being uploaded. image is emptied. Errors: INVALID (an
 * unknown type, no image we know), TOO_LARGE, IO, NO_SPACE. */
bool game_artwork_keep(struct agent_services *services, const char *upload_id, const char *type,
	struct strbuf *image, struct error *err);
/* An upload was discarded: its images go too. */
void game_artwork_forget(struct agent_services *services, const char *upload_id);
/* At the start: images whose upload is neither resumable nor still to be finished go. */
void game_artwork_sweep(struct agent_services *services);

/*
 * Applies what waits for upload_id (may be NULL) and what urls (may be NULL) name, in the
 * background; tells the connected Hub with operation_events of type "artwork", never as an error.
 * done (may be NULL) is called once, never from within this call.
 */
void game_artwork_apply(struct agent_services *services, const char *upload_id,
	const char *account_id, uint32_t app_id, const char *game_name,
	const struct artwork_urls *urls, void (*done)(void *user), void *user);
