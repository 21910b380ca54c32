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
	int64_t number; /* it had in the queue */
	const struct steam_change *change;
	uint32_t app_id;  /* the entry's; not the reported one where Steam chose another */
	bool live;	  /* by a running Steam */
	const char *note; /* NULL: all of it; else what was left out, a sentence */
};

/*
 * Makes the queue's changes: of each account one at a time and in their order, by the first driver
 * that gets through. An account that none gets through for waits, and so does one whose files
 * cannot be written. A change that a running Steam does not take waits for its end, but holds up
 * only what depends on it. Whatever waits is tried again after steam_pump_wake(), when Steam ends,
 * and each minute. A put that fails is tried once more without its compatibility tool.
 */
struct steam_pump_events {
	void (*made)(void *owner, const struct steam_pump_made *made); /* and off the queue */
	/* It has failed. True: it stays and waits. False: it goes. */
	bool (*failed)(void *owner, int64_t number, const struct steam_change *change,
		const struct error *err, bool live);
	/* What waits has become less. */
	void (*changed)(void *owner);
	/* Nobody gets through: this account's changes wait. */
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

/* options are borrowed. Begins with the loop's next turn. */
struct steam_pump *steam_pump_create(const struct steam_pump_options *options);
/* After the drivers, whose last answers it takes: what they were making stays queued. */
void steam_pump_destroy(struct steam_pump *pump);
/* From now on the drivers' answers are taken for the last: nothing more is begun. */
void steam_pump_stop(struct steam_pump *pump);
/* There is another change. What waits for Steam is tried again, except what it does not take. */
void steam_pump_added(struct steam_pump *pump);
/* Something has changed: all that waits is tried again, from the loop's next turn. */
void steam_pump_wake(struct steam_pump *pump);
/*
 * While Steam is down: all that waits is tried by the driver for that alone. done is called once,
 * when nothing is under way and nothing else can be begun.
 */
void steam_pump_flush(struct steam_pump *pump, void (*done)(void *user), void *user);
/* Is a driver at work on it? Then it can no longer be taken back. */
bool steam_pump_is_making(const struct steam_pump *pump, int64_t number);
