#define LOG_MODULE "libraries"

#include "library/libraries.h"

#include "core/backoff.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/disk.h"
#include "library/game_registry.h"
#include "library/library_access.h"
#include "library/library_list.h"
#include "library/library_marker.h"
#include "library/library_records.h"
#include "library/library_sight.h"
#include "library/library_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS (5 * INT64_C(60) * 1000)

struct libraries {
	struct loop *loop;
	char *home;
	char *library_path;
	struct strvec library_extra;
	struct library_records records;
	struct library_context context;
	void (*arrived)(void *user, const struct library *library);
	void (*left)(void *user, const struct library *library);
	void (*changed)(void *user);
	void *user;
	struct library_list list;
	struct library_watch *watch; /* NULL until it is started */
	struct loop_timer *again;    /* what is there may not be what was seen last */
	struct backoff retries;	     /* of what could not be read */
};

/* --- The list --- */

static void push_once(struct strvec *places, const char *place)
{
	if (!strvec_contains(places, place)) {
		strvec_push(places, place);
	}
}

/* Those of the settings first, then those that are only known. */
static void list_places(const struct libraries *libraries, struct strvec *places)
{
	push_once(places, libraries->library_path);
	for (size_t i = 0; i < libraries->library_extra.count; i++) {
		push_once(places, libraries->library_extra.items[i]);
	}
	for (size_t i = 0; i < libraries->records.libraries_count; i++) {
		push_once(places, libraries->records.libraries[i].place);
	}
}

static void save_records(struct libraries *libraries)
{
	struct error err = { 0 };

	if (!libraries->context.records_changed || !libraries->records.link.is_read) {
		return;
	}
	if (library_records_save(&libraries->records, &err)) {
		libraries->context.records_changed = false;
	} else {
		log_warning("%s", err.message);
	}
}

/* Which of the settings' it is. */
static void note_settings(const struct libraries *libraries, struct library *library)
{
	library->is_default = strcmp(library->place, libraries->library_path) == 0;
	library->is_setting =
		library->is_default || strvec_contains(&libraries->library_extra, library->place);
}

/* Tells of those that are usable in one list and not in the other. */
static void tell(const struct libraries *libraries, const struct library_list *in,
	const struct library_list *other, void (*event)(void *user, const struct library *library))
{
	for (size_t i = 0; event != NULL && i < in->count; i++) {
		const struct library *library = &in->items[i];
		const struct library *same = library_list_find(other, library->id, library->place);

		if (library_is_usable(library) && (same == NULL || !library_is_usable(same))) {
			event(libraries->user, library);
		}
	}
}

/* No event tells that one can be read, or written to, again. */
static void arm_retry(struct libraries *libraries)
{
	for (size_t i = 0; i < libraries->list.count; i++) {
		const struct library *library = &libraries->list.items[i];

		if (library->presence == LIBRARY_AWAY ||
			(library->presence != LIBRARY_UNREADABLE && library->writable)) {
			continue;
		}
		if (!loop_timer_running(libraries->again)) {
			loop_timer_set(libraries->again,
				backoff_next_ms(&libraries->retries, RETRY_MIN_MS, RETRY_MAX_MS));
		}
		return;
	}
	libraries->retries = (struct backoff){ 0 };
}

/* Replaces the list by what is there now; the old one is the caller's. */
static struct library_list look(struct libraries *libraries)
{
	AUTO(strvec_finish) struct strvec places = { 0 };
	struct library_list old = libraries->list, list = { 0 };

	state_link_ready(&libraries->records.link, NULL);
	list_places(libraries, &places);
	library_list_look(&list, &libraries->context, &places);
	for (size_t i = list.count; i > 0; i--) {
		note_settings(libraries, &list.items[i - 1]);
		if (!list.items[i - 1].is_setting && !library_holds_any(&list.items[i - 1])) {
			library_list_drop(&list, i - 1);
		}
	}
	libraries->list = list;
	save_records(libraries);
	for (size_t i = 0; i < list.count; i++) {
		push_once(&places, list.items[i].root);
	}
	if (libraries->watch != NULL) {
		library_watch_follow(libraries->watch, &places);
	}
	arm_retry(libraries);
	return old;
}

