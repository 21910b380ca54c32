#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

static char folder[FOLDER_BYTES];

static int sync_errno;		/* what fsync() of a folder answers; 0: as it is */
static const char *cut_path;	/* emptied by the next read() */
static ssize_t read_limit = -1; /* read() finds the end after so many bytes; −1: it does not */
static bool cannot_exchange;	/* the file system */

int fsync(int fd)
{
	struct stat stat;

	if (sync_errno != 0 && fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode)) {
		errno = sync_errno;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

ssize_t read(int fd, void *buffer, size_t length)
{
	if (cut_path != NULL) {
		ck_assert_int_eq(truncate(cut_path, 0), 0);
		cut_path = NULL;
		errno = ENOSPC; /* stale: must not be reported */
	}
	if (read_limit >= 0 && (size_t)read_limit < length) {
		length = (size_t)read_limit;
		read_limit = 0;
	}
	return syscall(SYS_read, fd, buffer, length);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (cannot_exchange && (flags & RENAME_EXCHANGE) != 0) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static void make_folder(void)
{
	folder_make(folder);
}

static void remove_folder(void)
{
	folder_remove(folder);
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL) {
		count++;
	}
	closedir(dir);
	return count - 2; /* . and .. */
}

static void assert_content(const char *path, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err;

	ck_assert_msg(atomic_file_read(path, 1000, &text, &err), "%s", err.message);
	ck_assert_str_eq(strbuf_text(&text), expected);
}

START_TEST(writes_and_replaces)
{
	AUTO(free_ptr) char *path = path_join(folder, "a/b/settings.json");
	AUTO(free_ptr) char *parent = path_join(folder, "a/b");
	struct stat stat_of_it;
	mode_t mask = umask(022);

	ck_assert(atomic_file_write(path, "one", 3, 0600, NULL));
	assert_content(path, "one");
	ck_assert_int_eq(stat(path, &stat_of_it), 0);
	ck_assert_uint_eq(stat_of_it.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(parent, &stat_of_it), 0);
	ck_assert_uint_eq(stat_of_it.st_mode & 07777, 0700);

	ck_assert(atomic_file_write(path, "second", 6, 0644, NULL));
	assert_content(path, "second");
	ck_assert_int_eq(stat(path, &stat_of_it), 0);
	ck_assert_uint_eq(stat_of_it.st_mode & 07777, 0644);
	ck_assert(atomic_file_write(path, NULL, 0, 0600, NULL));
	assert_content(path, "");
	ck_assert_uint_eq(count_entries(parent), 1); /* nothing temporary is left */
	umask(mask);
}
END_TEST

START_TEST(a_failed_write_leaves_no_trace)
{
	AUTO(free_ptr) char *path = path_join(folder, "taken");
	AUTO(free_ptr) char *below = path_join(folder, "taken/x/y");
	struct error err = { 0 };

	ck_assert(make_dirs(path, 0755, NULL));
	ck_assert(!atomic_file_write(path, "x", 1, 0600, &err)); /* a folder is in the way */
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(strstr(err.message, "taken") != NULL);
	ck_assert_uint_eq(count_entries(folder), 1);

	ck_assert(atomic_file_write(below, "x", 1, 0600, NULL));
	free(path);
	path = path_join(folder, "taken/x/y/z");
	ck_assert(!atomic_file_write(path, "x", 1, 0600, &err));
	ck_assert(strstr(err.message, "Not a directory") != NULL);
}
END_TEST

START_TEST(reads_and_writes_in_an_open_folder)
{
	AUTO(close_fd) int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert(atomic_file_write_at(dir_fd, "list", "one", 3, 0600, NULL));
	ck_assert(atomic_file_write_at(dir_fd, "list", "second", 6, 0600, NULL));
	ck_assert_uint_eq(count_entries(folder), 1);
	ck_assert(atomic_file_read_at(dir_fd, "list", 6, &text, NULL));
	ck_assert_str_eq(strbuf_text(&text), "second");
	ck_assert(!atomic_file_read_at(dir_fd, "list", 5, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert(!atomic_file_read_at(dir_fd, "none", 5, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(symlinkat("list", dir_fd, "link"), 0);
	ck_assert(!atomic_file_read_at(dir_fd, "link", 6, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_str_eq(strbuf_text(&text), "second");
}
END_TEST

START_TEST(a_file_that_is_shortened_meanwhile_says_so)
{
	AUTO(free_ptr) char *path = path_join(folder, "list");
	AUTO(close_fd) int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert(atomic_file_write(path, "content", 7, 0600, NULL));
	cut_path = path;
	ck_assert(!atomic_file_read(path, 100, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "was truncated"));
	ck_assert_ptr_null(strstr(err.message, "space"));
	ck_assert(atomic_file_write(path, "content", 7, 0600, NULL));
	cut_path = path;
	ck_assert(!atomic_file_read_at(dir_fd, "list", 100, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "was truncated"));
}
END_TEST

START_TEST(a_folder_that_cannot_be_synced_is_no_error)
{
	AUTO(free_ptr) char *path = path_join(folder, "list");
	struct error err = { 0 };

	sync_errno = EINVAL;
	ck_assert(atomic_file_write(path, "one", 3, 0600, NULL));
	ck_assert(sync_dir(folder, NULL));
	sync_errno = EIO;
	ck_assert(!sync_dir(folder, &err));
	sync_errno = 0;
}
END_TEST

/* What is answered, what is in memory and what is on the disk agree: nothing has changed. */
START_TEST(what_cannot_be_made_durable_is_put_back)
{
	AUTO(free_ptr) char *path = path_join(folder, "list");
	struct error err = { 0 };

	sync_errno = EIO;
	ck_assert(!atomic_file_write(path, "one", 3, 0600, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(count_entries(folder), 0);

	sync_errno = 0;
	ck_assert(atomic_file_write(path, "one", 3, 0600, NULL));
	sync_errno = EDQUOT;
	ck_assert(!atomic_file_write(path, "two", 3, 0600, &err));
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	ck_assert_ptr_nonnull(strstr(err.message, "quota"));
	assert_content(path, "one");
	ck_assert_uint_eq(count_entries(folder), 1);

	/* A file system that cannot exchange two names keeps the new content, and the error says
	 * so. */
	sync_errno = EIO;
	cannot_exchange = true;
	ck_assert(!atomic_file_write(path, "two", 3, 0600, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "may stay"));
	assert_content(path, "two");
	sync_errno = 0;
	ck_assert(atomic_file_write(path, "three", 5, 0600, NULL));
	assert_content(path, "three");
	ck_assert_uint_eq(count_entries(folder), 1);
	cannot_exchange = false;
}
END_TEST

/* It need not be the limit of this program: a disk may answer with less than there is. */
START_TEST(a_short_answer_is_not_the_content)
{
	AUTO(free_ptr) char *path = path_join(folder, "list");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert(atomic_file_write(path, "content", 7, 0600, NULL));
	read_limit = 3;
	ck_assert(!atomic_file_read(path, 100, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	read_limit = -1;
	assert_content(path, "content");
}
END_TEST

START_TEST(only_what_is_known_to_be_absent_is_not_found)
{
	AUTO(free_ptr) char *link = path_join(folder, "link");
	AUTO(free_ptr) char *below = path_join(folder, "link/list");
	AUTO(free_ptr) char *fresh = path_join(folder, "no/such/folder/list");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct rlimit before, none;
	struct error err = { 0 };

	ck_assert(!atomic_file_read(fresh, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND); /* a first start */
	ck_assert_int_eq(symlink("/nonexistent/card", link), 0);
	ck_assert(!atomic_file_read(link, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(!atomic_file_read(below, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert(!atomic_file_read(fresh, 10, &text, &err));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "ulimit -n"));
}
END_TEST

START_TEST(a_full_disk_is_told_apart)
{
	struct error err = { 0 };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full >= 0) { /* atomic_file_write() uses the same sentence for its write() */
		ck_assert_int_lt(write(full, "x", 1), 0);
		error_set_errno(&err, "x");
		ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
		close(full);
	}
}
END_TEST

START_TEST(sweeps_what_the_killed_have_left)
{
	static const struct {
		const char *name;
		bool is_old;
		bool stays;
	} files[] = {
		{ "list.tmp-Abc123", true, false },
		{ "list.backup-1.tmp-Abc123", true, false },
		{ "list.tmp-Abc124", false, true }, /* being written */
		{ "list.tmp-Abc12", true, true },
		{ "list.tmp-Abc1234", true, true },
		{ "other.tmp-Abc123", true, true },
		{ "list", true, true },
		{ ".tmp-Abc123", true, true },
	};
	static const struct timespec old[] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	AUTO(free_ptr) char *list = path_join(folder, "list");

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		AUTO(free_ptr) char *path = path_join(folder, files[i].name);

		ck_assert(atomic_file_write(path, "x", 1, 0600, NULL));
		ck_assert_int_eq(utimensat(AT_FDCWD, path, files[i].is_old ? old : NULL, 0), 0);
	}
	atomic_file_sweep(list, 3600);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		AUTO(free_ptr) char *path = path_join(folder, files[i].name);

		ck_assert_msg((access(path, F_OK) == 0) == files[i].stays, "%s", path);
	}
	atomic_file_sweep(list, 0);
	ck_assert_uint_eq(count_entries(folder), 5);
	atomic_file_sweep("/nonexistent/list", 0);
}
END_TEST

START_TEST(reads_what_is_there)
{
	AUTO(free_ptr) char *path = path_join(folder, "f");
	AUTO(free_ptr) char *missing = path_join(folder, "g");
	AUTO(free_ptr) char *through = path_join(folder, "f/g");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };
	char big[10000];

	memset(big, 'x', sizeof(big));
	ck_assert(atomic_file_write(path, big, sizeof(big), 0600, NULL));
	ck_assert(atomic_file_read(path, sizeof(big), &text, &err));
	ck_assert_uint_eq(text.length, sizeof(big));
	ck_assert_mem_eq(text.data, big, sizeof(big));

	/* On failure the text stays. */
	ck_assert(!atomic_file_read(path, sizeof(big) - 1, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert_uint_eq(text.length, sizeof(big));
	ck_assert(!atomic_file_read(missing, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!atomic_file_read(through, 10, &text, &err));
	ck_assert_int_eq(
		err.kind, ERROR_IO); /* its folder cannot be read: not known to be absent */
	ck_assert(!atomic_file_read(folder, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(text.length, sizeof(big));
}
END_TEST

START_TEST(reads_files_that_hide_their_size)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert(atomic_file_read("/proc/self/status", 65536, &text, &err));
	ck_assert(strncmp(text.data, "Name:", 5) == 0);
	ck_assert(!atomic_file_read("/proc/self/status", 100, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
}
END_TEST

START_TEST(a_fifo_does_not_block)
{
	AUTO(free_ptr) char *path = path_join(folder, "fifo");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!atomic_file_read(path, 10, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
}
END_TEST

START_TEST(sets_aside_without_losing_anything)
{
	AUTO(free_ptr) char *path = path_join(folder, "tokens.json");
	struct error err = { 0 };

	/* Many in one second: each gets a name of its own. */
	for (int i = 0; i < 5; i++) {
		AUTO(free_ptr) char *kept_as = NULL;
		AUTO(free_ptr) char *content = xasprintf("broken %d", i);

		ck_assert(atomic_file_write(path, content, strlen(content), 0600, NULL));
		ck_assert(atomic_file_set_aside(path, &kept_as, NULL));
		assert_content(kept_as, content);
		ck_assert(strstr(kept_as, "tokens.json.corrupt-2") != NULL);
		ck_assert_uint_eq(count_entries(folder), (size_t)i + 1);
	}
	ck_assert(!atomic_file_set_aside(path, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
}
END_TEST

START_TEST(makes_folders)
{
	static const char *const names[] = { "a", "a/b/c", "a//d///e/", "a/b/c" };
	AUTO(free_ptr) char *file = path_join(folder, "file");
	AUTO(free_ptr) char *below = path_join(folder, "file/x");
	AUTO(free_ptr) char *link = path_join(folder, "link");
	struct error err = { 0 };
	struct stat stat_of_it;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO(free_ptr) char *path = path_join(folder, names[i]);

		ck_assert(make_dirs(path, 0750, NULL));
		ck_assert_int_eq(stat(path, &stat_of_it), 0);
		ck_assert_uint_eq(stat_of_it.st_mode & 07777, 0750);
		ck_assert(sync_dir(path, NULL));
	}
	ck_assert(make_dirs("/", 0700, NULL));
	ck_assert(!make_dirs("", 0700, &err));
	ck_assert(atomic_file_write(file, "", 0, 0600, NULL));
	ck_assert(!make_dirs(file, 0700, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(!make_dirs(below, 0700, &err));
	ck_assert_int_eq(symlink("nowhere", link), 0);
	ck_assert(!make_dirs(link, 0700, &err));
	ck_assert(!sync_dir(link, &err));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("atomic_file");

	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_add_test(tcase, writes_and_replaces);
	tcase_add_test(tcase, a_failed_write_leaves_no_trace);
	tcase_add_test(tcase, a_full_disk_is_told_apart);
	tcase_add_test(tcase, reads_and_writes_in_an_open_folder);
	tcase_add_test(tcase, a_file_that_is_shortened_meanwhile_says_so);
	tcase_add_test(tcase, a_folder_that_cannot_be_synced_is_no_error);
	tcase_add_test(tcase, what_cannot_be_made_durable_is_put_back);
	tcase_add_test(tcase, a_short_answer_is_not_the_content);
	tcase_add_test(tcase, only_what_is_known_to_be_absent_is_not_found);
	tcase_add_test(tcase, sweeps_what_the_killed_have_left);
	tcase_add_test(tcase, reads_what_is_there);
	tcase_add_test(tcase, reads_files_that_hide_their_size);
	tcase_add_test(tcase, a_fifo_does_not_block);
	tcase_add_test(tcase, sets_aside_without_losing_anything);
	tcase_add_test(tcase, makes_folders);
	return run_tcase(tcase);
}
