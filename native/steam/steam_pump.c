#include "steam/steam_pump.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/client/steam_install.h"
#include "steam/images/artwork.h"
#include "steam/steam_drivers.h"
#include "steam/steam_queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS (60 * 1000)

struct steam_pump {
	const struct steam_pump_options *options;
	LIST_HEAD(, attempt) attempts;
	struct strvec waiting; /* accounts for which no driver gets through */
	int64_t *refused;      /* numbers of the changes that a running Steam does not accept */
	size_t refused_count;
	struct loop_timer *turn;
	struct loop_timer *retry;      /* runs while something waits */
	struct steam_process *process; /* watched while something waits; NULL: none is running */
	enum {
		PUMPING,
		FLUSHING, /* Steam is down: use only the driver for that, until nothing is left */
		STOPPED,  /* answers are accepted, nothing new is started */
	} mode;
	void (*flushed)(void *user); /* in FLUSHING */
	void *flush_user;
};

/* One change being tried by the drivers. */
struct attempt {
	struct worker_job rename; /* of its images, once the id has changed */
	struct steam_pump *pump;  /* NULL: destroyed */
	LIST_ENTRY(attempt) link;
	int64_t number;
	struct steam_change change; /* with the ids that Steam has now */
	size_t driver;		    /* the number of the driver being asked */
	char *root;
	uint32_t app_id;
	char *note; /* a sentence on what was left out; NULL: nothing */
	bool woken; /* meanwhile: try again if no driver gets through */
};

static void attempt_destroy(struct attempt *attempt)
{
	steam_change_finish(&attempt->change);
	free(attempt->root);
	free(attempt->note);
	free(attempt);
}

/* Takes it off the list, so that the next may start. */
static void end_attempt(struct attempt *attempt)
{
	LIST_REMOVE(attempt, link);
	if (attempt->pump->mode != STOPPED) {
		loop_timer_set(attempt->pump->turn, 0);
	}
	attempt_destroy(attempt);
}

static bool is_live(const struct attempt *attempt)
{
	return attempt->driver != STEAM_DRIVER_FILES;
}

static void begin_waiting(struct steam_pump *pump, const char *account_id)
{
	if (!strvec_contains(&pump->waiting, account_id)) {
		strvec_push(&pump->waiting, account_id);
	}
}

static void note_refused(struct steam_pump *pump, int64_t number)
{
	pump->refused = xrealloc(pump->refused, pump->refused_count + 1, sizeof(*pump->refused));
	pump->refused[pump->refused_count++] = number;
}

static void forget_refused(struct steam_pump *pump)
{
	free(TAKE_PTR(pump->refused));
	pump->refused_count = 0;
}

static void settle_attempt(struct attempt *attempt)
{
	const struct steam_pump_options *options = attempt->pump->options;

	steam_queue_settle(options->queue, attempt->number, attempt->app_id);
	options->events->made(options->owner, &(struct steam_pump_made){
						      .number = attempt->number,
						      .change = &attempt->change,
						      .app_id = attempt->app_id,
						      .live = is_live(attempt),
						      .note = attempt->note,
					      });
	options->events->changed(options->owner);
	end_attempt(attempt);
}

static struct attempt *attempt_of(struct worker_job *job)
{
	return CONTAINER_OF(job, struct attempt, rename);
}

static void run_rename(struct worker_job *job)
{
	struct attempt *attempt = attempt_of(job);

	/* Images left behind are no reason to make the shortcut again. */
	artwork_rename(attempt->root, attempt->change.account_id, attempt->change.reported_app_id,
		attempt->app_id, NULL);
}

static void rename_finished(struct worker_job *job)
{
	struct attempt *attempt = attempt_of(job);

	if (attempt->pump == NULL) {
		attempt_destroy(attempt);
	} else {
		settle_attempt(attempt);
	}
}

static char *find_root(const struct steam_pump *pump)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	if (!steam_install_find(&install, pump->options->home, pump->options->steam_dir, NULL)) {
		return NULL;
	}
	return TAKE_PTR(install.root);
}

/*
 * The images move before the queue forgets the change: if this process ends in between, the change
 * is repeated, which does no harm, and they move then.
 */
static void attempt_made(struct attempt *attempt, uint32_t app_id)
{
	attempt->app_id = app_id;
	if (steam_change_is(&attempt->change, STEAM_CHANGE_PUT) &&
		attempt->change.reported_app_id != app_id) {
		attempt->root = find_root(attempt->pump);
	}
	if (attempt->root == NULL) {
		settle_attempt(attempt);
		return;
	}
	attempt->rename = (struct worker_job){ .run = run_rename, .done = rename_finished };
	worker_submit(attempt->pump->options->worker, &attempt->rename);
}

static void wait_for_steam(struct attempt *attempt, const struct error *err)
{
	const struct steam_pump_options *options = attempt->pump->options;

	if (!attempt->woken) {
		begin_waiting(attempt->pump, attempt->change.account_id);
		options->events->waiting(options->owner, attempt->change.account_id, err);
	}
	end_attempt(attempt);
}