static void look_and_tell(void *user)
{
	struct libraries *libraries = user;
	AUTO(library_list_finish) struct library_list old = look(libraries);
	bool changed = false;

	for (size_t i = 0; i < libraries->list.count; i++) {
		const struct library *now = &libraries->list.items[i];
		const struct library *before = library_list_find(&old, now->id, now->place);

		if (*now->problem != '\0' &&
			(before == NULL || strcmp(before->problem, now->problem) != 0)) {
			log_warning("%s", now->problem);
		}
	}
	/* One that is no longer in the settings has not gone: what is under way there goes on. */
	for (size_t i = old.count; i > 0; i--) {
		if (!library_list_has_place(&libraries->list, old.items[i - 1].place)) {
			library_list_drop(&old, i - 1);
			changed = true;
		}
	}
	tell(libraries, &old, &libraries->list, libraries->left);
	tell(libraries, &libraries->list, &old, libraries->arrived);
	changed |= !library_list_is_same(&old, &libraries->list);
	if (changed && libraries->changed != NULL) {
		libraries->changed(libraries->user);
	}
}

void libraries_look(struct libraries *libraries)
{
	look_and_tell(libraries);
}

/* --- Creating and destroying --- */

static void take_settings(
	struct libraries *libraries, const char *library_path, const struct strvec *library_extra)
{
	free(libraries->library_path);
	libraries->library_path = path_expand_home(library_path, libraries->home);
	strvec_finish(&libraries->library_extra);
	for (size_t i = 0; library_extra != NULL && i < library_extra->count; i++) {
		strvec_push_take(&libraries->library_extra,
			path_expand_home(library_extra->items[i], libraries->home));
	}
}

struct libraries *libraries_create(const struct libraries_options *options, char **notice)
{
	struct libraries *libraries = xcalloc(1, sizeof(*libraries));
	AUTO(free_ptr) char *path = path_join(options->state_dir, "libraries.json");

	*libraries = (struct libraries){
		.loop = options->loop,
		.home = xstrdup(options->home),
		.context = { .count = options->count, .user = options->user },
		.arrived = options->arrived,
		.left = options->left,
		.changed = options->changed,
		.user = options->user,
		.again = loop_timer_create(options->loop, look_and_tell, libraries),
	};
	libraries->context.home = libraries->home;
	libraries->context.records = &libraries->records;
	take_settings(libraries, options->library_path, options->library_extra);
	library_records_load(&libraries->records, path, notice);
	return libraries;
}

void libraries_start(struct libraries *libraries)
{
	AUTO(library_list_finish) struct library_list none = { 0 };

	libraries->watch = library_watch_create(libraries->loop, look_and_tell, libraries);
	none = look(libraries);
	for (size_t i = 0; i < libraries->list.count; i++) {
		if (*libraries->list.items[i].problem != '\0') {
			log_warning("%s", libraries->list.items[i].problem);
		}
	}
}

void libraries_destroy(struct libraries *libraries)
{
	if (libraries == NULL) {
		return;
	}
	library_watch_destroy(libraries->watch);
	loop_timer_destroy(libraries->again);
	library_list_finish(&libraries->list);
	library_records_finish(&libraries->records);
	strvec_finish(&libraries->library_extra);
	free(libraries->library_path);
	free(libraries->home);
	free(libraries);
}

void libraries_configure(
	struct libraries *libraries, const char *library_path, const struct strvec *library_extra)
{
	take_settings(libraries, library_path, library_extra);
	look_and_tell(libraries);
}

void libraries_count_again(struct libraries *libraries)
{
	bool changed = false;

	for (size_t i = 0; i < libraries->list.count; i++) {
		struct library *library = &libraries->list.items[i];

		if (library_count_again(library, &libraries->context)) {
			changed = true;
			/* What it had may be where it is now, which need not be told any more. */
			if (library->is_repeated) {
				loop_timer_set(libraries->again, 0);
			}
		}
	}
	save_records(libraries);
	if (changed && libraries->changed != NULL) {
		libraries->changed(libraries->user);
	}
}

