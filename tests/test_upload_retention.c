#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_journal.h"
#include "upload/upload_staging.h"
#include "upload_fixture.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (1024 * 1024)
#define ID "0123456789abcdef0123456789abcdef"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define SUITE_ALONE /* replaces functions of the C library */
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static int64_t wall_shift_s, steady_shift_ms; /* of the clocks */

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id == CLOCK_REALTIME) {
		now->tv_sec += wall_shift_s;
	} else if (id == CLOCK_BOOTTIME) {
		now->tv_sec += steady_shift_ms / 1000;
	}
	return result;
}

/*
 * What an earlier run left in a staging folder may be anything: each file, each of its fields. The
 * agent starts, keeps what is usable, and never misinterprets a file.
 */
static struct upload_fixture fixture;

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
}

static void teardown(void)
{
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static const struct test_file game[] = {
	{ "a.pak", MIB, 1, true },
	{ "data/b.pak", MIB, 2, true },
};

/* A paused upload that has a.pak; the store is stopped. */
static void leave_half(char upload_id[64])
{
	struct init_answer answer;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, 1);
	strcpy(upload_id, answer.upload_id);
	init_answer_finish(&answer);
	fixture_stop(&fixture);
}

static void put_staged(const char *upload_id, const char *name, const char *text)
{
	AUTO(close_fd) int dir_fd = upload_staging_open(fixture.library, "", upload_id, NULL);

	ck_assert_int_ge(dir_fd, 0);
	ck_assert(atomic_file_write_at(dir_fd, name, text, strlen(text), 0600, NULL));
}

static void count_upload(void *user, const struct upload_status *status)
{
	ck_assert_str_eq(status->hub_id, HUB);
	ck_assert_int_ge(status->transferred_bytes, 0);
	ck_assert_int_le(status->transferred_bytes, status->total_bytes);
	++*(unsigned *)user;
}

static unsigned upload_count(void)
{
	unsigned count = 0;

	upload_store_each(fixture.store, count_upload, &count);
	return count;
}

/* Whatever was found: the same Hub can send its game. */
static void expect_installable(void)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer), "%s",
		answer.error.message);
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	for (size_t i = 0; i < COUNT(game); i++) {
		ck_assert(has_content(dir, &game[i]));
	}
	init_answer_finish(&answer);
}

#define HEAD(hub, name, dir, digest, total, started)                                               \
	"{\"version\":1,\"uploadId\":\"%s\",\"hubId\":" hub ",\"gameName\":" name ",\"dir\":" dir  \
	",\"manifestDigest\":" digest ",\"totalBytes\":" total ",\"startedAt\":" started "}"

static const char *const bad_heads[] = {
	"",
	"[]",
	"{\"version\":1}",
	"{\"version\":2}",
	HEAD("null", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("{}", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "null", "\"/g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "7", "\"/g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "null", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"g\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g/../h\"", "\"" DIGEST "\"", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "null", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"short\"", "1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "-1", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1e300", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "\"x\"", "1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1", "-1"),
	HEAD("\"hub-1\"", "\"Game\"", "\"/g\"", "\"" DIGEST "\"", "1", "null"),
	"{\"version\":1,\"uploadId\":\"" ID "\",\"hubId\":\"hub-1\",\"gameName\":\"Game\","
	"\"dir\":\"/g\",\"manifestDigest\":\"" DIGEST "\",\"totalBytes\":1,\"startedAt\":1}",
};

static void keep_damaged(void *user, const struct upload_status *status)
{
	struct upload_status *found = user;

	if (strcmp(status->hub_id, HUB) != 0) {
		*found = *status;
	}
}

/* Nobody can resume it, and nobody but the owner throws it away. */
START_TEST(test_a_damaged_head_is_kept_for_the_owner)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const char *format = bad_heads[_i], *at = strstr(format, "%s");
	struct upload_status found = { 0 };
	char upload_id[64];

	leave_half(upload_id);
	strbuf_append(&text, format, at != NULL ? (size_t)(at - format) : strlen(format));
	if (at != NULL) {
		strbuf_append_text(&text, upload_id);
		strbuf_append_text(&text, at + 2);
	}
	put_staged(upload_id, UPLOAD_STAGING_HEAD, strbuf_text(&text));
	fixture_start(&fixture);
	ck_assert_ptr_nonnull(strstr(fixture.notice, upload_id));
	ck_assert_ptr_nonnull(strstr(fixture.notice, "damaged"));
	expect_installable();
	fixture_settle(&fixture);
	fixture_stop(&fixture);
	fixture_start(&fixture);
	upload_store_each(fixture.store, keep_damaged, &found);
	ck_assert_str_eq(found.upload_id, upload_id);
	ck_assert_int_eq(found.state, UPLOAD_PAUSED);
	ck_assert(upload_store_discard(fixture.store, upload_id, NULL));
	fixture_settle(&fixture);
	ck_assert_int_lt(upload_staging_open(fixture.library, "", upload_id, NULL), 0);
}
END_TEST

