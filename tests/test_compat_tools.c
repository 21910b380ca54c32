#include "steam/files/compat_tools.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CHOSEN 2890000001u /* of the fixtures: its user has chosen a tool … */
#define UNDONE 2890000002u /* … and taken the choice back */
#define NEW 4294967295u
#define ROOT "Steam"
#define CONFIG ROOT "/config/config.vdf"

/* Where the fixtures' map of tools ends, and the one around it. */
#define BEHIND_TOOLS "\t\t\t\t}\n\t\t\t\t\"Accounts\""
#define BEHIND_STEAM "\t\t\t}\n\t\t}\n\t}\n\t\"streaming\""

#define NEW_ENTRY                                                                                  \
	"\t\t\t\t\t\"4294967295\"\n"                                                               \
	"\t\t\t\t\t{\n"                                                                            \
	"\t\t\t\t\t\t\"name\"\t\t\"proton_9\"\n"                                                   \
	"\t\t\t\t\t\t\"config\"\t\t\"\"\n"                                                         \
	"\t\t\t\t\t\t\"priority\"\t\t\"250\"\n"                                                    \
	"\t\t\t\t\t}\n"
#define NEW_MAP                                                                                    \
	"\t\t\t\t\"CompatToolMapping\"\n"                                                          \
	"\t\t\t\t{\n" NEW_ENTRY "\t\t\t\t}\n"
#define NEW_STEAM                                                                                  \
	"\t\t\"Valve\"\n"                                                                          \
	"\t\t{\n"                                                                                  \
	"\t\t\t\"Steam\"\n"                                                                        \
	"\t\t\t{\n" NEW_MAP "\t\t\t}\n"                                                            \
	"\t\t}\n"
#define NEW_FILE                                                                                   \
	"\"InstallConfigStore\"\n"                                                                 \
	"{\n"                                                                                      \
	"\t\"Software\"\n"                                                                         \
	"\t{\n" NEW_STEAM "\t}\n"                                                                  \
	"}\n"

static struct steam_home home;
static struct strbuf source, expected;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
	err = (struct error){ 0 };
}

static void teardown(void)
{
	strbuf_finish(&source);
	strbuf_finish(&expected);
	steam_home_finish(&home);
}

static void load_source(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/compat_tools/%s.vdf", name);
	ck_assert_msg(atomic_file_read(path, 1 << 16, &source, &err), "%s", err.message);
}

/* The fixture is in source, and a copy in expected. */
static void load(const char *name)
{
	load_source(name);
	strbuf_reset(&expected);
	strbuf_append(&expected, source.data, source.length);
}

static void load_text(const char *text)
{
	strbuf_reset(&source);
	strbuf_append_text(&source, text);
}

/* In expected, in the place of the first such text. */
static void expect_instead(const char *old, const char *fresh)
{
	const char *at = strstr(strbuf_text(&expected), old);
	struct strbuf edited = { 0 };

	ck_assert_ptr_nonnull(at);
	strbuf_append(&edited, expected.data, (size_t)(at - expected.data));
	strbuf_append_text(&edited, fresh);
	strbuf_append_text(&edited, at + strlen(old));
	strbuf_move(&expected, &edited);
}

static void set(uint32_t app_id, const char *tool)
{
	ck_assert_msg(compat_tools_set(&source, app_id, tool, &err), "%s", err.message);
}

static void ck_source(const char *text)
{
	ck_assert_str_eq(strbuf_text(&source), text);
}

START_TEST(test_a_tool_is_added)
{
	load("config");
	set(NEW, "proton_9");
	expect_instead(BEHIND_TOOLS, NEW_ENTRY BEHIND_TOOLS);
	ck_source(expected.data);
	set(NEW, "proton_8");
	ck_source(expected.data);
}
END_TEST

START_TEST(test_a_chosen_tool_is_kept)
{
	load("config");
	set(CHOSEN, "proton_9");
	ck_source(expected.data);
	load("odd_case");
	set(CHOSEN, "proton_9");
	ck_source(expected.data);
}
END_TEST

START_TEST(test_an_entry_without_tool_gets_one)
{
	load("config");
	expect_instead("\"\"\n\t\t\t\t\t\t\"config\"\t\t\"\"\n\t\t\t\t\t\t\"priority\"\t\t\"0\"",
		"\"p\"\n\t\t\t\t\t\t\"config\"\t\t\"\"\n\t\t\t\t\t\t\"priority\"\t\t\"250\"");
	set(UNDONE, "p");
	ck_source(expected.data);
}
END_TEST

START_TEST(test_line_ends_are_the_files)
{
	load("config");
	set(NEW, "proton_9");
	strbuf_reset(&expected);
	for (size_t i = 0; i < source.length; i++) {
		strbuf_append_text(&expected, source.data[i] == '\n' ? "\r" : "");
		strbuf_append_char(&expected, source.data[i]);
	}
	load_source("config_crlf");
	set(NEW, "proton_9");
	ck_source(expected.data);
}
END_TEST

