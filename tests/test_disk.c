#include "library/disk.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "disk_image.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define LIMIT_BYTES (INT64_C(2) * 1024 * 1024)

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

static char home[FOLDER_BYTES];

static void setup(void)
{
	folder_make(home);
}

static void teardown(void)
{
	folder_remove(home);
}

/* NULL: not possible here. Caller frees. */
static char *mount_disk(const struct disk_kind *kind)
{
	if (!disk_mount(kind, home)) {
		return NULL;
	}
	return xasprintf("%s/disk", home);
}

static void examine(struct disk *disk, const char *path)
{
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_msg(disk_examine(disk, fd, path, &err), "%s", err.message);
}

START_TEST(test_a_folder_at_home_is_on_the_disk_of_home)
{
	AUTO(free_ptr) char *below = xasprintf("%s/below", home);
	struct disk here = { 0 }, there = { 0 };

	examine(&here, home);
	ck_assert_int_eq(mkdir(below, 0755), 0);
	examine(&there, below);
	ck_assert(disk_is(&here, there.uuid, there.mount_point));
	ck_assert(!disk_is(&here, "01234567-89ab-cdef-0123-456789abcdef", "/run/media/deck/SD"));
	ck_assert(!here.read_only);
	ck_assert_int_gt(here.total_bytes, 0);
	ck_assert_int_ge(here.total_bytes, here.free_bytes); /* an empty one in memory */
	disk_finish(&here);
	disk_finish(&there);
}
END_TEST

START_TEST(test_a_card_has_its_label_and_its_uuid)
{
	static const struct disk_kind kind = { "ext4",
		"mkfs.ext4 -q -F -L 'My card' -U 01234567-89ab-cdef-0123-456789abcdef image",
		DISK_KERNEL("ext4") };
	AUTO(free_ptr) char *path = mount_disk(&kind);
	AUTO(free_ptr) char *elsewhere = NULL;
	struct disk disk = { 0 };

	if (path == NULL) {
		return;
	}
	examine(&disk, path);
	ck_assert_str_eq(disk.label, "My card");
	ck_assert_str_eq(disk.uuid, "01234567-89ab-cdef-0123-456789abcdef");
	ck_assert_str_eq(disk.mount_point, path);
	elsewhere = disk_find(disk.uuid, "/run/media/deck/SD");
	ck_assert_ptr_nonnull(elsewhere);
	ck_assert_str_eq(elsewhere, path);
	ck_assert_ptr_null(disk_find(disk.uuid, path));
	ck_assert_ptr_null(disk_find("", "/run/media/deck/SD"));
	ck_assert_ptr_null(disk_find("01234567-89ab-cdef-0123-456789abcdee", "/"));
	disk_finish(&disk);
	disk_unmount(home);
}
END_TEST

static int64_t free_as_nobody(const char *path)
{
	int64_t free_bytes = -1;
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
			!disk_free_bytes(fd, &free_bytes, NULL) ||
			write(ends[1], &free_bytes, sizeof(free_bytes)) < 0) {
			_exit(1);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(
		read(ends[0], &free_bytes, sizeof(free_bytes)), (ssize_t)sizeof(free_bytes));
	close(ends[0]);
	close(ends[1]);
	return free_bytes;
}

/* A quota is less than what the disk has, and counts. */
START_TEST(test_a_quota_counts)
{
	static const struct disk_kind kind = { "ext4-quota", "mkfs.ext4 -q -F -O quota image",
		DISK_KERNEL("ext4") " -o usrquota" };
	AUTO(free_ptr) char *path = mount_disk(&kind);
	struct dqblk limit = { .dqb_bhardlimit = LIMIT_BYTES / 1024, .dqb_valid = QIF_BLIMITS };
	AUTO(close_fd) int fd = -1;
	int64_t left_bytes;

	if (path == NULL) {
		return;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (syscall(SYS_quotactl_fd, fd, QCMD(Q_SETQUOTA, USRQUOTA), NOBODY, &limit) != 0) {
		fprintf(stderr, "skipped: the kernel has no quotas for ext4\n");
	} else {
		left_bytes = free_as_nobody(path);
		ck_assert_int_eq(left_bytes, LIMIT_BYTES);
	}
	close_fd(&fd);
	fd = -1;
	disk_unmount(home);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("disk");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_a_folder_at_home_is_on_the_disk_of_home);
	tcase_add_test(tcase, test_a_card_has_its_label_and_its_uuid);
	tcase_add_test(tcase, test_a_quota_counts);
	return run_tcase(tcase);
}
