#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/file_watch.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char root[FOLDER_BYTES];
static char *folder, *path, *other;
static struct loop *loop;
static struct file_watch *watch;
static unsigned changes;

static void on_changed(void *user)
{
	changes++;
	loop_stop(loop);
}

static void set_up(void)
{
	folder_make(root);
	folder = xasprintf("%s/config", root);
	path = xasprintf("%s/settings.json", folder);
	other = xasprintf("%s/settings.json.tmp", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	loop = loop_create();
	changes = 0;
	watch = file_watch_create(loop, path, on_changed, NULL, NULL);
	ck_assert_ptr_nonnull(watch);
}

static void tear_down(void)
{
	file_watch_destroy(watch);
	loop_destroy(loop);
	free(folder);
	free(path);
	free(other);
	folder_remove(root);
}

static void put(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "text", 4), 4);
	ck_assert_int_eq(close(fd), 0);
}

static void expect_one_more(void)
{
	unsigned before = changes;

	loop_run(loop);
	ck_assert_uint_eq(changes, before + 1);
}

START_TEST(a_file_is_made_written_replaced_and_removed)
{
	put(path);
	expect_one_more();
	put(path);
	expect_one_more();
	put(other);
	ck_assert_int_eq(rename(other, path), 0);
	expect_one_more();
	ck_assert(atomic_file_write(path, "more", 4, 0600, NULL));
	expect_one_more();
	ck_assert_int_eq(rename(path, other), 0);
	expect_one_more();
	ck_assert_int_eq(rename(other, path), 0);
	expect_one_more();
	ck_assert_int_eq(unlink(path), 0);
	expect_one_more();
}
END_TEST

START_TEST(steps_that_follow_each_other_are_one_change)
{
	for (int i = 0; i < 3; i++) {
		put(path);
		ck_assert_int_eq(unlink(path), 0);
		put(other);
		ck_assert_int_eq(rename(other, path), 0);
	}
	expect_one_more();
}
END_TEST

/* Another file's change would have come first. */
START_TEST(other_files_are_no_news)
{
	put(other);
	ck_assert_int_eq(unlink(other), 0);
	for (int i = 0; i < 100; i++) {
		loop_dispatch(loop);
	}
	put(path);
	expect_one_more();
}
END_TEST

START_TEST(a_folder_may_go_and_come_back)
{
	AUTO(free_ptr) char *elsewhere = xasprintf("%s/elsewhere", root);

	ck_assert_int_eq(rename(folder, elsewhere), 0);
	loop_dispatch(loop); /* it is looked for now */
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	put(path);
	expect_one_more();
	put(path);
	expect_one_more();
	ck_assert_int_eq(unlink(path), 0);
	expect_one_more();
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_int_eq(rename(elsewhere, folder), 0);
	expect_one_more();
	put(path);
	expect_one_more();
}
END_TEST

START_TEST(a_folder_that_is_made_later_is_found)
{
	file_watch_destroy(watch);
	ck_assert_int_eq(rmdir(folder), 0);
	watch = file_watch_create(loop, path, on_changed, NULL, NULL);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	expect_one_more();
	put(path);
	expect_one_more();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("file_watch");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_file_is_made_written_replaced_and_removed);
	tcase_add_test(tests, steps_that_follow_each_other_are_one_change);
	tcase_add_test(tests, other_files_are_no_news);
	tcase_add_test(tests, a_folder_may_go_and_come_back);
	tcase_add_test(tests, a_folder_that_is_made_later_is_found);
	return run_tcase(tests);
}