START_TEST(test_missing_levels_are_made)
{
	load("without_entries");
	set(NEW, "proton_9");
	expect_instead(BEHIND_TOOLS, NEW_ENTRY BEHIND_TOOLS);
	ck_source(expected.data);
	load("without_tools");
	set(NEW, "proton_9");
	expect_instead(BEHIND_STEAM, NEW_MAP BEHIND_STEAM);
	ck_source(expected.data);
	load("without_steam");
	set(NEW, "proton_9");
	ck_source(NEW_FILE);
	load("empty");
	set(NEW, "proton_9");
	ck_source(NEW_FILE);
}
END_TEST

START_TEST(test_loose_layout)
{
	load_text("users { } // end");
	set(NEW, "proton_9");
	ck_source("users { } // end\n" NEW_FILE);
	load_text("InstallConfigStore { Software { x y\n  } // 1\n} // 2");
	set(NEW, "proton_9");
	ck_source("InstallConfigStore { Software { x y\n" NEW_STEAM "  } // 1\n} // 2");
	load_text("InstallConfigStore { Software { } }");
	set(NEW, "proton_9");
	ck_source("InstallConfigStore { Software { \n" NEW_STEAM "\t} }");
	load("loose");
	set(UNDONE, "p");
	expect_instead("name \"\" }", "name \"p\" \n\t\t\t\t\t\t\"config\"\t\t\"\"\n"
				      "\t\t\t\t\t\t\"priority\"\t\t\"250\"\n\t\t\t\t\t}");
	ck_source(expected.data);
}
END_TEST

START_TEST(test_tools_are_quoted)
{
	load_text("");
	set(1, "a \"b\" \\c\\");
	ck_assert_ptr_nonnull(strstr(source.data, "\t\"name\"\t\t\"a \\\"b\\\" \\\\c\\\\\"\n"));
	set(1, "other");
	ck_assert_ptr_null(strstr(source.data, "other"));
}
END_TEST

START_TEST(test_other_shapes_are_refused)
{
	static const struct {
		const char *name;
		const char *message;
	} cases[] = {
		{ "text_for_map", "'Software' at offset 34 is a text, not a map" },
		{ "map_for_text", "'name' at offset 87 is a map, not a text" },
		{ "damaged", "text VDF, line 2 (offset 21): a '{' without its '}'" },
	};

	load(cases[_i].name);
	ck_assert(!compat_tools_set(&source, 2890000003u, "p", &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_str_eq(err.message, cases[_i].message);
	ck_source(expected.data);
}
END_TEST

static bool save(uint32_t app_id, const char *tool)
{
	return compat_tools_save(steam_home_path(&home, ROOT), app_id, tool, &err);
}

START_TEST(test_file_is_made)
{
	ck_assert_msg(save(NEW, "proton_9"), "%s", err.message);
	steam_home_read(&home, CONFIG, &source);
	ck_source(NEW_FILE);
	ck_assert(!steam_home_exists(&home, CONFIG ".capydeck-1"));
}
END_TEST

START_TEST(test_file_is_backed_up_and_replaced)
{
	struct stat status;

	load("config");
	steam_home_write(&home, CONFIG, source.data, source.length);
	ck_assert_msg(save(CHOSEN, "proton_9"), "%s", err.message);
	ck_assert(!steam_home_exists(&home, CONFIG ".capydeck-1"));
	ck_assert_msg(save(NEW, "proton_9"), "%s", err.message);
	steam_home_read(&home, CONFIG ".capydeck-1", &source);
	ck_source(expected.data);
	steam_home_read(&home, CONFIG, &source);
	expect_instead(BEHIND_TOOLS, NEW_ENTRY BEHIND_TOOLS);
	ck_source(expected.data);
	ck_assert_int_eq(stat(steam_home_path(&home, CONFIG), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(test_damaged_file_is_left_alone)
{
	load("damaged");
	steam_home_write(&home, CONFIG, source.data, source.length);
	ck_assert(!save(NEW, "proton_9"));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, CONFIG "' is damaged and was left alone: text"));
	steam_home_read(&home, CONFIG, &source);
	ck_source(expected.data);
	ck_assert(!steam_home_exists(&home, CONFIG ".capydeck-1"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("compat_tools");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_a_tool_is_added);
	tcase_add_test(tcase, test_a_chosen_tool_is_kept);
	tcase_add_test(tcase, test_an_entry_without_tool_gets_one);
	tcase_add_test(tcase, test_line_ends_are_the_files);
	tcase_add_test(tcase, test_missing_levels_are_made);
	tcase_add_test(tcase, test_loose_layout);
	tcase_add_test(tcase, test_tools_are_quoted);
	tcase_add_loop_test(tcase, test_other_shapes_are_refused, 0, 3);
	tcase_add_test(tcase, test_file_is_made);
	tcase_add_test(tcase, test_file_is_backed_up_and_replaced);
	tcase_add_test(tcase, test_damaged_file_is_left_alone);
	return run_tcase(tcase);
}