/* --- Questions --- */

struct state_link *libraries_link(struct libraries *libraries)
{
	return &libraries->records.link;
}

size_t libraries_count(const struct libraries *libraries)
{
	return libraries->list.count;
}

const struct library *libraries_at(const struct libraries *libraries, size_t index)
{
	return index < libraries->list.count ? &libraries->list.items[index] : NULL;
}

void libraries_measure(struct libraries *libraries)
{
	for (size_t i = 0; i < libraries->list.count; i++) {
		struct library *library = &libraries->list.items[i];
		AUTO(close_fd) int fd = -1;
		struct error err;

		if (library->presence != LIBRARY_PRESENT) {
			continue;
		}
		fd = library_marker_open(library->root, library->id, &err);
		if (fd < 0 || !disk_free_bytes(fd, &library->free_bytes, &err)) {
			loop_timer_set(libraries->again, 0);
		}
	}
}

const char *libraries_default(const struct libraries *libraries)
{
	return libraries->library_path;
}

const struct strvec *libraries_extra(const struct libraries *libraries)
{
	return &libraries->library_extra;
}

const char *libraries_id_at(const struct libraries *libraries, const char *root)
{
	for (size_t i = 0; i < libraries->list.count; i++) {
		const struct library *library = &libraries->list.items[i];

		if (library->presence == LIBRARY_PRESENT && strcmp(library->root, root) == 0) {
			return library->id;
		}
	}
	return "";
}

const char *libraries_problem(const struct libraries *libraries, const char *root, const char *id)
{
	const struct library *library = library_list_find_id(&libraries->list, id, root);

	return library != NULL && library->presence != LIBRARY_PRESENT ? library->problem : "";
}

bool libraries_is_elsewhere(const struct libraries *libraries, const struct game *game)
{
	const struct library *library =
		library_list_find_id(&libraries->list, game->library, game->dir);

	return library != NULL && library->now_at != NULL;
}

/* Of a question that was asked: what was seen meanwhile is not lost. */
static void note(struct libraries *libraries, const struct library_access *access)
{
	save_records(libraries);
	if (access->is_news) {
		loop_timer_set(libraries->again, 0);
	}
}

static struct library_access access_to(struct libraries *libraries)
{
	return (struct library_access){ .context = &libraries->context, .list = &libraries->list };
}

bool libraries_check(
	struct libraries *libraries, const char *root, const char *id, struct error *err)
{
	struct library_access access = access_to(libraries);
	bool ok = library_access_to_root(&access, root, id, err);

	note(libraries, &access);
	return ok;
}

bool libraries_check_game(
	struct libraries *libraries, const struct game *game, const char *what, struct error *err)
{
	struct library_access access = access_to(libraries);
	bool ok = library_access_to_game(&access, game, what, err);

	note(libraries, &access);
	return ok;
}

char *libraries_name(const struct libraries *libraries, const char *root, const char *id)
{
	const struct library_record *record =
		library_records_holding(&libraries->records, id, root);

	return xstrdup(record != NULL && json_is_given(record->name) ? record->name : root);
}

void libraries_explain(
	struct libraries *libraries, const char *root, const char *id, struct error *err)
{
	struct library_access access = access_to(libraries);

	library_access_explain(&access, root, id, err);
	note(libraries, &access);
}

/* --- Claiming --- */

/* What has just become of a place, without a look at the others. */
static void update_listed(struct libraries *libraries, struct library *now)
{
	for (size_t i = 0; i < libraries->list.count; i++) {
		struct library *listed = &libraries->list.items[i];

		if (strcmp(listed->place, now->place) == 0 && *listed->id == '\0') {
			now->is_default = listed->is_default;
			now->is_setting = listed->is_setting;
			library_finish(listed);
			*listed = *now;
			*now = (struct library){ 0 };
			break;
		}
	}
	/* Its folders are to be watched, too. */
	loop_timer_set(libraries->again, 0);
}

/* The configured library whose folder is root now. */
static bool look_at_root(struct libraries *libraries, const char *root, struct library *library,
	struct library_sight *sight)
{
	AUTO(strvec_finish) struct strvec places = { 0 };

