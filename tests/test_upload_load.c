#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_store.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (1024 * 1024)
#define HASH_BLOCK_BYTES (256 * 1024) /* what upload_load.c reads at a time */
#define SLOW_READ_MS 4000

/* A disk on which time passes: each block of a file that is hashed takes SLOW_READ_MS. */
static atomic_bool is_slow;
static atomic_int blocks_read;
static atomic_long skew_ms;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock == CLOCK_MONOTONIC) {
		now->tv_sec += atomic_load(&skew_ms) / 1000;
	}
	return result;
}

ssize_t read(int fd, void *buffer, size_t length)
{
	if (length == HASH_BLOCK_BYTES) {
		atomic_fetch_add(&blocks_read, 1);
		if (atomic_load(&is_slow)) {
			atomic_fetch_add(&skew_ms, SLOW_READ_MS);
		}
	}
	return syscall(SYS_read, fd, buffer, length);
}

static struct upload_fixture fixture;

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
	is_slow = false;
	blocks_read = 0;
}

static void teardown(void)
{
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static const struct test_file game[] = {
	{ "large.pak", 6 * MIB, 1, true },
	{ "same.pak", MIB, 2, true },
};

static void install(void)
{
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	fixture_settle(&fixture);
	init_answer_finish(&answer);
}

/* The same content, but another time: it has to be read to be known. */
static void touch(const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/Game/%s", fixture.library, name);
	static const struct timespec times[] = { { 1600000000, 0 }, { 1600000000, 0 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(test_nothing_is_read_of_what_has_not_changed)
{
	struct init_answer answer;
	struct complete_answer complete;

	install();
	blocks_read = 0;
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_int_eq(init_answer_resume(&answer, "large.pak"), 6 * MIB);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(blocks_read, 0);
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_a_touched_file_is_read_and_not_sent)
{
	struct init_answer answer;

	install();
	touch("large.pak");
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_int_eq(init_answer_resume(&answer, "large.pak"), 6 * MIB);
	ck_assert_int_eq(init_answer_resume(&answer, "same.pak"), MIB);
	ck_assert_int_ge(blocks_read, 6 * MIB / HASH_BLOCK_BYTES);
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_hashing_ends_inside_a_file_when_the_time_is_up)
{
	struct init_answer answer;

	install();
	touch("large.pak");
	blocks_read = 0;
	is_slow = true;
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	is_slow = false;
	ck_assert_int_ge(blocks_read, 1);
	ck_assert_int_le(blocks_read, 30000 / 2 / SLOW_READ_MS + 1);
	/* A file not read to its end may be the player's, and the PC's has not changed: it stays.
	 */
	ck_assert_int_eq(init_answer_resume(&answer, "large.pak"), 6 * MIB);
	ck_assert_int_eq(init_answer_resume(&answer, "same.pak"), MIB);
	init_answer_finish(&answer);
}
END_TEST

static char *installed_manifest_path(void)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	char hex[SHA256_HEX_BYTES];

	sha256_of(dir, strlen(dir), hex);
	return xasprintf("%s/manifests/%s.json", fixture.state, hex);
}

START_TEST(test_entries_of_the_installed_manifest_that_do_not_fit)
{
	static const char *const bad[] = { "7", "null", "{}",
		"{\"path\":null,\"size\":1,\"mtime\":1}", "{\"path\":5,\"size\":1,\"mtime\":1}",
		"{\"path\":\"../x\",\"size\":1,\"mtime\":1}",
		"{\"path\":\"x\",\"size\":-1,\"mtime\":1}", "{\"path\":\"x\",\"size\":1}",
		"{\"path\":\"x\",\"size\":1,\"mtime\":1,\"sha256\":[]}",
		"{\"path\":\"x\",\"size\":1,\"mtime\":1,\"mtimeNs\":1e18}",
		"{\"path\":\"x\",\"size\":1,\"mtime\":1,\"kept\":\"no\"}" };
	AUTO(free_ptr) char *path = installed_manifest_path();
	AUTO(strbuf_finish) struct strbuf text = { 0 }, damaged = { 0 };
	static const char list[] = "\"files\":[";
	struct init_answer answer;
	const char *at;

	install();
	ck_assert(atomic_file_read(path, MIB, &text, NULL));
	at = strstr(strbuf_text(&text), list);
	ck_assert_ptr_nonnull(at);
	at += strlen(list);
	strbuf_append(&damaged, text.data, (size_t)(at - text.data));
	for (size_t i = 0; i < COUNT(bad); i++) {
		strbuf_appendf(&damaged, "%s,", bad[i]);
	}
	strbuf_append_text(&damaged, at);
	ck_assert(atomic_file_write(path, damaged.data, damaged.length, 0600, NULL));
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_int_eq(init_answer_resume(&answer, "large.pak"), 6 * MIB);
	ck_assert_int_eq(init_answer_resume(&answer, "same.pak"), MIB);
	init_answer_finish(&answer);
}
END_TEST

/* Nothing is known to be ours, but what is there may be what the PC has. */
START_TEST(test_a_damaged_installed_manifest_knows_nothing)
{
	static const char *const texts[] = { "", "[]", "{\"version\":2,\"dir\":\"\",\"files\":[]}",
		"{\"version\":1,\"files\":[]}", "{\"version\":1,\"dir\":null,\"files\":[]}",
		"{\"version\":1,\"dir\":\"/elsewhere\",\"files\":[]}",
		"{\"version\":1,\"dir\":\"/g\",\"files\":{}}" };
	AUTO(free_ptr) char *path = installed_manifest_path();

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct init_answer answer;

		install();
		ck_assert(atomic_file_write(path, texts[i], strlen(texts[i]), 0600, NULL));
		ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
		ck_assert_int_eq(init_answer_resume(&answer, "same.pak"), MIB);
		ck_assert(upload_store_discard(fixture.store, answer.upload_id, NULL));
		fixture_settle(&fixture);
		init_answer_finish(&answer);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("load");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_nothing_is_read_of_what_has_not_changed);
	tcase_add_test(tests, test_a_touched_file_is_read_and_not_sent);
	tcase_add_test(tests, test_hashing_ends_inside_a_file_when_the_time_is_up);
	tcase_add_test(tests, test_entries_of_the_installed_manifest_that_do_not_fit);
	tcase_add_test(tests, test_a_damaged_installed_manifest_knows_nothing);
	return run_tcase(tests);
}
