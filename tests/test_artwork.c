/* The grid folder: which file an image becomes, and which files are left alone. */
#include "steam/images/artwork.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <dirent.h>

#define ACCOUNT "39734273"
#define GRID "userdata/" ACCOUNT "/config/grid"
#define APP 4294967295u

#define BYTES(literal) (literal), sizeof(literal) - 1
static const char png[] = "\x89PNG\r\n\x1a\n....";
static const char jpeg[] = "\xff\xd8\xff\xe0....";
static const char webp[] = "RIFF\x10\0\0\0WEBPVP8 ";
static const char gif[] = "GIF89a....";
static const char ico[] = "\0\0\1\0\1\0"
			  "0123456789abcdef"
			  "image";

static struct steam_home home;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
	steam_home_mkdir(&home, "userdata/" ACCOUNT "/config");
	err = (struct error){ 0 };
}

static void teardown(void)
{
	steam_home_finish(&home);
}

static void ck_put(enum artwork_kind kind, const void *data, size_t length, const char *file)
{
	AUTO(free_ptr) char *expected = xasprintf("%s/" GRID "/%s", home.path, file);
	AUTO(free_ptr) char *path = NULL;
	struct strbuf content = { 0 };

	ck_assert_msg(artwork_put(home.path, ACCOUNT, APP, kind, data, length, &path, &err), "%s",
		err.message);
	ck_assert_str_eq(path, expected);
	ck_assert(atomic_file_read(path, ARTWORK_MAX_BYTES, &content, NULL));
	ck_assert_uint_eq(content.length, length);
	ck_assert_mem_eq(content.data, data, length);
	strbuf_finish(&content);
}

static void ck_put_fails(const char *account_id, const void *data, size_t length,
	enum error_kind kind, const char *sentence)
{
	char *path = NULL;

	ck_assert(
		!artwork_put(home.path, account_id, APP, ARTWORK_GRID, data, length, &path, &err));
	ck_assert_ptr_null(path);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
}

static void place(const char *name)
{
	AUTO(free_ptr) char *path = xasprintf(GRID "/%s", name);

	steam_home_write_text(&home, path, name);
}

/* The folder's files are exactly these, in any order; names ends with NULL. */
static void ck_files(const char *const *names)
{
	DIR *dir = opendir(steam_home_path(&home, GRID));
	struct dirent *entry;
	unsigned count = 0, expected = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		count += entry->d_name[0] != '.' || entry->d_name[1] == 'c';
	}
	closedir(dir);
	for (; names[expected] != NULL; expected++) {
		AUTO(free_ptr) char *path = xasprintf(GRID "/%s", names[expected]);

		ck_assert_msg(steam_home_exists(&home, path), "%s is missing", names[expected]);
	}
	ck_assert_uint_eq(count, expected);
}

#define CK_FILES(...) ck_files((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(test_kinds)
{
	static const char *const names[] = { "grid", "banner", "hero", "logo", "icon" };
	static const int types[] = { 0, 3, 1, 2, 4 };
	enum artwork_kind kind;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		ck_assert_str_eq(artwork_kind_name((enum artwork_kind)i), names[i]);
		ck_assert_int_eq(artwork_kind_asset_type((enum artwork_kind)i), types[i]);
		ck_assert(artwork_kind_find(names[i], &kind, &err));
		ck_assert_uint_eq(kind, i);
	}
	kind = ARTWORK_LOGO;
	ck_assert(!artwork_kind_find("Grid", &kind, &err));
	ck_assert(!artwork_kind_find("", &kind, &err));
	ck_assert(!artwork_kind_find("../grid", &kind, &err));
	ck_assert_uint_eq(kind, ARTWORK_LOGO);
	ck_assert_ptr_nonnull(strstr(err.message, "'../grid'"));
}
END_TEST

START_TEST(test_extensions)
{
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES(png)), "png");
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES(jpeg)), "jpg");
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES(webp)), "png");
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES(gif)), "png");
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES("GIF87a")), "png");
	ck_assert_str_eq(artwork_extension(ARTWORK_GRID, BYTES(ico)), "png");
	ck_assert_str_eq(artwork_extension(ARTWORK_ICON, BYTES(ico)), "ico");
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, "", 0));
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, png, 7));
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, webp, 11));
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, BYTES("RIFF....WAVEfmt ")));
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, BYTES("GIF88a")));
	ck_assert_ptr_null(artwork_extension(ARTWORK_GRID, BYTES("<html>\xff\xd8\xff")));
	/* No images, or fewer than it says. */
	ck_assert_ptr_null(artwork_extension(ARTWORK_ICON, BYTES("\0\0\1\0\0\0 0123456789abcdef")));
	ck_assert_ptr_null(artwork_extension(ARTWORK_ICON, ico, 22));
	ck_assert_ptr_null(artwork_extension(ARTWORK_ICON, BYTES("\0\0\1\0\2\0 0123456789abcdef")));
}
END_TEST

