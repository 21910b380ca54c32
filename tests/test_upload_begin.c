#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_store.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

/* init_upload when it is not the only one, and when the disk has changed. */
#define MIB (INT64_C(1024) * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct upload_fixture fixture;
/* The library's disk has room for so much of uploads; 0: it is the machine's. */
static int64_t disk_bytes;

static int64_t staged_bytes(void)
{
	AUTO(free_ptr) char *path = xasprintf("%s/.capydeck/uploads", fixture.library);
	char *const paths[] = { path, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;
	int64_t bytes = 0;

	while ((entry = fts_read(walk)) != NULL) {
		bytes += entry->fts_info == FTS_F ? entry->fts_statp->st_blocks * INT64_C(512) : 0;
	}
	fts_close(walk);
	return bytes;
}

int fstatvfs(int fd, struct statvfs *room)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/self/fd/%d", fd);
	int result = statvfs(path, room);

	if (disk_bytes > 0) {
		int64_t free_bytes = disk_bytes - staged_bytes();

		room->f_frsize = 1;
		room->f_bavail = (fsblkcnt_t)(free_bytes > 0 ? free_bytes : 0);
	}
	return result;
}

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
	disk_bytes = 0;
}

static void teardown(void)
{
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static const struct test_file game[] = {
	{ "a.pak", 2 * MIB + 7, 1, true },
	{ "data/b.pak", MIB, 2, true },
};

static void begin(struct init_answer *answer)
{
	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), answer), "%s",
		answer->error.message);
}

static void finish_upload(struct init_answer *answer)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct complete_answer complete;

	fixture_send(&fixture, HUB, answer, game, COUNT(game));
	ck_assert_msg(fixture_complete(&fixture, HUB, answer->upload_id, NULL, &complete), "%s",
		complete.error.message);
	for (size_t i = 0; i < COUNT(game); i++) {
		ck_assert(has_content(dir, &game[i]));
	}
	init_answer_finish(answer);
}

/* A Hub that lost patience with its first request sends another one. */
START_TEST(test_inits_of_one_game_at_once)
{
	struct init_answer answers[3];

	for (size_t i = 0; i < COUNT(answers); i++) {
		fixture_init_send(&fixture, HUB, "Game", "", game, COUNT(game), &answers[i]);
	}
	for (size_t i = 0; i < COUNT(answers); i++) {
		fixture_wait(&fixture, &answers[i].answered);
		ck_assert_int_eq(answers[i].error.kind, ERROR_NONE);
		ck_assert_str_eq(answers[i].upload_id, answers[0].upload_id);
		if (i == 0) {
			fixture_chunk(&fixture, HUB, answers[0].upload_id, &game[0], 0, 1000, NULL);
		} else {
			init_answer_finish(&answers[i]);
		}
	}
	fixture_settle(&fixture);
	finish_upload(&answers[0]);
}
END_TEST

/* A manifest that can never be installed does not cost what an earlier one has sent. */
START_TEST(test_a_bad_manifest_supersedes_nothing)
{
	static const struct test_file bad[] = {
		{ "a.pak", 2 * MIB + 7, 3, true },
		{ "../b.pak", MIB, 4, true },
	};
	struct init_answer answer, refused;
	char upload_id[sizeof(answer.upload_id)];

	begin(&answer);
	fixture_chunk(&fixture, HUB, answer.upload_id, &game[0], 0, MIB, NULL);
	memcpy(upload_id, answer.upload_id, sizeof(upload_id));
	init_answer_finish(&answer);
	for (size_t first = 0; first < COUNT(bad); first++) {
		ck_assert(!fixture_init(
			&fixture, HUB, "Game", "", bad + first, COUNT(bad) - first, &refused));
		ck_assert_int_eq(refused.error.kind, ERROR_INVALID);
		ck_assert_msg(strstr(refused.error.message, "'../b.pak' contains '..'") != NULL,
			"%s", refused.error.message);
		init_answer_finish(&refused);
	}
	begin(&answer);
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), MIB);
	finish_upload(&answer);
}
END_TEST

#define SPARE_BYTES (64 * MIB) /* that upload_load.c leaves free */
#define LONG_NAME	       /* 250 bytes */                                                     \
	"12345678901234567890123456789012345678901234567890"                                       \
	"12345678901234567890123456789012345678901234567890"                                       \
	"12345678901234567890123456789012345678901234567890"                                       \
	"12345678901234567890123456789012345678901234567890"                                       \
	"12345678901234567890123456789012345678901234567890/"
#define FOUR_LONG LONG_NAME LONG_NAME LONG_NAME LONG_NAME
#define LONG_PATH                                                                                  \
	FOUR_LONG FOUR_LONG FOUR_LONG FOUR_LONG "1234567890123456789012345678901234567890/"

