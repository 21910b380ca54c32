#include "steam/steam_outcomes.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/client/steam_users.h"
#include "steam/steam_listing.h"
#include "steam/steam_queue.h"

#include <stdlib.h>
#include <string.h>

#define OBSTACLES_TOLD_MAX 3
#define KNOWN 0 /* no change has this number */

struct answer {
	TAILQ_ENTRY(answer) link;
	int64_t number; /* of the change it waits for; KNOWN: it can be given */
	int64_t due_ms; /* on the loop's clock */
	steam_done *done;
	void *user;
	uint32_t app_id;
	char *account_id;
	bool queued;
	char *note;
	struct error err;
};

TAILQ_HEAD(answers, answer);

struct steam_outcomes {
	struct steam_queue *queue;
	struct steam_listing *listing;
	const struct steam_events *events; /* NULL: no listener */
	void *user;
	struct answers answers;	 /* in the order of the requests */
	struct loop_timer *turn; /* to give those that are known */
	struct loop_timer *due;	 /* runs while others are due */
	/* Of the last change that has left the queue with it, a sentence; NULL: none. */
	char *trouble;
};

/* --- Answers --- */

static void give_answer(struct steam_outcomes *outcomes, struct answer *answer)
{
	const struct steam_outcome outcome = {
		.app_id = answer->app_id,
		.account_id = answer->account_id,
		.queued = answer->queued,
		.note = answer->note,
	};
	bool failed = answer->err.kind != ERROR_NONE;

	TAILQ_REMOVE(&outcomes->answers, answer, link);
	answer->done(answer->user, failed ? NULL : &outcome, failed ? &answer->err : NULL);
	free(answer->account_id);
	free(answer->note);
	free(answer);
}

static struct answer *find_answer(const struct steam_outcomes *outcomes, int64_t number)
{
	struct answer *answer;

	TAILQ_FOREACH (answer, &outcomes->answers, link) {
		if (answer->number == number) {
			break;
		}
	}
	return answer;
}

static void give_known(void *user)
{
	struct steam_outcomes *outcomes = user;
	struct answer *answer;

	while ((answer = find_answer(outcomes, KNOWN)) != NULL) {
		give_answer(outcomes, answer);
	}
}

/* The first that is not known: it has been due for longest. */
static struct answer *first_unknown(const struct steam_outcomes *outcomes)
{
	struct answer *answer;

	TAILQ_FOREACH (answer, &outcomes->answers, link) {
		if (answer->number != KNOWN) {
			break;
		}
	}
	return answer;
}

static void await_due(struct steam_outcomes *outcomes)
{
	const struct answer *answer = first_unknown(outcomes);
	int64_t left_ms = answer != NULL ? answer->due_ms - loop_now_ms() : 0;

	if (answer == NULL) {
		loop_timer_stop(outcomes->due);
	} else if (!loop_timer_running(outcomes->due)) {
		loop_timer_set(outcomes->due, left_ms > 0 ? left_ms : 0);
	}
}

static struct answer *add_answer(
	struct steam_outcomes *outcomes, int64_t number, steam_done *done, void *user)
{
	struct answer *answer = xcalloc(1, sizeof(*answer));

	*answer = (struct answer){ .number = number, .done = done, .user = user };
	TAILQ_INSERT_TAIL(&outcomes->answers, answer, link);
	return answer;
}

static void set_answer(struct steam_outcomes *outcomes, struct answer *answer,
	const struct steam_outcome *outcome, const struct error *err)
{
	answer->number = KNOWN;
	if (err != NULL) {
		answer->err = *err;
	} else {
		answer->app_id = outcome->app_id;
		answer->account_id = xstrdup_or_null(outcome->account_id);
		answer->queued = outcome->queued;
		answer->note = xstrdup_or_null(outcome->note);
	}
	loop_timer_set(outcomes->turn, 0);
	await_due(outcomes);
}

/* Nothing happens if no answer is due. */
static void set_outcome(struct steam_outcomes *outcomes, int64_t number,
	const struct steam_outcome *outcome, const struct error *err)
{
	struct answer *answer = find_answer(outcomes, number);

	if (answer != NULL) {
		set_answer(outcomes, answer, outcome, err);
	}
}

void steam_outcomes_owe(
	struct steam_outcomes *outcomes, int64_t number, steam_done *done, void *user)
{
	struct answer *answer = add_answer(outcomes, number, done, user);

	answer->due_ms = loop_now_ms() + STEAM_OUTCOMES_WAIT_MS;
	await_due(outcomes);
}

