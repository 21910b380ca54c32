#include "upload/update_plan.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "suite.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every cell of the table in uploads.md, and what becomes of real files. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- The table --- */

static const struct cell {
	enum update_pc pc;
	enum update_deck deck;
	bool program, overwrite;
	enum update_action action;
} cells[] = {
	{ UPDATE_PC_SAME, UPDATE_DECK_SAME, false, false, UPDATE_SAME },
	{ UPDATE_PC_SAME, UPDATE_DECK_SAME, true, true, UPDATE_SAME },
	{ UPDATE_PC_SAME, UPDATE_DECK_CHANGED, false, false, UPDATE_STAYS },
	{ UPDATE_PC_SAME, UPDATE_DECK_CHANGED, true, false, UPDATE_STAYS },
	{ UPDATE_PC_SAME, UPDATE_DECK_CHANGED, false, true, UPDATE_REPLACED_KEPT },
	{ UPDATE_PC_SAME, UPDATE_DECK_DELETED, false, false, UPDATE_STAYS },
	{ UPDATE_PC_SAME, UPDATE_DECK_DELETED, true, false, UPDATE_COMES_BACK },
	{ UPDATE_PC_SAME, UPDATE_DECK_DELETED, false, true, UPDATE_COMES_BACK },
	{ UPDATE_PC_SAME, UPDATE_DECK_EQUAL, false, false, UPDATE_SAME },
	{ UPDATE_PC_CHANGED, UPDATE_DECK_SAME, false, false, UPDATE_REPLACED },
	{ UPDATE_PC_CHANGED, UPDATE_DECK_CHANGED, false, false, UPDATE_REPLACED_KEPT },
	{ UPDATE_PC_CHANGED, UPDATE_DECK_DELETED, false, false, UPDATE_ADDED },
	{ UPDATE_PC_CHANGED, UPDATE_DECK_EQUAL, false, false, UPDATE_SAME },
	{ UPDATE_PC_NEW, UPDATE_DECK_CHANGED, false, false, UPDATE_REPLACED_KEPT },
	{ UPDATE_PC_NEW, UPDATE_DECK_DELETED, false, false, UPDATE_ADDED },
	{ UPDATE_PC_NEW, UPDATE_DECK_EQUAL, false, true, UPDATE_SAME },
	{ UPDATE_PC_GONE, UPDATE_DECK_SAME, true, false, UPDATE_REMOVED },
	{ UPDATE_PC_GONE, UPDATE_DECK_CHANGED, true, true, UPDATE_LEFT },
	{ UPDATE_PC_GONE, UPDATE_DECK_DELETED, false, false, UPDATE_LEFT },
};

START_TEST(test_the_table)
{
	const struct cell *cell = &cells[_i];

	ck_assert_int_eq(
		update_decide(cell->pc, cell->deck, cell->program, cell->overwrite), cell->action);
}
END_TEST

START_TEST(test_what_is_a_program)
{
	static const struct {
		const char *path;
		bool is;
	} names[] = { { "Game.EXE", true }, { "bin/libfoo.so", true }, { "libz.so.1.2", true },
		{ "notes.so.txt", false }, { "data/level.pak", true }, { "save/slot1.sav", false },
		{ "settings.ini", false }, { "bin/start", true }, { ".so", false } };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct installed_file file = { .path = (char *)names[i].path };

		ck_assert_msg(
			update_is_program(&file, "bin/start") == names[i].is, "%s", names[i].path);
		file.program = true;
		ck_assert(update_is_program(&file, "bin/start"));
	}
}
END_TEST

/* --- Real files --- */

static struct upload_fixture fixture;
static char *dir;

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
	dir = xasprintf("%s/Game", fixture.library);
}

