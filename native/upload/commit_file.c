#include "upload/commit_file.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- What is where --- */

/* Whose content a file has, as far as its size and time tell. */
enum whose {
	WHOSE_NONE, /* there is no file */
	WHOSE_NEW,
	WHOSE_OLD,
	WHOSE_UNKNOWN, /* e.g. one that the game has written since */
};

static bool has(const struct stat *stat, int64_t size_bytes, int64_t mtime_s, int64_t mtime_ns)
{
	return stat->st_size == size_bytes && stat->st_mtim.tv_sec == mtime_s &&
	       stat->st_mtim.tv_nsec == mtime_ns;
}

/*
 * The time may be lost with the power, and some file systems round it when they are mounted again:
 * the size alone tells too, unless both have the same.
 */
static enum whose judge(const struct installed_file *listed, const struct stat *stat)
{
	if (!S_ISREG(stat->st_mode)) {
		return WHOSE_UNKNOWN;
	}
	if (has(stat, listed->size_bytes, listed->mtime_s, listed->mtime_ns)) {
		return WHOSE_NEW;
	}
	if (has(stat, listed->was_bytes, listed->was_mtime_s, listed->was_mtime_ns)) {
		return WHOSE_OLD;
	}
	if (listed->size_bytes == listed->was_bytes) {
		return WHOSE_UNKNOWN;
	}
	return stat->st_size == listed->size_bytes  ? WHOSE_NEW
	       : stat->st_size == listed->was_bytes ? WHOSE_OLD
						    : WHOSE_UNKNOWN;
}

/* One that keeps an entry free. FAT keeps no permissions. */
static bool is_placeholder(const struct commit_place *place, const struct stat *stat)
{
	return S_ISREG(stat->st_mode) && stat->st_size == 0 &&
	       ((stat->st_mode & 0777) == 0 || !place->record->exchange);
}

/* One file on both ends. */
struct ends {
	const struct installed_file *listed;
	const char *name;
	int from_fd, to_fd;
	enum whose staged, installed; /* what has its name in staging, and in the game */
	struct stat from, to;
};

static bool look_at(int dir_fd, const char *name, const struct installed_file *listed,
	struct stat *stat, enum whose *whose, struct error *err)
{
	bool there;

	if (!commit_place_stat(dir_fd, name, &there, stat, err)) {
		return false;
	}
	*whose = there ? judge(listed, stat) : WHOSE_NONE;
	return true;
}

static bool look(struct ends *ends, const struct commit_folder *folder,
	const struct installed_file *listed, struct error *err)
{
	*ends = (struct ends){ .listed = listed,
		.name = path_base(listed->path),
		.from_fd = folder->from_fd,
		.to_fd = folder->to_fd };
	return look_at(ends->from_fd, ends->name, listed, &ends->from, &ends->staged, err) &&
	       look_at(ends->to_fd, ends->name, listed, &ends->to, &ends->installed, err);
}

/* Has it been exchanged? Then what is staged is the old one. */
static bool is_exchanged(const struct ends *ends)
{
	return ends->staged == WHOSE_OLD ||
	       (ends->staged == WHOSE_UNKNOWN && ends->installed == WHOSE_NEW);
}

bool commit_file_refuse(const struct commit_place *place, const char *path, struct error *err)
{
	if (errno == EPERM || errno == EACCES || errno == EXDEV || errno == EBUSY ||
		errno == EISDIR || errno == ENOTDIR || errno == ENOTEMPTY || errno == EEXIST) {
		char reason[128];

		return error_set(err, ERROR_CONFLICT,
			"'%s' in '%s' is in the way and cannot be replaced (%s); move it away and "
			"try again",
			path, place->record->dir, strerror_r(errno, reason, sizeof(reason)));
	}
	return error_set_errno(err, "cannot move '%s' into '%s'", path, place->record->dir);
}

bool commit_file_lost(const char *path, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
		"the received data of '%s' is gone; start the upload again", path);
}

static bool rename_to(int from_fd, int to_fd, const char *name)
{
	return renameat(from_fd, name, to_fd, name) == 0;
}

static bool exchange(int from_fd, int to_fd, const char *name)
{
	return renameat2(from_fd, name, to_fd, name, RENAME_EXCHANGE) == 0;
}

/* The folder for the replaced file. */
static int open_replaced(const struct commit_place *place, const char *path, struct error *err)
{
	AUTO(free_ptr) char *inside = xasprintf("%s/%s", UPLOAD_STAGING_REPLACED, path);

	return beneath_open_parent(place->dir_fd, inside, true, err);
}

/*
 * Is the old file where replace_in_two() puts it? *old_fd: the folder for it. Only an old file has
 * bytes.
 */
static bool find_replaced(const struct commit_place *place, const struct ends *ends, int *old_fd,
	bool *there, bool *has_bytes, struct error *err)
{
	struct stat old;

	*old_fd = open_replaced(place, ends->listed->path, err);
	if (*old_fd < 0 || !commit_place_stat(*old_fd, ends->name, there, &old, err)) {
		return false;
	}
	*has_bytes = *there && old.st_size > 0;
	*there = *there && !(old.st_size == 0 && (old.st_mode & 0777) == 0);
	return true;
}

/* Without an exchange: the old file is put by, then the new one takes its name. */
static bool replace_in_two(
	const struct commit_place *place, const struct ends *ends, struct error *err)
{
	AUTO(close_fd) int old_fd = -1;
	bool there, has_bytes;

	if (!find_replaced(place, ends, &old_fd, &there, &has_bytes, err)) {
		return false;
	}
	/* If the old file is put by, what has the name now came after it. */
	return ((ends->installed == WHOSE_NONE || has_bytes ||
			rename_to(ends->to_fd, old_fd, ends->name)) &&
		       rename_to(ends->from_fd, ends->to_fd, ends->name)) ||
	       commit_file_refuse(place, ends->listed->path, err);
}

