#include "steam/steam_outcomes.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/client/steam_users.h"
#include "steam/steam.h"
#include "steam/steam_answers.h"
#include "steam/steam_drivers.h"
#include "steam/steam_queue.h"
#include "steam/steam_view.h"

#include <stdlib.h>
#include <string.h>

#define OBSTACLES_TOLD_MAX 3

void steam_outcomes_tell_changed(struct steam_outcomes *outcomes)
{
	if (outcomes->events != NULL && outcomes->events->queue_changed != NULL) {
		outcomes->events->queue_changed(outcomes->user);
	}
}

/* The name of the game; caller frees. Only a put knows it by itself. */
static char *name_of(struct steam_outcomes *outcomes, const struct steam_change *change)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	const struct shortcut *entry = NULL;

	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return xstrdup(change->name);
	}
	if (steam_view_made(outcomes->view, change->account_id, &shortcuts, NULL)) {
		shortcuts_list(&shortcuts, &list);
		entry = shortcut_list_find(&list, change->app_id);
	}
	return entry != NULL ? xstrdup(entry->name) : xasprintf("app id %u", change->app_id);
}

/* It is off the queue. */
static void keep_trouble(struct steam_outcomes *outcomes, const struct steam_change *change,
	const char *what, const char *why)
{
	AUTO(free_ptr) char *name = name_of(outcomes, change);

	free(outcomes->trouble);
	outcomes->trouble = xasprintf("a change of '%s' that was queued %s: %s", name, what, why);
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
		steam_view_note_live(outcomes->view, change, made->app_id);
	}
	if (made->note != NULL && !steam_answers_is_owed(outcomes->answers, made->number)) {
		keep_trouble(outcomes, change, "is made, but not all of it", made->note);
	}
	steam_answers_set(outcomes->answers, made->number, &outcome, NULL);
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

static void answer_queued(
	struct steam_outcomes *outcomes, int64_t number, const char *reason, const char *end)
{
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(outcomes->queue, i)) != NULL; i++) {
		if (queued->number == number) {
			steam_answers_set_queued(outcomes->answers, queued, reason, end);
		}
	}
}

void steam_outcomes_set_overdue(void *owner, int64_t number)
{
	answer_queued(owner, number, "Steam has not answered yet", "when it has");
}

static void on_waiting(void *owner, const char *account_id, const struct error *err)
{
	struct steam_outcomes *outcomes = owner;
	bool runs = steam_drivers_is_refusal(err);
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(outcomes->queue, i)) != NULL; i++) {
		if (strcmp(queued->change.account_id, account_id) == 0) {
			steam_answers_set_queued(outcomes->answers, queued,
				runs ? "Steam is running and cannot be reached" : err->message,
				runs ? "when Steam restarts" : "once that has ended");
		}
	}
}

/*
 * A change that its caller counts on is given up only when it can never succeed: when Steam itself
 * has refused it, or its entry is gone.
 */
static bool is_hopeless(const struct steam_outcomes *outcomes, const struct error *err, bool live)
{
	const struct steam_view *view = outcomes->view;

	switch (err->kind) {
	case ERROR_IO:
	case ERROR_NO_SPACE:
	case ERROR_CANCELLED:
		return false;
	case ERROR_NOT_FOUND: /* of the entry; or there is no Steam now */
		return steam_users_locate(view->home, view->steam_dir, NULL, NULL, NULL, NULL);
	default:
		return live; /* in Steam's files it is damage, which can be repaired */
	}
}

static bool on_failed(void *owner, int64_t number, const struct steam_change *change,
	const struct error *err, bool live)
{
	struct steam_outcomes *outcomes = owner;
	/* Not every Steam can do that while it runs; its files always can. */
	bool can_wait =
		live && err->kind == ERROR_IO && steam_change_is(change, STEAM_CHANGE_SET_ICON);

	if (!can_wait && steam_answers_is_owed(outcomes->answers, number)) {
		steam_answers_set(outcomes->answers, number, NULL, err);
		return false;
	}
	if (is_hopeless(outcomes, err, live)) {
		keep_trouble(outcomes, change, "has failed", err->message);
		return false;
	}
	keep_obstacle(outcomes, number, change, err);
	if (live) {
		answer_queued(outcomes, number, err->message, "when Steam restarts");
	} else {
		on_waiting(outcomes, change->account_id, err);
	}
	return true;
}

const struct steam_pump_events steam_outcomes_events = {
	.made = on_made,
	.changed = on_changed,
	.failed = on_failed,
	.waiting = on_waiting,
};

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

void steam_outcomes_finish(struct steam_outcomes *outcomes)
{
	free(outcomes->trouble);
	*outcomes = (struct steam_outcomes){ 0 };
}
