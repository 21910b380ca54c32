#include "steam/files/backed_file.h"

#include "core/error.h"
#include "kill_points.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>

#define NAME "Steam/config/config.vdf"

static struct steam_home home;
static struct backed_file file;
static struct strbuf text;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
}

static void teardown(void)
{
	backed_file_finish(&file);
	strbuf_finish(&text);
	steam_home_finish(&home);
}

static void load(void)
{
	backed_file_finish(&file);
	ck_assert_msg(
		backed_file_load(&file, steam_home_path(&home, NAME), 64, &err), "%s", err.message);
}

static void save(const char *content)
{
	strbuf_reset(&text);
	strbuf_append_text(&text, content);
	ck_assert_msg(backed_file_save(&file, &text, &err), "%s", err.message);
}

/* content NULL: there is no such file. number 0: the file itself. */
static void ck_content(int number, const char *content)
{
	char name[64];

	snprintf(name, sizeof(name), number == 0 ? NAME : NAME ".capydeck-%d", number);
	ck_assert_int_eq(steam_home_exists(&home, name), content != NULL);
	if (content != NULL) {
		steam_home_read(&home, name, &text);
		ck_assert_str_eq(strbuf_text(&text), content);
	}
}

static mode_t mode_of(const char *name)
{
	struct stat status;

	ck_assert_int_eq(stat(steam_home_path(&home, name), &status), 0);
	return status.st_mode & 07777;
}

START_TEST(test_a_missing_file_is_made)
{
	load();
	ck_assert(!file.exists);
	ck_assert_uint_eq(file.loaded.length, 0);
	save("new");
	ck_content(0, "new");
	ck_content(1, NULL);
	ck_assert_uint_eq(mode_of(NAME), 0644);
}
END_TEST

START_TEST(test_mode_is_kept)
{
	steam_home_write_text(&home, NAME, "old");
	ck_assert_int_eq(chmod(steam_home_path(&home, NAME), 0600), 0);
	load();
	save("new");
	ck_assert_uint_eq(mode_of(NAME), 0600);
	ck_assert_uint_eq(mode_of(NAME ".capydeck-1"), 0600);
}
END_TEST

START_TEST(test_same_bytes_are_not_written)
{
	struct stat before, after;

	steam_home_write_text(&home, NAME, "old");
	ck_assert_int_eq(stat(steam_home_path(&home, NAME), &before), 0);
	load();
	save("old");
	ck_assert_int_eq(stat(steam_home_path(&home, NAME), &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_content(1, NULL);
}
END_TEST

START_TEST(test_the_last_five_are_kept)
{
	char content[] = "a";

	for (; content[0] <= 'g'; content[0]++) {
		steam_home_write_text(&home, NAME, content);
		load();
		save("ours");
	}
	ck_content(0, "ours");
	ck_content(1, "g");
	ck_content(BACKED_FILE_COUNT, "c");
	ck_content(BACKED_FILE_COUNT + 1, NULL);
}
END_TEST

START_TEST(test_our_own_takes_no_backup)
{
	char content[] = "a";

	steam_home_write_text(&home, NAME, "the user's");
	for (; content[0] <= 'g'; content[0]++) {
		load();
		save(content);
	}
	ck_content(1, "the user's");
	ck_content(2, NULL);
	steam_home_write_text(&home, NAME, "what Steam made of it");
	load();
	save("h");
	load();
	save("what Steam made of it"); /* … and ours, the same bytes */
	load();
	save("i");
	ck_content(1, "what Steam made of it");
	ck_content(2, "the user's");
	ck_content(3, NULL);
}
END_TEST

START_TEST(test_a_crash_costs_no_backup)
{
	/* Between two renames … */
	steam_home_write_text(&home, NAME, "now");
	steam_home_write_text(&home, NAME ".capydeck-1", "first");
	steam_home_write_text(&home, NAME ".capydeck-3", "third");
	steam_home_write_text(&home, NAME ".capydeck-4", "fourth");
	steam_home_write_text(&home, NAME ".capydeck-5", "fifth");
	load();
	save("next");
	ck_content(1, "now");
	ck_content(2, "first");
	ck_content(3, "third");
	ck_content(5, "fifth");
	/* … and between the backup and the new content. */
	steam_home_write_text(&home, NAME, "now");
	load();
	save("next");
	ck_content(0, "next");
	ck_content(1, "now");
	ck_content(2, "first");
}
END_TEST

static void replace(void)
{
	load();
	save("new");
}

static void prepare_own(void)
{
	steam_home_write_text(&home, NAME, "the user's");
	load();
	save("old");
}

/* However often it is killed, what the user made is the newest. */
static void check_no_more_backups(bool finished)
{
	ck_content(1, "the user's");
	ck_content(2, NULL);
	load();
	save("next");
	load();
	save(finished ? "done" : "old");
	ck_content(1, "the user's");
	ck_content(2, NULL);
}

START_TEST(test_killed_over_our_own)
{
	ck_assert_uint_gt(kill_points_run(prepare_own, replace, check_no_more_backups), 10);
}
END_TEST

static void prepare_full_set(void)
{
	static const char *const contents[] = { "old", "1", "2", "3", "4", "5" };

	for (int i = 0; i <= BACKED_FILE_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), i == 0 ? NAME : NAME ".capydeck-%d", i);
		steam_home_write_text(&home, name, contents[i]);
	}
}

