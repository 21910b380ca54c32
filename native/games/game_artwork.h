#pragma once

#include "steam/images/artwork.h"

#include <stdbool.h>
#include <stdint.h>

struct artwork_urls;
struct error;
struct game;
struct game_artwork;
struct game_registry;
struct game_trash;
struct loop;
struct steam;
struct steam_artwork;
struct strbuf;
struct strvec;
struct worker;

/*
 * Artwork of the games that Hubs send. Images may come before their game is complete ("appId": 0)
 * and wait (kept_images.h): what is kept before game_artwork_apply() is applied by it.
 */
struct game_artwork_options {
	struct loop *loop;
	struct worker *worker;
	const char *state_dir; /* where images wait */
	const struct game_registry *registry;
	const struct game_trash *trash;
	struct steam *steam;
	struct steam_artwork *steam_artwork;
	const bool *allow_local; /* artwork.localServers; read at each use */
	/* Progress. status: "start", "complete"; message: a sentence for the user. */
	void (*announce)(
		void *user, const char *status, const char *game_name, const char *message);
	void *user;
};

struct game_artwork *game_artwork_create(const struct game_artwork_options *options);
/*
 * Images to be kept are kept now; images to be applied are left for the next start, their done
 * called now or from steam_artwork_destroy(), which must follow. NULL is fine.
 */
void game_artwork_stop(struct game_artwork *artwork);
void game_artwork_destroy(
	struct game_artwork *artwork); /* once nothing is under way; NULL is fine */

/* See kept_images_put(), kept_images_put_url_take(). */
bool game_artwork_keep(struct game_artwork *artwork, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err);
void game_artwork_keep_url_take(struct game_artwork *artwork, const char *upload_id,
	enum artwork_kind kind, char *data_url);
/* Removes the images of an upload, e.g. because there is no shortcut for them. */
void game_artwork_forget(struct game_artwork *artwork, const char *upload_id);
/* Removes those of all uploads except these. */
void game_artwork_forget_others(struct game_artwork *artwork, const struct strvec *upload_ids);

/*
 * Applies the images waiting for upload_id (may be NULL) and those that urls (may be NULL) name, in
 * the background and one call after another; failures are announced, never returned. The waiting
 * images are then removed. finished: false if there may be more, which cannot be read now and stay
 * for a later call. done (may be NULL) is called once and, unless it is stopping, never from within
 * this call.
 */
void game_artwork_apply(struct game_artwork *artwork, const char *upload_id, const char *account_id,
	uint32_t app_id, const char *game_name, const struct artwork_urls *urls,
	void (*done)(void *user, bool finished), void *user);

/*
 * A game was permanently deleted: removes its images, in the background, unless a shortcut has its
 * app id again, or another deleted game would be restored with it.
 */
void game_artwork_discard(struct game_artwork *artwork, const struct game *game);

/* The URLs by their kinds; borrowed from urls. */
void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT]);
