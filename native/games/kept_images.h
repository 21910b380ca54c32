#pragma once

#include "core/strbuf.h"
#include "steam/images/artwork.h"

#include <stdbool.h>

struct error;
struct kept_images;
struct loop;
struct strvec;

/*
 * Images that came before their game was complete: <state_dir>/artwork/<uploadId>/<type>, at most
 * one of each type. They survive a crash. Everything is done in the background, on a thread of its
 * own and in the order of the calls; no done is called from within one.
 */
struct kept_images *kept_images_create(struct loop *loop, const char *state_dir);
void kept_images_destroy(struct kept_images *images); /* when all is done; NULL is fine */

/*
 * Stores an image, replacing an older one of its type. image is emptied. done (may be NULL) is
 * called once it is on the disk, or with an error (IO, NO_SPACE); not at all when this fails.
 * Errors: INVALID (an unknown type, no image we know, no upload's id), TOO_LARGE, CONFLICT (too
 * many are still to be written).
 */
bool kept_images_put(struct kept_images *images, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err);
/* The same for a data: URL, which is decoded in the background too; failures are logged. */
void kept_images_put_url_take(
	struct kept_images *images, const char *upload_id, enum artwork_kind kind, char *data_url);

/*
 * found: by kind, empty if there is none; freed unless moved out. all: false if there may be more,
 * which cannot be read now.
 */
typedef void kept_images_done(void *user, struct strbuf found[ARTWORK_KIND_COUNT], bool all);
void kept_images_read(/* upload_id NULL: finds none */
	struct kept_images *images, const char *upload_id, kept_images_done *done, void *user);

void kept_images_forget(struct kept_images *images, const char *upload_id);
void kept_images_forget_others(struct kept_images *images, const struct strvec *upload_ids);