void steam_outcomes_cancel(struct steam_outcomes *outcomes, int64_t number, const struct error *err)
{
	set_outcome(outcomes, number, NULL, err);
}

void steam_outcomes_give(struct steam_outcomes *outcomes, const struct steam_outcome *outcome,
	const struct error *err, steam_done *done, void *user)
{
	set_answer(outcomes, add_answer(outcomes, KNOWN, done, user), outcome, err);
}

/* --- Changes that stay queued --- */

static const char *what_appears(const struct steam_change *change)
{
	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return "the shortcut appears";
	}
	return steam_change_is(change, STEAM_CHANGE_REMOVE) ? "the shortcut disappears"
							    : "the icon appears";
}

/* reason and until ("when Steam restarts") become the note. */
static void answer_queued(struct steam_outcomes *outcomes, const struct steam_queued *queued,
	const char *reason, const char *until)
{
	const struct steam_change *change = &queued->change;
	AUTO(free_ptr)
	char *note = xasprintf("%s; %s %s", reason, what_appears(change), until);
	const struct steam_outcome outcome = {
		.app_id = change->reported_app_id != 0 ? change->reported_app_id : change->app_id,
		.account_id = change->account_id,
		.queued = true,
		.note = note,
	};

	set_outcome(outcomes, queued->number, &outcome, NULL);
}

static void answer_one_queued(
	struct steam_outcomes *outcomes, int64_t number, const char *reason, const char *until)
{
	const struct steam_queued *queued = steam_queue_find(outcomes->queue, number);

	if (queued != NULL) {
		answer_queued(outcomes, queued, reason, until);
	}
}

static void on_due(void *user)
{
	struct steam_outcomes *outcomes = user;
	const struct answer *answer = first_unknown(outcomes);

	if (answer != NULL && answer->due_ms <= loop_now_ms()) {
		answer_one_queued(outcomes, answer->number, "Steam has not answered yet",
			"once Steam has answered");
	}
	await_due(outcomes);
}

/* --- Events of the pump --- */

void steam_outcomes_tell_changed(struct steam_outcomes *outcomes)
{
	if (outcomes->events != NULL && outcomes->events->queue_changed != NULL) {
		outcomes->events->queue_changed(outcomes->user);
	}
}

/* The name of the game; caller frees. Only a put contains it. */
static char *name_of(struct steam_outcomes *outcomes, const struct steam_change *change)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	const struct shortcut *entry = NULL;

	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return xstrdup(change->name);
	}
	if (steam_listing_now(outcomes->listing, change->account_id, &shortcuts, NULL)) {
		shortcuts_list(&shortcuts, &list);
		entry = shortcut_list_find(&list, change->app_id);
	}
	return entry != NULL ? xstrdup(entry->name) : xasprintf("app id %u", change->app_id);
}

/* It has left the queue. */
static void keep_trouble(struct steam_outcomes *outcomes, const struct steam_change *change,
	const char *what, const char *why)
{
	AUTO(free_ptr) char *name = name_of(outcomes, change);

	free(outcomes->trouble);
	outcomes->trouble = xasprintf("a queued change of '%s' %s: %s", name, what, why);
}

/* It stays. */
static void keep_obstacle(struct steam_outcomes *outcomes, int64_t number,
	const struct steam_change *change, const struct error *err)
{
	AUTO(free_ptr) char *name = name_of(outcomes, change);
	AUTO(free_ptr)
	char *obstacle =
		xasprintf("a change of '%s' has not been made yet: %s", name, err->message);

	steam_queue_set_obstacle(outcomes->queue, number, obstacle);
	steam_outcomes_tell_changed(outcomes);
}

static void on_made(void *owner, const struct steam_pump_made *made)
{
	struct steam_outcomes *outcomes = owner;
	const struct steam_change *change = made->change;
	const struct steam_outcome outcome = {
		.app_id = made->app_id,
		.account_id = change->account_id,
		.note = made->note,
	};

	if (made->live) {
		steam_listing_note_made(outcomes->listing, change, made->app_id);
	}
	if (made->note != NULL && find_answer(outcomes, made->number) == NULL) {
		keep_trouble(outcomes, change, "was made only in part", made->note);
	}
	set_outcome(outcomes, made->number, &outcome, NULL);
	if (steam_change_is(change, STEAM_CHANGE_PUT) && made->app_id != change->reported_app_id &&
		outcomes->events != NULL && outcomes->events->app_id_changed != NULL) {
		outcomes->events->app_id_changed(
			outcomes->user, change->account_id, change->reported_app_id, made->app_id);
	}
}

