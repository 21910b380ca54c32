#include "upload/upload_rollback.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "suite.h"
#include "upload/rollback_undo.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PENDING "{\"wantsShortcut\":true}"

static struct upload_fixture fixture;
static char *dir;

static const struct test_file old_build[] = {
	{ "a", 100, 1, true },
	{ "gone/b", 200, 2, true },
	{ "same", 300, 3, true },
	{ "zero", 0, 0, true },
};
static const struct test_file new_build[] = {
	{ "a", 150, 11, true },
	{ "new", 50, 12, true },
	{ "same", 300, 3, true },
	{ "zero", 0, 0, true },
};

static void push(const struct test_file *files, size_t count)
{
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", files, count, &answer), "%s",
		answer.error.message);
	fixture_send(&fixture, HUB, &answer, files, count);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
}

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
	dir = xasprintf("%s/Game", fixture.library);
	push(old_build, COUNT(old_build));
	push(new_build, COUNT(new_build));
}

static void teardown(void)
{
	free(dir);
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static bool has_build(const struct test_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_content(dir, &files[i])) {
			return false;
		}
	}
	return true;
}

/* Below the library; the place that has a previous build, of which there is one. Caller frees. */
static char *find_place(void)
{
	AUTO(free_ptr)
	char *pattern = xasprintf("%s/" KEPT_FOLDER "/Game/*/" KEPT_PREVIOUS, fixture.library);
	glob_t found;
	char *place = NULL;

	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	place = path_parent(found.gl_pathv[0] + strlen(fixture.library) + 1);
	globfree(&found);
	return place;
}

static unsigned count_staging(void)
{
	AUTO(free_ptr) char *pattern = xasprintf("%s/.capydeck/uploads/*", fixture.library);
	glob_t found;
	unsigned count = glob(pattern, 0, NULL, &found) == 0 ? (unsigned)found.gl_pathc : 0;

	globfree(&found);
	return count;
}

struct answer {
	bool answered;
	struct error error;
};

static void on_done(void *user, const struct upload_installed *installed, const struct error *err)
{
	struct answer *answer = user;

	ck_assert((installed == NULL) == (err != NULL));
	if (err != NULL) {
		answer->error = *err;
	}
	answer->answered = true;
}

static struct error roll_back(void)
{
	AUTO(free_ptr) char *place = find_place();
	const struct game *game = game_registry_find(fixture.registry, dir);
	struct answer answer = { 0 };

	upload_store_rollback(fixture.store,
		&(struct upload_rollback_options){ .game = game,
			.root = fixture.library,
			.library = game->library,
			.folder = place,
			.pending = PENDING },
		on_done, &answer);
	fixture_wait(&fixture, &answer.answered);
	fixture_settle(&fixture);
	return answer.error;
}

START_TEST(test_there_and_back)
{
	for (int i = 0; i < 2; i++) {
		struct error err = roll_back();

		ck_assert_msg(err.kind == ERROR_NONE, "%s", err.message);
		ck_assert(has_build(old_build, COUNT(old_build)));
		ck_assert(!path_exists(dir, "new"));
		ck_assert_str_eq(game_registry_find(fixture.registry, dir)->pending, PENDING);
		err = roll_back();
		ck_assert_msg(err.kind == ERROR_NONE, "%s", err.message);
		ck_assert(has_build(new_build, COUNT(new_build)));
		ck_assert(!path_exists(dir, "gone"));
	}
	ck_assert_uint_eq(count_staging(), 0);
	/* What was brought back counts as installed: only what differs is sent. */
	ck_assert_int_eq(roll_back().kind, ERROR_NONE);
	fixture.progress_count = 0;
	push(old_build, COUNT(old_build));
	ck_assert_uint_eq(fixture.progress_count, 0);
}
END_TEST

START_TEST(test_what_the_player_changed_since_is_kept)
{
	AUTO(free_ptr) char *pattern = NULL;
	glob_t found;

	put_file(dir, "a", "mine");
	put_file(dir, "new", "mine, too");
	ck_assert_int_eq(roll_back().kind, ERROR_NONE);
	ck_assert(has_build(old_build, COUNT(old_build)));
	ck_assert(path_exists(dir, "new"));
	pattern = xasprintf("%s/" KEPT_FOLDER "/Game/*/" KEPT_PLAYER "/a", fixture.library);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	globfree(&found);
}
END_TEST

/* What cannot be done leaves the previous build where it was. */
START_TEST(test_one_that_is_refused_can_be_tried_again)
{
	AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	put_file(dir, "gone", "a file where a folder has to go");
	ck_assert_int_eq(roll_back().kind, ERROR_CONFLICT);
	ck_assert(has_build(new_build, COUNT(new_build)));
	ck_assert_uint_eq(count_staging(), 0);
	ck_assert(beneath_remove_tree(fd, "gone", NULL));
	ck_assert_int_eq(roll_back().kind, ERROR_NONE);
	ck_assert(has_build(old_build, COUNT(old_build)));
}
END_TEST

/* Somebody asks meanwhile what is kept: that must not remove what is empty for the moment. */
static void look_at_kept(void)
{
	AUTO(close_fd) int fd = open(fixture.library, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(kept_files_previous_bytes(fd), 0);
	kept_files_drop_previous(fd, NULL, NULL);
}

/* A crash before the promise. _i: the build has moved already. */
START_TEST(test_a_crash_gives_the_previous_build_back)
{
	AUTO(free_ptr) char *place = find_place();
	AUTO(free_ptr) char *staging = xasprintf("%s/.capydeck/uploads/0123", fixture.library);
	AUTO(free_ptr) char *files = path_join(staging, "files");
	AUTO(free_ptr) char *marker = path_join(staging, "rollback");
	AUTO(free_ptr) char *previous = xasprintf("%s/%s/" KEPT_PREVIOUS, fixture.library, place);
	FILE *file;

	fixture_stop(&fixture);
	ck_assert_int_eq(mkdir(staging, 0700), 0);
	ck_assert_int_eq(mkdir(files, 0755), 0);
	file = fopen(marker, "w");
	ck_assert_ptr_nonnull(file);
	fputs(place, file);
	fclose(file);
	if (_i == 1) {
		ck_assert_int_eq(rename(previous, files), 0);
	}
	if (_i == 1) {
		look_at_kept();
	}
	fixture_start(&fixture);
	ck_assert_uint_eq(count_staging(), 0);
	ck_assert(has_content(previous, &old_build[0]));
	ck_assert(has_content(previous, &old_build[1]));
	ck_assert_int_eq(roll_back().kind, ERROR_NONE);
	ck_assert(has_build(old_build, COUNT(old_build)));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rollback");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_there_and_back);
	tcase_add_test(tests, test_what_the_player_changed_since_is_kept);
	tcase_add_test(tests, test_one_that_is_refused_can_be_tried_again);
	tcase_add_loop_test(tests, test_a_crash_gives_the_previous_build_back, 0, 2);
	return run_tcase(tests);
}