static const char *const staging_names[] = { UPLOAD_STAGING_HEAD, UPLOAD_STAGING_COMMIT,
	UPLOAD_STAGING_MOVED, UPLOAD_STAGING_PREPARE, "journal" };

/* A folder or a pipe will not become a file: damaged, not unreadable now. */
START_TEST(test_what_is_no_file_is_damaged)
{
	const char *name = staging_names[_i % COUNT(staging_names)];
	AUTO(close_fd) int dir_fd = -1;
	char upload_id[64];

	leave_half(upload_id);
	dir_fd = upload_staging_open(fixture.library, "", upload_id, NULL);
	ck_assert(renameat(dir_fd, name, dir_fd, "away") == 0 || errno == ENOENT);
	ck_assert_int_eq(_i < (int)COUNT(staging_names) ? mkdirat(dir_fd, name, 0700)
							: mkfifoat(dir_fd, name, 0600),
		0);
	fixture_start(&fixture);
	expect_installable();
	fixture_settle(&fixture);
	if (strcmp(name, UPLOAD_STAGING_HEAD) == 0) {
		struct error err = { 0 };

		ck_assert_msg(
			upload_store_discard(fixture.store, upload_id, &err), "%s", err.message);
		fixture_settle(&fixture);
	}
	ck_assert_int_lt(upload_staging_open(fixture.library, "", upload_id, NULL), 0);
}
END_TEST

/* The same while the upload is received. */
START_TEST(test_what_becomes_no_file_while_receiving)
{
	const char *name = staging_names[1 + _i % (COUNT(staging_names) - 1)];
	AUTO(close_fd) int dir_fd = -1;
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	dir_fd = upload_staging_open(fixture.library, "", answer.upload_id, NULL);
	ck_assert(renameat(dir_fd, name, dir_fd, "away") == 0 || errno == ENOENT);
	ck_assert_int_eq(_i < (int)COUNT(staging_names) - 1 ? mkdirat(dir_fd, name, 0700)
							    : mkfifoat(dir_fd, name, 0600),
		0);
	fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
	expect_installable();
}
END_TEST

/* What somebody can do to a staged file, or to the folders that it is in. */
enum tampering {
	TAMPER_LONGER,
	TAMPER_LINKED_TWICE,
	TAMPER_FOLDER,
	TAMPER_LINK,
	TAMPER_FIFO,
	TAMPER_PARENT,
	TAMPER_FILES,
	TAMPERINGS,
};

static void tamper(int dir_fd, enum tampering tampering)
{
	static const char path[] = "files/data/b.pak";

	switch (tampering) {
	case TAMPER_LONGER: {
		AUTO(close_fd) int fd = openat(dir_fd, path, O_WRONLY | O_APPEND);

		ck_assert_int_eq(write(fd, "x", 1), 1);
		return;
	}
	case TAMPER_LINKED_TWICE:
		ck_assert_int_eq(linkat(dir_fd, path, dir_fd, "second", 0), 0);
		return;
	case TAMPER_FOLDER:
		ck_assert_int_eq(unlinkat(dir_fd, path, 0), 0);
		ck_assert_int_eq(mkdirat(dir_fd, path, 0700), 0);
		return;
	case TAMPER_LINK:
		ck_assert_int_eq(renameat(dir_fd, path, dir_fd, "moved"), 0);
		ck_assert_int_eq(symlinkat("../../moved", dir_fd, path), 0);
		return;
	case TAMPER_FIFO:
		ck_assert_int_eq(unlinkat(dir_fd, path, 0), 0);
		ck_assert_int_eq(mkfifoat(dir_fd, path, 0600), 0);
		return;
	case TAMPER_PARENT:
		ck_assert_int_eq(renameat(dir_fd, "files/data", dir_fd, "moved"), 0);
		ck_assert_int_eq(symlinkat("../moved", dir_fd, "files/data"), 0);
		return;
	case TAMPER_FILES:
		ck_assert_int_eq(renameat(dir_fd, "files", dir_fd, "moved"), 0);
		ck_assert_int_eq(symlinkat("moved", dir_fd, "files"), 0);
		return;
	case TAMPERINGS:
		return;
	}
}

