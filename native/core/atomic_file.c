#include "core/atomic_file.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES_TRIED 1000
#define READ_BYTES 4096
#define RANDOM_CHARACTERS 6 /* that mkostemp() chooses */

bool sync_dir(const char *path, struct error *err)
{
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* EINVAL: a file system that cannot do it, and has nothing to lose by it. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)) {
		return error_set_errno(err, "cannot flush the folder '%s'", path);
	}
	return true;
}

static bool is_folder(const char *path)
{
	struct stat stat_of_path;

	return stat(path, &stat_of_path) == 0 && S_ISDIR(stat_of_path.st_mode);
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
		/* A folder that is there already gives EROFS and the like, not only EEXIST. */
		if (number != 0 && !is_folder(partial)) {
			errno = number == EEXIST ? ENOTDIR : number;
			return error_set_errno(err, "cannot make the folder '%s'", partial);
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

bool atomic_file_write(
	const char *path, const void *data, size_t length, mode_t mode, struct error *err)
{
	AUTO(free_ptr) char *folder = path_parent(path);
	AUTO(free_ptr) char *temporary = xasprintf("%s.tmp-XXXXXX", path);
	AUTO(close_fd) int fd = -1;

	if (!make_dirs(folder, 0700, err)) {
		return false;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return error_set_errno(err, "cannot make a file in '%s'", folder);
	}
	if (fchmod(fd, mode) < 0 || !write_all(fd, data, length) || fsync(fd) < 0 ||
		rename(temporary, path) < 0) {
		error_set_errno(err, "cannot write '%s'", path);
		unlink(temporary);
		return false;
	}
	return sync_dir(folder, err);
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

bool atomic_file_read(const char *path, size_t max_bytes, struct strbuf *text, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf content = { 0 };
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		return error_set(err, ERROR_NOT_FOUND, "there is no file '%s'", path);
	}
	if (fd < 0 || fstat(fd, &stat) < 0) {
		return error_set_errno(err, "cannot open '%s'", path);
	}
	if (!S_ISREG(stat.st_mode)) {
		return error_set(err, ERROR_IO, "'%s' is not a regular file", path);
	}
	if ((uintmax_t)stat.st_size > max_bytes) {
		return error_set(
			err, ERROR_TOO_LARGE, "'%s' is larger than %zu bytes", path, max_bytes);
	}
	/* A hint only: a file may grow meanwhile, and has size 0 if the kernel makes it up. */
	strbuf_reserve(&content, (size_t)stat.st_size + 1);
	for (;;) {
		size_t room = content.capacity > content.length ? content.capacity - content.length
								: READ_BYTES;
		size_t before = content.length;
		ssize_t got = read(fd, strbuf_extend(&content, room), room);

		content.length = before + (got > 0 ? (size_t)got : 0);
		content.data[content.length] = '\0';
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set_errno(err, "cannot read '%s'", path);
		}
		if (content.length > max_bytes) {
			return error_set(err, ERROR_TOO_LARGE, "'%s' is larger than %zu bytes",
				path, max_bytes);
		}
		if (got == 0) {
			break;
		}
	}
	strbuf_move(text, &content);
	return true;
}

bool atomic_file_set_aside(const char *path, char **kept_as, struct error *err)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm utc;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	for (unsigned i = 1; i <= NAMES_TRIED; i++) {
		AUTO(free_ptr)
		char *name = i == 1 ? xasprintf("%s.corrupt-%s", path, stamp)
				    : xasprintf("%s.corrupt-%s-%u", path, stamp, i);
		int result = renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE);

		if (result < 0 && (errno == EINVAL || errno == ENOSYS)) {
			result = rename(path, name); /* a file system without the flag */
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
