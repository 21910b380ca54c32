#include "steam/steam_answers.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "steam/steam_queue.h"

#include <stdlib.h>

struct answer {
	struct answer *next;
	int64_t number; /* 0: known */
	int64_t due_ms; /* on the loop's clock */
	steam_done *done;
	void *user;
	uint32_t app_id;
	char *account_id;
	char *note;
	struct error err;
};

struct steam_answers {
	struct loop_timer *turn;
	struct loop_timer *due; /* runs while answers that are not known are owed */
	void (*overdue)(void *owner, int64_t number);
	void *owner;
	struct answer *first; /* by next, in the order asked for */
	struct answer **end;
};

static void give_take(struct answer *answer)
{
	const struct steam_outcome outcome = {
		.app_id = answer->app_id,
		.account_id = answer->account_id,
		.note = answer->note,
	};
	bool failed = answer->err.kind != ERROR_NONE;

	answer->done(answer->user, failed ? NULL : &outcome, failed ? &answer->err : NULL);
	free(answer->account_id);
	free(answer->note);
	free(answer);
}

static struct answer **find_link(struct steam_answers *answers, int64_t number)
{
	struct answer **link = &answers->first;

	while (*link != NULL && (*link)->number != number) {
		link = &(*link)->next;
	}
	return link;
}

static struct answer *take(struct steam_answers *answers, struct answer **link)
{
	struct answer *answer = *link;

	*link = answer->next;
	if (answers->end == &answer->next) {
		answers->end = link;
	}
	return answer;
}

static void take_turn(void *user)
{
	struct steam_answers *answers = user;
	struct answer **link;

	while (link = find_link(answers, 0), *link != NULL) {
		give_take(take(answers, link));
	}
}

/* The first that is not known: it is owed for longest. */
static struct answer *first_unknown(const struct steam_answers *answers)
{
	struct answer *answer = answers->first;

	while (answer != NULL && answer->number == 0) {
		answer = answer->next;
	}
	return answer;
}

static void await_due(struct steam_answers *answers)
{
	const struct answer *answer = first_unknown(answers);
	int64_t left_ms = answer != NULL ? answer->due_ms - loop_now_ms() : 0;

	if (answer == NULL) {
		loop_timer_stop(answers->due);
	} else if (!loop_timer_running(answers->due)) {
		loop_timer_set(answers->due, left_ms > 0 ? left_ms : 0);
	}
}

static void on_due(void *user)
{
	struct steam_answers *answers = user;
	struct answer *answer = first_unknown(answers);

	if (answer != NULL && answer->due_ms <= loop_now_ms()) {
		answers->overdue(answers->owner, answer->number);
	}
	await_due(answers);
}

struct steam_answers *steam_answers_create(
	struct loop *loop, void (*overdue)(void *owner, int64_t number), void *owner)
{
	struct steam_answers *answers = xcalloc(1, sizeof(*answers));

	answers->end = &answers->first;
	answers->turn = loop_timer_create(loop, take_turn, answers);
	answers->due = loop_timer_create(loop, on_due, answers);
	answers->overdue = overdue;
	answers->owner = owner;
	return answers;
}

void steam_answers_destroy(struct steam_answers *answers)
{
	if (answers == NULL) {
		return;
	}
	while (answers->first != NULL) {
		struct answer *answer = take(answers, &answers->first);

		if (answer->number != 0) {
			error_set(&answer->err, ERROR_CANCELLED,
				"the change of Steam's shortcuts was not finished; it is made when "
				"CapyDeck runs again");
		}
		give_take(answer);
	}
	loop_timer_destroy(answers->turn);
	loop_timer_destroy(answers->due);
	free(answers);
}

static struct answer *owe(
	struct steam_answers *answers, int64_t number, steam_done *done, void *user)
{
	struct answer *answer = xcalloc(1, sizeof(*answer));

	*answer = (struct answer){ .number = number, .done = done, .user = user };
	*answers->end = answer;
	answers->end = &answer->next;
	return answer;
}

void steam_answers_owe(struct steam_answers *answers, int64_t number, steam_done *done, void *user)
{
	owe(answers, number, done, user)->due_ms = loop_now_ms() + STEAM_ANSWERS_WAIT_MS;
	await_due(answers);
}

bool steam_answers_is_owed(const struct steam_answers *answers, int64_t number)
{
	return *find_link((struct steam_answers *)answers, number) != NULL;
}

static void set(struct steam_answers *answers, struct answer *answer,
	const struct steam_outcome *outcome, const struct error *err)
{
	answer->number = 0;
	if (err != NULL) {
		answer->err = *err;
	} else {
		answer->app_id = outcome->app_id;
		answer->account_id = xstrdup_or_null(outcome->account_id);
		answer->note = xstrdup_or_null(outcome->note);
	}
	loop_timer_set(answers->turn, 0);
	await_due(answers);
}

void steam_answers_set(struct steam_answers *answers, int64_t number,
	const struct steam_outcome *outcome, const struct error *err)
{
	struct answer *answer = *find_link(answers, number);

	if (answer != NULL) {
		set(answers, answer, outcome, err);
	}
}

static const char *outlook(const struct steam_change *change)
{
	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return "the shortcut appears";
	}
	return steam_change_is(change, STEAM_CHANGE_REMOVE) ? "the shortcut disappears"
							    : "the icon appears";
}

void steam_answers_set_queued(struct steam_answers *answers, const struct steam_queued *queued,
	const char *reason, const char *end)
{
	const struct steam_change *change = &queued->change;
	AUTO(free_ptr) char *note = xasprintf("%s; %s %s", reason, outlook(change), end);
	const struct steam_outcome outcome = {
		.app_id = change->reported_app_id != 0 ? change->reported_app_id : change->app_id,
		.account_id = change->account_id,
		.note = note,
	};

	steam_answers_set(answers, queued->number, &outcome, NULL);
}

void steam_answers_give(struct steam_answers *answers, const struct steam_outcome *outcome,
	const struct error *err, steam_done *done, void *user)
{
	set(answers, owe(answers, 0, done, user), outcome, err);
}
