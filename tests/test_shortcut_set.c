#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcut_set.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct shortcut_set last;

static void fill(void)
{
	last = (struct shortcut_set){ .name = xstrdup("Doom"),
		.exe = xstrdup("/games/Doom/doom"),
		.start_dir = xstrdup("/games/Doom"),
		.launch_options = xstrdup("-w  -x") };
	strvec_push(&last.tags, "Sent");
}

static void finish(void)
{
	shortcut_set_finish(&last);
}

START_TEST(only_a_name_makes_it_known)
{
	ck_assert(shortcut_set_is_known(&last));
	ck_assert(!shortcut_set_is_known(NULL));
	ck_assert(!shortcut_set_is_known(&(struct shortcut_set){ .exe = last.exe }));
}
END_TEST

START_TEST(what_is_as_set_or_as_wanted_is_ours)
{
	struct shortcut_set early = { .name = last.name, .within = last.start_dir };

	ck_assert(shortcut_set_owns_text("Doom", "Doom", "Doom 2"));
	ck_assert(shortcut_set_owns_text("Doom", "Doom 2", "Doom 2"));
	ck_assert(shortcut_set_owns_text(NULL, "", "Doom 2"));
	ck_assert(!shortcut_set_owns_text("Doom", "DOOM!", "Doom 2"));
	ck_assert(shortcut_set_owns_path(&last, last.exe, "/games/Doom/doom", "/x"));
	ck_assert(!shortcut_set_owns_path(&last, last.exe, "/games/Doom/other", "/x"));
	ck_assert(shortcut_set_owns_path(&early, NULL, "/games/Doom/other", "/x"));
	ck_assert(shortcut_set_owns_path(&early, NULL, "/games/Doom", "/x"));
	ck_assert(!shortcut_set_owns_path(&early, NULL, "/games/Doom2/other", "/x"));
}
END_TEST

START_TEST(options_are_compared_as_steam_keeps_them)
{
	ck_assert(shortcut_set_owns_options(&last, "-w -x", "-y"));
	ck_assert(shortcut_set_owns_options(&last, " -w -x %command%", "-y"));
	ck_assert(shortcut_set_owns_options(&last, "%command% -w -x", "-y"));
	ck_assert(shortcut_set_owns_options(&last, "-y", "-y"));
	ck_assert(!shortcut_set_owns_options(&last, "", "-y"));
	ck_assert(!shortcut_set_owns_options(&last, "MANGOHUD=1 %command% -w -x", "-y"));
	free(last.launch_options);
	last.launch_options = NULL;
	ck_assert(shortcut_set_owns_options(&last, "", "-y"));
	ck_assert(shortcut_set_owns_options(&last, "%command%", "-y"));
	ck_assert(!shortcut_set_owns_options(&last, "-z", "-y"));
	last.launch_options = xstrdup("A=1 %command%");
	ck_assert(shortcut_set_owns_options(&last, "A=1 %command%", "-y"));
	ck_assert(!shortcut_set_owns_options(&last, "A=1 %command% %command%", "-y"));
}
END_TEST

static const struct {
	const char *now, *expected;
} targets[] = {
	{ "\"/usr/bin/gamemoderun\" \"/games/Doom/doom\"", "\"/usr/bin/gamemoderun\" \"/new\"" },
	{ "gamemoderun /games/Doom/doom -x", "gamemoderun /new -x" },
	{ "a '/games/Doom/doom' \"/games/Doom/doom\"", "a '/new' \"/new\"" },
	{ "a /games/Doom/doom2", NULL },
	{ "a /my/games/Doom/doom", NULL },
	{ "a /games/Doom/doom2 /games/Doom/doom", "a /games/Doom/doom2 /new" },
	{ "/usr/bin/other", NULL },
	{ "", NULL },
};

START_TEST(a_wrapper_stays_before_its_target)
{
	AUTO(free_ptr) char *moved = shortcut_set_retarget(&last, targets[_i].now, "/new");

	if (targets[_i].expected == NULL) {
		ck_assert_ptr_null(moved);
	} else {
		ck_assert_ptr_nonnull(moved);
		ck_assert_str_eq(moved, targets[_i].expected);
	}
	ck_assert_ptr_null(
		shortcut_set_retarget(&(struct shortcut_set){ 0 }, targets[_i].now, "/new"));
}
END_TEST

START_TEST(it_is_kept_as_json)
{
	AUTO(shortcut_set_finish) struct shortcut_set copy = { 0 }, read = { 0 };
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	shortcut_set_copy(&copy, &last);
	json_write(&text, shortcut_set_fields, &copy);
	ck_assert_str_eq(strbuf_text(&text),
		"{\"name\":\"Doom\",\"exe\":\"/games/Doom/doom\",\"startDir\":\"/games/Doom\","
		"\"launchOptions\":\"-w  -x\",\"tags\":[\"Sent\"]}");
	ck_assert(json_read_text(&read, shortcut_set_fields, text.data, text.length, NULL));
	ck_assert_str_eq(read.launch_options, "-w  -x");
	ck_assert(strvec_equal(&read.tags, &last.tags));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("shortcut_set");

	tcase_add_checked_fixture(tcase, fill, finish);
	tcase_add_test(tcase, only_a_name_makes_it_known);
	tcase_add_test(tcase, what_is_as_set_or_as_wanted_is_ours);
	tcase_add_test(tcase, options_are_compared_as_steam_keeps_them);
	tcase_add_loop_test(
		tcase, a_wrapper_stays_before_its_target, 0, sizeof(targets) / sizeof(targets[0]));
	tcase_add_test(tcase, it_is_kept_as_json);
	return run_tcase(tcase);
}
