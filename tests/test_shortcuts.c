#include "steam/change/shortcuts.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "steam/vdf/vdf_binary.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* zlib.crc32(b'"/opt/doom/doom"Doom') | 0x80000000, and as the file holds it */
#define DOOM_ID 0xa78e95edu
#define DOOM_BYTES "\355\225\216\247"

static struct shortcuts shortcuts;
static struct shortcut_list list;
static struct strbuf before, after;
static struct error err;

static void teardown(void)
{
	shortcuts_finish(&shortcuts);
	shortcut_list_finish(&list);
	strbuf_finish(&before);
	strbuf_finish(&after);
}

static void load(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/vdf_binary/%s.vdf", name);
	ck_assert_msg(
		atomic_file_read(path, VDF_BINARY_MAX_BYTES, &before, &err), "%s", err.message);
	ck_assert_msg(
		shortcuts_parse(&shortcuts, before.data, before.length, &err), "%s", err.message);
}

static void relist(void)
{
	shortcuts_list(&shortcuts, &list);
}

static struct vdf_node *entry_at(const char *index)
{
	struct vdf_node *entry = vdf_node_child(&shortcuts.root.children[0], index);

	ck_assert_ptr_nonnull(entry);
	return entry;
}

static uint32_t put(const char *exe, const char *name, uint32_t app_id)
{
	return shortcuts_put(&shortcuts, &(struct shortcuts_edit){ .app_id = app_id,
						 .name = name,
						 .exe = exe,
						 .any_name = true,
						 .start_dir = "/games" });
}

START_TEST(test_list)
{
	load("deck");
	relist();
	ck_assert_uint_eq(list.count, 3);
	ck_assert_uint_eq(list.items[0].app_id, (uint32_t)-1465298393);
	ck_assert_str_eq(list.items[0].name, "Celeste");
	ck_assert_str_eq(list.items[0].exe, "/home/deck/Games/Celeste/Celeste");
	ck_assert_str_eq(list.items[0].start_dir, "/home/deck/Games/");
	ck_assert_int_eq(list.items[0].last_played_s, 1700000000);
	ck_assert_uint_eq(list.items[0].tags.count, 1);
	ck_assert_str_eq(list.items[0].tags.items[0], "Indie");
	ck_assert_str_eq(list.items[1].name, "Überschall – 超音速 🚀");
	ck_assert_str_eq(list.items[1].launch_options, "MANGOHUD=1 %command%");
	ck_assert_str_eq(list.items[2].exe, "\"/usr/bin/flatpak\"  run \"org.mozilla.firefox\"");
	ck_assert_ptr_eq(shortcut_list_find(&list, 4294967294u), &list.items[1]);
	ck_assert_ptr_null(shortcut_list_find(&list, 1));
}
END_TEST

START_TEST(test_list_of_old_and_odd_files)
{
	load("old");
	relist();
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].name, "Doom");
	ck_assert_str_eq(list.items[1].exe, "/opt/quake/quake");
	ck_assert_uint_eq(list.items[0].app_id, shortcuts_app_id("/opt/doom/doom", "Doom"));
	load("odd");
	relist();
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].name, "Twice");
	ck_assert_uint_eq(list.items[0].tags.count, 0);
}
END_TEST

START_TEST(test_app_id)
{
	ck_assert_uint_eq(shortcuts_app_id("/opt/doom/doom", "Doom"), DOOM_ID);
	/* zlib.crc32('"/g/ü"Ü'.encode()) | 0x80000000 */
	ck_assert_uint_eq(shortcuts_app_id("/g/ü", "Ü"), 0x8905a1bcu);
}
END_TEST

START_TEST(test_append)
{
	static const char expected[] = "\0shortcuts\0"
				       "\0000\0"
				       "\002appid\0" DOOM_BYTES "\001AppName\0Doom\0"
				       "\001Exe\0\"/opt/doom/doom\"\0"
				       "\001StartDir\0\"/games\"\0"
				       "\001icon\0\0"
				       "\001ShortcutPath\0\0"
				       "\001LaunchOptions\0\0"
				       "\002IsHidden\0\0\0\0\0"
				       "\002AllowDesktopConfig\0\1\0\0\0"
				       "\002AllowOverlay\0\1\0\0\0"
				       "\002OpenVR\0\0\0\0\0"
				       "\002Devkit\0\0\0\0\0"
				       "\001DevkitGameID\0\0"
				       "\002DevkitOverrideAppID\0\0\0\0\0"
				       "\002LastPlayTime\0\0\0\0\0"
				       "\001FlatpakAppID\0\0"
				       "\0tags\0\010\010\010\010";

	ck_assert_uint_eq(put("/opt/doom/doom", "Doom", 0), DOOM_ID);
	shortcuts_write(&shortcuts, &after);
	ck_assert_uint_eq(after.length, sizeof(expected) - 1);
	ck_assert_mem_eq(after.data, expected, sizeof(expected) - 1);
	ck_assert_uint_eq(put("/opt/quake", "Quake", 0x80001234), 0x80001234);
	ck_assert_str_eq(vdf_node_text(entry_at("1"), "AppName"), "Quake");
}
END_TEST

