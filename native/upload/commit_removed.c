#include "upload/commit_removed.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_file.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file on both ends. */
struct ends {
	const char *path;	  /* of a file in the open folders; NULL: none are open */
	int game_fd, previous_fd; /* −1: there is no such folder */
};

static void ends_finish(struct ends *ends)
{
	if (ends->path != NULL) {
		close_fd(&ends->game_fd);
		close_fd(&ends->previous_fd);
	}
	*ends = (struct ends){ 0 };
}

/* *fd is −1 if it does not exist. */
static bool open_folder(int at_fd, const char *path, bool make, int *fd, struct error *err)
{
	struct error why = { 0 };

	*fd = at_fd < 0 ? -1 : beneath_open_parent(at_fd, path, make, &why);
	/* A file may be where a folder was: then there is no such folder. */
	return *fd >= 0 || at_fd < 0 || why.kind == ERROR_NOT_FOUND ||
	       (why.kind == ERROR_INVALID && !make) || error_set(err, why.kind, "%s", why.message);
}

static bool enter(struct ends *ends, const struct commit_place *place, const char *path,
	bool make_game, bool make_previous, struct error *err)
{
	AUTO(free_ptr) char *previous = xasprintf("%s/%s", UPLOAD_STAGING_PREVIOUS, path);

	if (ends->path != NULL && commit_place_same_folder(ends->path, path)) {
		return true;
	}
	ends_finish(ends);
	ends->game_fd = ends->previous_fd = -1;
	ends->path = path;
	return open_folder(place->dir_fd, previous, make_previous, &ends->previous_fd, err) &&
	       open_folder(place->game_fd, path, make_game, &ends->game_fd, err);
}

bool commit_removed_room(const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(ends_finish) struct ends ends = { 0 };

	/* What an earlier attempt has left are empty files. */
	if (!beneath_remove_tree(place->dir_fd, UPLOAD_STAGING_PREVIOUS, err)) {
		return false;
	}
	for (size_t i = 0; i < record->removed_count; i++) {
		const char *path = record->removed[i].path;
		int fd;

		if (!enter(&ends, place, path, false, true, err)) {
			return false;
		}
		fd = openat(ends.previous_fd, path_base(path),
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0 || close(fd) != 0) {
			return error_set_errno(err, "cannot make room for the removed '%s'", path);
		}
	}
	return true;
}

static bool take(const struct commit_place *place, const struct ends *ends,
	const struct installed_file *file, struct error *err)
{
	const char *name = path_base(file->path);
	struct stat stat;
	bool there;

	if (!commit_place_stat(ends->game_fd, name, &there, &stat, err)) {
		return false;
	}
	return !there || !installed_file_is_untouched(file, &stat) ||
	       renameat(ends->game_fd, name, ends->previous_fd, name) == 0 ||
	       commit_file_refuse(place, file->path, err);
}

/* "cleared" of the record: what is not empty any more is refused when a file has to go there. */
static void clear_folders(const struct commit_place *place)
{
	const struct strvec *cleared = &place->record->cleared;

	for (size_t i = 0; i < cleared->count; i++) {
		AUTO(close_fd)
		int fd = beneath_open_parent(place->game_fd, cleared->items[i], false, NULL);

		if (fd >= 0) {
			unlinkat(fd, path_base(cleared->items[i]), AT_REMOVEDIR);
		}
	}
}

bool commit_removed_take(const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(ends_finish) struct ends ends = { 0 };

	if (place->game_fd < 0) {
		return true;
	}
	for (size_t i = 0; i < record->removed_count; i++) {
		const struct installed_file *file = &record->removed[i];

		/* The room is there unless it was lost with the power. */
		if (!enter(&ends, place, file->path, false, true, err) ||
			!take(place, &ends, file, err)) {
			return false;
		}
	}
	clear_folders(place);
	return true;
}

/* Has something been moved there? Else it only keeps an entry free. */
static bool is_taken(const struct commit_record *record, const struct installed_file *file,
	const struct stat *stat, bool in_game)
{
	if (stat->st_size > 0) {
		return true;
	}
	return record->exchange || (stat->st_mode & 0777) != 0 ? (stat->st_mode & 0777) != 0
							       : file->size_bytes == 0 && !in_game;
}

