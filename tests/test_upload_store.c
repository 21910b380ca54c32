#include "agent/upload_store.h"
#include "core/cleanup.h"
#include "core/xalloc.h"
#include "upload_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const struct test_file small_game[] = {
	{ "bin/game", 5000, 1, true },
	{ "data/level one.pak", 3 * MIB + 17, 2, true },
	{ "data/maps/a.map", 4096, 3, true },
	{ "empty/keep.me", 0, 0, true },
	{ "readme.txt", 12, 5, true },
};

static char *game_dir(const char *name)
{
	return xasprintf("%s/%s", fixture.library, name);
}

__attribute__((unused)) static void install(
	const char *name, const struct test_file *files, size_t count)
{
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert_msg(fixture_init(&fixture, HUB, name, "", files, count, &answer), "%s",
		answer.error.message);
	fixture_send(&fixture, HUB, &answer, files, count);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
}

static void expect_content(const char *name, const struct test_file *files, size_t count)
{
	AUTO(free_ptr) char *dir = game_dir(name);

	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(has_content(dir, &files[i]), "%s/%s differs", dir, files[i].path);
	}
}

START_TEST(test_a_game_is_installed)
{
	AUTO(free_ptr) char *dir = game_dir("Small Game");
	struct init_answer answer;
	struct complete_answer complete;
	const struct game *game;

	ck_assert_msg(fixture_init(&fixture, HUB, "Small Game", NULL, small_game, COUNT(small_game),
			      &answer),
		"%s", answer.error.message);
	ck_assert_uint_eq(answer.resume_from.count, 0);
	ck_assert(!path_exists(fixture.library, "Small Game"));
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	ck_assert(!path_exists(fixture.library, "Small Game"));
	ck_assert_uint_eq(fixture.progress_count, 7);
	ck_assert_int_eq(fixture.last_transferred, 5000 + 3 * MIB + 17 + 4096 + 12);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert_str_eq(complete.dir, dir);
	ck_assert_str_eq(complete.executable, "bin/game");
	expect_content("Small Game", small_game, COUNT(small_game));
	fixture_settle(&fixture);
	ck_assert(!path_exists(fixture.library, ".capydeck/uploads/x"));
	game = game_registry_find(fixture.registry, dir);
	ck_assert_ptr_nonnull(game);
	ck_assert_str_eq(game->name, "Small Game");
	ck_assert_str_eq(game->executable, "bin/game");
	ck_assert_int_eq(game->file_count, COUNT(small_game));
	/* A late cancel is no error, and touches nothing. */
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, NULL));
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upload_store");
	TCase *tests = tcase_create("store");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_a_game_is_installed);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
