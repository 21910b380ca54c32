#pragma once

#include <stdbool.h>

struct error;
struct loop;
struct steam_driver;
struct steam_options;
struct strbuf;
struct worker;

/* The ways to reach Steam, best first. */
enum {
	STEAM_DRIVER_UI,
	STEAM_DRIVER_CEF,
	STEAM_DRIVER_FILES, /* for a Steam that does not run; never missing */
	STEAM_DRIVER_COUNT,
};

struct steam_drivers {
	struct steam_driver *items[STEAM_DRIVER_COUNT]; /* NULL: missing */
};

void steam_drivers_init(struct steam_drivers *drivers, struct loop *loop, struct worker *worker,
	const struct steam_options *options);
/* Answers what they have under way with CANCELLED. */
void steam_drivers_finish(struct steam_drivers *drivers);

/*
 * The driver that a change would use now; NULL: none. Why it is that one, or what stands in the
 * way of all, is appended to reason.
 */
struct steam_driver *steam_drivers_ready(
	const struct steam_drivers *drivers, struct strbuf *reason);
/* One that can have a running Steam restart; NULL: none. */
struct steam_driver *steam_drivers_restarter(const struct steam_drivers *drivers);

/* Is it the kind of error after which the next driver may try? */
bool steam_drivers_is_refusal(const struct error *err);
