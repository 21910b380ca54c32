#include "core/atomic_file.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define NAMES_TRIED 1000
#define READ_BYTES 4096
#define RANDOM_CHARACTERS 6 /* of a temporary file's name */

bool sync_folder(int dir_fd)
{
	/* EINVAL: the file system does not support it, and loses nothing without it. */
	return fsync(dir_fd) == 0 || errno == EINVAL;
}

bool sync_dir(const char *path, struct error *err)
{
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return (fd >= 0 && sync_folder(fd)) ||
	       error_set_errno(err, "cannot flush the folder '%s'", path);
}

/* After mkdir() failed with that errno: is there a folder? Else false with errno. */
static bool is_folder(const char *path, int mkdir_errno)
{
	struct stat stat_of_path;

	if (stat(path, &stat_of_path) == 0) {
		if (S_ISDIR(stat_of_path.st_mode)) {
			return true;
		}
		errno = ENOTDIR;
	}
	if (mkdir_errno != EEXIST) {
		errno = mkdir_errno;
	}
	return false;
}

bool make_dirs(const char *path, mode_t mode, struct error *err)
{
	AUTO(free_ptr) char *partial = xstrdup(path);
	char *at = partial, after;

	do {
		int number;

		at += strspn(at, "/");
		at += strcspn(at, "/");
		after = *at;
		*at = '\0';
		number = mkdir(partial, mode) < 0 ? errno : 0;
		/*
		 * For an existing folder mkdir() may also fail with EROFS and the like, not only
		 * EEXIST.
		 */
		if (number != 0 && !is_folder(partial, number)) {
			return error_set_errno(err, "cannot create the folder '%s'", partial);
		}
		*at = after;
	} while (after != '\0');
	return true;
}

bool write_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return false;
		}
		at += written;
		length -= (size_t)written;
	}
	return true;
}

/* Creates "<name>.tmp-XXXXXX"; −1 with errno. */
static int open_temporary(int dir_fd, const char *name, char **temporary)
{
	for (unsigned i = 0; i < NAMES_TRIED; i++) {
		AUTO(free_ptr) char *random = random_hex(RANDOM_CHARACTERS);
		AUTO(free_ptr) char *fresh = xasprintf("%s.tmp-%s", name, random);
		int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd >= 0 || errno != EEXIST) {
			*temporary = TAKE_PTR(fresh);
			return fd;
		}
	}
	return -1;
}

/* Where the content is that a file had before it was replaced. */
enum before {
	BEFORE_NONE,	  /* there was no file */
	BEFORE_EXCHANGED, /* under the temporary name */
	BEFORE_LOST,	  /* the file system cannot exchange two names */
};

/* Moves the temporary file into place. False with errno: nothing has moved. */
static bool move_into_place(
	int dir_fd, const char *temporary, const char *name, enum before *before)
{
	struct stat stat;

	if (fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(stat.st_mode)) { /* it could be exchanged */
			errno = EISDIR;
			return false;
		}
		*before = BEFORE_EXCHANGED;
		if (renameat2(dir_fd, temporary, dir_fd, name, RENAME_EXCHANGE) == 0) {
			return true;
		}
		if (errno != EINVAL && errno != ENOSYS && errno != ENOENT) {
			return false;
		}
		*before = BEFORE_LOST;
	} else if (errno == ENOENT) {
		*before = BEFORE_NONE;
	} else {
		return false;
	}
	return renameat(dir_fd, temporary, dir_fd, name) == 0;
}

/* Undoes move_into_place(). False: the new content stays. */
static bool move_back(int dir_fd, const char *temporary, const char *name, enum before before)
{
	bool is_back = false;

	switch (before) {
	case BEFORE_NONE:
		is_back = unlinkat(dir_fd, name, 0) == 0;
		break;
	case BEFORE_EXCHANGED:
		is_back = renameat2(dir_fd, temporary, dir_fd, name, RENAME_EXCHANGE) == 0;
		break;
	case BEFORE_LOST:
		break;
	}
	sync_folder(dir_fd);
	return is_back;
}

