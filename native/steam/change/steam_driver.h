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
 * CONFLICT and TIMEOUT mean that this driver did not get through, or cannot tell whether it did:
 * the next one may try. Any other error comes from Steam.
 */
static inline bool steam_driver_is_refusal(const struct error *err)
{
	return err->kind == ERROR_CONFLICT || err->kind == ERROR_TIMEOUT;
}

/* The result of showing an image. */
#define STEAM_DRIVER_IMAGE_MAX_BYTES (20 * 1024 * 1024)

/* app_id: the entry's current one in Steam; 0 if not applicable. */
typedef void steam_driver_done(void *user, uint32_t app_id, const struct error *err);

struct steam_artwork_shown {
	const char *account_id;
	uint32_t app_id;
	const char *type; /* "grid", "banner", "hero", "logo", "icon" */
	int asset_type;	  /* Steam's number for it, see artwork.h */
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
	/* Asks Steam to restart. NULL: it cannot. */
	void (*restart)(struct steam_driver *driver, steam_driver_done *done, void *user);
	/* Answers what is under way with CANCELLED and frees the driver. */
	void (*destroy)(struct steam_driver *driver);
};

struct steam_driver {
	const struct steam_driver_ops *ops;
};