START_TEST(test_taken_app_ids_are_passed_over)
{
	put("/first", "A", DOOM_ID);
	ck_assert_uint_eq(put("/opt/doom/doom", "Doom", 0), DOOM_ID + 1);
	put("/second", "B", UINT32_MAX);
	put("/third", "C", UINT32_MAX - 1);
	vdf_node_set_string(vdf_node_child(entry_at("3"), "Exe"), "moved");
	ck_assert_uint_eq(put("/fourth", "D", 5), shortcuts_app_id("/fourth", "D"));
	relist();
	ck_assert_uint_eq(list.count, 5);
}
END_TEST

START_TEST(test_update_touches_only_our_keys)
{
	struct strbuf expected = { 0 };

	load("deck");
	ck_assert_uint_eq(
		shortcuts_put(&shortcuts, &(struct shortcuts_edit){ .app_id = (uint32_t)-1465298393,
						  .name = "CELESTE",
						  .exe = "/home/deck/Games/Celeste/CELESTE",
						  .start_dir = "/home/deck/games/" }),
		(uint32_t)-1465298393);
	shortcuts_write(&shortcuts, &after);
	/* Same lengths: compare with an edited copy of the file. */
	strbuf_append(&expected, before.data, before.length);
	memcpy(memmem(expected.data, expected.length, "AppName\0Celeste", 15), "AppName\0CELESTE",
		15);
	memcpy(memmem(expected.data, expected.length, "/Celeste\"", 9), "/CELESTE\"", 9);
	memcpy(memmem(expected.data, expected.length, "deck/Games/\"", 12), "deck/games/\"", 12);
	ck_assert_uint_eq(after.length, expected.length);
	ck_assert_mem_eq(after.data, expected.data, expected.length);
	strbuf_finish(&expected);
}
END_TEST