START_TEST(test_each_kind_has_its_file)
{
	struct stat status;

	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	ck_put(ARTWORK_BANNER, BYTES(jpeg), "4294967295.jpg");
	ck_put(ARTWORK_HERO, BYTES(webp), "4294967295_hero.png");
	ck_put(ARTWORK_LOGO, BYTES(gif), "4294967295_logo.png");
	ck_put(ARTWORK_ICON, BYTES(ico), "4294967295_icon.ico");
	CK_FILES("4294967295p.png", "4294967295.jpg", "4294967295_hero.png", "4294967295_logo.png",
		"4294967295_icon.ico");
	ck_assert_int_eq(stat(steam_home_path(&home, GRID "/4294967295p.png"), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0644);
}
END_TEST

START_TEST(test_older_siblings_go)
{
	place("4294967295p.jpg");
	place("4294967295p.PNG");
	place("4294967295p.webp");
	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	CK_FILES("4294967295p.png");
	ck_put(ARTWORK_GRID, BYTES(jpeg), "4294967295p.jpg");
	CK_FILES("4294967295p.jpg");
}
END_TEST

START_TEST(test_others_stay)
{
	/* Steam's logo position, a person's copy, other kinds, other shortcuts. */
	place("4294967295.json");
	place("4294967295.png.bak");
	place("4294967295p.png");
	place("4294967295_hero.png");
	place("4294967295_logo.png");
	place("14294967295.png");
	place("42949672951.png");
	place("429496729.png");
	steam_home_mkdir(&home, GRID "/4294967295.gif"); /* not our file */
	ck_put(ARTWORK_BANNER, BYTES(jpeg), "4294967295.jpg");
	CK_FILES("4294967295.json", "4294967295.png.bak", "4294967295p.png", "4294967295_hero.png",
		"4294967295_logo.png", "14294967295.png", "42949672951.png", "429496729.png",
		"4294967295.gif", "4294967295.jpg");
}
END_TEST

START_TEST(test_what_a_killed_process_left_goes)
{
	place("4294967295p.jpg.tmp-00ff00");
	place(".capydeck-1-00");		 /* of an earlier version */
	place("4294967295_hero.png.tmp-00ff00"); /* goes with the next of its kind */
	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	CK_FILES("4294967295_hero.png.tmp-00ff00", "4294967295p.png");
}
END_TEST

START_TEST(test_refusals_leave_the_old_image)
{
	char *large = xcalloc(1, ARTWORK_MAX_BYTES + 1);

	memcpy(large, png, sizeof(png));
	place("4294967295p.jpg");
	ck_put_fails(ACCOUNT, BYTES("<!DOCTYPE html>"), ERROR_INVALID, "the grid image");
	ck_put_fails(ACCOUNT, NULL, 0, ERROR_INVALID, "the grid image");
	ck_put_fails(ACCOUNT, large, ARTWORK_MAX_BYTES + 1, ERROR_TOO_LARGE, "20971521");
	CK_FILES("4294967295p.jpg");
	ck_put(ARTWORK_GRID, large, ARTWORK_MAX_BYTES, "4294967295p.png");
	free(large);
}
END_TEST

START_TEST(test_accounts_are_digits)
{
	ck_put_fails("", BYTES(png), ERROR_INVALID, "'' is not a Steam account");
	ck_put_fails("..", BYTES(png), ERROR_INVALID, "'..' is not a Steam account");
	ck_put_fails("../../x", BYTES(png), ERROR_INVALID, "not a Steam account");
	ck_put_fails("1/../../../x", BYTES(png), ERROR_INVALID, "not a Steam account");
	ck_put_fails("/1", BYTES(png), ERROR_INVALID, "not a Steam account");
	ck_put_fails("-1", BYTES(png), ERROR_INVALID, "not a Steam account");
	ck_put_fails("76561198012345678", BYTES(png), ERROR_INVALID, "not a Steam account");
	ck_assert(!artwork_rename(home.path, "1/..", APP, 1, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(test_no_link_is_followed)
{
	AUTO(free_ptr) char *outside = xasprintf("%s/outside", home.path);
	AUTO(free_ptr) char *picture = xasprintf("%s/outside/picture.png", home.path);
	AUTO(strbuf_finish) struct strbuf content = { 0 };

	steam_home_write_text(&home, "outside/picture.png", "theirs");
	ck_assert_int_eq(symlink(outside, steam_home_path(&home, GRID)), 0);
	ck_put_fails(ACCOUNT, BYTES(png), ERROR_INVALID, "link");
	ck_assert_int_eq(unlink(steam_home_path(&home, GRID)), 0);

	/* A link in an image's place is replaced, not what it points to. */
	steam_home_mkdir(&home, GRID);
	ck_assert_int_eq(symlink(picture, steam_home_path(&home, GRID "/4294967295p.png")), 0);
	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	steam_home_read(&home, "outside/picture.png", &content);
	ck_assert_str_eq(content.data, "theirs");

	ck_assert_int_eq(symlink(outside, steam_home_path(&home, "userdata/5")), 0);
	ck_put_fails("5", BYTES(png), ERROR_INVALID, "link");
}
END_TEST

static void ck_read(
	int64_t offset, size_t max, const char *type, const char *content, size_t length)
{
	struct strbuf data = { 0 };
	struct artwork_part part = { 0 };

	ck_assert_msg(artwork_read(home.path, ACCOUNT, APP, offset, max, &data, &part, &err), "%s",
		err.message);
	ck_assert_str_eq(part.type, type);
	ck_assert_uint_eq(data.length, length);
	ck_assert_mem_eq(strbuf_text(&data), content, length);
	strbuf_finish(&data);
}

static void ck_read_fails(int64_t offset, enum error_kind kind)
{
	struct strbuf data = { 0 };
	struct artwork_part part = { 0 };

	ck_assert(!artwork_read(home.path, ACCOUNT, APP, offset, 100, &data, &part, &err));
	ck_assert_int_eq(err.kind, kind);
	ck_assert_uint_eq(data.length, 0);
	err = (struct error){ 0 };
}

/* Its portrait, or the next best; of a size to be shown; in parts. */
START_TEST(test_one_is_shown)
{
	AUTO(strbuf_finish) struct strbuf huge = { 0 };

	ck_read_fails(0, ERROR_NOT_FOUND);
	ck_put(ARTWORK_LOGO, BYTES(png), "4294967295_logo.png");
	ck_read_fails(0, ERROR_NOT_FOUND);
	ck_put(ARTWORK_ICON, BYTES(ico), "4294967295_icon.ico");
	ck_read(0, 100, "png", BYTES(ico));
	ck_put(ARTWORK_HERO, BYTES(gif), "4294967295_hero.png");
	ck_read(0, 100, "png", BYTES(gif));
	ck_put(ARTWORK_GRID, BYTES(jpeg), "4294967295p.jpg");
	ck_read(0, 100, "jpg", BYTES(jpeg));
	ck_read(2, 3, "jpg", jpeg + 2, 3);
	ck_read(sizeof(jpeg) - 1, 100, "jpg", "", 0);
	ck_read_fails(sizeof(jpeg), ERROR_INVALID);
	ck_read_fails(-1, ERROR_INVALID);

	strbuf_append(&huge, BYTES(png));
	memset(strbuf_extend(&huge, ARTWORK_SHOWN_MAX_BYTES), 0, ARTWORK_SHOWN_MAX_BYTES);
	ck_put(ARTWORK_GRID, huge.data, huge.length, "4294967295p.png");
	ck_read(0, 100, "png", BYTES(gif));
}
END_TEST

START_TEST(test_rename)
{
	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	ck_put(ARTWORK_HERO, BYTES(jpeg), "4294967295_hero.jpg");
	place("7p.jpg");     /* replaced, with another extension */
	place("7_logo.png"); /* not replaced: stays */
	place("77p.png");    /* another shortcut */
	place("4294967295.json");
	ck_assert_msg(artwork_rename(home.path, ACCOUNT, APP, 7, &err), "%s", err.message);
	CK_FILES("7p.png", "7_hero.jpg", "7_logo.png", "77p.png", "4294967295.json");
	ck_assert(artwork_rename(home.path, ACCOUNT, 7, 7, &err));
	ck_assert(artwork_rename(home.path, ACCOUNT, APP, 7, &err)); /* again: nothing left to do */
	CK_FILES("7p.png", "7_hero.jpg", "7_logo.png", "77p.png", "4294967295.json");
	ck_assert(artwork_rename(home.path, "1", APP, 7, &err)); /* no folder: nothing to do */
	ck_assert(!steam_home_exists(&home, "userdata/1"));
	ck_assert(artwork_rename("/nonexistent", ACCOUNT, APP, 7, &err));
}
END_TEST

START_TEST(test_remove)
{
	ck_put(ARTWORK_GRID, BYTES(png), "4294967295p.png");
	ck_put(ARTWORK_ICON, BYTES(ico), "4294967295_icon.ico");
	place("4294967295.WEBP");
	place("4294967295_notes.txt");
	place("429496729p.png"); /* another shortcut */
	ck_assert_msg(artwork_remove(home.path, ACCOUNT, APP, &err), "%s", err.message);
	CK_FILES("429496729p.png", "4294967295_notes.txt");
	ck_assert(artwork_remove(home.path, ACCOUNT, APP, &err));
	ck_assert(artwork_remove(home.path, "1", APP, &err)); /* no folder: nothing to do */
	ck_assert(!steam_home_exists(&home, "userdata/1"));
	ck_assert(!artwork_remove(home.path, "1/..", APP, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("artwork");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_kinds);
	tcase_add_test(tcase, test_extensions);
	tcase_add_test(tcase, test_each_kind_has_its_file);
	tcase_add_test(tcase, test_older_siblings_go);
	tcase_add_test(tcase, test_others_stay);
	tcase_add_test(tcase, test_what_a_killed_process_left_goes);
	tcase_add_test(tcase, test_refusals_leave_the_old_image);
	tcase_add_test(tcase, test_accounts_are_digits);
	tcase_add_test(tcase, test_no_link_is_followed);
	tcase_add_test(tcase, test_one_is_shown);
	tcase_add_test(tcase, test_rename);
	tcase_add_test(tcase, test_remove);
	return run_tcase(tcase);
}