/* shown: the file's name in errors. */
static bool replace_file(int dir_fd, const char *name, const char *shown, const void *data,
	size_t length, mode_t mode, struct error *err)
{
	AUTO(free_ptr) char *temporary = NULL;
	AUTO(close_fd) int fd = open_temporary(dir_fd, name, &temporary);
	enum before before = BEFORE_NONE;
	bool ok;

	if (fd < 0) {
		return error_set_errno(err, "cannot create a file to replace '%s'", shown);
	}
	if (fchmod(fd, mode) < 0 || !write_all(fd, data, length) || fsync(fd) < 0 ||
		!move_into_place(dir_fd, temporary, name, &before)) {
		error_set_errno(err, "cannot write '%s'", shown);
		unlinkat(dir_fd, temporary, 0);
		return false;
	}
	ok = sync_folder(dir_fd) || error_set_errno(err, "cannot flush the folder of '%s'", shown);
	if (!ok && !move_back(dir_fd, temporary, name, before)) {
		error_set_errno(err,
			"cannot flush the folder of '%s', and its new content may stay", shown);
	}
	if (before == BEFORE_EXCHANGED) {
		unlinkat(dir_fd, temporary, 0);
	}
	return ok;
}

bool atomic_file_write_at(int dir_fd, const char *name, const void *data, size_t length,
	mode_t mode, struct error *err)
{
	return replace_file(dir_fd, name, name, data, length, mode, err);
}

bool atomic_file_write(
	const char *path, const void *data, size_t length, mode_t mode, struct error *err)
{
	AUTO(free_ptr) char *folder = path_parent(path);
	AUTO(close_fd) int dir_fd = -1;

	if (!make_dirs(folder, 0700, err)) {
		return false;
	}
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		return error_set_errno(err, "cannot open the folder '%s'", folder);
	}
	return replace_file(dir_fd, path_base(path), path, data, length, mode, err);
}

/* Is it "<base>….tmp-XXXXXX"? */
static bool is_leftover(const char *name, const char *base)
{
	static const char mark[] = ".tmp-";
	size_t length = strlen(name);
	size_t tail = sizeof(mark) - 1 + RANDOM_CHARACTERS;

	return strncmp(name, base, strlen(base)) == 0 && length >= strlen(base) + tail &&
	       strncmp(name + length - tail, mark, sizeof(mark) - 1) == 0;
}

void atomic_file_sweep(const char *path, int age_s)
{
	AUTO(free_ptr) char *folder = path_parent(path);
	const char *base = path_base(path);
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	struct stat stat_buf;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (is_leftover(entry->d_name, base) &&
			fstatat(dirfd(dir), entry->d_name, &stat_buf, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(stat_buf.st_mode) && stat_buf.st_mtime <= time(NULL) - age_s) {
			unlinkat(dirfd(dir), entry->d_name, 0);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
}

/* Reads to the end; the length is 0 where the kernel generates the content. */
static bool read_all(
	int fd, size_t max_bytes, const char *shown, struct strbuf *content, struct error *err)
{
	for (;;) {
		size_t room = content->capacity > content->length
				      ? content->capacity - content->length
				      : READ_BYTES;
		size_t before = content->length;
		ssize_t got = read(fd, strbuf_extend(content, room), room);

		content->length = before + (got > 0 ? (size_t)got : 0);
		content->data[content->length] = '\0';
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set_errno(err, "cannot read '%s'", shown);
		}
		if (content->length > max_bytes) {
			return error_set(err, ERROR_TOO_LARGE, "'%s' is larger than %zu bytes",
				shown, max_bytes);
		}
		if (got == 0) {
			return true;
		}
	}
}

/* Files of sysfs are shorter than fstat() says. */
static bool is_in_sysfs(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) == 0 && system.f_type == SYSFS_MAGIC;
}