static void attempt_failed(struct attempt *attempt, const struct error *err)
{
	const struct steam_pump_options *options = attempt->pump->options;

	if (!options->events->failed(
		    options->owner, attempt->number, &attempt->change, err, is_live(attempt))) {
		steam_queue_settle(options->queue, attempt->number, 0);
		options->events->changed(options->owner);
	} else if (is_live(attempt)) {
		note_refused(attempt->pump, attempt->number);
	} else {
		begin_waiting(attempt->pump, attempt->change.account_id);
	}
	end_attempt(attempt);
}

static void on_applied(void *user, uint32_t app_id, const struct error *err);

/* Asks the first available driver, starting at number `driver`. */
static void ask_driver(struct attempt *attempt, size_t driver)
{
	struct steam_driver *const *drivers = attempt->pump->options->drivers->items;

	while (drivers[driver] == NULL) {
		driver++;
	}
	attempt->driver = driver;
	drivers[driver]->ops->apply(drivers[driver], &attempt->change, on_applied, attempt);
}

/* A game whose tool must be set by hand is better than none. A full disk may have room later. */
static bool try_without_tool(struct attempt *attempt, const struct error *err)
{
	struct steam_change *change = &attempt->change;

	if (!steam_change_is(change, STEAM_CHANGE_PUT) || change->compat_tool == NULL ||
		*change->compat_tool == '\0' || err->kind == ERROR_NO_SPACE ||
		err->kind == ERROR_CANCELLED || err->kind == ERROR_NOT_FOUND) {
		return false;
	}
	attempt->note = xasprintf("the compatibility tool '%s' was not set; choose it in Steam: %s",
		change->compat_tool, err->message);
	free(TAKE_PTR(change->compat_tool));
	ask_driver(attempt, attempt->driver);
	return true;
}

/* With an unchecked id, images could land on one of Steam's own games. */
static bool check_app_id(const struct attempt *attempt, uint32_t app_id, struct error *err)
{
	const struct steam_change *change = &attempt->change;
	bool is_new = steam_change_is(change, STEAM_CHANGE_PUT) && shortcuts_is_app_id(app_id);

	return is_new || app_id == change->app_id || !is_live(attempt) ||
	       error_set(err, ERROR_IO,
		       "Steam answered with app id %u, which is not the shortcut's", app_id);
}

static void on_applied(void *user, uint32_t app_id, const struct error *err)
{
	struct attempt *attempt = user;
	struct error wrong_id;

	if (err == NULL && !check_app_id(attempt, app_id, &wrong_id)) {
		err = &wrong_id;
	}
	if (attempt->pump->mode == STOPPED) {
		end_attempt(attempt);
	} else if (err == NULL) {
		attempt_made(attempt, app_id);
	} else if (!steam_driver_is_refusal(err)) {
		if (!try_without_tool(attempt, err)) {
			attempt_failed(attempt, err);
		}
	} else if (is_live(attempt)) {
		ask_driver(attempt, attempt->driver + 1);
	} else {
		wait_for_steam(attempt, err);
	}
}

/* An icon lies in the grid folder under the entry's id. */
static void follow_icon(struct steam_change *change, uint32_t app_id)
{
	char prefix[16];
	const char *name = change->icon != NULL ? path_base(change->icon) : "";
	size_t length = (size_t)snprintf(prefix, sizeof(prefix), "%u_", change->app_id);
	char *moved;

	if (strncmp(name, prefix, length) == 0) {
		moved = xasprintf("%.*s%u_%s", (int)(name - change->icon), change->icon, app_id,
			name + length);
		free(change->icon);
		change->icon = moved;
	}
}

static void begin_attempt(struct steam_pump *pump, const struct steam_queued *queued)
{
	struct attempt *attempt = xcalloc(1, sizeof(*attempt));
	struct steam_change *change = &attempt->change;
	uint32_t app_id;

	attempt->pump = pump;
	attempt->number = queued->number;
	LIST_INSERT_HEAD(&pump->attempts, attempt, link);
	steam_change_copy(change, &queued->change);
	app_id = steam_queue_actual(pump->options->queue, change->account_id, change->app_id);
	if (app_id != change->app_id) {
		follow_icon(change, app_id);
		change->app_id = app_id;
	}
	ask_driver(attempt, pump->mode == FLUSHING ? STEAM_DRIVER_FILES : 0);
}

static bool is_busy(const struct steam_pump *pump, const char *account_id)
{
	const struct attempt *attempt;

	LIST_FOREACH (attempt, &pump->attempts, link) {
		if (strcmp(attempt->change.account_id, account_id) == 0) {
			return true;
		}
	}
	return false;
}

bool steam_pump_is_making(const struct steam_pump *pump, int64_t number)
{
	const struct attempt *attempt;

	LIST_FOREACH (attempt, &pump->attempts, link) {
		if (attempt->number == number) {
			return true;
		}
	}
	return false;
}

void steam_pump_added(struct steam_pump *pump)
{
	struct attempt *attempt;

	strvec_finish(&pump->waiting);
	LIST_FOREACH (attempt, &pump->attempts, link) {
		attempt->woken = true;
	}
	loop_timer_set(pump->turn, 0);
}

