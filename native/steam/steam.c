#include "steam/steam.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/client/steam_install.h"
#include "steam/client/steam_restart.h"
#include "steam/client/steam_users.h"
#include "steam/steam_drivers.h"
#include "steam/steam_listing.h"
#include "steam/steam_outcomes.h"
#include "steam/steam_pump.h"
#include "steam/steam_queue.h"

#include <stdlib.h>
#include <string.h>

struct steam {
	char *home;
	char *steam_dir; /* NULL: Steam's own places */
	struct steam_drivers drivers;
	struct steam_queue *queue;
	struct steam_listing listing;
	struct steam_pump_options pump_options;
	struct steam_pump *pump;
	struct steam_restart *restart;
	struct steam_outcomes *outcomes;
};

bool steam_list_users(struct steam *steam, struct steam_user_list *out, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	return steam_install_find(&install, steam->home, steam->steam_dir, err) &&
	       steam_users_load(out, install.root, err);
}

bool steam_find_account(
	struct steam *steam, const char *user_id, char **root, char **account_id, struct error *err)
{
	return steam_users_locate(steam->home, steam->steam_dir, user_id, root, account_id, err);
}

static bool has_entry(const struct shortcuts *shortcuts, uint32_t app_id)
{
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };

	shortcuts_list(shortcuts, &list);
	return shortcut_list_find(&list, app_id) != NULL;
}

bool steam_list_shortcuts(
	struct steam *steam, const char *user_id, struct shortcut_list *out, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	AUTO(free_ptr) char *account_id = NULL;

	if (!steam_find_account(steam, user_id, NULL, &account_id, err) ||
		!steam_listing_coming(&steam->listing, account_id, &shortcuts, err)) {
		return false;
	}
	shortcuts_list(&shortcuts, out);
	return true;
}

struct state_link *steam_link(struct steam *steam)
{
	return steam_queue_link(steam->queue);
}

uint32_t steam_actual_app_id(const struct steam *steam, uint32_t app_id)
{
	return steam_queue_actual(steam->queue, NULL, app_id);
}

static bool enqueue(struct steam *steam, const struct steam_change *change, steam_done *done,
	void *user, struct error *err)
{
	int64_t number;

	if (!steam_queue_add(steam->queue, change, &number, err)) {
		return false;
	}
	steam_outcomes_owe(steam->outcomes, number, done, user);
	steam_pump_added(steam->pump);
	steam_outcomes_tell_changed(steam->outcomes);
	return true;
}

static bool begin_put(struct steam *steam, struct steam_change *change, const char *user_id,
	steam_done *done, void *user, struct error *err)
{
	if (!steam_find_account(steam, user_id, NULL, &change->account_id, err) ||
		!state_link_ready(steam_link(steam), err) || !steam_change_check(change, err)) {
		return false;
	}
	change->app_id = steam_queue_actual(steam->queue, change->account_id, change->app_id);
	return steam_listing_choose(&steam->listing, change, err) &&
	       enqueue(steam, change, done, user, err);
}

void steam_put_shortcut(struct steam *steam, const struct steam_shortcut_request *request,
	steam_done *done, void *user)
{
	AUTO(steam_change_finish) struct steam_change change = { 0 };
	struct error err = { 0 };

	steam_change_fill_put(&change, request);
	if (!begin_put(steam, &change, request->user_id, done, user, &err)) {
		steam_outcomes_give(steam->outcomes, NULL, &err, done, user);
	}
}

static bool fail_unknown(uint32_t app_id, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "no shortcut has the app id %u", app_id);
}

static bool is_of_entry(const struct steam_change *change, const char *account_id, uint32_t app_id)
{
	return strcmp(change->account_id, account_id) == 0 && steam_change_entry(change) == app_id;
}

/*
 * Withdraws the queued changes of an entry that Steam never had. *taken stays false if one of them
 * is being made.
 */
static bool take_back(struct steam *steam, const char *account_id, uint32_t app_id, bool *taken,
	struct error *err)
{
	AUTO(free_ptr)
	int64_t *numbers = xcalloc(steam_queue_count(steam->queue) + 1, sizeof(*numbers));
	const struct steam_queued *queued;
	struct error cancelled;
	size_t count = 0;

