#include "upload/commit_empty.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Length of the folder that is moved as a whole and has path in it; −1: there is none. */
static ssize_t moved_with(const struct commit_record *record, const char *path)
{
	for (size_t i = 0; i < record->folders.count; i++) {
		const char *folder = record->folders.items[i];
		size_t length = strcmp(folder, ".") == 0 ? 0 : strlen(folder);

		if (length == 0 || (strncmp(folder, path, length) == 0 &&
					   (path[length] == '/' || path[length] == '\0'))) {
			return (ssize_t)length;
		}
	}
	return -1;
}

/* Makes a folder and those on the way to it. */
static bool make_whole(int dir_fd, const char *path, struct error *err)
{
	AUTO(free_ptr) char *inside = xasprintf("%s/x", path);
	struct error why = { 0 };
	AUTO(close_fd) int fd = beneath_open_parent(dir_fd, inside, true, &why);

	return fd >= 0 || error_set_because(err, &why, "cannot make the empty folder '%s': %s",
				  path, why.message);
}

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

/* --- Before the promise --- */

/*
 * Which of the folders on the way to path, itself included, does the game not have? before: the
 * path that was looked at before; what they share has been.
 */
static bool look_at(const struct commit_place *place, struct commit_record *record,
	const char *before, const char *path, struct error *err)
{
	AUTO(free_ptr) char *folder = xasprintf("%s/", path);
	char *slash = folder + beneath_shared_folders(before, path);
	bool is_file = false; /* of the old build, and removed by then */

	slash += *slash == '/';
	while ((slash = strchr(slash, '/')) != NULL) {
		struct error why = { 0 };
		struct stat stat;

		*slash = '\0';
		is_file |= commit_record_removes(record, folder);
		if (is_file) {
			strvec_push(&record->empty_made, folder);
		} else if (!beneath_stat(place->game_fd, folder, &stat, &why)) {
			if (why.kind != ERROR_NOT_FOUND) {
				return error_pass(err, &why);
			}
			strvec_push(&record->empty_made, folder);
		} else if (!S_ISDIR(stat.st_mode)) {
			return error_set(err, ERROR_CONFLICT,
				"'%s' in '%s' is %s, but the game has a folder of that name; move "
				"it away and try again",
				folder, record->dir, S_ISLNK(stat.st_mode) ? "a link" : "a file");
		}
		*slash++ = '/';
	}
	return true;
}

bool commit_empty_plan(
	const struct commit_place *place, struct commit_record *record, struct error *err)
{
	const char *before = "";

	strvec_finish(&record->empty_made);
	for (size_t i = 0; i < record->empty.count; i++) {
		const char *path = record->empty.items[i];

		if (moved_with(record, path) >= 0) {
			continue;
		}
		if (!look_at(place, record, before, path, err)) {
			return false;
		}
		before = path;
	}
	return true;
}

bool commit_empty_stage(
	const struct commit_place *place, const struct commit_record *record, struct error *err)
{
	AUTO(free_ptr) const char **staged = xcalloc(record->empty.count + 1, sizeof(char *));
	size_t count = 0;

	for (size_t i = 0; i < record->empty.count; i++) {
		const char *path = record->empty.items[i];

		if (moved_with(record, path) < 0) {
			continue;
		}
		if (!make_whole(place->files_fd, path, err)) {
			return false;
		}
		staged[count++] = path;
	}
	return count == 0 || beneath_sync_folders(place->files_fd, path_at, count, staged, err);
}

/* Is there still a file in its place, which goes first? Then it is made after that. */
static bool is_taken(const struct commit_record *record, const char *path)
{
	AUTO(free_ptr) char *folder = xasprintf("%s/", path);
	char *slash = folder;

	while ((slash = strchr(slash, '/')) != NULL) {
		*slash = '\0';
		if (commit_record_removes(record, folder)) {
			return true;
		}
		*slash++ = '/';
	}
	return false;
}

bool commit_empty_make(const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;

	for (size_t i = 0; i < record->empty_made.count; i++) {
		const char *path = record->empty_made.items[i];
		AUTO(close_fd) int fd = -1;

		if (is_taken(record, path)) {
			continue;
		}
		fd = beneath_open_parent(place->game_fd, path, false, err);
		if (fd < 0) {
			return false;
		}
		if (mkdirat(fd, path_base(path), 0755) != 0) {
			return errno == EEXIST
				       ? error_set(err, ERROR_CONFLICT,
						 "'%s' has just appeared in '%s'; complete the "
						 "upload again",
						 path, record->dir)
				       : error_set_errno(err, "cannot make the folder '%s' in '%s'",
						 path, record->dir);
		}
	}
	return true;
}

/* --- After it --- */

bool commit_empty_settle(const struct commit_place *place, struct error *err)
{
	const struct strvec *empty = &place->record->empty;

	/* A folder that could not be moved as a whole has left its empty ones behind. */
	for (size_t i = 0; i < empty->count; i++) {
		if (!make_whole(place->game_fd, empty->items[i], err)) {
			return false;
		}
	}
	return empty->count == 0 || beneath_sync_folders(place->game_fd, path_at, empty->count,
					    (const char *const *)empty->items, err);
}

/* What is not empty, or not there, stays as it is. */
static bool remove_empty(const struct commit_place *place, const char *path)
{
	AUTO(close_fd) int fd = beneath_open_parent(place->game_fd, path, false, NULL);

	return fd >= 0 && unlinkat(fd, path_base(path), AT_REMOVEDIR) == 0;
}

void commit_empty_back(const struct commit_place *place)
{
	const struct commit_record *record = place->record;

	if (place->game_fd < 0) {
		return;
	}
	/* Children after their parents. */
	for (size_t i = record->empty_made.count; i-- > 0;) {
		remove_empty(place, record->empty_made.items[i]);
	}
	for (size_t i = record->empty.count; i-- > 0;) {
		AUTO(free_ptr) char *folder = xstrdup(record->empty.items[i]);
		ssize_t top = moved_with(record, folder);
		char *slash;

		while (top >= 0 && (ssize_t)strlen(folder) > top && remove_empty(place, folder) &&
			(slash = strrchr(folder, '/')) != NULL) {
			*slash = '\0';
		}
	}
}
