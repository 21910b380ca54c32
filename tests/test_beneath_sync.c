#include "core/beneath.h"

#include "folder.h"
#include "suite.h"

#include "core/error.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces a function of the C library */
#define SYNCED_MAX 8

/* The module's system calls. */
static ino_t synced[SYNCED_MAX];
static size_t synced_count;
static int sync_errno; /* what it answers; 0: as it is */

static char folder[FOLDER_BYTES];
static int folder_fd;

int fsync(int fd)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_uint_lt(synced_count, SYNCED_MAX);
	synced[synced_count++] = status.st_ino;
	if (sync_errno != 0) {
		errno = sync_errno;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static void make_folder(void)
{
	synced_count = 0; /* where tests share a process */
	sync_errno = 0;
	folder_make(folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void remove_folder(void)
{
	close(folder_fd);
	folder_remove(folder);
}

static const char *text_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(fstatat(folder_fd, path, &status, 0), 0);
	return status.st_ino;
}

START_TEST(syncs_each_folder_once_the_deepest_last)
{
	static const char *const folders[] = { ".", "a", "a/b", "a/c" };
	static const char *const paths[] = { "a/b/one", "a/b/two", "a/c/three", "four" };
	struct error err = { 0 };

	for (size_t i = 1; i < 4; i++) {
		ck_assert_int_eq(mkdirat(folder_fd, folders[i], 0755), 0);
	}
	ck_assert_msg(beneath_sync_folders(folder_fd, text_at, 4, paths, &err), "%s", err.message);
	ck_assert_uint_eq(synced_count, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(synced[i], inode_of(folders[i]));
	}
}
END_TEST

START_TEST(names_a_folder_that_is_missing)
{
	static const char *const path = "gone/file";
	struct error err = { 0 };

	ck_assert(!beneath_sync_folders(folder_fd, text_at, 1, &path, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "gone"));
}
END_TEST

START_TEST(accepts_a_file_system_that_cannot_sync_folders)
{
	static const char *const path = "a/file";
	struct error err = { 0 };

	ck_assert_int_eq(mkdirat(folder_fd, "a", 0755), 0);
	sync_errno = EINVAL;
	ck_assert_msg(beneath_sync_folders(folder_fd, text_at, 1, &path, &err), "%s", err.message);
	sync_errno = EIO;
	ck_assert(!beneath_sync_folders(folder_fd, text_at, 1, &path, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
}
END_TEST

START_TEST(shares_whole_folders)
{
	ck_assert_uint_eq(beneath_shared_folders("a/b/x", "a/b/y"), 3);
	ck_assert_uint_eq(beneath_shared_folders("a/x", "b/x"), 0);
	ck_assert_uint_eq(beneath_shared_folders("ab/x", "a/x"), 0);
	ck_assert_uint_eq(beneath_shared_folders("", "a/x"), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("folders");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, syncs_each_folder_once_the_deepest_last);
	tcase_add_test(tests, names_a_folder_that_is_missing);
	tcase_add_test(tests, accepts_a_file_system_that_cannot_sync_folders);
	tcase_add_test(tests, shares_whole_folders);
	return run_tcase(tests);
}