/* Done again, it ends as if it had never been killed. */
static void check_old_or_new(bool finished)
{
	steam_home_read(&home, NAME, &text);
	ck_assert(strcmp(text.data, "new") == 0 || (!finished && strcmp(text.data, "old") == 0));
	replace();
	ck_content(0, "new");
	ck_content(1, "old");
	ck_content(2, "1");
	ck_content(3, "2");
	ck_content(4, "3");
	ck_content(5, "4");
}

START_TEST(test_killed_at_every_step)
{
	ck_assert_uint_gt(kill_points_run(prepare_full_set, replace, check_old_or_new), 10);
}
END_TEST

START_TEST(test_a_link_stays_one)
{
	struct stat status;

	steam_home_write_text(&home, "dotfiles/config.vdf", "old");
	steam_home_mkdir(&home, "Steam/config");
	ck_assert_int_eq(symlink("../../dotfiles/config.vdf", steam_home_path(&home, NAME)), 0);
	load();
	save("new");
	ck_assert_int_eq(lstat(steam_home_path(&home, NAME), &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_content(0, "new");
	ck_content(1, NULL);
	ck_assert(steam_home_exists(&home, "dotfiles/config.vdf.capydeck-1"));
}
END_TEST

START_TEST(test_what_cannot_be_kept_is_not_replaced)
{
	for (int i = 1; i < BACKED_FILE_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), NAME ".capydeck-%d", i);
		steam_home_write_text(&home, name, "");
	}
	steam_home_write_text(&home, NAME ".capydeck-5/in/the/way", "");
	steam_home_write_text(&home, NAME, "old");
	load();
	strbuf_append_text(&text, "new");
	ck_assert(!backed_file_save(&file, &text, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_content(0, "old");
}
END_TEST

START_TEST(test_limits)
{
	char large[66];

	memset(large, 'x', 65);
	large[65] = '\0';
	steam_home_write_text(&home, NAME, large);
	ck_assert(!backed_file_load(&file, steam_home_path(&home, NAME), 64, &err));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert_ptr_nonnull(strstr(err.message, NAME));
}
END_TEST

/* Which backups are whose is not known then: none of them is pushed out. */
START_TEST(test_notes_that_cannot_be_read_now)
{
	static const char *const names[] = { NAME ".capydeck-own", NAME ".capydeck-1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		steam_home_write_text(&home, NAME, "Steam's");
		steam_home_mkdir(&home, names[i]); /* root may read any file, but no folder */
		load();
		strbuf_reset(&text);
		strbuf_append_text(&text, "ours");
		ck_assert(!backed_file_save(&file, &text, &err));
		ck_assert_int_eq(err.kind, ERROR_IO);
		ck_content(0, "Steam's");
		ck_assert_int_eq(rmdir(steam_home_path(&home, names[i])), 0);
	}
	load();
	save("ours");
	ck_content(1, "Steam's");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("backed_file");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_a_missing_file_is_made);
	tcase_add_test(tcase, test_notes_that_cannot_be_read_now);
	tcase_add_test(tcase, test_mode_is_kept);
	tcase_add_test(tcase, test_same_bytes_are_not_written);
	tcase_add_test(tcase, test_the_last_five_are_kept);
	tcase_add_test(tcase, test_our_own_takes_no_backup);
	tcase_add_test(tcase, test_killed_over_our_own);
	tcase_add_test(tcase, test_a_crash_costs_no_backup);
	tcase_add_test(tcase, test_killed_at_every_step);
	tcase_add_test(tcase, test_a_link_stays_one);
	tcase_add_test(tcase, test_what_cannot_be_kept_is_not_replaced);
	tcase_add_test(tcase, test_limits);
	return run_tcase(tcase);
}