static void teardown(void)
{
	free(dir);
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

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

static bool has_text(const char *path, const char *text)
{
	char found[64] = "";
	FILE *file = fopen(path, "r");

	if (file != NULL) {
		ck_assert_uint_lt(fread(found, 1, sizeof(found) - 1, file), sizeof(found));
		fclose(file);
	}
	return strcmp(found, text) == 0;
}

/* In the keeping places of the game: how many have that file? */
static size_t count_kept(const char *which, const char *path)
{
	AUTO(free_ptr)
	char *pattern = xasprintf("%s/" KEPT_FOLDER "/Game/*/%s/%s", fixture.library, which, path);
	glob_t found;
	size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

	globfree(&found);
	return count;
}

static bool is_game_text(const char *path, const char *text)
{
	AUTO(free_ptr) char *full = path_join(dir, path);

	return has_text(full, text);
}

#define FILES(hashed)                                                                              \
	{                                                                                          \
		{ "conf.ini", 20, 1, hashed }, { "game.exe", 30, 2, hashed },                      \
			{ "intro.mp4", 40, 3, hashed }, { "save/slot", 50, 4, hashed },            \
		{                                                                                  \
			"readme", 60, 5, hashed                                                    \
		}                                                                                  \
	}

/* _i: the Hub sends no hashes. */
START_TEST(test_what_only_the_deck_changed_stays)
{
	const bool hashed = _i == 0;
	const struct test_file files[] = FILES(hashed);

	push(files, COUNT(files));
	for (int again = 0; again < 2; again++) {
		AUTO(free_ptr) char *exe = path_join(dir, "game.exe");
		AUTO(free_ptr) char *intro = path_join(dir, "intro.mp4");

		put_file(dir, "save/slot", "level 42");
		unlink(intro);
		ck_assert_int_eq(unlink(exe), 0);
		push(files, COUNT(files));
		ck_assert(is_game_text("save/slot", "level 42"));
		ck_assert(!path_exists(dir, "intro.mp4"));
		ck_assert(has_content(dir, &files[1])); /* it is a program's */
		ck_assert(has_content(dir, &files[0]));
	}
	ck_assert_uint_eq(count_kept("*", "*"), 0);
}
END_TEST

START_TEST(test_what_both_changed_is_kept)
{
	const bool hashed = _i == 0;
	const struct test_file files[] = FILES(hashed);
	struct test_file newer[COUNT(files) - 1];

	memcpy(newer, files, sizeof(newer));
	newer[0].seed = 11; /* conf.ini */
	newer[1].seed = 12; /* game.exe */
	push(files, COUNT(files));
	put_file(dir, "conf.ini", "volume = 0");
	put_file(dir, "mine", "never theirs");
	push(newer, COUNT(newer));
	for (size_t i = 0; i < COUNT(newer); i++) {
		ck_assert(has_content(dir, &newer[i]));
	}
	ck_assert(!path_exists(dir, "readme"));
	ck_assert(is_game_text("mine", "never theirs"));
	ck_assert_uint_eq(count_kept(KEPT_PLAYER, "conf.ini"), 1);
	ck_assert_uint_eq(count_kept(KEPT_PLAYER, "*"), 1);
	ck_assert_uint_eq(count_kept(KEPT_PREVIOUS, "game.exe"), 1);
	ck_assert_uint_eq(count_kept(KEPT_PREVIOUS, "readme"), 1);
	ck_assert_uint_eq(count_kept(KEPT_PREVIOUS, "*"), 2);
}
END_TEST

/* What an earlier build of this program has installed: what differs from the PC's is kept. */
START_TEST(test_without_a_list_everything_else_is_the_players)
{
	static const struct test_file files[] = FILES(true);
	struct test_file newer[COUNT(files)];
	AUTO(free_ptr) char *lists = xasprintf("%s/manifests", fixture.state);
	AUTO(close_fd) int fd = -1;

	memcpy(newer, files, sizeof(newer));
	newer[1].seed = 12;
	push(files, COUNT(files));
	fd = open(lists, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(beneath_remove_tree(fd, ".", NULL));
	push(newer, COUNT(newer) - 1);
	ck_assert(has_content(dir, &newer[1]));
	ck_assert_uint_eq(count_kept(KEPT_PLAYER, "game.exe"), 1);
	ck_assert_uint_eq(count_kept("*", "*"), 1);
	ck_assert(has_content(
		dir, &files[COUNT(files) - 1])); /* gone on the PC, perhaps never ours */
}
END_TEST

/* While the list cannot be read nothing is replaced. */
START_TEST(test_a_list_that_cannot_be_read_stops_the_update)
{
	static const struct test_file files[] = FILES(true);
	AUTO(free_ptr) char *lists = xasprintf("%s/manifests", fixture.state);
	AUTO(free_ptr) char *away = xasprintf("%s/away", fixture.home);
	struct init_answer answer;

	push(files, COUNT(files));
	ck_assert_int_eq(rename(lists, away), 0);
	ck_assert_int_eq(symlink("/nowhere/else", lists), 0);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", files, COUNT(files), &answer));
	ck_assert_int_eq(answer.error.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(answer.error.message, "the list of the files of 'Game'"));
	ck_assert_int_eq(unlink(lists), 0);
	ck_assert_int_eq(rename(away, lists), 0);
	fixture_settle(&fixture);
	push(files, COUNT(files));
}
END_TEST

START_TEST(test_a_folder_that_was_emptied_is_installed_anew)
{
	static const struct test_file files[] = FILES(true);
	AUTO(close_fd) int fd = -1;

	push(files, COUNT(files));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(beneath_remove_tree(fd, ".", NULL));
	push(files, COUNT(files));
	for (size_t i = 0; i < COUNT(files); i++) {
		ck_assert(has_content(dir, &files[i]));
	}
}
END_TEST

START_TEST(test_a_file_becomes_a_folder_and_the_reverse)
{
	static const struct test_file files[] = {
		{ "a", 10, 1, true },
		{ "b/c/d", 10, 2, true },
		{ "z", 10, 3, true },
	};
	static const struct test_file newer[] = {
		{ "a/in/x", 11, 1, true },
		{ "b", 11, 2, true },
		{ "z", 10, 3, true },
	};

	push(files, COUNT(files));
	push(newer, COUNT(newer));
	for (size_t i = 0; i < COUNT(newer); i++) {
		ck_assert(has_content(dir, &newer[i]));
	}
	push(files, COUNT(files));
	for (size_t i = 0; i < COUNT(files); i++) {
		ck_assert(has_content(dir, &files[i]));
	}
	ck_assert_uint_eq(
		count_kept(KEPT_PREVIOUS, "a"), 1); /* a folder: one previous build is kept */
}
END_TEST

/* A save that is deleted with its folder does not come back in a new one. */
START_TEST(test_what_was_deleted_with_its_folder_stays_so)
{
	static const struct test_file files[] = {
		{ "game.exe", 10, 1, true },
		{ "mods/readme", 10, 2, true },
	};
	static const struct test_file newer[] = {
		{ "game.exe", 10, 1, true },
		{ "mods/new", 10, 3, true },
		{ "mods/readme", 10, 2, true },
	};
	AUTO(free_ptr) char *mods = path_join(dir, "mods");
	AUTO(close_fd) int fd = -1;

	push(files, COUNT(files));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(beneath_remove_tree(fd, "mods", NULL));
	push(newer, COUNT(newer));
	ck_assert(has_content(dir, &newer[1]));
	ck_assert(!path_exists(dir, "mods/readme"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("update plan");
	TCase *table = tcase_create("table"), *files = tcase_create("files");

	tcase_add_loop_test(table, test_the_table, 0, COUNT(cells));
	tcase_add_test(table, test_what_is_a_program);
	suite_add_tcase(suite, table);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_loop_test(files, test_what_only_the_deck_changed_stays, 0, 2);
	tcase_add_loop_test(files, test_what_both_changed_is_kept, 0, 2);
	tcase_add_test(files, test_without_a_list_everything_else_is_the_players);
	tcase_add_test(files, test_a_list_that_cannot_be_read_stops_the_update);
	tcase_add_test(files, test_a_folder_that_was_emptied_is_installed_anew);
	tcase_add_test(files, test_a_file_becomes_a_folder_and_the_reverse);
	tcase_add_test(files, test_what_was_deleted_with_its_folder_stays_so);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
