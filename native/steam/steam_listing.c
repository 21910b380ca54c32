#include "steam/steam_listing.h"

#include "core/cleanup.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/client/steam_install.h"
#include "steam/files/shortcuts_file.h"
#include "steam/steam_queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A save takes less than this: a file that is newer by more was started after the change. */
#define SAVING_MAX_S 5

static void remove_at(struct steam_listing *listing, size_t index)
{
	steam_change_finish(&listing->unsaved[index].change);
	listing->unsaved_count--;
	memmove(&listing->unsaved[index], &listing->unsaved[index + 1],
		(listing->unsaved_count - index) * sizeof(*listing->unsaved));
}

static void forget_unsaved(struct steam_listing *listing)
{
	for (size_t i = 0; i < listing->unsaved_count; i++) {
		steam_change_finish(&listing->unsaved[i].change);
	}
	free(TAKE_PTR(listing->unsaved));
	listing->unsaved_count = 0;
}

static void forget_other_steam(struct steam_listing *listing, pid_t pid)
{
	if (listing->pid != pid) {
		forget_unsaved(listing);
		listing->pid = pid;
	}
}

void steam_listing_add_unsaved(struct steam_listing *listing, pid_t pid,
	const struct steam_change *change, uint32_t app_id)
{
	struct steam_unsaved *added;

	forget_other_steam(listing, pid);
	if (pid == 0) {
		return; /* it has ended, and has saved */
	}
	if (listing->unsaved_count == STEAM_LISTING_UNSAVED_MAX) {
		remove_at(listing, 0);
	}
	listing->unsaved =
		xrealloc(listing->unsaved, listing->unsaved_count + 1, sizeof(*listing->unsaved));
	added = &listing->unsaved[listing->unsaved_count++];
	*added = (struct steam_unsaved){ .made_at_s = time(NULL) };
	steam_change_copy(&added->change, change);
	added->change.app_id = app_id;
}

static bool shows(const struct shortcut_list *list, const struct steam_change *change)
{
	const struct shortcut *entry = shortcut_list_find(list, change->app_id);

	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return entry != NULL && strcmp(entry->name, change->name) == 0 &&
		       strcmp(entry->exe, change->exe) == 0;
	}
	if (steam_change_is(change, STEAM_CHANGE_REMOVE)) {
		return entry == NULL;
	}
	return entry != NULL && strcmp(entry->icon, change->icon) == 0;
}

/* Has a later change overwritten all of it in the file? */
static bool is_superseded(const struct steam_listing *listing, size_t index)
{
	const struct steam_change *change = &listing->unsaved[index].change;

	for (size_t i = index + 1; i < listing->unsaved_count; i++) {
		const struct steam_change *later = &listing->unsaved[i].change;

		if (later->app_id == change->app_id &&
			strcmp(later->account_id, change->account_id) == 0 &&
			(steam_change_is(later, change->action) ||
				steam_change_is(later, STEAM_CHANGE_REMOVE) ||
				steam_change_is(change, STEAM_CHANGE_REMOVE))) {
			return true;
		}
	}
	return false;
}

/* Is the file complete without this change? */
static bool is_over(const struct steam_listing *listing, size_t index,
	const struct steam_listing_file *file, const struct shortcut_list *saved)
{
	const struct steam_unsaved *change = &listing->unsaved[index];

	return is_superseded(listing, index) || shows(saved, &change->change) ||
	       file->saved_at_s > change->made_at_s + SAVING_MAX_S;
}

void steam_listing_overlay(struct steam_listing *listing, const struct steam_listing_file *file,
	struct shortcuts *shortcuts)
{
	AUTO(shortcut_list_finish) struct shortcut_list saved = { 0 };
	size_t i = 0;

	forget_other_steam(listing, file->pid);
	if (listing->unsaved_count == 0) {
		return; /* the usual case */
	}
	shortcuts_list(shortcuts, &saved);
	while (i < listing->unsaved_count) {
		const struct steam_change *change = &listing->unsaved[i].change;

		if (strcmp(change->account_id, file->account_id) != 0) {
			i++;
		} else if (is_over(listing, i, file, &saved)) {
			remove_at(listing, i);
		} else {
			steam_change_apply(change, shortcuts);
			i++;
		}
	}
}

bool steam_listing_now(struct steam_listing *listing, const char *account_id,
	struct shortcuts *shortcuts, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };

	if (!steam_install_find(&install, listing->home, listing->steam_dir, err) ||
		!shortcuts_file_load(&file, install.root, account_id, err)) {
		return false;
	}
	shortcuts_finish(shortcuts);
	*shortcuts = file.shortcuts;
	file.shortcuts = (struct shortcuts){ 0 };
	steam_listing_overlay(listing,
		&(struct steam_listing_file){
			.account_id = account_id,
			.saved_at_s = file.backed.changed_at_s,
			.pid = steam_install_running(&install),
		},
		shortcuts);
	return true;
}

void steam_listing_add_queue(
	const struct steam_listing *listing, const char *account_id, struct shortcuts *shortcuts)
{
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(listing->queue, i)) != NULL; i++) {
		struct steam_change change = queued->change; /* borrows its texts */

		if (strcmp(change.account_id, account_id) == 0) {
			change.app_id =
				steam_queue_actual(listing->queue, account_id, change.app_id);
			steam_change_apply(&change, shortcuts);
		}
	}
}

bool steam_listing_coming(struct steam_listing *listing, const char *account_id,
	struct shortcuts *shortcuts, struct error *err)
{
	if (!steam_listing_now(listing, account_id, shortcuts, err)) {
		return false;
	}
	steam_listing_add_queue(listing, account_id, shortcuts);
	return true;
}

bool steam_listing_choose(
	struct steam_listing *listing, struct steam_change *change, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list before = { 0 };

	if (!steam_listing_coming(listing, change->account_id, &shortcuts, err)) {
		return false;
	}
	shortcuts_list(&shortcuts, &before);
	/* The list itself decides what is adopted and which ids are taken. */
	change->reported_app_id = steam_change_apply(change, &shortcuts);
	if (shortcut_list_find(&before, change->reported_app_id) != NULL) {
		change->app_id = change->reported_app_id;
	}
	return true;
}

void steam_listing_note_made(
	struct steam_listing *listing, const struct steam_change *change, uint32_t app_id)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	if (steam_install_find(&install, listing->home, listing->steam_dir, NULL)) {
		steam_listing_add_unsaved(listing, steam_install_running(&install), change, app_id);
	}
}

void steam_listing_finish(struct steam_listing *listing)
{
	forget_unsaved(listing);
}
