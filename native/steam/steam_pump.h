#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct steam_change;
struct steam_drivers;
struct steam_pump;
struct steam_queue;
struct worker;

/* One change that is made. All is borrowed. */
struct steam_pump_made {
	int64_t number; /* its number in the queue */
	const struct steam_change *change;
	uint32_t app_id;  /* the entry's; not the reported one if Steam chose another */
	bool live;	  /* by a running Steam */
	const char *note; /* NULL: complete; else a sentence on what was left out */
};

/*
 * Makes the queue's changes: of each account one at a time and in their order, by the first driver
 * that gets through. An account waits if no driver gets through for it or its files cannot be
 * written. A change that a running Steam does not accept waits for Steam's end, but holds up only
 * what depends on it. Everything that waits is retried after steam_pump_wake(), when Steam ends,
 * and each minute. A put that fails is retried once without its compatibility tool.
 */
struct steam_pump_events {
	void (*made)(void *owner, const struct steam_pump_made *made); /* and has left the queue */
	/* It has failed. True: it stays queued. False: it is dropped. */
	bool (*failed)(void *owner, int64_t number, const struct steam_change *change,
		const struct error *err, bool live);
	/* Fewer changes are waiting. */
	void (*changed)(void *owner);
	/* No driver gets through: this account's changes wait. */
	void (*waiting)(void *owner, const char *account_id, const struct error *err);
};

struct steam_pump_options {
	struct loop *loop;
	struct worker *worker;
	struct steam_queue *queue;
	const struct steam_drivers *drivers;
	const char *home; /* as for steam_install_find() */
	const char *steam_dir;
	const struct steam_pump_events *events;
	void *owner;
};

/* options are borrowed. Starts on the loop's next turn. */
struct steam_pump *steam_pump_create(const struct steam_pump_options *options);
/* After the drivers, whose last answers it needs: what they were making stays queued. */
void steam_pump_destroy(struct steam_pump *pump);
/* From now on answers are accepted, but nothing new is started. */
void steam_pump_stop(struct steam_pump *pump);
/* A change was added. What waits for Steam is retried, except what it does not accept. */
void steam_pump_added(struct steam_pump *pump);
/* Something has changed: everything that waits is retried, from the loop's next turn. */
void steam_pump_wake(struct steam_pump *pump);
/*
 * While Steam is down: retries everything that waits, with the driver for that only. done is called
 * once, when nothing is under way and nothing more can be started.
 */
void steam_pump_flush(struct steam_pump *pump, void (*done)(void *user), void *user);
/* Is a driver working on it? Then it can no longer be withdrawn. */
bool steam_pump_is_making(const struct steam_pump *pump, int64_t number);
