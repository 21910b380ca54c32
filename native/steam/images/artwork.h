#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * Images of a shortcut, in userdata/<account>/config/grid/: the kinds, the file of each, and what
 * counts as an image. Source: protocol.md §4.11.
 */
enum artwork_kind {
	ARTWORK_GRID,	/* portrait: <appId>p.* */
	ARTWORK_BANNER, /* landscape: <appId>.* */
	ARTWORK_HERO,	/* <appId>_hero.* */
	ARTWORK_LOGO,	/* <appId>_logo.* */
	ARTWORK_ICON,	/* <appId>_icon.*; the shortcut names it too */
	ARTWORK_KIND_COUNT,
};

#define ARTWORK_MAX_BYTES (20 * 1024 * 1024)

const char *artwork_kind_name(enum artwork_kind kind); /* the protocol's: "grid" … */
/* Errors: INVALID. */
bool artwork_kind_find(const char *name, enum artwork_kind *kind, struct error *err);
/* Steam's number for SetCustomArtworkForApp: grid 0, hero 1, logo 2, banner 3, icon 4. */
int artwork_kind_asset_type(enum artwork_kind kind);

/*
 * The extension by the first bytes alone: PNG, JPEG, WebP, GIF, ICO. NULL: none of them. Steam
 * looks for "png" and "jpg" only and decides by the bytes as we do, so that all but JPEG (and an
 * icon that is an ICO) are called "png", as Steam itself calls them.
 */
const char *artwork_extension(enum artwork_kind kind, const void *data, size_t length);

/* Would artwork_put() take it? Errors: INVALID (no image we know), TOO_LARGE. */
bool artwork_check(enum artwork_kind kind, const void *data, size_t length, struct error *err);

/*
 * Puts an image in place: checked by its bytes, written to a temporary file, synced, renamed; then
 * older siblings with other extensions are removed. root: Steam's (steam_install.h). account_id:
 * digits. path (may be NULL): its new place, caller frees. Blocks: call it on a worker. Only one
 * thread may put images.
 * Errors: INVALID (no image we know, no account, a link in the way), TOO_LARGE, IO, NO_SPACE; the
 * old image is then as it was.
 */
bool artwork_put(const char *root, const char *account_id, uint32_t app_id, enum artwork_kind kind,
	const void *data, size_t length, char **path, struct error *err);

/* An image is known by, and shown with, at most so many bytes: larger ones are animations. */
#define ARTWORK_SHOWN_MAX_BYTES (4 * 1024 * 1024)

struct artwork_part {
	const char *type; /* static: "png" or "jpg" */
	int64_t bytes;	  /* of the whole image */
};

/*
 * Appends to data at most max_bytes of the image to show a game with, from offset on: its portrait,
 * else its banner, its hero image or its icon. Errors: NOT_FOUND (it has none of a size to be
 * shown), INVALID (no account, an offset that is not in the image), IO.
 */
bool artwork_read(const char *root, const char *account_id, uint32_t app_id, int64_t offset,
	size_t max_bytes, struct strbuf *data, struct artwork_part *part, struct error *err);
/* Renames the images of a shortcut that got a new id; those of `to` that are not replaced stay. */
bool artwork_rename(
	const char *root, const char *account_id, uint32_t from, uint32_t to, struct error *err);
/* Removes all images of a shortcut; having none is success. */
bool artwork_remove(const char *root, const char *account_id, uint32_t app_id, struct error *err);