void steam_pump_wake(struct steam_pump *pump)
{
	forget_refused(pump);
	steam_pump_added(pump);
}

static void on_steam_ended(void *user)
{
	struct steam_pump *pump = user;

	steam_install_unwatch(pump->process);
	pump->process = NULL;
	steam_pump_wake(pump);
}

static void watch_steam(struct steam_pump *pump)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	/* Without a watch there is still the retry each minute. */
	if (steam_install_find(&install, pump->options->home, pump->options->steam_dir, NULL)) {
		pump->process =
			steam_install_watch(&install, pump->options->loop, on_steam_ended, pump);
	}
}

/* Wake-up sources exist only while something waits. in_step: queue and disk are in step. */
static void watch_what_waits(struct steam_pump *pump, bool in_step)
{
	bool waits = pump->waiting.count > 0 || pump->refused_count > 0;

	if (!waits) {
		steam_install_unwatch(pump->process);
		pump->process = NULL;
	} else if (pump->process == NULL) {
		watch_steam(pump);
	}
	if (!waits && in_step) {
		loop_timer_stop(pump->retry);
	} else if (!loop_timer_running(pump->retry)) {
		loop_timer_set(pump->retry, RETRY_MS);
	}
}

static bool is_refused(const struct steam_pump *pump, int64_t number)
{
	for (size_t i = 0; i < pump->refused_count; i++) {
		if (pump->refused[i] == number) {
			return true;
		}
	}
	return false;
}

/*
 * Must a change wait for an earlier one of its account? Yes if both concern the same entry;
 * otherwise nothing depends on an icon, and a new shortcut might adopt one that is to be removed.
 */
static bool depends(const struct steam_change *change, const struct steam_change *earlier)
{
	bool same_entry = steam_change_entry(change) == steam_change_entry(earlier);

	if (steam_change_is(earlier, STEAM_CHANGE_SET_ICON)) {
		return same_entry && steam_change_is(change, STEAM_CHANGE_SET_ICON);
	}
	return same_entry || (steam_change_is(earlier, STEAM_CHANGE_REMOVE) && change->app_id == 0);
}

/* Blocked itself, or by an earlier change that Steam does not accept. */
static bool is_held_up(const struct steam_pump *pump, const struct steam_queued *queued)
{
	const struct steam_queued *earlier;

	for (size_t i = 0; pump->refused_count > 0; i++) {
		earlier = steam_queue_at(pump->options->queue, i);
		if (earlier == queued) {
			return is_refused(pump, queued->number);
		}
		if (strcmp(earlier->change.account_id, queued->change.account_id) == 0 &&
			is_refused(pump, earlier->number) &&
			depends(&queued->change, &earlier->change)) {
			return true;
		}
	}
	return false;
}

static void end_flush(struct steam_pump *pump)
{
	pump->mode = PUMPING;
	steam_pump_wake(pump);
	pump->flushed(pump->flush_user);
}

static void begin_attempts(void *user)
{
	struct steam_pump *pump = user;
	const struct steam_pump_options *options = pump->options;
	const struct steam_queued *queued;
	bool in_step = steam_queue_flush(options->queue);

	for (size_t i = 0; (queued = steam_queue_at(options->queue, i)) != NULL; i++) {
		const char *account_id = queued->change.account_id;

		if (!is_busy(pump, account_id) && !strvec_contains(&pump->waiting, account_id) &&
			!is_held_up(pump, queued)) {
			begin_attempt(pump, queued);
		}
	}
	watch_what_waits(pump, in_step);
	if (LIST_EMPTY(&pump->attempts) && pump->mode == FLUSHING) {
		end_flush(pump);
	}
}

static void on_retry(void *user)
{
	steam_pump_wake(user);
}

void steam_pump_flush(struct steam_pump *pump, void (*done)(void *user), void *user)
{
	assert(pump->mode == PUMPING);
	pump->mode = FLUSHING;
	pump->flushed = done;
	pump->flush_user = user;
	steam_pump_wake(pump);
}

struct steam_pump *steam_pump_create(const struct steam_pump_options *options)
{
	struct steam_pump *pump = xcalloc(1, sizeof(*pump));

	pump->options = options;
	pump->turn = loop_timer_create(options->loop, begin_attempts, pump);
	pump->retry = loop_timer_create(options->loop, on_retry, pump);
	loop_timer_set(pump->turn, 0);
	return pump;
}

void steam_pump_stop(struct steam_pump *pump)
{
	pump->mode = STOPPED;
}

void steam_pump_destroy(struct steam_pump *pump)
{
	struct attempt *attempt;

	LIST_FOREACH (attempt, &pump->attempts, link) {
		attempt->pump = NULL; /* its images are being renamed */
	}
	steam_install_unwatch(pump->process);
	loop_timer_destroy(pump->turn);
	loop_timer_destroy(pump->retry);
	strvec_finish(&pump->waiting);
	forget_refused(pump);
	free(pump);
}