static bool not_found(const char *shown, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "file '%s' does not exist", shown);
}

static bool read_file(
	int fd, size_t max_bytes, const char *shown, struct strbuf *text, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf content = { 0 };
	struct stat before;

	if (fd < 0 || fstat(fd, &before) < 0) {
		return error_set_errno(err, "cannot open '%s'", shown);
	}
	if (!S_ISREG(before.st_mode)) {
		return error_set(err, ERROR_IO, "'%s' is not a regular file", shown);
	}
	if ((uintmax_t)before.st_size > max_bytes) {
		return error_set(
			err, ERROR_TOO_LARGE, "'%s' is larger than %zu bytes", shown, max_bytes);
	}
	if (!strbuf_try_reserve(&content, (size_t)before.st_size + 1)) {
		return error_set(err, ERROR_IO, "cannot read '%s': out of memory", shown);
	}
	if (!read_all(fd, max_bytes, shown, &content, err)) {
		return false;
	}
	if (content.length < (size_t)before.st_size && !is_in_sysfs(fd)) {
		return error_set(err, ERROR_IO,
			"'%s' was truncated while it was read: %zu bytes of %jd", shown,
			content.length, (intmax_t)before.st_size);
	}
	strbuf_move(text, &content);
	return true;
}

bool atomic_file_read(const char *path, size_t max_bytes, struct strbuf *text, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		switch (path_presence(path)) {
		case PATH_ABSENT:
			return not_found(path, err);
		case PATH_PRESENT:
			return error_set(err, ERROR_IO,
				"'%s' is a link that leads nowhere; is its disk away?", path);
		case PATH_UNKNOWN:
			break;
		}
	}
	return read_file(fd, max_bytes, path, text, err);
}

bool atomic_file_read_at(
	int dir_fd, const char *name, size_t max_bytes, struct strbuf *text, struct error *err)
{
	AUTO(close_fd)
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat found;

	if (fd < 0 && errno == ENOENT) {
		return not_found(name, err);
	}
	if (fd < 0 && errno == ELOOP) {
		return error_set(
			err, ERROR_INVALID, "'%s' is a symbolic link, which is not followed", name);
	}
	if (fd >= 0 && fstat(fd, &found) == 0 && !S_ISREG(found.st_mode)) {
		return error_set(err, ERROR_INVALID, "'%s' is not a regular file", name);
	}
	return read_file(fd, max_bytes, name, text, err);
}

/* The name under which path is kept; caller frees. */
static char *corrupt_name(const char *path, unsigned try)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm utc;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	return try == 1 ? xasprintf("%s.corrupt-%s", path, stamp)
			: xasprintf("%s.corrupt-%s-%u", path, stamp, try);
}

bool atomic_file_set_aside(const char *path, char **kept_as, struct error *err)
{
	for (unsigned i = 1; i <= NAMES_TRIED; i++) {
		AUTO(free_ptr) char *name = corrupt_name(path, i);
		int result = renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE);

		if (result < 0 && (errno == EINVAL || errno == ENOSYS)) {
			result = rename(path, name); /* the file system does not know the flag */
		}
		if (result == 0) {
			if (kept_as != NULL) {
				*kept_as = TAKE_PTR(name);
			}
			return true;
		}
		if (errno != EEXIST) {
			break;
		}
	}
	return error_set_errno(err, "cannot set '%s' aside", path);
}

bool atomic_file_copy_aside(
	const char *path, const void *data, size_t length, char **kept_as, struct error *err)
{
	for (unsigned i = 1; i <= NAMES_TRIED; i++) {
		AUTO(free_ptr) char *name = corrupt_name(path, i);

		if (faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			continue;
		}
		if (!atomic_file_write(name, data, length, 0600, err)) {
			return false;
		}
		if (kept_as != NULL) {
			*kept_as = TAKE_PTR(name);
		}
		return true;
	}
	return error_set(err, ERROR_IO, "'%s' has been set aside too many times", path);
}