/* Each of these manifests is refused only when the disk is asked. */
static const struct {
	struct test_file file;
	int64_t disk_bytes; /* while it is */
	enum error_kind kind;
} not_for_this_disk[] = {
	{ { LONG_PATH "a.pak", 10, 1, true }, 0, ERROR_INVALID },
	/* Nothing is to be discarded for it either. */
	{ { LONG_PATH "a.pak", 2 * MIB, 1, true }, SPARE_BYTES + 2 * MIB, ERROR_INVALID },
	{ { "a.pak", 40 * MIB, 1, true }, SPARE_BYTES + 8 * MIB, ERROR_NO_SPACE },
};

/* By its Hub, which has cancelled it or has gone, or is still there. */
static void leave(const char *upload_id, const char *how)
{
	if (strcmp(how, "cancelled") == 0) {
		ck_assert(upload_store_cancel(fixture.store, HUB, upload_id, NULL));
	} else if (strcmp(how, "gone") == 0) {
		upload_store_hub_gone(fixture.store, HUB);
	}
	fixture_settle(&fixture);
}

static const char *const ways_to_leave[] = { "there", "gone", "cancelled" };

static void check_that_it_supersedes_nothing(size_t which, const char *how)
{
	struct init_answer answer, refused;
	char upload_id[sizeof(answer.upload_id)];

	disk_bytes = 0;
	begin(&answer);
	fixture_chunk(&fixture, HUB, answer.upload_id, &game[0], 0, MIB, NULL);
	memcpy(upload_id, answer.upload_id, sizeof(upload_id));
	init_answer_finish(&answer);
	leave(upload_id, how);
	disk_bytes = not_for_this_disk[which].disk_bytes;
	ck_assert(!fixture_init(
		&fixture, HUB, "Game", "", &not_for_this_disk[which].file, 1, &refused));
	ck_assert_msg(
		refused.error.kind == not_for_this_disk[which].kind, "%s", refused.error.message);
	init_answer_finish(&refused);
	fixture_settle(&fixture);
	disk_bytes = 0;
	begin(&answer);
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), MIB);
	finish_upload(&answer);
}

START_TEST(test_what_the_disk_refuses_supersedes_nothing)
{
	check_that_it_supersedes_nothing(
		(size_t)_i / COUNT(ways_to_leave), ways_to_leave[_i % COUNT(ways_to_leave)]);
}
END_TEST

/* The room of the one that it replaces is enough for it. */
START_TEST(test_what_is_superseded_makes_room)
{
	static const struct test_file next[] = { { "a.pak", 2 * MIB, 3, true } };
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	struct init_answer old, answer;

	begin(&old);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[0], 0, MIB, NULL);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[1], 0, MIB, NULL);
	leave(old.upload_id, ways_to_leave[_i]);
	disk_bytes = SPARE_BYTES + 2 * MIB + MIB / 4;
	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", next, 1, &answer), "%s",
		answer.error.message);
	ck_assert(!path_exists(uploads, old.upload_id));
	init_answer_finish(&old);
	init_answer_finish(&answer);
}
END_TEST

/* What another build has of the same files is taken over, and needs no room of its own. */
START_TEST(test_the_same_files_of_another_build_are_not_sent_again)
{
	static const struct test_file next[] = {
		{ "a.pak", 2 * MIB + 7, 1, true },
		{ "data/b.pak", MIB, 3, true },
	};
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct init_answer old, answer;
	struct complete_answer complete;

	begin(&old);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[0], 0, MIB, NULL);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[0], MIB, MIB, NULL);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[1], 0, MIB, NULL);
	leave(old.upload_id, ways_to_leave[_i]);
	disk_bytes = SPARE_BYTES + 3 * MIB + MIB / 4;
	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", next, COUNT(next), &answer), "%s",
		answer.error.message);
	ck_assert_str_ne(answer.upload_id, old.upload_id);
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), 2 * MIB);
	ck_assert_int_eq(init_answer_resume(&answer, "data/b.pak"), 0);
	fixture_settle(&fixture);
	ck_assert(!path_exists(uploads, old.upload_id));
	fixture_send(&fixture, HUB, &answer, next, COUNT(next));
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	for (size_t i = 0; i < COUNT(next); i++) {
		ck_assert(has_content(dir, &next[i]));
	}
	init_answer_finish(&old);
	init_answer_finish(&answer);
}
END_TEST