static bool give_back(const struct commit_place *place, struct ends *ends,
	const struct installed_file *file, struct error *err)
{
	const char *name = path_base(file->path);
	struct stat previous, game;
	bool there, in_game;

	if (!commit_place_stat(ends->previous_fd, name, &there, &previous, err) ||
		!commit_place_stat(ends->game_fd, name, &in_game, &game, err)) {
		return false;
	}
	if (!there || !is_taken(place->record, file, &previous, in_game)) {
		return true;
	}
	if (in_game) {
		errno = EEXIST;
		return commit_file_refuse(place, file->path, err);
	}
	if (ends->game_fd < 0) {
		ends_finish(ends);
		if (!enter(ends, place, file->path, true, false, err)) {
			return false;
		}
	}
	return renameat(ends->previous_fd, name, ends->game_fd, name) == 0 ||
	       commit_file_refuse(place, file->path, err);
}

static bool make_cleared(const struct commit_place *place, struct error *err)
{
	const struct strvec *cleared = &place->record->cleared;

	for (size_t i = cleared->count; i-- > 0;) {
		AUTO(close_fd)
		int fd = beneath_open_parent(place->game_fd, cleared->items[i], true, err);

		if (fd < 0) {
			return false;
		}
		if (mkdirat(fd, path_base(cleared->items[i]), 0755) != 0 && errno != EEXIST) {
			return commit_file_refuse(place, cleared->items[i], err);
		}
	}
	return true;
}

bool commit_removed_back(const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(ends_finish) struct ends ends = { 0 };

	if (place->game_fd < 0 || record->removed_count == 0) {
		return true;
	}
	if (place->moving && !make_cleared(place, err)) {
		return false;
	}
	for (size_t i = 0; i < record->removed_count && place->moving; i++) {
		if (!enter(&ends, place, record->removed[i].path, false, false, err) ||
			!give_back(place, &ends, &record->removed[i], err)) {
			return false;
		}
	}
	return commit_removed_sync(place, err) &&
	       beneath_remove_tree(place->dir_fd, UPLOAD_STAGING_PREVIOUS, err);
}

/* --- Durability --- */

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

static bool sync_below(const struct commit_place *place, int dir_fd, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(free_ptr) const char **paths = xcalloc(record->removed_count, sizeof(char *));
	size_t count = 0;

	for (size_t i = 0; i < record->removed_count; i++) {
		const char *path = record->removed[i].path;
		AUTO(close_fd) int fd = -1;

		if (count > 0 && commit_place_same_folder(paths[count - 1], path)) {
			continue;
		}
		/* One that has gone holds no name. */
		fd = beneath_open_parent(dir_fd, path, false, NULL);
		if (fd >= 0) {
			paths[count++] = path;
		}
	}
	return beneath_sync_folders(dir_fd, path_at, count, paths, err);
}

bool commit_removed_sync(const struct commit_place *place, struct error *err)
{
	AUTO(close_fd) int fd = -1;

	if (place->record->removed_count == 0 || place->game_fd < 0) {
		return true;
	}
	fd = beneath_open(place->dir_fd, UPLOAD_STAGING_PREVIOUS, O_RDONLY | O_DIRECTORY, 0, NULL);
	return (fd < 0 || sync_below(place, fd, err)) && sync_below(place, place->game_fd, err);
}

void commit_removed_tidy(const struct commit_place *place)
{
	const struct commit_record *record = place->record;

	for (size_t i = 0; i < record->removed_count && place->game_fd >= 0; i++) {
		AUTO(free_ptr) char *folder = xstrdup(record->removed[i].path);
		char *slash;

		while ((slash = strrchr(folder, '/')) != NULL) {
			AUTO(close_fd) int fd = -1;

			*slash = '\0';
			if (strvec_contains(&record->empty, folder)) {
				break; /* the new build has it */
			}
			fd = beneath_open_parent(place->game_fd, folder, false, NULL);
			if (fd < 0 || unlinkat(fd, path_base(folder), AT_REMOVEDIR) != 0) {
				break;
			}
		}
	}
}
