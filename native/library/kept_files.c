#define LOG_MODULE "kept"

#include "library/kept_files.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/steady_clock.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/libraries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each look counts the time that has passed for every place, and writes it down. */
#define LOOK_AGAIN_MS (60 * 60 * 1000)

struct kept_files {
	struct game_registry *registry;
	struct libraries *libraries;
	int64_t expire_after_ms;
	struct loop_timer *timer;
	int64_t counted_at_ms; /* by the steady clock: the last look … */
	struct strvec counted; /* … and the ids that it has seen */
};

/* --- Looking --- */

typedef void visit_place(void *user, int place_fd, const char *folder, struct kept_record *record);

static void list_names(int dir_fd, const char *path, struct strvec *names)
{
	int fd = beneath_open(dir_fd, path, O_RDONLY | O_DIRECTORY, 0, NULL);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (fd >= 0 && folder == NULL) {
		close(fd);
	}
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.') {
			strvec_push(names, entry->d_name);
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
}

/* The record goes first: without it the folder counts for nothing. */
static void remove_place(int root_fd, const char *folder)
{
	AUTO(close_fd) int fd = beneath_open(root_fd, folder, O_RDONLY | O_DIRECTORY, 0, NULL);
	AUTO(free_ptr) char *game = path_parent(folder);
	AUTO(close_fd) int parent_fd = beneath_open_parent(root_fd, game, false, NULL);

	if (fd >= 0 && (unlinkat(fd, KEPT_RECORD, 0) == 0 || errno == ENOENT)) {
		sync_folder(fd);
		beneath_remove_tree(root_fd, folder, NULL);
	}
	if (parent_fd >= 0) {
		unlinkat(parent_fd, path_base(game), AT_REMOVEDIR); /* if it was the last */
	}
}

/* What has no record is left of one that was being removed. */
static void visit_one(int root_fd, const char *folder, visit_place *visit, void *user)
{
	AUTO(close_fd) int fd = beneath_open(root_fd, folder, O_RDONLY | O_DIRECTORY, 0, NULL);
	AUTO(kept_record_finish) struct kept_record record = { 0 };
	struct error err = { 0 };
	struct stat stat;

	if (fd < 0) {
		return;
	}
	if (!kept_record_read(&record, fd, &err)) {
		if (err.kind == ERROR_NOT_FOUND) {
			beneath_remove_tree(root_fd, folder, NULL);
		} else {
			log_warning("'%s' cannot be read: %s", folder, err.message);
		}
		return;
	}
	if (record.previous_files > 0 && fstatat(fd, KEPT_PREVIOUS, &stat, 0) != 0 &&
		errno == ENOENT) {
		/* It is becoming the installed one; if that is refused it comes back. */
		record.previous_files = record.previous_bytes = 0;
	}
	visit(user, fd, folder, &record);
}

static void visit_all(int root_fd, visit_place *visit, void *user)
{
	AUTO(strvec_finish) struct strvec games = { 0 };

	list_names(root_fd, KEPT_FOLDER, &games);
	for (size_t i = 0; i < games.count; i++) {
		AUTO(free_ptr) char *game = path_join(KEPT_FOLDER, games.items[i]);
		AUTO(strvec_finish) struct strvec times = { 0 };

		list_names(root_fd, game, &times);
		for (size_t n = 0; n < times.count; n++) {
			AUTO(free_ptr) char *folder = path_join(game, times.items[n]);

			visit_one(root_fd, folder, visit, user);
		}
	}
}

/* --- Removing --- */

static void drop_part(
	int root_fd, int place_fd, const char *folder, struct kept_record *record, const char *part)
{
	struct error err = { 0 };

	if (record->player_count == 0 && record->previous_files == 0) {
		remove_place(root_fd, folder);
	} else if (kept_record_write(record, place_fd, &err)) {
		beneath_remove_tree(place_fd, part, NULL);
	} else {
		log_warning("'%s' cannot be written: %s", folder, err.message);
	}
}

static void forget_player(struct kept_record *record)
{
	for (size_t i = 0; i < record->player_count; i++) {
		json_finish(&record->player[i], installed_file_fields);
	}
	record->player_count = 0;
}

struct previous_drop {
	int root_fd;
	const char *dir, *except_id;
	int64_t bytes;
};

static void count_previous(void *user, int place_fd, const char *folder, struct kept_record *record)
{
	((struct previous_drop *)user)->bytes += record->previous_bytes;
}

int64_t kept_files_previous_bytes(int root_fd)
{
	struct previous_drop drop = { .root_fd = root_fd };

	visit_all(root_fd, count_previous, &drop);
	return drop.bytes;
}