/* "start the upload again" helps: what was tampered with is sent again. */
START_TEST(test_a_staged_file_that_was_tampered_with)
{
	AUTO(close_fd) int dir_fd = -1;
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	dir_fd = upload_staging_open(fixture.library, "", answer.upload_id, NULL);
	tamper(dir_fd, _i);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	init_answer_finish(&answer);
	expect_installable();
}
END_TEST

#define FILES(file) "\"sizeBytes\":1,\"installedAt\":1,\"files\":[" file "]"
#define RECORD(hub, name, dir, exe, rest)                                                          \
	"{\"version\":1,\"hubId\":" hub ",\"gameName\":" name ",\"dir\":" dir                      \
	",\"executable\":" exe "," rest "}"
#define GOOD_DIR "\"/g/Game\""

static const char *const bad_records[] = {
	"",
	"{}",
	RECORD("null", "\"Game\"", GOOD_DIR, "\"\"", FILES("")),
	RECORD("\"\"", "\"Game\"", GOOD_DIR, "\"\"", FILES("")),
	RECORD("\"hub-1\"", "null", GOOD_DIR, "\"\"", FILES("")),
	RECORD("\"hub-1\"", "[]", GOOD_DIR, "\"\"", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", "null", "\"\"", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", "\"Game\"", "\"\"", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", "\"/g/../etc\"", "\"\"", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "null", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"../sh\"", FILES("")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		"\"sizeBytes\":-1,\"installedAt\":1,"
		"\"files\":[]"),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		"\"sizeBytes\":1,\"installedAt\":1,"
		"\"files\":null"),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"", FILES("null")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"", FILES("{\"path\":\"a\"}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":null,\"size\":1,\"mtime\":1}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":\"../a\",\"size\":1,\"mtime\":1}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":\"/a\",\"size\":1,\"mtime\":1}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":\"a\",\"size\":-1,\"mtime\":1}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":\"a\",\"size\":1,\"mtime\":1,\"sha256\":\"x\"}")),
	RECORD("\"hub-1\"", "\"Game\"", GOOD_DIR, "\"\"",
		FILES("{\"path\":\"a\",\"size\":1,\"mtime\":1,\"mtimeNs\":9000000000}")),
};

START_TEST(test_a_damaged_commit_record_is_given_up)
{
	char upload_id[64];

	leave_half(upload_id);
	put_staged(upload_id, UPLOAD_STAGING_COMMIT, bad_records[_i]);
	fixture_start(&fixture);
	ck_assert_uint_eq(game_registry_count(fixture.registry), 0);
	ck_assert_uint_eq(upload_count(), 1); /* what was received is still there */
	expect_installable();
}
END_TEST

/* Complete lines with impossible numbers. */
START_TEST(test_a_journal_that_says_nonsense)
{
	static const struct upload_journal_state states[] = {
		{ .at_ms = INT64_MAX, .held_bytes = 1 },
		{ .at_ms = 1, .held_bytes = INT64_MAX },
		{ .at_ms = 1600000000000, .held_bytes = INT64_C(1) << 50 },
	};
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int dir_fd = -1;
	char upload_id[64];

	leave_half(upload_id);
	dir_fd = upload_staging_open(fixture.library, "", upload_id, NULL);
	upload_journal_write_range(&text, UINT64_MAX / 4, 0, 1);
	upload_journal_write_range(&text, 0, INT64_MAX - 1, INT64_MAX);
	upload_journal_write_range(&text, 1, 5, 3);
	upload_journal_write_state(&text, &states[_i]);
	ck_assert(upload_journal_append(dir_fd, &text, NULL));
	fixture_start(&fixture);
	upload_count();
	expect_installable();
}
END_TEST

