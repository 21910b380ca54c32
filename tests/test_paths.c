#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void plain_environment(void)
{
	setenv("HOME", "/home/deck", 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
}

START_TEST(defaults_follow_xdg)
{
	AUTO(paths_finish) struct paths paths = { 0 };

	ck_assert(paths_init(&paths, NULL, NULL));
	ck_assert_str_eq(paths.home, "/home/deck");
	ck_assert_str_eq(paths.config_dir, "/home/deck/.config/capydeck");
	ck_assert_str_eq(paths.state_dir, "/home/deck/.local/state/capydeck");
	ck_assert_str_eq(paths.runtime_dir, "/run/user/1000/capydeck");
	ck_assert_str_eq(paths.library_dir, "/home/deck/Games");
	paths_finish(&paths);
	paths_finish(&paths);
	paths_finish(NULL);

	setenv("XDG_CONFIG_HOME", "/c/", 1);
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	ck_assert(paths_init(&paths, NULL, NULL));
	ck_assert_str_eq(paths.config_dir, "/c/capydeck");
	ck_assert_str_eq(paths.state_dir, "/home/deck/.local/state/capydeck");
}
END_TEST

START_TEST(runtime_dir_has_fallbacks)
{
	AUTO(paths_finish) struct paths paths = { 0 };
	AUTO(free_ptr) char *usual = xasprintf("/run/user/%u", getuid());
	AUTO(free_ptr) char *usual_dir = path_join(usual, "capydeck");
	struct stat stat_of_usual;

	unsetenv("XDG_RUNTIME_DIR");
	ck_assert(paths_init(&paths, NULL, NULL));
	ck_assert_str_eq(paths.runtime_dir, stat(usual, &stat_of_usual) == 0
						    ? usual_dir
						    : "/home/deck/.local/state/capydeck/run");
}
END_TEST

START_TEST(runtime_dirs_begin_with_the_own)
{
	AUTO(paths_finish) struct paths paths = { 0 };
	AUTO(strvec_finish) struct strvec dirs = { 0 };
	AUTO(free_ptr) char *session = xasprintf("/run/user/%u/capydeck", getuid());

	setenv("XDG_RUNTIME_DIR", "/elsewhere", 1);
	ck_assert(paths_init(&paths, NULL, NULL));
	paths_runtime_dirs(&paths, &dirs);
	ck_assert_uint_eq(dirs.count, 3);
	ck_assert_str_eq(dirs.items[0], "/elsewhere/capydeck");
	ck_assert_str_eq(dirs.items[1], session);
	ck_assert_str_eq(dirs.items[2], "/home/deck/.local/state/capydeck/run");

	paths_finish(&paths);
	strvec_finish(&dirs);
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert(paths_init(&paths, NULL, NULL));
	paths_runtime_dirs(&paths, &dirs);
	ck_assert_uint_eq(dirs.count, 2);
	ck_assert_str_eq(dirs.items[0], paths.runtime_dir);
}
END_TEST

START_TEST(options_win_and_become_absolute)
{
	struct paths_options options = { "/c", "state", "./run", "/lib/" };
	AUTO(paths_finish) struct paths paths = { 0 };

	ck_assert_int_eq(chdir("/usr"), 0);
	ck_assert(paths_init(&paths, &options, NULL));
	ck_assert_str_eq(paths.config_dir, "/c");
	ck_assert_str_eq(paths.state_dir, "/usr/state");
	ck_assert_str_eq(paths.runtime_dir, "/usr/./run");
	ck_assert_str_eq(paths.library_dir, "/lib/");
}
END_TEST

START_TEST(home_comes_from_the_password_database_too)
{
	AUTO(paths_finish) struct paths paths = { 0 };

	unsetenv("HOME");
	ck_assert(paths_init(&paths, NULL, NULL));
	ck_assert_int_eq(paths.home[0], '/');
	paths_finish(&paths);
	setenv("HOME", "relative", 1);
	ck_assert(paths_init(&paths, NULL, NULL));
	ck_assert_int_eq(paths.home[0], '/');
}
END_TEST

START_TEST(joins_and_expands)
{
	static const char *const cases[][3] = {
		{ "/a", "b", "/a/b" },
		{ "/a/", "b", "/a/b" },
		{ "/", "b", "/b" },
		{ "a", "b/c", "a/b/c" },
	};
	static const char *const homes[][2] = {
		{ "~", "/home/deck" },
		{ "~/Games", "/home/deck/Games" },
		{ "~other/Games", "~other/Games" },
		{ "/a/~", "/a/~" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(free_ptr) char *path = path_join(cases[i][0], cases[i][1]);

		ck_assert_str_eq(path, cases[i][2]);
	}
	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		AUTO(free_ptr) char *path = path_expand_home(homes[i][0], "/home/deck");

		ck_assert_str_eq(path, homes[i][1]);
	}
}
END_TEST

START_TEST(takes_paths_apart)
{
	static const struct {
		const char *path, *parent, *base;
	} cases[] = {
		{ "/a/b", "/a", "b" },
		{ "/a", "/", "a" },
		{ "a/b", "a", "b" },
		{ "a/", "a", "" },
		{ "a", ".", "a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(free_ptr) char *parent = path_parent(cases[i].path);

		ck_assert_str_eq(parent, cases[i].parent);
		ck_assert_str_eq(path_base(cases[i].path), cases[i].base);
	}
}
END_TEST

START_TEST(names_become_safe)
{
	static const char *const cases[][2] = {
		{ "Half-Life 2", "Half-Life 2" },
		{ "Ōkami 大神 🐺", "Ōkami 大神 🐺" },
		{ "a/b\\c", "a_b_c" },
		{ "../../etc/passwd", "_.._etc_passwd" },
		{ "..\\..\\x", "_.._x" },
		{ "What: <The> \"Game\"|?*", "What_ _The_ _Game____" },
		{ " . name . ", "name" },
		{ "...hidden", "hidden" },
		{ ".capydeck", "capydeck" },
		{ ". .capydeck..", "capydeck" },
		{ "tail..", "tail" },
		{ "a\nb\x7f"
		  "c\xc2\x85"
		  "d",
			"a_b_c_d" },
		{ "evil\xe2\x80\xaegpj.exe", "evil_gpj.exe" },
		{ "a\xe2\x81\xa6"
		  "b\xe2\x81\xa9",
			"a_b_" },
		{ "\xc2\xa0\xe3\x80\x80wide\xe2\x80\x8b", "wide" },
		{ "_", "_" },
		{ "a_", "a_" },
		{ "~", "~" },
		{ "-rf", "-rf" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		AUTO(free_ptr) char *name = path_safe_name(cases[i][0], &err);

		ck_assert_msg(name != NULL, "%s", err.message);
		ck_assert_str_eq(name, cases[i][1]);
	}
}
END_TEST

START_TEST(names_without_substance_are_refused)
{
	static const char *const bad[] = { "", " ", ".", "..", "...", ". .", "/", "\\", "///",
		"/../", "\t", "?", "\xe2\x80\x8b", "\xe3\x80\x80", "\xe2\x80\xae", ":.", "\xff",
		"a\xff", "\xed\xa0\x80", "\xc0\xaf" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		ck_assert_msg(path_safe_name(bad[i], &err) == NULL, "'%s'", bad[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
	char text[400];

	for (size_t lead = 0; lead < 4; lead++) {
		AUTO(free_ptr) char *name = NULL;

		memset(text, 'x', lead);
		text[lead] = '\0';
		while (strlen(text) < 300) {
			strcat(text, "😀");
		}
		name = path_safe_name(text, NULL);
		ck_assert(utf8_valid(name, strlen(name)));
		ck_assert_uint_le(strlen(name), 200);
		ck_assert_uint_ge(strlen(name), 197);
		ck_assert(strncmp(name, text, strlen(name)) == 0);
	}
}
END_TEST

START_TEST(what_a_cut_lays_bare_is_trimmed)
{
	AUTO(free_ptr) char *name = NULL;
	char text[300];

	memset(text, 'x', 199);
	strcpy(text + 199, ".y");
	name = path_safe_name(text, NULL);
	ck_assert_uint_eq(strlen(name), 199);
}
END_TEST

/* Whatever the name: one component, no way out, nothing hidden; and the same again is the same. */
START_TEST(any_name_is_safe_or_refused)
{
	static const char *const pieces[] = { "a", ".", "/", "\\", " ", "\x01", "_", "ü",
		"\xe2\x80\xae", ".capydeck" };
	enum { COUNT = sizeof(pieces) / sizeof(pieces[0]) };

	for (unsigned number = 0; number < COUNT * COUNT * COUNT * COUNT; number++) {
		char text[64] = "";
		AUTO(free_ptr) char *name = NULL;
		AUTO(free_ptr) char *again = NULL;

		for (unsigned rest = number, i = 0; i < 4; i++, rest /= COUNT) {
			strcat(text, pieces[rest % COUNT]);
		}
		name = path_safe_name(text, NULL);
		if (name == NULL) {
			continue;
		}
		again = path_safe_name(name, NULL);
		/* Check's own assertions are too slow for ten thousand rounds. */
		if (*name == '\0' || *name == '.' || strpbrk(name, "/\\\x01") != NULL ||
			name[strlen(name) - 1] == '.' ||
			(again == NULL ? strspn(name, "_") == 0 : strcmp(again, name) != 0)) {
			ck_abort_msg("'%s' became '%s'", text, name);
		}
	}
}
END_TEST

START_TEST(relative_paths_are_normalised)
{
	static const char *const cases[][2] = {
		{ "game.exe", "game.exe" },
		{ "data/level1.pak", "data/level1.pak" },
		{ "data\\sub\\f", "data/sub/f" },
		{ "./a/./b", "a/b" },
		{ "a//b///c", "a/b/c" },
		{ "a/b/", "a/b" },
		{ ".\\a", "a" },
		{ "...", "..." },
		{ "..a/b..", "..a/b.." },
		{ ".hidden", ".hidden" },
		{ "a/C:/b", "a/C:/b" },
		{ "1:2", "1:2" },
		{ "ü/😀 x", "ü/😀 x" },
		{ " a / b ", " a / b " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		AUTO(free_ptr) char *path = path_normalise_relative(cases[i][0], &err);

		ck_assert_msg(path != NULL, "%s", err.message);
		ck_assert_str_eq(path, cases[i][1]);
	}
}
END_TEST

START_TEST(other_paths_are_refused)
{
	static const char *const bad[] = { "", ".", "./", ".//.", "/", "/a", "\\a", "\\\\server\\x",
		"//a", "C:\\a", "c:a", "C:", "..", "../a", "a/..", "a/../b", "a\\..\\b", "..\\a",
		"./..", "a/b/../../..", "a\nb", "a\x01", "\x7f", "a\xc2\x80", "\xff", "a/\xc0\xaf",
		"\xed\xa0\x80" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		ck_assert_msg(path_normalise_relative(bad[i], &err) == NULL, "'%s'", bad[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

START_TEST(lengths_of_paths_are_bounded)
{
	char text[5000];

	for (size_t length = 254; length <= 257; length++) {
		AUTO(free_ptr) char *path = NULL;

		memset(text, 'x', length);
		strcpy(text + length, "/y");
		path = path_normalise_relative(text, NULL);
		ck_assert((path != NULL) == (length <= 255));
	}
	for (size_t length = 4093; length <= 4098; length++) {
		AUTO(free_ptr) char *path = NULL;

		for (size_t i = 0; i < length; i++) {
			text[i] = i % 100 == 50 ? '/' : 'x';
		}
		text[length] = '\0';
		path = path_normalise_relative(text, NULL);
		ck_assert((path != NULL) == (length <= 4095));
	}
}
END_TEST

START_TEST(within_goes_by_component)
{
	static const struct {
		const char *path, *dir;
		bool is_within;
	} cases[] = {
		{ "/a/b", "/a", true },
		{ "/a", "/a", true },
		{ "/a/", "/a", true },
		{ "/a", "/a/", true },
		{ "//a//b/", "/a/b", true },
		{ "/a", "/", true },
		{ "/", "/", true },
		{ "/ab", "/a", false },
		{ "/a", "/ab", false },
		{ "/a", "/a/b", false },
		{ "/", "/a", false },
		{ "/b/a", "/a", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(path_is_within(cases[i].path, cases[i].dir) == cases[i].is_within,
			"%s %s", cases[i].path, cases[i].dir);
	}
}
END_TEST

START_TEST(folders_stand_before_names_that_go_on)
{
	static const char *const sorted[] = { "a", "a/b", "a/b/c", "a-b", "a.b", "ab", "b" };

	for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
		for (size_t j = 0; j < sizeof(sorted) / sizeof(sorted[0]); j++) {
			int order = path_compare(sorted[i], sorted[j]);

			ck_assert_int_eq(order < 0 ? -1 : order > 0, i < j ? -1 : i > j);
		}
	}
}
END_TEST

START_TEST(what_cannot_be_looked_at_is_not_gone)
{
	static const struct {
		const char *path;
		enum path_presence presence;
	} cases[] = {
		{ "/", PATH_PRESENT }, { "/proc/self/exe", PATH_PRESENT },
		{ "/proc/self/none", PATH_ABSENT }, { "/proc/self/none/none/none", PATH_ABSENT },
		{ "/proc/self/stat/none", PATH_UNKNOWN }, /* that is no folder */
	};
	char folder[] = "/tmp/paths-XXXXXX";
	AUTO(free_ptr) char *link = NULL;
	AUTO(free_ptr) char *below = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(path_presence(cases[i].path), cases[i].presence);
		ck_assert_int_eq(path_is_gone(cases[i].path), cases[i].presence == PATH_ABSENT);
	}
	/* A link to a disk that is away. */
	ck_assert_ptr_nonnull(mkdtemp(folder));
	link = path_join(folder, "card");
	below = path_join(folder, "card/games/Doom");
	ck_assert_int_eq(symlink("/nonexistent/card", link), 0);
	ck_assert_int_eq(path_presence(link), PATH_PRESENT);
	ck_assert_int_eq(path_presence(below), PATH_UNKNOWN);
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(path_presence(below), PATH_ABSENT);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

#define HELPER "CAPYDECK_HELPER" /* in the environment of a copy of this program */

/* What main() does in that copy: is the helper where it is expected? */
static int expect_helper(const char *expected)
{
	AUTO(free_ptr) char *path = path_beside_program("helper");
	AUTO(free_ptr) char *found = realpath(path, NULL);

	return found != NULL && strcmp(found, expected) == 0 ? 0 : 1;
}

START_TEST(helpers_are_beside_the_program_or_in_libexec)
{
	static const char command[] =
		"set -e; d=$(mktemp -d); trap 'rm -r $d' EXIT; mkdir -p $d/bin $d/libexec/capydeck\n"
		"cp /proc/%d/exe $d/bin/program; : >$d/libexec/capydeck/helper\n" HELPER
		"=$d/libexec/capydeck/helper $d/bin/program test_paths\n"
		": >$d/bin/helper; " HELPER "=$d/bin/helper $d/bin/program test_paths";
	AUTO(free_ptr) char *line = xasprintf(command, (int)getpid());

	ck_assert_int_eq(system(line), 0);
}
END_TEST

int main(void)
{
	TCase *tcase;

	if (getenv(HELPER) != NULL) {
		return expect_helper(getenv(HELPER));
	}
	tcase = tcase_create("paths");
	tcase_add_checked_fixture(tcase, plain_environment, NULL);
	tcase_add_test(tcase, defaults_follow_xdg);
	tcase_add_test(tcase, runtime_dir_has_fallbacks);
	tcase_add_test(tcase, runtime_dirs_begin_with_the_own);
	tcase_add_test(tcase, options_win_and_become_absolute);
	tcase_add_test(tcase, home_comes_from_the_password_database_too);
	tcase_add_test(tcase, joins_and_expands);
	tcase_add_test(tcase, takes_paths_apart);
	tcase_add_test(tcase, names_become_safe);
	tcase_add_test(tcase, names_without_substance_are_refused);
	tcase_add_test(tcase, long_names_are_cut_between_characters);
	tcase_add_test(tcase, what_a_cut_lays_bare_is_trimmed);
	tcase_add_test(tcase, any_name_is_safe_or_refused);
	tcase_add_test(tcase, relative_paths_are_normalised);
	tcase_add_test(tcase, other_paths_are_refused);
	tcase_add_test(tcase, lengths_of_paths_are_bounded);
	tcase_add_test(tcase, within_goes_by_component);
	tcase_add_test(tcase, folders_stand_before_names_that_go_on);
	tcase_add_test(tcase, what_cannot_be_looked_at_is_not_gone);
	tcase_add_test(tcase, helpers_are_beside_the_program_or_in_libexec);
	return run_tcase(tcase);
}
