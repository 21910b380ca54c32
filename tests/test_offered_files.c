#include "control/offered_files.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <unistd.h>

static struct steam_home home;
static struct offered_files files;
static struct strbuf data;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
	steam_home_write_text(&home, "image.png", "0123456789");
}

static void teardown(void)
{
	offered_files_finish(&files);
	strbuf_finish(&data);
	steam_home_finish(&home);
}

static int64_t offer(const char *name)
{
	int64_t bytes = -1;
	int64_t number = offered_files_add(&files, steam_home_path(&home, name), &bytes, &err);

	ck_assert_msg(number != 0, "%s", err.message);
	ck_assert_int_eq(bytes, 10);
	return number;
}

static const char *read_part(int64_t number, int64_t offset, size_t max)
{
	int64_t total = -1;

	strbuf_reset(&data);
	ck_assert_msg(offered_files_read(&files, number, offset, max, &data, &total, &err), "%s",
		err.message);
	ck_assert_int_eq(total, 10);
	return strbuf_text(&data);
}

static void ck_read_fails(int64_t number, int64_t offset, enum error_kind kind)
{
	int64_t total = -1;

	strbuf_reset(&data);
	ck_assert(!offered_files_read(&files, number, offset, 4, &data, &total, &err));
	ck_assert_int_eq(err.kind, kind);
	ck_assert_uint_eq(data.length, 0);
	ck_assert_int_eq(total, -1);
}

START_TEST(test_parts)
{
	int64_t number = offer("image.png");

	ck_assert_str_eq(read_part(number, 0, 4), "0123");
	ck_assert_str_eq(read_part(number, 8, 4), "89");
	ck_assert_str_eq(read_part(number, 10, 4), "");
	ck_read_fails(number, 11, ERROR_INVALID);
	ck_read_fails(number, -1, ERROR_INVALID);
	ck_read_fails(number + 1, 0, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_replaced_meanwhile)
{
	int64_t number = offer("image.png");

	read_part(number, 0, 4);
	steam_home_write_text(&home, "image.png", "another image");
	ck_assert_str_eq(read_part(number, 4, 6), "456789");
	ck_assert_int_eq(unlink(steam_home_path(&home, "image.png")), 0);
	ck_assert_str_eq(read_part(number, 4, 6), "456789");
}
END_TEST

START_TEST(test_removed)
{
	int64_t first = offer("image.png");
	int64_t second = offer("image.png");

	ck_assert_int_ne(first, second);
	ck_assert_int_gt(first, 0);
	ck_assert_int_lt(first, INT64_C(1) << 53);
	offered_files_remove(&files, first);
	ck_read_fails(first, 0, ERROR_NOT_FOUND);
	ck_assert_str_eq(read_part(second, 0, 1), "0");
	offered_files_remove(&files, first);
	offered_files_remove(&files, second);
	ck_read_fails(second, 0, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_refused)
{
	int64_t bytes = -1;

	ck_assert_int_eq(
		offered_files_add(&files, steam_home_path(&home, "none"), &bytes, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(offered_files_add(&files, home.path, &bytes, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_eq(mkfifo(steam_home_path(&home, "fifo"), 0600), 0);
	ck_assert_int_eq(
		offered_files_add(&files, steam_home_path(&home, "fifo"), &bytes, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_eq(bytes, -1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("offered_files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_parts);
	tcase_add_test(tcase, test_replaced_meanwhile);
	tcase_add_test(tcase, test_removed);
	tcase_add_test(tcase, test_refused);
	return run_tcase(tcase);
}
