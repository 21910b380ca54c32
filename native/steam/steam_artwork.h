#pragma once

#include "core/strbuf.h"
#include "steam/artwork.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct steam;
struct steam_artwork;
struct worker;

/*
 * Gives shortcuts their artwork: images at hand, data: URLs and downloads, each checked, put in
 * the grid folder and shown by a running Steam that can be reached; an icon is entered in the
 * shortcut too. One that fails does not stop the others.
 */
struct steam_artwork *steam_artwork_create(
	struct loop *loop, struct worker *worker, struct steam *steam);
/* Jobs under way end; their done is called with what they had reached. NULL is fine. */
void steam_artwork_destroy(struct steam_artwork *artwork);

struct steam_artwork_request {
	const char *user_id;			  /* as for steam_list_shortcuts() */
	uint32_t app_id;			  /* not 0; reported or actual */
	struct strbuf images[ARTWORK_KIND_COUNT]; /* moved out; wins over the URL */
	const char *urls[ARTWORK_KIND_COUNT];	  /* http, https, data; NULL or "": none */
	bool allow_local;			  /* see artwork_fetch.h */
};

struct steam_artwork_result {
	bool wanted;
	char *error; /* one sentence; NULL: applied */
};

/* results: ARTWORK_KIND_COUNT of them, borrowed during the call. */
typedef void steam_artwork_done(void *user, const struct steam_artwork_result *results);

/* done is called once, on the loop, never from within this call, 25 s later at the latest. */
void steam_artwork_apply(struct steam_artwork *artwork, struct steam_artwork_request *request,
	steam_artwork_done *done, void *user);
