#include "steam/steam_view.h"

#include "core/cleanup.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/client/steam_install.h"
#include "steam/files/shortcuts_file.h"
#include "steam/steam_queue.h"

#include <string.h>

bool steam_view_made(struct steam_view *view, const char *account_id, struct shortcuts *shortcuts,
	struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };

	if (!steam_install_find(&install, view->home, view->steam_dir, err) ||
		!shortcuts_file_load(&file, install.root, account_id, err)) {
		return false;
	}
	shortcuts_finish(shortcuts);
	*shortcuts = file.shortcuts;
	file.shortcuts = (struct shortcuts){ 0 };
	steam_live_overlay(&view->live,
		&(struct steam_live_file){
			.account_id = account_id,
			.saved_at_s = file.backed.changed_at_s,
			.pid = steam_install_running(&install),
		},
		shortcuts);
	return true;
}

void steam_view_add_queue(
	const struct steam_view *view, const char *account_id, struct shortcuts *shortcuts)
{
	const struct steam_queued *queued;

	for (size_t i = 0; (queued = steam_queue_at(view->queue, i)) != NULL; i++) {
		struct steam_change change = queued->change; /* borrows its texts */

		if (strcmp(change.account_id, account_id) == 0) {
			change.app_id = steam_queue_actual(view->queue, account_id, change.app_id);
			steam_change_apply(&change, shortcuts);
		}
	}
}

bool steam_view_coming(struct steam_view *view, const char *account_id, struct shortcuts *shortcuts,
	struct error *err)
{
	if (!steam_view_made(view, account_id, shortcuts, err)) {
		return false;
	}
	steam_view_add_queue(view, account_id, shortcuts);
	return true;
}

bool steam_view_choose(struct steam_view *view, struct steam_change *change, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	AUTO(shortcut_list_finish) struct shortcut_list before = { 0 };

	if (!steam_view_coming(view, change->account_id, &shortcuts, err)) {
		return false;
	}
	shortcuts_list(&shortcuts, &before);
	/* The list itself is asked: it knows what is adopted, and which ids are taken. */
	change->reported_app_id = steam_change_apply(change, &shortcuts);
	if (shortcut_list_find(&before, change->reported_app_id) != NULL) {
		change->app_id = change->reported_app_id;
	}
	return true;
}

void steam_view_note_live(
	struct steam_view *view, const struct steam_change *change, uint32_t app_id)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	if (steam_install_find(&install, view->home, view->steam_dir, NULL)) {
		steam_live_add(&view->live, steam_install_running(&install), change, app_id);
	}
}

void steam_view_finish(struct steam_view *view)
{
	steam_live_finish(&view->live);
}