static void drop_previous(void *user, int place_fd, const char *folder, struct kept_record *record)
{
	const struct previous_drop *drop = user;

	if ((drop->dir != NULL && strcmp(record->dir, drop->dir) != 0) ||
		(drop->except_id != NULL && strcmp(path_base(folder), drop->except_id) == 0)) {
		return;
	}
	if (record->previous_files == 0) {
		/* Of the game's own, after an update: nothing is to come back there. */
		if (drop->dir != NULL && record->player_count == 0) {
			remove_place(drop->root_fd, folder);
		}
		return;
	}
	record->previous_files = record->previous_bytes = 0;
	drop_part(drop->root_fd, place_fd, folder, record, KEPT_PREVIOUS);
}

void kept_files_drop_previous(int root_fd, const char *dir, const char *except_id)
{
	struct previous_drop drop = { .root_fd = root_fd, .dir = dir, .except_id = except_id };

	visit_all(root_fd, drop_previous, &drop);
}

/* --- The list --- */

struct listing {
	struct kept_files *kept;
	const struct library *library;
	struct kept_list *list;
};

/* --- A game in another folder --- */

struct move {
	const char *from;
	const char *to;
	struct error *err;
	bool ok;
};

static void follow(void *user, int place_fd, const char *folder, struct kept_record *record)
{
	struct move *move = user;
	char *dir;

	if (path_is_within(record->dir, move->from)) {
		dir = xasprintf("%s%s", move->to, record->dir + strlen(move->from));
		free(record->dir);
		record->dir = dir;
		move->ok &= kept_record_write(record, place_fd, move->err);
	}
}

bool kept_files_follow(int root_fd, const char *from, const char *to, struct error *err)
{
	struct move move = { .from = from, .to = to, .err = err, .ok = true };

	visit_all(root_fd, follow, &move);
	return move.ok;
}

static int64_t passed_ms(const struct kept_files *kept, const char *id)
{
	/* One that has come since the last look is counted from the next one on. */
	return strvec_contains(&kept->counted, id) ? steady_clock_passed_ms(kept->counted_at_ms)
						   : 0;
}

static void list_place(void *user, int place_fd, const char *folder, struct kept_record *record)
{
	const struct listing *listing = user;
	struct kept_list *list = listing->list;
	const char *id = path_base(folder);
	struct kept_place *place;
	int64_t left_ms;

	if (game_registry_find(listing->kept->registry, record->dir) == NULL ||
		(record->player_count == 0 && record->previous_files == 0)) {
		return;
	}
	list->places = xrealloc(list->places, list->places_count + 1, sizeof(*list->places));
	place = &list->places[list->places_count++];
	left_ms = listing->kept->expire_after_ms - record->kept_ms - passed_ms(listing->kept, id);
	*place = (struct kept_place){ .root = xstrdup(listing->library->root),
		.library = xstrdup(listing->library->id),
		.folder = xstrdup(folder),
		.id = xstrdup(id),
		.record = *record,
		.expires_in_s = left_ms > 0 ? left_ms / 1000 : 0 };
	*record = (struct kept_record){ 0 };
	for (size_t i = 0; i < place->record.player_count; i++) {
		place->player_bytes += place->record.player[i].size_bytes;
	}
}

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const struct kept_place *)b)->id, ((const struct kept_place *)a)->id);
}

void kept_files_list(struct kept_files *kept, struct kept_list *list)
{
	for (size_t i = 0; i < libraries_count(kept->libraries); i++) {
		const struct library *library = libraries_at(kept->libraries, i);
		struct listing listing = { .kept = kept, .library = library, .list = list };
		AUTO(close_fd)
		int root_fd = library->presence == LIBRARY_PRESENT && !library->is_repeated
				      ? library_open(library->root, library->id, NULL)
				      : -1;

		if (root_fd >= 0) {
			visit_all(root_fd, list_place, &listing);
		}
	}
	if (list->places_count > 0) {
		qsort(list->places, list->places_count, sizeof(*list->places), compare_places);
	}
}

void kept_list_finish(struct kept_list *list)
{
	for (size_t i = 0; i < list->places_count; i++) {
		struct kept_place *place = &list->places[i];

		free(place->root);
		free(place->library);
		free(place->folder);
		free(place->id);
		kept_record_finish(&place->record);
	}
	free(list->places);
	*list = (struct kept_list){ 0 };
}

const struct kept_place *kept_list_find(
	const struct kept_list *list, const char *id, struct error *err)
{
	for (size_t i = 0; i < list->places_count; i++) {
		if (strcmp(list->places[i].id, id) == 0) {
			return &list->places[i];
		}
	}
	error_set(err, ERROR_NOT_FOUND, "nothing is kept under '%s'", id);
	return NULL;
}

/* --- Restoring --- */

/* Both ends of one file. */
struct swap {
	int from_fd, to_fd;
	const char *name;
};

