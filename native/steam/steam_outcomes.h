#pragma once

#include "steam/steam_pump.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loop;
struct steam_listing;
struct steam_outcomes;
struct steam_queue;
struct strbuf;

struct steam_outcome {
	uint32_t app_id;	/* the entry's, or the one it will be known by */
	const char *account_id; /* whose it is */
	bool queued;		/* Steam gets it later, by itself; note says when */
	/* NULL: done; else a sentence on what was left out, or why it is queued and until when */
	const char *note;
};

/* outcome is NULL exactly when err is not; both are borrowed during the call. */
typedef void steam_done(void *user, const struct steam_outcome *outcome, const struct error *err);

/* News; all optional. */
struct steam_events {
	/*
	 * Steam gave a shortcut another id than the reported one; both are understood from now on.
	 */
	void (*app_id_changed)(
		void *user, const char *account_id, uint32_t reported, uint32_t actual);
	void (*queue_changed)(void *user);
};

/*
 * Reports the outcome of each queued change: to the caller that waits for an answer, or in the
 * status if none does. Each answer is given exactly once, from the loop, never from within the call
 * that makes it known, and after STEAM_OUTCOMES_WAIT_MS at the latest: what takes longer counts as
 * queued.
 */
struct steam_outcomes_options {
	struct loop *loop;
	/* Borrowed. */
	struct steam_queue *queue;
	struct steam_listing *listing;
};

/* Callers have 30 s for everything; they do not wait longer than this. */
#define STEAM_OUTCOMES_WAIT_MS (10 * 1000)

struct steam_outcomes *steam_outcomes_create(const struct steam_outcomes_options *options);
/* Gives the answers that are known, and CANCELLED for the others. NULL is fine. */
void steam_outcomes_destroy(struct steam_outcomes *outcomes);
/* events: borrowed; NULL: no listener. */
void steam_outcomes_set_events(
	struct steam_outcomes *outcomes, const struct steam_events *events, void *user);

/* For a pump whose owner is a struct steam_outcomes. */
extern const struct steam_pump_events steam_outcomes_pump_events;

/* number: of the queued change that the answer will be about. */
void steam_outcomes_owe(
	struct steam_outcomes *outcomes, int64_t number, steam_done *done, void *user);
/* It was withdrawn: err is the answer, if one is due. */
void steam_outcomes_cancel(
	struct steam_outcomes *outcomes, int64_t number, const struct error *err);
/* Answers what was never queued. outcome is NULL exactly when err is not. */
void steam_outcomes_give(struct steam_outcomes *outcomes, const struct steam_outcome *outcome,
	const struct error *err, steam_done *done, void *user);

/* The queue has changed. */
void steam_outcomes_tell_changed(struct steam_outcomes *outcomes);
/*
 * Appends "; " and a sentence for each: how many changes are waiting, which had a problem and what
 * it was.
 */
void steam_outcomes_describe(const struct steam_outcomes *outcomes, struct strbuf *out);