/* Of two requests at once the later one is what the Hub wants. */
START_TEST(test_the_later_of_two_manifests_is_the_one_that_stays)
{
	static const struct test_file next[] = { { "a.pak", 2 * MIB, 3, true } };
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	struct init_answer old, first, second;

	begin(&old);
	fixture_chunk(&fixture, HUB, old.upload_id, &game[0], 0, MIB, NULL);
	leave(old.upload_id, ways_to_leave[_i]);
	fixture.thread_count = 1;
	fixture_init_send(&fixture, HUB, "Game", "", next, 1, &first);
	fixture_init_send(&fixture, HUB, "Game", "", game, COUNT(game), &second);
	fixture_wait(&fixture, &first.answered);
	fixture_wait(&fixture, &second.answered);
	ck_assert_msg(second.error.kind == ERROR_NONE, "%s", second.error.message);
	ck_assert_str_eq(second.upload_id, old.upload_id);
	fixture_settle(&fixture);
	ck_assert(first.error.kind != ERROR_NONE || !path_exists(uploads, first.upload_id));
	init_answer_finish(&first);
	init_answer_finish(&old);
	finish_upload(&second);
}
END_TEST

static void count_upload(void *user, const struct upload_status *status)
{
	++*(unsigned *)user;
}

/*
 * The owner discards an upload while its init_upload is under way, one step later each time: an
 * answer that comes after that must not promise what is not there any more.
 */
START_TEST(test_discarded_while_it_begins)
{
	bool was_answered = false;

	for (unsigned steps = 1; !was_answered; steps++) {
		struct init_answer first, second;
		unsigned count = 0;

		begin(&first);
		fixture_chunk(&fixture, HUB, first.upload_id, &game[0], 0, 1000, NULL);
		upload_store_hub_gone(fixture.store, HUB);
		fixture_settle(&fixture);
		fixture_init_send(&fixture, HUB, "Game", "", game, COUNT(game), &second);
		for (unsigned i = 0; i < steps && !second.answered; i++) {
			struct pollfd poll_fd = { .fd = loop_fd(fixture.loop), .events = POLLIN };

			ck_assert_int_gt(poll(&poll_fd, 1, 60 * 1000), 0);
			loop_dispatch(fixture.loop);
		}
		was_answered = second.answered;
		ck_assert(upload_store_discard(fixture.store, first.upload_id, NULL));
		fixture_wait(&fixture, &second.answered);
		if (!was_answered) {
			ck_assert(second.error.kind == ERROR_CONFLICT ||
				  strcmp(second.upload_id, first.upload_id) != 0);
		}
		upload_store_hub_gone(fixture.store, HUB);
		if (!was_answered && second.error.kind == ERROR_NONE) {
			ck_assert(upload_store_discard(fixture.store, second.upload_id, NULL));
		}
		fixture_settle(&fixture);
		upload_store_each(fixture.store, count_upload, &count);
		ck_assert_uint_eq(count, 0);
		init_answer_finish(&first);
		init_answer_finish(&second);
	}
}
END_TEST

static void remove_from_home(const char *path)
{
	AUTO(close_fd) int fd = open(fixture.home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, path, NULL));
}

/* The folder is cleaned up, or another card is inserted. */
static const char *const lost[] = { "Games", "Games/.capydeck", "Games/.capydeck/uploads" };

START_TEST(test_an_upload_whose_staging_is_gone_starts_afresh)
{
	struct init_answer answer, again;

	begin(&answer);
	fixture_chunk(&fixture, HUB, answer.upload_id, &game[0], 0, MIB, NULL);
	upload_store_hub_gone(fixture.store, HUB);
	fixture_settle(&fixture);
	remove_from_home(lost[_i]);
	begin(&again);
	ck_assert_uint_eq(again.resume_from.count, 0);
	init_answer_finish(&answer);
	finish_upload(&again);
}
END_TEST

START_TEST(test_staging_that_goes_under_a_running_upload)
{
	struct complete_answer complete;
	struct init_answer answer, again;

	begin(&answer);
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	remove_from_home(lost[_i]);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert(!path_exists(fixture.library, "Game"));
	begin(&again);
	ck_assert_uint_eq(again.resume_from.count, 0);
	init_answer_finish(&answer);
	finish_upload(&again);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("begin");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_inits_of_one_game_at_once);
	tcase_add_test(tests, test_a_bad_manifest_supersedes_nothing);
	tcase_add_loop_test(tests, test_what_the_disk_refuses_supersedes_nothing, 0,
		COUNT(not_for_this_disk) * COUNT(ways_to_leave));
	tcase_add_loop_test(tests, test_what_is_superseded_makes_room, 0, COUNT(ways_to_leave));
	tcase_add_loop_test(tests, test_the_same_files_of_another_build_are_not_sent_again, 0,
		COUNT(ways_to_leave));
	tcase_add_loop_test(tests, test_the_later_of_two_manifests_is_the_one_that_stays, 0,
		COUNT(ways_to_leave));
	tcase_add_test(tests, test_discarded_while_it_begins);
	tcase_add_loop_test(
		tests, test_an_upload_whose_staging_is_gone_starts_afresh, 0, COUNT(lost));
	tcase_add_loop_test(tests, test_staging_that_goes_under_a_running_upload, 0, COUNT(lost));
	return run_tcase(tests);
}