static void swap_finish(struct swap *swap)
{
	close_fd(&swap->from_fd);
	close_fd(&swap->to_fd);
}

/* Where names cannot be exchanged; interrupted, the kept one is still there under one of two. */
static bool swap_in_three(const struct swap *swap)
{
	AUTO(free_ptr) char *by = xasprintf("%s.restoring", swap->name);

	return renameat(swap->from_fd, swap->name, swap->from_fd, by) == 0 &&
	       renameat(swap->to_fd, swap->name, swap->from_fd, swap->name) == 0 &&
	       renameat(swap->from_fd, by, swap->to_fd, swap->name) == 0;
}

/* *swapped: another file was there, and is kept now; *now: what is. */
static bool swap_file(const struct kept_place *place, int root_fd, const char *path, bool *swapped,
	struct stat *now, struct error *err)
{
	const char *dir = place->record.dir;
	AUTO(free_ptr)
	char *source = xasprintf("%s/" KEPT_PLAYER "/%s", place->folder, path);
	AUTO(free_ptr)
	char *target = xasprintf("%s/%s", dir + strlen(place->root) + 1, path);
	AUTO(swap_finish)
	struct swap swap = { .from_fd = beneath_open_parent(root_fd, source, false, err),
		.to_fd = -1,
		.name = path_base(path) };

	*swapped = false;
	if (swap.from_fd < 0) {
		return false;
	}
	swap.to_fd = beneath_open_parent(root_fd, target, true, err);
	if (swap.to_fd < 0) {
		return false;
	}
	*swapped = fstatat(swap.to_fd, swap.name, now, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*swapped && errno != ENOENT) {
		return error_set_errno(err, "cannot look at '%s' in '%s'", path, dir);
	}
	if (*swapped && S_ISDIR(now->st_mode)) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' in '%s' is a folder now; move it away and try again", path, dir);
	}
	if (*swapped ? renameat2(swap.from_fd, swap.name, swap.to_fd, swap.name, RENAME_EXCHANGE) !=
					0 &&
				(errno != EINVAL || !swap_in_three(&swap))
		     : renameat(swap.from_fd, swap.name, swap.to_fd, swap.name) != 0) {
		return errno == ENOENT
			       ? error_set(err, ERROR_NOT_FOUND, "'%s' is no longer kept", path)
			       : error_set_errno(err, "cannot restore '%s' in '%s'", path, dir);
	}
	return (sync_folder(swap.from_fd) && sync_folder(swap.to_fd)) ||
	       error_set_errno(err, "cannot flush the folders of '%s'", dir);
}

static bool restore_one(
	struct kept_place *place, int root_fd, size_t index, bool *stays, struct error *err)
{
	struct installed_file *file = &place->record.player[index];
	struct stat now;

	if (!swap_file(place, root_fd, file->path, stays, &now, err)) {
		return false;
	}
	if (*stays) {
		file->size_bytes = now.st_size;
		file->mtime_s = now.st_mtim.tv_sec;
		file->mtime_ns = now.st_mtim.tv_nsec;
	}
	return true;
}

/* Those that were swapped are still kept; the record follows. */
static bool restore_in(
	struct kept_place *place, int root_fd, const char *path, size_t *count, struct error *err)
{
	struct kept_record *record = &place->record;
	AUTO(close_fd)
	int fd = beneath_open(root_fd, place->folder, O_RDONLY | O_DIRECTORY, 0, err);
	size_t left = 0;
	bool ok = fd >= 0;

	for (size_t i = 0; fd >= 0 && i < record->player_count; i++) {
		struct installed_file file = record->player[i];
		bool stays = true;

		if (ok && (path == NULL || strcmp(path, file.path) == 0)) {
			ok = restore_one(place, root_fd, i, &stays, err);
			stays |= !ok;
			*count += ok;
			file = record->player[i];
		}
		/* Exchanged, so that the record still owns each. */
		record->player[i] = record->player[left];
		record->player[left] = file;
		left += stays;
	}
	while (fd >= 0 && record->player_count > left) {
		json_finish(&record->player[--record->player_count], installed_file_fields);
	}
	if (fd >= 0 && *count > 0) {
		if (record->player_count == 0 && record->previous_files == 0) {
			remove_place(root_fd, place->folder);
		} else {
			kept_record_write(
				record, fd, NULL); /* sizes, and what is no longer there */
		}
	}
	return ok &&
	       (*count > 0 || error_set(err, ERROR_NOT_FOUND, "no file '%s' of '%s' is kept there",
				      path != NULL ? path : "", record->game_name));
}

bool kept_files_restore(
	struct kept_files *kept, const char *id, const char *path, size_t *count, struct error *err)
{
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	const struct kept_place *found;
	struct kept_place *place;
	AUTO(close_fd) int root_fd = -1;

