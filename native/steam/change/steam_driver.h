#pragma once

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

struct steam_change;
struct strbuf;

/*
 * One way to reach Steam. A driver's struct begins with a struct steam_driver, and its file
 * exports only a constructor: steam_driver_{ui,cef,files}.h.
 *
 * Every operation ends in exactly one call of its done, on the loop, never from within the call
 * (destroy excepted).
 */
struct steam_driver;

/*
 * Errors of the kind CONFLICT or TIMEOUT mean that this driver did not get through, or cannot know
 * whether it did: the next one may try. Any other error is Steam's answer.
 */
static inline bool steam_driver_is_refusal(const struct error *err)
{
	return err->kind == ERROR_CONFLICT || err->kind == ERROR_TIMEOUT;
}

/* Of an image that is shown. */
#define STEAM_DRIVER_IMAGE_MAX_BYTES (20 * 1024 * 1024)

/* app_id: the entry's as Steam has it now; 0 where that means nothing. */
typedef void steam_driver_done(void *user, uint32_t app_id, const struct error *err);

struct steam_artwork_shown {
	const char *account_id;
	uint32_t app_id;
	const char *type; /* "grid", "banner", "hero", "logo", "icon" */
	int asset_type;	  /* Steam's number of it, see artwork.h */
	const char *path; /* the image, already in the account's grid folder */
};

struct steam_driver_ops {
	const char *name; /* for status */
	/* Would a change go through now? Appends why, or why not, as one sentence. */
	bool (*ready)(struct steam_driver *driver, struct strbuf *reason);
	void (*apply)(struct steam_driver *driver, const struct steam_change *change,
		steam_driver_done *done, void *user);
	/* Makes a running Steam show an image now. NULL: it finds the file at its next start. */
	void (*show_artwork)(struct steam_driver *driver, const struct steam_artwork_shown *image,
		steam_driver_done *done, void *user);
	/* Asks Steam to end and start anew. NULL: it cannot. */
	void (*restart)(struct steam_driver *driver, steam_driver_done *done, void *user);
	/* Answers what is under way with CANCELLED and frees the driver. */
	void (*destroy)(struct steam_driver *driver);
};

struct steam_driver {
	const struct steam_driver_ops *ops;
};
