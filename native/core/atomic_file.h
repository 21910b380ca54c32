#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct strbuf;

/*
 * Replaces the content of path with data: a temporary file "<path>.tmp-XXXXXX", fsync, rename,
 * fsync of the folder, so that a reader, or a power cut, sees the old bytes or the new ones.
 * Missing parent folders are created with mode 0700. Errors: IO, NO_SPACE; the old content is then
 * in its place, also when only the folder could not be synced. Where that cannot be done (a file
 * system that cannot exchange two names) the error says that the new content may stay.
 */
bool atomic_file_write(
	const char *path, const void *data, size_t length, mode_t mode, struct error *err);
/* The same for a name in an open folder. Errors call the file by that name. */
bool atomic_file_write_at(int dir_fd, const char *name, const void *data, size_t length,
	mode_t mode, struct error *err);
/*
 * Removes temporary files older than this that killed processes left while writing path, or files
 * whose names begin like it. Pass 0 only if no other process writes them.
 */
void atomic_file_sweep(const char *path, int age_s);

/*
 * Reads a whole regular file of at most max_bytes into text (replaced). Errors: NOT_FOUND (there is
 * no such file: PATH_ABSENT), TOO_LARGE, IO and NO_SPACE (it cannot be read now, e.g. because it is
 * truncated while it is read, or a link leads nowhere).
 */
bool atomic_file_read(const char *path, size_t max_bytes, struct strbuf *text, struct error *err);
/* The same for a name in an open folder. INVALID: a link, which is not followed, or no file. */
bool atomic_file_read_at(
	int dir_fd, const char *name, size_t max_bytes, struct strbuf *text, struct error *err);

/*
 * Renames a file that does not parse to "<path>.corrupt-<UTC time>", so that a fresh one can be
 * written and nothing is lost. kept_as (may be NULL) gets the new name, caller frees.
 */
bool atomic_file_set_aside(const char *path, char **kept_as, struct error *err);
/* Saves what was read from path under such a name; path stays. Errors: IO, NO_SPACE. */
bool atomic_file_copy_aside(
	const char *path, const void *data, size_t length, char **kept_as, struct error *err);

/* Creates path and its missing parents (mode applies to the new ones). Errors: IO. */
bool make_dirs(const char *path, mode_t mode, struct error *err);

/* Calls write() until all bytes are written; false with errno. */
bool write_all(int fd, const void *data, size_t length);

/*
 * fsync of an open folder, so that a rename in it is durable. True also on a file system that does
 * not support it. False with errno.
 */
bool sync_folder(int dir_fd);
/* The same for a path. Errors: IO. */
bool sync_dir(const char *path, struct error *err);