	for (size_t i = 0; (queued = steam_queue_at(steam->queue, i)) != NULL; i++) {
		if (!is_of_entry(&queued->change, account_id, app_id)) {
			continue;
		}
		if (steam_pump_is_making(steam->pump, queued->number)) {
			return true;
		}
		numbers[count++] = queued->number;
	}
	if (!steam_queue_remove(steam->queue, numbers, count, err)) {
		return false;
	}
	*taken = true;
	error_set(&cancelled, ERROR_CANCELLED,
		"the shortcut was removed before it was added to Steam");
	for (size_t i = 0; i < count; i++) {
		steam_outcomes_cancel(steam->outcomes, numbers[i], &cancelled);
	}
	steam_outcomes_tell_changed(steam->outcomes);
	return true;
}

/* change: has its account and the id that was given. */
static bool begin_removal(struct steam *steam, struct steam_change *change, steam_done *done,
	void *user, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	const char *account_id = change->account_id;
	bool is_made, taken = false;

	if (!state_link_ready(steam_link(steam), err)) {
		return false;
	}
	change->app_id = steam_queue_actual(steam->queue, account_id, change->app_id);
	if (!steam_listing_now(&steam->listing, account_id, &shortcuts, err)) {
		return false;
	}
	is_made = has_entry(&shortcuts, change->app_id);
	steam_listing_add_queue(&steam->listing, account_id, &shortcuts);
	if (!has_entry(&shortcuts, change->app_id)) {
		return fail_unknown(change->app_id, err);
	}
	if (!is_made && !take_back(steam, account_id, change->app_id, &taken, err)) {
		return false;
	}
	if (taken) {
		const struct steam_outcome outcome = { .app_id = change->app_id,
			.account_id = account_id };

		steam_outcomes_give(steam->outcomes, &outcome, NULL, done, user);
		return true;
	}
	return enqueue(steam, change, done, user, err);
}

void steam_remove_shortcut(
	struct steam *steam, const char *user_id, uint32_t app_id, steam_done *done, void *user)
{
	AUTO(steam_change_finish)
	struct steam_change change = { .action = xstrdup(STEAM_CHANGE_REMOVE), .app_id = app_id };
	struct error err = { 0 };

	if (!steam_find_account(steam, user_id, NULL, &change.account_id, &err) ||
		!begin_removal(steam, &change, done, user, &err)) {
		steam_outcomes_give(steam->outcomes, NULL, &err, done, user);
	}
}

static bool begin_set_icon(struct steam *steam, struct steam_change *change, steam_done *done,
	void *user, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };

	if (!state_link_ready(steam_link(steam), err)) {
		return false;
	}
	change->app_id = steam_queue_actual(steam->queue, change->account_id, change->app_id);
	if (!steam_listing_coming(&steam->listing, change->account_id, &shortcuts, err)) {
		return false;
	}
	if (!has_entry(&shortcuts, change->app_id)) {
		return fail_unknown(change->app_id, err);
	}
	return enqueue(steam, change, done, user, err);
}

void steam_set_icon(struct steam *steam, const char *user_id, uint32_t app_id, const char *path,
	steam_done *done, void *user)
{
	AUTO(steam_change_finish)
	struct steam_change change = {
		.action = xstrdup(STEAM_CHANGE_SET_ICON),
		.app_id = app_id,
		.icon = xstrdup(path),
	};
	struct error err = { 0 };

	if (!steam_find_account(steam, user_id, NULL, &change.account_id, &err) ||
		!begin_set_icon(steam, &change, done, user, &err)) {
		steam_outcomes_give(steam->outcomes, NULL, &err, done, user);
	}
}

struct showing {
	struct steam *steam;
	char *account_id;
	steam_done *done;
	void *user;
};

static void on_shown(void *user, uint32_t app_id, const struct error *err)
{
	struct showing *showing = user;
	const struct steam_outcome outcome = { .app_id = app_id,
		.account_id = showing->account_id };

	steam_outcomes_give(showing->steam->outcomes, err == NULL ? &outcome : NULL, err,
		showing->done, showing->user);
	free(showing->account_id);
	free(showing);
}

void steam_show_artwork(
	struct steam *steam, const struct steam_artwork_shown *image, steam_done *done, void *user)
{
	struct showing *showing = xcalloc(1, sizeof(*showing));

	*showing = (struct showing){ steam, xstrdup(image->account_id), done, user };
	steam_drivers_show_artwork(&steam->drivers, image, on_shown, showing);
}

static void on_flushed(void *user)
{
	struct steam *steam = user;

	steam_restart_go_on(steam->restart);
}