static void on_changed(void *owner)
{
	steam_outcomes_tell_changed(owner);
}

static void on_waiting(void *owner, const char *account_id, const struct error *err)
{
	struct steam_outcomes *outcomes = owner;
	bool runs = steam_driver_is_refusal(err);
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(outcomes->queue, i)) != NULL; i++) {
		if (strcmp(queued->change.account_id, account_id) == 0) {
			answer_queued(outcomes, queued,
				runs ? "Steam is running but cannot be reached" : err->message,
				runs ? "when Steam restarts" : "once that has ended");
		}
	}
}

/*
 * A change that its caller relies on is given up only if it can never succeed: because Steam
 * refused it, or its entry is gone.
 */
static bool is_hopeless(const struct steam_outcomes *outcomes, const struct error *err, bool live)
{
	const struct steam_listing *listing = outcomes->listing;

	switch (err->kind) {
	case ERROR_IO:
	case ERROR_NO_SPACE:
	case ERROR_CANCELLED:
		return false;
	case ERROR_NOT_FOUND: /* the entry is missing, or Steam is */
		return steam_users_locate(
			listing->home, listing->steam_dir, NULL, NULL, NULL, NULL);
	default:
		return live; /* in Steam's files this is damage, which can be repaired */
	}
}

static bool on_failed(void *owner, int64_t number, const struct steam_change *change,
	const struct error *err, bool live)
{
	struct steam_outcomes *outcomes = owner;
	/* Not every Steam can set an icon while it runs; its files can always be edited. */
	bool can_wait =
		live && err->kind == ERROR_IO && steam_change_is(change, STEAM_CHANGE_SET_ICON);

	if (!can_wait && find_answer(outcomes, number) != NULL) {
		set_outcome(outcomes, number, NULL, err);
		return false;
	}
	if (is_hopeless(outcomes, err, live)) {
		keep_trouble(outcomes, change, "has failed", err->message);
		return false;
	}
	keep_obstacle(outcomes, number, change, err);
	if (live) {
		answer_one_queued(outcomes, number, err->message, "when Steam restarts");
	} else {
		on_waiting(outcomes, change->account_id, err);
	}
	return true;
}

const struct steam_pump_events steam_outcomes_pump_events = {
	.made = on_made,
	.changed = on_changed,
	.failed = on_failed,
	.waiting = on_waiting,
};

/* --- */

void steam_outcomes_describe(const struct steam_outcomes *outcomes, struct strbuf *out)
{
	size_t count = steam_queue_count(outcomes->queue);
	const struct steam_queued *queued;
	size_t told_count = 0;

	if (count > 0) {
		strbuf_appendf(
			out, "; %zu %s", count, count == 1 ? "change waits" : "changes wait");
	}
	for (size_t i = 0; (queued = steam_queue_at(outcomes->queue, i)) != NULL; i++) {
		if (queued->obstacle != NULL && told_count < OBSTACLES_TOLD_MAX) {
			strbuf_appendf(out, "; %s", queued->obstacle);
			told_count++;
		}
	}
	if (outcomes->trouble != NULL) {
		strbuf_appendf(out, "; %s", outcomes->trouble);
	}
}

void steam_outcomes_set_events(
	struct steam_outcomes *outcomes, const struct steam_events *events, void *user)
{
	outcomes->events = events;
	outcomes->user = user;
}

struct steam_outcomes *steam_outcomes_create(const struct steam_outcomes_options *options)
{
	struct steam_outcomes *outcomes = xcalloc(1, sizeof(*outcomes));

	outcomes->queue = options->queue;
	outcomes->listing = options->listing;
	TAILQ_INIT(&outcomes->answers);
	outcomes->turn = loop_timer_create(options->loop, give_known, outcomes);
	outcomes->due = loop_timer_create(options->loop, on_due, outcomes);
	return outcomes;
}

void steam_outcomes_destroy(struct steam_outcomes *outcomes)
{
	struct answer *answer;

	if (outcomes == NULL) {
		return;
	}
	while ((answer = TAILQ_FIRST(&outcomes->answers)) != NULL) {
		if (answer->number != KNOWN) {
			error_set(&answer->err, ERROR_CANCELLED,
				"the change of Steam's shortcuts was not finished; it will be made when "
				"CapyDeck runs again");
		}
		give_answer(outcomes, answer);
	}
	loop_timer_destroy(outcomes->turn);
	loop_timer_destroy(outcomes->due);
	free(outcomes->trouble);
	free(outcomes);
}