START_TEST(test_same_exe_is_adopted)
{
	uint32_t doom = shortcuts_app_id("/opt/doom/doom", "Doom");

	load("old");
	ck_assert_uint_eq(put("/opt/doom/doom", "DOOM 1993", 0), doom);
	ck_assert_str_eq(entry_at("0")->children[0].key, "appid");
	ck_assert_str_eq(entry_at("0")->children[1].key, "appname");
	ck_assert_str_eq(vdf_node_text(entry_at("0"), "AppName"), "DOOM 1993");
	/* The id stays although name and exe, which it was derived from, are new. */
	ck_assert_uint_eq(put("/opt/doom/doom2", "DOOM 2", doom), doom);
	put("/opt/quake/quake", "Quake", 12345);
	ck_assert_str_eq(vdf_node_text(entry_at("1"), "exe"), "\"/opt/quake/quake\"");
	relist();
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(test_same_exe_and_name_is_preferred)
{
	uint32_t first = put("/usr/bin/emu", "One", 0), second;

	vdf_node_set_string(vdf_node_child(entry_at("0"), "Exe"), "other");
	second = put("/usr/bin/emu", "Two", 0);
	vdf_node_set_string(vdf_node_child(entry_at("0"), "Exe"), "\"/usr/bin/emu\"");
	ck_assert_uint_eq(put("/usr/bin/emu", "Two", 0), second);
	ck_assert_uint_eq(put("/usr/bin/emu", "Three", 0), first);
}
END_TEST

START_TEST(test_same_exe_of_another_name_is_another_entry)
{
	struct shortcuts_edit edit = { .name = "Tetris", .exe = "/usr/bin/emu", .start_dir = "/" };
	uint32_t tetris = shortcuts_put(&shortcuts, &edit);

	edit.name = "Pong";
	ck_assert_uint_ne(shortcuts_put(&shortcuts, &edit), tetris);
	edit.name = "Tetris";
	ck_assert_uint_eq(shortcuts_put(&shortcuts, &edit), tetris);
	relist();
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(test_icon_is_set)
{
	uint32_t app_id = put("/usr/bin/emu", "Emu", 0);

	ck_assert(shortcuts_set_icon(&shortcuts, app_id, "/grid/1_icon.png"));
	ck_assert(!shortcuts_set_icon(&shortcuts, app_id + 1, "/elsewhere"));
	relist();
	ck_assert_str_eq(list.items[0].icon, "/grid/1_icon.png");
}
END_TEST

START_TEST(test_shared_app_id_is_separated)
{
	put("/first", "A", DOOM_ID);
	put("/second", "B", 0x90000000);
	vdf_node_set_int32(vdf_node_child(entry_at("1"), "appid"), (int32_t)DOOM_ID);
	ck_assert_uint_eq(put("/second", "B", 0), DOOM_ID + 1);
	ck_assert_uint_eq(put("/first", "A", 0), DOOM_ID);
}
END_TEST

START_TEST(test_tags_and_options)
{
	struct strvec tags = { 0 };
	struct shortcuts_edit edit = { .name = "Celeste",
		.exe = "/home/deck/Games/Celeste/Celeste",
		.start_dir = "/",
		.launch_options = "--new",
		.tags = &tags };

	strvec_push(&tags, "Platformer");
	strvec_push(&tags, "Indie");
	load("deck");
	shortcuts_put(&shortcuts, &edit);
	edit.launch_options = NULL;
	edit.tags = NULL;
	shortcuts_put(&shortcuts, &edit);
	relist();
	ck_assert_str_eq(list.items[0].launch_options, "--new");
	ck_assert_uint_eq(list.items[0].tags.count, 2);
	ck_assert_str_eq(list.items[0].tags.items[0], "Indie");
	ck_assert_str_eq(list.items[0].tags.items[1], "Platformer");
	strvec_finish(&tags);
}
END_TEST

START_TEST(test_remove_numbers_anew)
{
	load("deck");
	ck_assert(!shortcuts_remove(&shortcuts, 1));
	ck_assert(shortcuts_remove(&shortcuts, (uint32_t)-1465298393));
	ck_assert_str_eq(vdf_node_text(entry_at("0"), "AppName"), "Überschall – 超音速 🚀");
	ck_assert_str_eq(vdf_node_text(entry_at("1"), "AppName"), "Firefox");
	ck_assert(shortcuts_remove(&shortcuts, (uint32_t)-2));
	ck_assert(shortcuts_remove(&shortcuts, (uint32_t)-2021162117));
	shortcuts_write(&shortcuts, &after);
	ck_assert_uint_eq(after.length, 13);
	ck_assert_mem_eq(after.data, "\0shortcuts\0\010\010", 13);
	ck_assert(!shortcuts_remove(&shortcuts, (uint32_t)-2));
}
END_TEST

START_TEST(test_add_and_remove_restores_the_file)
{
	static const char *const names[] = { "deck", "odd", "old", "empty_list", "many",
		"repeated" };

	load(names[_i]);
	ck_assert(shortcuts_remove(&shortcuts, put("/opt/new", "New", 0)));
	shortcuts_write(&shortcuts, &after);
	ck_assert_uint_eq(after.length, before.length);
	ck_assert_mem_eq(after.data, before.data, before.length);
}
END_TEST

START_TEST(test_gaps_in_the_numbers_are_not_filled)
{
	load("odd");
	put("/opt/new", "New", 0);
	ck_assert_str_eq(vdf_node_text(entry_at("8"), "AppName"), "New");
}
END_TEST

START_TEST(test_damage_changes_nothing)
{
	load("deck");
	ck_assert(!shortcuts_parse(&shortcuts, "\x08\x08", 2, &err));
	ck_assert(!shortcuts_parse(&shortcuts, "\001Shortcuts\0text\0\010", 17, &err));
	ck_assert_str_eq(err.message, "'Shortcuts' is a value of type 0x01 instead of a map");
	relist();
	ck_assert_uint_eq(list.count, 3);
	ck_assert(shortcuts_parse(&shortcuts, "", 0, &err));
	relist();
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("shortcuts");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, test_list);
	tcase_add_test(tcase, test_list_of_old_and_odd_files);
	tcase_add_test(tcase, test_app_id);
	tcase_add_test(tcase, test_append);
	tcase_add_test(tcase, test_taken_app_ids_are_passed_over);
	tcase_add_test(tcase, test_update_touches_only_our_keys);
	tcase_add_test(tcase, test_same_exe_is_adopted);
	tcase_add_test(tcase, test_same_exe_and_name_is_preferred);
	tcase_add_test(tcase, test_same_exe_of_another_name_is_another_entry);
	tcase_add_test(tcase, test_icon_is_set);
	tcase_add_test(tcase, test_shared_app_id_is_separated);
	tcase_add_test(tcase, test_tags_and_options);
	tcase_add_test(tcase, test_remove_numbers_anew);
	tcase_add_loop_test(tcase, test_add_and_remove_restores_the_file, 0, 6);
	tcase_add_test(tcase, test_gaps_in_the_numbers_are_not_filled);
	tcase_add_test(tcase, test_damage_changes_nothing);
	return run_tcase(tcase);
}
