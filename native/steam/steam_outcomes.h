#pragma once

#include "steam/steam_pump.h"

#include <stdint.h>

struct steam_answers;
struct steam_events;
struct steam_queue;
struct steam_view;
struct strbuf;

/*
 * What comes of the queue's changes, and who is told: the caller that is owed an answer; the
 * status, where nobody is any more. All but trouble is borrowed.
 */
struct steam_outcomes {
	struct steam_queue *queue;
	struct steam_answers *answers;
	struct steam_view *view;
	const struct steam_events *events; /* NULL: nobody listens */
	void *user;
	char *trouble; /* with the last change that has left the queue so, a sentence; NULL: none */
};

/* Of a pump whose owner is a struct steam_outcomes. */
extern const struct steam_pump_events steam_outcomes_events;

void steam_outcomes_finish(struct steam_outcomes *outcomes);
/* Of the queue. */
void steam_outcomes_tell_changed(struct steam_outcomes *outcomes);
/* owner: a struct steam_outcomes. The answer is due, whatever comes of the change. */
void steam_outcomes_set_overdue(void *owner, int64_t number);
/* Appends "; " and a sentence for each: how many changes wait, which had trouble and what. */
void steam_outcomes_describe(const struct steam_outcomes *outcomes, struct strbuf *out);
