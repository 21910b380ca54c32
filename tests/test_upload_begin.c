#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_store.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>

/* init_upload when it is not the only one, and when the disk has changed. */
#define MIB (INT64_C(1024) * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
	tcase_add_test(tests, test_discarded_while_it_begins);
	tcase_add_loop_test(
		tests, test_an_upload_whose_staging_is_gone_starts_afresh, 0, COUNT(lost));
	tcase_add_loop_test(tests, test_staging_that_goes_under_a_running_upload, 0, COUNT(lost));
	return run_tcase(tests);
}
