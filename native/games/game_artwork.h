#pragma once

#include "steam/images/artwork.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_services;
struct artwork_urls;
struct error;
struct game;
struct game_artwork;
struct strbuf;

/*
 * Artwork of the games that Hubs send. Images may come before their game is complete ("appId": 0)
 * and wait (kept_images.h): what is kept before game_artwork_apply() is applied by it.
 */
struct game_artwork *game_artwork_create(struct agent_services *services);
/*
 * Images that are to be kept are kept; what is to be applied is left for the next start, its done
 * called now or from steam_artwork_destroy(), which is to follow. NULL is fine.
 */
void game_artwork_destroy(struct game_artwork *artwork);

/* See kept_images_put(), kept_images_put_url_take(). */
bool game_artwork_keep(struct agent_services *services, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err);
void game_artwork_keep_url_take(struct agent_services *services, const char *upload_id,
	enum artwork_kind kind, char *data_url);
/* The images of an upload go, e.g. because there is no shortcut that they could be for. */
void game_artwork_forget(struct agent_services *services, const char *upload_id);
/*
 * At the start and when uploads have gone: images whose upload is neither resumable nor, by its
 * game's entry in the registry, still to be finished go.
 */
void game_artwork_sweep(struct agent_services *services);

/*
 * Applies what waits for upload_id (may be NULL) and what urls (may be NULL) name, in the
 * background and one call after the other; tells the connected Hub with operation_events of type
 * "artwork", never as an error. What waited goes then. done (may be NULL) is called once, never
 * from within this call.
 */
void game_artwork_apply(struct agent_services *services, const char *upload_id,
	const char *account_id, uint32_t app_id, const char *game_name,
	const struct artwork_urls *urls, void (*done)(void *user), void *user);

/*
 * A game was deleted for good: its images go, in the background, unless a shortcut has its app id
 * again, or another deleted game would come back with it.
 */
void game_artwork_discard(struct agent_services *services, const struct game *game);

/* The URLs by their kinds; borrowed from urls. */
void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT]);