	*count = 0;
	kept_files_list(kept, &list);
	found = kept_list_find(&list, id, err);
	if (found == NULL) {
		return false;
	}
	place = &list.places[found - list.places];
	if (!path_is_within(place->record.dir, place->root)) {
		return error_set(err, ERROR_CONFLICT, "'%s' is no longer in the library '%s'",
			place->record.dir, place->root);
	}
	root_fd = library_open(place->root, place->library, err);
	return root_fd >= 0 && restore_in(place, root_fd, path, count, err);
}

bool kept_files_discard(struct kept_files *kept, const char *id, struct error *err)
{
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	const struct kept_place *found;
	struct kept_place *place;
	AUTO(close_fd) int root_fd = -1;
	AUTO(close_fd) int fd = -1;

	kept_files_list(kept, &list);
	found = kept_list_find(&list, id, err);
	root_fd = found == NULL ? -1 : library_open(found->root, found->library, err);
	fd = root_fd < 0 ? -1
			 : beneath_open(root_fd, found->folder, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0) {
		return false;
	}
	place = &list.places[found - list.places];
	forget_player(&place->record);
	drop_part(root_fd, fd, place->folder, &place->record, KEPT_PLAYER);
	return true;
}

/* --- Time --- */

struct look {
	struct kept_files *kept;
	int root_fd;
	const char *gone; /* of this game's folder, which is gone; NULL: what has expired */
	struct strvec *seen;
};

static void look_at(void *user, int place_fd, const char *folder, struct kept_record *record)
{
	const struct look *look = user;
	const char *id = path_base(folder);
	int64_t passed = passed_ms(look->kept, id);

	if (look->gone != NULL) {
		if (strcmp(record->dir, look->gone) == 0) {
			remove_place(look->root_fd, folder);
		}
		return;
	}
	strvec_push(look->seen, id);
	if (record->player_count == 0 ||
		game_registry_find(look->kept->registry, record->dir) == NULL) {
		return;
	}
	if (record->kept_ms + passed >= look->kept->expire_after_ms) {
		log_info("what was kept of '%s' in '%s' has expired", record->game_name, folder);
		forget_player(record);
		drop_part(look->root_fd, place_fd, folder, record, KEPT_PLAYER);
	} else if (passed > 0) {
		record->kept_ms += passed;
		kept_record_write(record, place_fd, NULL); /* at worst it is kept for longer */
	}
}

static void look_everywhere(struct kept_files *kept, const char *gone, struct strvec *seen)
{
	for (size_t i = 0; i < libraries_count(kept->libraries); i++) {
		const struct library *library = libraries_at(kept->libraries, i);
		AUTO(close_fd)
		int root_fd = library->presence == LIBRARY_PRESENT && library->writable
				      ? library_open(library->root, library->id, NULL)
				      : -1;
		struct look look = { .kept = kept, .root_fd = root_fd, .gone = gone, .seen = seen };

		if (root_fd >= 0) {
			visit_all(root_fd, look_at, &look);
		}
	}
}

static void count_time(struct kept_files *kept)
{
	struct strvec seen = { 0 };

	/* While the list of games cannot be read it is not known which are installed. */
	if (!state_link_ready(game_registry_link(kept->registry), NULL)) {
		return;
	}
	look_everywhere(kept, NULL, &seen);
	strvec_finish(&kept->counted);
	kept->counted = seen;
	kept->counted_at_ms = steady_clock_ms();
}

static void on_timer(void *user)
{
	struct kept_files *kept = user;

	count_time(kept);
	loop_timer_set(kept->timer, LOOK_AGAIN_MS);
}

void kept_files_forget_game(struct kept_files *kept, const char *dir)
{
	if (game_registry_find(kept->registry, dir) == NULL) {
		look_everywhere(kept, dir, NULL);
	}
}

struct kept_files *kept_files_create(const struct kept_files_options *options)
{
	struct kept_files *kept = xcalloc(1, sizeof(*kept));

	*kept = (struct kept_files){ .registry = options->registry,
		.libraries = options->libraries,
		.expire_after_ms = options->expire_after_ms,
		.timer = loop_timer_create(options->loop, on_timer, kept),
		.counted_at_ms = steady_clock_ms() };
	loop_timer_set(kept->timer, 0);
	return kept;
}

void kept_files_destroy(struct kept_files *kept)
{
	if (kept == NULL) {
		return;
	}
	count_time(kept);
	loop_timer_destroy(kept->timer);
	strvec_finish(&kept->counted);
	free(kept);
}

void kept_files_set_expiry(struct kept_files *kept, int64_t expire_after_ms)
{
	kept->expire_after_ms = expire_after_ms;
	loop_timer_set(kept->timer, 0);
}
