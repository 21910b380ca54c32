#pragma once

#include "steam/artwork.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_services;
struct artwork_urls;
struct error;
struct game_artwork;
struct strbuf;

/*
 * Artwork of the games that Hubs send. Images may come before their game is complete ("appId": 0):
 * they wait in <state_dir>/artwork/<uploadId>/<type>, at most one of each type, and outlive a
 * crash. Files are read and written on a thread of its own, in the order of the calls: what is
 * kept before game_artwork_apply() is applied by it.
 */
struct game_artwork *game_artwork_create(struct agent_services *services);
/*
 * Images that are to be kept are kept; what is to be applied is left for the next start, its done
 * called now or from steam_artwork_destroy(), which is to follow. NULL is fine.
 */
void game_artwork_destroy(struct game_artwork *artwork);

/*
 * Keeps an image for the game that is being uploaded, in place of an older one of its type. image
 * is emptied. done (may be NULL) is called once it is on the disk, or with an error (IO, NO_SPACE),
 * never from within this call; not at all when this fails. Errors: INVALID (an unknown type, no
 * image we know), TOO_LARGE, CONFLICT (too many are still to be written).
 */
bool game_artwork_keep(struct agent_services *services, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err);
/* The images of an upload go, e.g. because there is no shortcut that they could be for. */
void game_artwork_forget(struct agent_services *services, const char *upload_id);
/*
 * At the start and when uploads have gone: images whose upload is neither resumable nor, by its
 * game's entry in the registry, still to be finished go.
 */
void game_artwork_sweep(struct agent_services *services);

/*
 * Applies what waits for upload_id (may be NULL) and what urls (may be NULL) name, in the
 * background; tells the connected Hub with operation_events of type "artwork", never as an error.
 * What waited goes then. done (may be NULL) is called once, never from within this call.
 */
void game_artwork_apply(struct agent_services *services, const char *upload_id,
	const char *account_id, uint32_t app_id, const char *game_name,
	const struct artwork_urls *urls, void (*done)(void *user), void *user);

/* The URLs by their kinds; borrowed from urls. */
void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT]);