static void note_days_left(void *user, const struct upload_status *status)
{
	/* Rounded: the test itself takes a moment. */
	*(int64_t *)user = (status->expires_in_seconds * 1000 + DAY_MS / 2) / DAY_MS;
}

/* −1: there is none. */
static int64_t days_left(void)
{
	int64_t days = -1;

	upload_store_each(fixture.store, note_days_left, &days);
	return days;
}

static void start_again(void)
{
	fixture_stop(&fixture);
	fixture_start(&fixture);
	loop_dispatch(fixture.loop); /* the timer: what has expired goes */
	fixture_settle(&fixture);
}

/* The device's clock may be wrong, and be set, in every direction. */
START_TEST(test_the_device_clock_deletes_nothing)
{
	static const int64_t shifts_s[] = { 8 * 86400, -3650 * 86400, 3650 * 86400, 0 };
	char upload_id[64];

	for (size_t i = 0; i < COUNT(shifts_s); i++) {
		wall_shift_s = 0;
		if (i == 0) {
			leave_half(upload_id);
			fixture_start(&fixture);
		}
		wall_shift_s = shifts_s[i];
		upload_store_set_expiry(fixture.store, 7 * DAY_MS); /* looks at the clock */
		loop_dispatch(fixture.loop);
		ck_assert_int_eq(days_left(), 7);
		start_again();
		ck_assert_int_eq(days_left(), 7);
	}
	expect_installable();
}
END_TEST

START_TEST(test_time_is_counted_over_several_runs)
{
	char upload_id[64];

	leave_half(upload_id);
	fixture_start(&fixture);
	upload_store_set_expiry(fixture.store, 7 * DAY_MS);
	ck_assert_int_eq(days_left(), 7);
	steady_shift_ms = 3 * DAY_MS;
	start_again();
	ck_assert_int_eq(days_left(), 4);
	fixture_stop(&fixture);
	steady_shift_ms = 0; /* another boot */
	fixture_start(&fixture);
	ck_assert_int_eq(days_left(), 4);
	steady_shift_ms = 3 * DAY_MS;
	upload_store_set_expiry(fixture.store, 7 * DAY_MS);
	loop_dispatch(fixture.loop);
	ck_assert_int_eq(days_left(), 1);
	start_again();
	ck_assert_int_eq(days_left(), 1);
	steady_shift_ms += DAY_MS + 60000;
	start_again();
	ck_assert_int_eq(days_left(), -1);
	steady_shift_ms = 0;
}
END_TEST

/* What is sent again starts anew, also if the agent is killed before it is paused. */
START_TEST(test_a_resumed_upload_is_kept_for_the_full_time)
{
	struct init_answer answer;
	char upload_id[64];

	leave_half(upload_id);
	fixture_start(&fixture);
	steady_shift_ms = 6 * DAY_MS;
	start_again();
	ck_assert_int_eq(days_left(), 1);
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_str_eq(answer.upload_id, upload_id);
	init_answer_finish(&answer);
	start_again();
	ck_assert_int_eq(days_left(), 7);
	steady_shift_ms = 0;
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("retention");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_a_damaged_head_is_kept_for_the_owner, 0, COUNT(bad_heads));
	tcase_add_loop_test(
		tests, test_what_is_no_file_is_damaged, 0, 2 * (int)COUNT(staging_names));
	tcase_add_loop_test(tests, test_what_becomes_no_file_while_receiving, 0,
		2 * ((int)COUNT(staging_names) - 1));
	tcase_add_loop_test(tests, test_a_staged_file_that_was_tampered_with, 0, TAMPERINGS);
	tcase_add_loop_test(tests, test_a_damaged_commit_record_is_given_up, 0, COUNT(bad_records));
	tcase_add_loop_test(tests, test_a_journal_that_says_nonsense, 0, 3);
	tcase_add_test(tests, test_the_device_clock_deletes_nothing);
	tcase_add_test(tests, test_time_is_counted_over_several_runs);
	tcase_add_test(tests, test_a_resumed_upload_is_kept_for_the_full_time);
	return run_tcase(tests);
}
