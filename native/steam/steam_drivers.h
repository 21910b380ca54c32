#pragma once

#include "steam/change/steam_driver.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct lws_loop;
struct steam_ui;
struct strbuf;
struct worker;

/* The ways to reach Steam, best first. */
enum {
	STEAM_DRIVER_UI,
	STEAM_DRIVER_CEF,
	STEAM_DRIVER_FILES, /* for a Steam that is not running; never missing */
	STEAM_DRIVER_COUNT,
};

struct steam_drivers {
	struct steam_driver *items[STEAM_DRIVER_COUNT]; /* NULL: missing */
};

struct steam_drivers_options {
	struct loop *loop;
	struct worker *worker;
	const char *home; /* as for steam_install_find() */
	const char *steam_dir;
	struct lws_loop *lws_loop;    /* NULL: no cef driver */
	const int64_t *debugger_port; /* the cef driver's; read at each use */
	const struct steam_ui *ui;    /* borrowed; NULL: no ui driver */
};

void steam_drivers_init(struct steam_drivers *drivers, const struct steam_drivers_options *options);
/* Answers operations under way with CANCELLED. */
void steam_drivers_finish(struct steam_drivers *drivers);

/*
 * The driver that a change would use now; NULL: none. Why it is that one, or what prevents all of
 * them, is appended to reason.
 */
struct steam_driver *steam_drivers_ready(
	const struct steam_drivers *drivers, struct strbuf *reason);
/* Asks a running Steam to restart by itself. False: no driver can; done is not called. */
bool steam_drivers_restart(
	const struct steam_drivers *drivers, steam_driver_done *done, void *user);
/*
 * Has the first driver that gets through show an image; also succeeds if none does, since Steam
 * finds the file at its next start. image is copied. done is called once, perhaps from within this
 * call, at the latest when the drivers are destroyed.
 */
void steam_drivers_show_artwork(const struct steam_drivers *drivers,
	const struct steam_artwork_shown *image, steam_driver_done *done, void *user);