	list_places(libraries, &places);
	for (size_t i = 0; i < places.count; i++) {
		library_look(library, sight, &libraries->context, places.items[i]);
		if (strcmp(sight->root, root) == 0) {
			return true;
		}
		library_finish(library);
		library_sight_finish(sight);
	}
	return false;
}

void libraries_explain_path(struct libraries *libraries, const char *path, struct error *err)
{
	AUTO(library_sight_finish) struct library_sight sight = { 0 };
	AUTO(library_finish) struct library now = { 0 };
	AUTO(free_ptr) char *expanded = path_expand_home(path, libraries->home);
	AUTO(free_ptr) char *resolved = install_dir_resolve(expanded);
	const struct library *listed =
		resolved != NULL ? library_list_at(&libraries->list, resolved) : NULL;
	struct error why = { 0 };

	if (listed == NULL) {
		return;
	}
	library_look(&now, &sight, &libraries->context, listed->place);
	if (!library_check_claimable(&now, &sight, &why)) {
		*err = why;
	}
}

bool libraries_claim(struct libraries *libraries, const char *root, char **id, struct error *err)
{
	AUTO(library_sight_finish) struct library_sight sight = { 0 };
	AUTO(library_finish) struct library library = { 0 };
	AUTO(library_finish) struct library begun = { 0 };
	AUTO(close_fd) int fd = -1;
	bool ok;

	*id = NULL;
	if (!state_link_ready(&libraries->records.link, err)) {
		return false;
	}
	if (!look_at_root(libraries, root, &library, &sight)) {
		return error_set(err, ERROR_CONFLICT, "'%s' is not a library", root);
	}
	if (!library_check_claimable(&library, &sight, err)) {
		return false;
	}
	if (library.presence == LIBRARY_UNUSED) {
		ok = library_begin(&begun, &libraries->context, &library, err);
		if (ok) {
			*id = xstrdup(begun.id);
			update_listed(libraries, &begun);
		}
	} else {
		*id = xstrdup(library.id);
		fd = library_marker_open(root, library.id, err);
		ok = fd >= 0;
	}
	if (ok && strcmp(libraries_id_at(libraries, root), *id) != 0) {
		loop_timer_set(libraries->again, 0);
	}
	if (ok && libraries->context.records_changed) {
		ok = library_records_save(&libraries->records, err);
		libraries->context.records_changed = !ok;
	}
	if (!ok) {
		free(TAKE_PTR(*id));
	}
	return ok;
}

bool libraries_check_forgettable(
	const struct libraries *libraries, const char *id, struct error *err)
{
	for (size_t i = libraries->list.count; i > 0 && *id != '\0'; i--) {
		if (strcmp(libraries->list.items[i - 1].id, id) == 0 &&
			libraries->list.items[i - 1].presence != LIBRARY_AWAY) {
			error_set(err, ERROR_CONFLICT,
				"the library '%s' is there; delete its games instead",
				libraries->list.items[i - 1].place);
			return error_explain(err, "library_present", NULL);
		}
	}
	if (*id == '\0' || library_records_find(&libraries->records, id, NULL) == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "no library has the id '%s'", id);
	}
	return true;
}

bool libraries_forget(struct libraries *libraries, const char *id, struct error *err)
{
	if (!libraries_check_forgettable(libraries, id, err)) {
		return false;
	}
	for (size_t i = libraries->records.libraries_count; i > 0; i--) {
		if (strcmp(libraries->records.libraries[i - 1].id, id) == 0) {
			library_records_drop(&libraries->records, i - 1);
		}
	}
	libraries->context.records_changed = true;
	if (!library_records_save(&libraries->records, err)) {
		return false;
	}
	libraries->context.records_changed = false;
	loop_timer_set(libraries->again, 0);
	return true;
}

int library_open(const char *root, const char *id, struct error *err)
{
	return library_marker_open(root, id, err);
}

bool library_free_bytes(int fd, int64_t *free_bytes, struct error *err)
{
	return disk_free_bytes(fd, free_bytes, err);
}