/* --- Forward --- */

/* Nothing is staged: was it moved? */
static bool is_moved(const struct commit_place *place, const struct ends *ends, bool replaces)
{
	if (commit_place_is_one_way(place)) {
		return ends->installed != WHOSE_NONE && S_ISREG(ends->to.st_mode) &&
		       (ends->listed->size_bytes == 0 ||
			       installed_file_is_untouched(ends->listed, &ends->to));
	}
	if (ends->installed == WHOSE_NONE) {
		return false;
	}
	/* The game may have written it since. */
	return replaces ? ends->installed != WHOSE_OLD
			: !is_placeholder(place, &ends->to) ||
				  (ends->listed->size_bytes == 0 && (ends->to.st_mode & 0777) != 0);
}

/* The whole of what may be found, after an interruption. */
static bool move_again(const struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, bool replaces, struct error *err)
{
	bool exchanges = replaces && place->record->exchange;
	struct ends ends;

	if (!look(&ends, folder, file, err)) {
		return false;
	}
	if (ends.staged == WHOSE_NONE) {
		return is_moved(place, &ends, replaces) || commit_file_lost(file->path, err);
	}
	if (exchanges && is_exchanged(&ends) && ends.installed != WHOSE_NONE) {
		return true;
	}
	if (ends.staged == WHOSE_OLD && exchanges) {
		return commit_file_lost(file->path, err); /* and what replaced it is gone */
	}
	if (ends.installed != WHOSE_NONE && S_ISDIR(ends.to.st_mode)) {
		errno = EISDIR; /* it could be exchanged, and would go with the staging */
		return commit_file_refuse(place, file->path, err);
	}
	if (replaces && !exchanges) {
		return replace_in_two(place, &ends, err);
	}
	return (exchanges && ends.installed != WHOSE_NONE
			       ? exchange(ends.from_fd, ends.to_fd, ends.name)
			       : rename_to(ends.from_fd, ends.to_fd, ends.name)) ||
	       commit_file_refuse(place, file->path, err);
}

bool commit_file_move(const struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, bool again, struct error *err)
{
	const char *name = path_base(file->path);

	if (!again && (place->record->exchange || file->added) && folder->from_fd >= 0) {
		if (file->added ? rename_to(folder->from_fd, folder->to_fd, name)
				: exchange(folder->from_fd, folder->to_fd, name)) {
			return true;
		}
		if (errno != ENOENT) {
			return commit_file_refuse(place, file->path, err);
		}
	}
	return move_again(place, folder, file, !file->added, err);
}

bool commit_file_put(const struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, struct error *err)
{
	return move_again(place, folder, file, false, err);
}

/* --- Back --- */

/* The new file back to staging, and the old one from where replace_in_two() put it. */
static bool back_in_two(
	const struct commit_place *place, const struct ends *ends, struct error *err)
{
	AUTO(close_fd) int old_fd = -1;
	bool there, has_bytes, ok = true;
	bool in_place = ends->staged != WHOSE_NONE && ends->installed != WHOSE_NONE;

	if (!find_replaced(place, ends, &old_fd, &there, &has_bytes, err)) {
		return false;
	}
	if (ends->staged == WHOSE_NONE && ends->from_fd >= 0 &&
		(ends->installed == WHOSE_NEW || (ends->installed == WHOSE_UNKNOWN && there))) {
		ok = rename_to(ends->to_fd, ends->from_fd, ends->name);
	}
	/* Where no permissions are kept an empty file may only keep an entry free. */
	if (ok && there && (!in_place || has_bytes)) {
		ok = rename_to(old_fd, ends->to_fd, ends->name);
	}
	return ok || commit_file_refuse(place, ends->listed->path, err);
}

static bool back_by_exchange(
	const struct commit_place *place, const struct ends *ends, struct error *err)
{
	bool ok = true;

	if (is_exchanged(ends)) {
		ok = ends->installed != WHOSE_NONE
			     ? exchange(ends->from_fd, ends->to_fd, ends->name)
			     : rename_to(ends->from_fd, ends->to_fd, ends->name);
	} else if (ends->staged == WHOSE_NONE && ends->installed == WHOSE_NEW &&
		   ends->from_fd >= 0) {
		ok = rename_to(ends->to_fd, ends->from_fd, ends->name);
	}
	return ok || commit_file_refuse(place, ends->listed->path, err);
}

/* A file that the old build did not have. */
static bool back_added(const struct commit_place *place, const struct ends *ends, struct error *err)
{
	bool ok = true;

	if (ends->installed == WHOSE_NONE) {
		return true;
	}
	if (is_placeholder(place, &ends->to)) {
		ok = unlinkat(ends->to_fd, ends->name, 0) == 0 || errno == ENOENT;
	} else if (ends->staged == WHOSE_NONE && ends->installed == WHOSE_NEW &&
		   ends->from_fd >= 0 && place->moving) {
		ok = rename_to(ends->to_fd, ends->from_fd, ends->name);
	}
	return ok || commit_file_refuse(place, ends->listed->path, err);
}

bool commit_file_back(struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, bool added, struct error *err)
{
	struct ends ends;

	if (!added && !place->moving) {
		return true;
	}
	if (!look(&ends, folder, file, err)) {
		return false;
	}
	if (folder->to_fd < 0) {
		place->doubtful |= ends.staged == WHOSE_OLD || ends.staged == WHOSE_UNKNOWN;
		return true;
	}
	if (added) {
		return back_added(place, &ends, err);
	}
	return place->record->exchange ? back_by_exchange(place, &ends, err)
				       : back_in_two(place, &ends, err);
}
