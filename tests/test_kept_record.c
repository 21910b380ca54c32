#include "library/kept_record.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/capydeck-test-XXXXXX";
static int dir_fd;

static void setup(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	unlinkat(dir_fd, KEPT_RECORD, 0);
	close(dir_fd);
	rmdir(folder);
}

START_TEST(test_it_is_read_as_it_was_written)
{
	struct installed_file player[] = {
		{ .path = (char *)"save/slot", .size_bytes = 8, .mtime_s = 5, .mtime_ns = 6 }
	};
	const struct kept_record record = { .dir = (char *)"/games/Game",
		.game_name = (char *)"Game",
		.build = (char *)"0123",
		.executable = (char *)"bin/game",
		.kept_at = 1700000000,
		.kept_ms = 60000,
		.previous_bytes = 100,
		.previous_files = 2,
		.player = player,
		.player_count = 1 };
	AUTO(kept_record_finish) struct kept_record read = { 0 };
	struct error err = { 0 };

	ck_assert(kept_record_write(&record, dir_fd, &err));
	ck_assert_msg(kept_record_read(&read, dir_fd, &err), "%s", err.message);
	ck_assert_str_eq(read.dir, record.dir);
	ck_assert_str_eq(read.executable, record.executable);
	ck_assert_int_eq(read.kept_ms, record.kept_ms);
	ck_assert_int_eq(read.previous_files, 2);
	ck_assert_uint_eq(read.player_count, 1);
	ck_assert_str_eq(read.player[0].path, "save/slot");
	ck_assert_int_eq(read.player[0].size_bytes, 8);
}
END_TEST

#define HEAD "{\"version\":1,\"dir\":\"/g\",\"gameName\":\"G\",\"build\":\"b\",\"executable\":\"\","

static const char *const damaged[] = {
	"",
	"[]",
	"{\"version\":2,\"dir\":\"/g\",\"gameName\":\"G\",\"build\":\"b\",\"executable\":\"\",\"keptAt\":1}",
	"{\"version\":1,\"dir\":\"g\",\"gameName\":\"G\",\"build\":\"b\",\"executable\":\"\",\"keptAt\":1}",
	"{\"version\":1,\"dir\":\"/g\",\"gameName\":\"G\",\"build\":\"b\",\"executable\":\"../x\",\"keptAt\":1}",
	HEAD "\"keptAt\":-1}",
	HEAD "\"keptAt\":1,\"keptMs\":-1}",
	HEAD "\"keptAt\":1,\"previousFiles\":-1}",
	HEAD "\"keptAt\":1,\"player\":[{\"path\":\"/etc/passwd\",\"size\":1,\"mtime\":1}]}",
};

START_TEST(test_a_damaged_one_is_refused)
{
	AUTO(kept_record_finish) struct kept_record read = { 0 };
	struct error err = { 0 };

	ck_assert(!kept_record_read(&read, dir_fd, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(atomic_file_write_at(
		dir_fd, KEPT_RECORD, damaged[_i], strlen(damaged[_i]), 0600, &err));
	ck_assert(!kept_record_read(&read, dir_fd, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("kept record");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_it_is_read_as_it_was_written);
	tcase_add_loop_test(
		tests, test_a_damaged_one_is_refused, 0, sizeof(damaged) / sizeof(*damaged));
	return run_tcase(tests);
}
