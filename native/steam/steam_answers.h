#pragma once

#include "steam/steam.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct steam_queued;

/*
 * The answers that callers of steam.h are owed: each is given exactly once, from the loop, never
 * from within the call that makes it known.
 */
struct steam_answers;

/* Callers have 30 s for all they do; none of it is spent waiting longer than this. */
#define STEAM_ANSWERS_WAIT_MS (10 * 1000)

/* overdue: the change takes longer than that; to be answered now. */
struct steam_answers *steam_answers_create(
	struct loop *loop, void (*overdue)(void *owner, int64_t number), void *owner);
/* Gives those that are known, and CANCELLED for the others. NULL is fine. */
void steam_answers_destroy(struct steam_answers *answers);

/* number: of the queued change that the answer will be about. */
void steam_answers_owe(struct steam_answers *answers, int64_t number, steam_done *done, void *user);
bool steam_answers_is_owed(const struct steam_answers *answers, int64_t number);
/* It is known. outcome is NULL exactly when err is not. Nothing happens if none is owed. */
void steam_answers_set(struct steam_answers *answers, int64_t number,
	const struct steam_outcome *outcome, const struct error *err);
/* It stays queued. reason, and what ends that ("when Steam restarts"), become the note. */
void steam_answers_set_queued(struct steam_answers *answers, const struct steam_queued *queued,
	const char *reason, const char *end);
/* Owes and sets in one, for what was never queued. */
void steam_answers_give(struct steam_answers *answers, const struct steam_outcome *outcome,
	const struct error *err, steam_done *done, void *user);
