#pragma once

#include "core/error.h"
#include "core/strbuf.h"
#include "steam/images/artwork.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct steam;
struct steam_artwork;

/*
 * Gives shortcuts their artwork: images at hand, data: URLs and downloads, each checked, put in the
 * grid folder and shown by a running Steam that can be reached; an icon is entered in the shortcut
 * too. One that fails does not stop the others.
 *
 * Images are stored one after another, in the order in which they arrive, and a newer image of a
 * kind ends the download of an older one: the one requested last stays. If too many are waiting,
 * the next fails with CONFLICT.
 */
#define STEAM_ARTWORK_DEADLINE_MS (25 * 1000)

/* downloads_dir: used by this program alone; created when needed, cleared of what a crash left. */
struct steam_artwork *steam_artwork_create(
	struct loop *loop, struct steam *steam, const char *downloads_dir);
/*
 * Images at hand are stored, downloads end with CANCELLED, every done is called. NULL is fine.
 * Before steam_destroy().
 */
void steam_artwork_destroy(struct steam_artwork *artwork);

/*
 * A part of the image to show a game with: see artwork_read(). user_id, app_id: as below. Errors:
 * also NOT_FOUND (no Steam, no such user).
 */
bool steam_artwork_read(struct steam *steam, const char *user_id, uint32_t app_id, int64_t offset,
	size_t max_bytes, struct strbuf *data, struct artwork_part *part, struct error *err);

struct steam_artwork_request {
	const char *user_id;			  /* as for steam_list_shortcuts() */
	uint32_t app_id;			  /* not 0; reported or actual */
	struct strbuf images[ARTWORK_KIND_COUNT]; /* moved out; wins over the URL */
	const char *urls[ARTWORK_KIND_COUNT];	  /* http, https, data; NULL or "": none */
	bool allow_local;			  /* see artwork_fetch.h */
};

struct steam_artwork_result {
	bool wanted;
	struct error error; /* of the kind NONE: applied */
};

/* results: ARTWORK_KIND_COUNT of them, borrowed during the call. */
typedef void steam_artwork_done(void *user, const struct steam_artwork_result *results);

/*
 * done is called once, on the loop, never from within this call, at the latest after
 * STEAM_ARTWORK_DEADLINE_MS; images not ready by then fail with TIMEOUT.
 */
void steam_artwork_apply(struct steam_artwork *artwork, struct steam_artwork_request *request,
	steam_artwork_done *done, void *user);
