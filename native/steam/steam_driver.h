#pragma once

#include "steam/steam.h"

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/*
 * One way to change Steam's shortcuts. A driver's struct begins with a struct steam_driver, and
 * its file exports only a constructor: steam_driver_files.h.
 */
struct steam_driver;

struct steam_driver_ops {
	const char *name; /* for status */
	/* Would a change go through now? Appends the reason for the answer, one sentence. */
	bool (*ready)(struct steam_driver *driver, struct strbuf *reason);
	/* steam_put_shortcut() with a request that is complete; refuses by itself if not ready. */
	void (*put_shortcut)(struct steam_driver *driver,
		const struct steam_shortcut_request *request, steam_put_done *done, void *user);
	/* Answers what is under way with CANCELLED and frees the driver. */
	void (*destroy)(struct steam_driver *driver);
};

struct steam_driver {
	const struct steam_driver_ops *ops;
};

/*
 * The first driver that is ready, else the last of them. reason (may be NULL) gets what the
 * chosen one says. drivers: best first, count of at least 1.
 */
struct steam_driver *steam_driver_pick(
	struct steam_driver *const *drivers, size_t count, struct strbuf *reason);
