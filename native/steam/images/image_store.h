#pragma once

#include "steam/images/artwork.h"

#include <stdint.h>

struct error;
struct image_store;
struct image_store_item;
struct loop;
struct strbuf;

/*
 * Puts images in place (artwork.h) on a thread of its own, one after another in the order of
 * arrival, so that of two for one place the later one stays. The memory of waiting images is
 * bounded. It also owns the folders for downloads, which are removed once everything in them is
 * stored.
 */

/* downloads_dir: used by this program alone; created when needed, cleared of what a crash left. */
struct image_store *image_store_create(struct loop *loop, const char *downloads_dir);
/* Finishes all work, calling every done, which may add more work. */
void image_store_drain(struct image_store *store);
/* After all items have been released. NULL is fine. */
void image_store_destroy(struct image_store *store);

/* The source of an image; exactly one is given. */
struct image_store_source {
	struct strbuf *bytes_take;
	const char *data_url; /* see data_url.h */
	const char *file;
};

/* NULL on error: CONFLICT (too much is waiting; nothing was taken). */
struct image_store_item *image_store_take(
	struct image_store *store, const struct image_store_source *source, struct error *err);

struct image_store_place {
	const char *root; /* as for artwork_put() */
	const char *account_id;
	uint32_t app_id;
	enum artwork_kind kind;
};

/* path: its new place, borrowed; NULL exactly when err is not. Errors: see artwork_put(). */
typedef void image_store_done(void *user, const char *path, const struct error *err);

/*
 * place is copied. done is called once, on the loop, never from within this call, and not after
 * image_store_release(); it may put the item again, elsewhere.
 */
void image_store_put(struct image_store_item *item, const struct image_store_place *place,
	image_store_done *done, void *user);
/* An image being put is still stored. NULL is fine. */
void image_store_release(struct image_store_item *item);

/* A new folder; caller frees. NULL on error: IO, NO_SPACE. */
char *image_store_make_dir(struct image_store *store, struct error *err);
/* Removes it with its content, after what was put before. */
void image_store_remove_dir_take(struct image_store *store, char *dir);
