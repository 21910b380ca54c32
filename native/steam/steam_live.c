#include "steam/steam_live.h"

#include "core/cleanup.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A file that is saved so much later was not begun before. */
#define SAVING_MAX_S 5

static void remove_at(struct steam_live *live, size_t index)
{
	steam_change_finish(&live->changes[index].change);
	live->count--;
	memmove(&live->changes[index], &live->changes[index + 1],
		(live->count - index) * sizeof(*live->changes));
}

void steam_live_finish(struct steam_live *live)
{
	for (size_t i = 0; i < live->count; i++) {
		steam_change_finish(&live->changes[i].change);
	}
	free(live->changes);
	*live = (struct steam_live){ 0 };
}

static void forget_other_steam(struct steam_live *live, pid_t pid)
{
	if (live->pid != pid) {
		steam_live_finish(live);
		live->pid = pid;
	}
}

void steam_live_add(
	struct steam_live *live, pid_t pid, const struct steam_change *change, uint32_t app_id)
{
	struct steam_live_change *added;

	forget_other_steam(live, pid);
	if (pid == 0) {
		return; /* it has ended, and saved */
	}
	if (live->count == STEAM_LIVE_CHANGES_MAX) {
		remove_at(live, 0);
	}
	live->changes = xrealloc(live->changes, live->count + 1, sizeof(*live->changes));
	added = &live->changes[live->count++];
	*added = (struct steam_live_change){ .made_at_s = time(NULL) };
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

/* Has a later change left nothing of it to be seen in the file? */
static bool is_superseded(const struct steam_live *live, size_t index)
{
	const struct steam_change *change = &live->changes[index].change;

	for (size_t i = index + 1; i < live->count; i++) {
		const struct steam_change *later = &live->changes[i].change;

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

/* Is there nothing of it that the file could not tell by itself? */
static bool is_over(const struct steam_live *live, size_t index, const struct steam_live_file *file,
	const struct shortcut_list *saved)
{
	const struct steam_live_change *change = &live->changes[index];

	return is_superseded(live, index) || shows(saved, &change->change) ||
	       file->saved_at_s > change->made_at_s + SAVING_MAX_S;
}

void steam_live_overlay(
	struct steam_live *live, const struct steam_live_file *file, struct shortcuts *shortcuts)
{
	AUTO(shortcut_list_finish) struct shortcut_list saved = { 0 };
	size_t i = 0;

	forget_other_steam(live, file->pid);
	if (live->count == 0) {
		return; /* as almost always */
	}
	shortcuts_list(shortcuts, &saved);
	while (i < live->count) {
		const struct steam_change *change = &live->changes[i].change;

		if (strcmp(change->account_id, file->account_id) != 0) {
			i++;
		} else if (is_over(live, i, file, &saved)) {
			remove_at(live, i);
		} else {
			steam_change_apply(change, shortcuts);
			i++;
		}
	}
}