static void on_steam_exited(void *owner)
{
	struct steam *steam = owner;

	steam_pump_flush(steam->pump, on_flushed, steam);
}

struct asked {
	steam_restart_asked *done;
	void *user;
};

static void on_driver_asked(void *user, uint32_t app_id, const struct error *err)
{
	AUTO(free_ptr) struct asked *asked = user;

	asked->done(asked->user, err);
}

static bool ask_for_restart(void *owner, steam_restart_asked *done, void *user)
{
	struct steam *steam = owner;
	struct asked *asked = xcalloc(1, sizeof(*asked));

	*asked = (struct asked){ done, user };
	if (!steam_drivers_restart(&steam->drivers, on_driver_asked, asked)) {
		free(asked);
		return false;
	}
	return true;
}

void steam_restart_client(struct steam *steam, bool force, steam_restarted *done, void *user)
{
	steam_restart_start(steam->restart, force, done, user);
}

const char *steam_driver_name(struct steam *steam)
{
	AUTO(strbuf_finish) struct strbuf reasons = { 0 };
	const struct steam_driver *driver = steam_drivers_ready(&steam->drivers, &reasons);

	return driver != NULL ? driver->ops->name : "none";
}

void steam_describe(struct steam *steam, struct strbuf *out)
{
	steam_drivers_ready(&steam->drivers, out);
	steam_outcomes_describe(steam->outcomes, out);
}

size_t steam_queued_count(const struct steam *steam)
{
	return steam_queue_count(steam->queue);
}

void steam_queued_names(const struct steam *steam, struct strvec *names)
{
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(steam->queue, i)) != NULL; i++) {
		const char *name = queued->change.name;

		if (name != NULL && *name != '\0' && !strvec_contains(names, name)) {
			strvec_push(names, name);
		}
	}
}

void steam_set_events(struct steam *steam, const struct steam_events *events, void *user)
{
	steam_outcomes_set_events(steam->outcomes, events, user);
}

void steam_ui_changed(struct steam *steam)
{
	steam_pump_wake(steam->pump);
}

struct steam *steam_create(struct loop *loop, struct worker *worker,
	const struct steam_options *options, char **notice)
{
	struct steam *steam = xcalloc(1, sizeof(*steam));

	steam->home = xstrdup(options->home);
	steam->steam_dir = xstrdup_or_null(options->steam_dir);
	steam->queue = steam_queue_create(options->state_dir, notice);
	steam->listing = (struct steam_listing){
		.home = steam->home,
		.steam_dir = steam->steam_dir,
		.queue = steam->queue,
	};
	steam->outcomes = steam_outcomes_create(&(struct steam_outcomes_options){
		.loop = loop,
		.queue = steam->queue,
		.listing = &steam->listing,
	});
	steam_drivers_init(&steam->drivers, &(struct steam_drivers_options){
						    .loop = loop,
						    .worker = worker,
						    .home = steam->home,
						    .steam_dir = steam->steam_dir,
						    .lws_loop = options->lws_loop,
						    .debugger_port = options->debugger_port,
						    .ui = options->ui,
					    });
	steam->restart = steam_restart_create(&(struct steam_restart_options){
		.loop = loop,
		.home = steam->home,
		.steam_dir = steam->steam_dir,
		.ask = ask_for_restart,
		.exited = on_steam_exited,
		.owner = steam,
	});
	steam->pump_options = (struct steam_pump_options){
		.loop = loop,
		.worker = worker,
		.queue = steam->queue,
		.drivers = &steam->drivers,
		.home = steam->home,
		.steam_dir = steam->steam_dir,
		.events = &steam_outcomes_pump_events,
		.owner = steam->outcomes,
	};
	steam->pump = steam_pump_create(&steam->pump_options);
	return steam;
}

void steam_destroy(struct steam *steam)
{
	if (steam == NULL) {
		return;
	}
	steam_outcomes_set_events(steam->outcomes, NULL, NULL);
	steam_restart_destroy(steam->restart);
	steam_pump_stop(steam->pump);
	steam_drivers_finish(&steam->drivers);
	steam_pump_destroy(steam->pump);
	steam_outcomes_destroy(steam->outcomes);
	steam_queue_destroy(steam->queue);
	steam_listing_finish(&steam->listing);
	free(steam->home);
	free(steam->steam_dir);
	free(steam);
}

char *steam_language(const struct steam *steam)
{
	return steam_install_language(steam->home);
}
