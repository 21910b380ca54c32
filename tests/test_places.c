#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "disk_image.h"
#include "library/places.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static char home[FOLDER_BYTES];

static void setup(void)
{
	folder_make(home);
}

static void teardown(void)
{
	disk_unmount(home);
	folder_remove(home);
}

static char *in_home(const char *path)
{
	return xasprintf("%s/%s", home, path);
}

static void make_folder(const char *path)
{
	AUTO(free_ptr) char *full = in_home(path);
	struct error err;

	ck_assert_msg(make_dirs(full, 0755, &err), "%s", err.message);
}

struct row {
	const char *path;
	const char *dir;
	bool within;
};

static void compare(const struct row *row, const char *library)
{
	struct places *places = places_create();
	AUTO(free_ptr) char *path = in_home(row->path);
	AUTO(free_ptr) char *dir = in_home(row->dir);
	AUTO(free_ptr) char *root = in_home(library);

	ck_assert_msg(places_within(places, path, dir, root) == row->within, "'%s' within '%s'",
		row->path, row->dir);
	ck_assert(places_overlap(places, dir, path, root) ==
		  (row->within || places_within(places, dir, path, root)));
	places_destroy(places);
}

START_TEST(test_plain_disks)
{
	static const struct row rows[] = {
		{ "disk/Game", "disk", true },
		{ "disk/Game", "disk/Game", true },
		{ "disk/Game/x/y", "disk/Game", true },
		{ "disk/Game2", "disk/Game", false },
		{ "disk", "disk/Game", false },
		{ "disk/game", "disk/Game", false },
		{ "disk/game/x", "disk/Game", false },
		{ "disk/absent", "disk/Absent", false },
		{ "DISK/Game", "disk/Game", false },
	};

	make_folder("disk/Game");
	compare(&rows[_i], "disk");
}
END_TEST

START_TEST(test_the_root)
{
	struct places *places = places_create();

	ck_assert(places_within(places, "/", "/", home));
	ck_assert(places_within(places, home, "/", home));
	ck_assert(!places_within(places, "/", home, home));
	places_destroy(places);
}
END_TEST

/* exFAT folds case; what is there and what is not are compared alike. */
START_TEST(test_a_disk_that_folds_case)
{
	static const struct row rows[] = {
		{ "disk/GAME", "disk/Game", true },
		{ "disk/game/Data", "disk/Game/data", true },
		{ "disk/\xc3\x84/x", "disk/\xc3\xa4", true },
		{ "disk/absent/x", "disk/ABSENT", true },
		{ "disk/Game/absent", "disk/game/Absent", true },
		{ "disk/gamf", "disk/Game", false },
		{ "disk/a\xc3\xa9", "disk/Game", false },
		{ "DISK/Game", "disk/Game", false },
	};
	AUTO(free_ptr) char *path = in_home("disk/GAME/data/x");
	AUTO(free_ptr) char *dir = in_home("disk/Game");
	AUTO(free_ptr) char *expected = in_home("disk/Game/data/x");
	AUTO(free_ptr) char *respelled = NULL;
	struct places *places;

	if (!disk_mount(&disk_kinds[1], home)) {
		return;
	}
	make_folder("disk/Game");
	make_folder("disk/\xc3\x84");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		compare(&rows[i], "disk");
	}
	places = places_create();
	respelled = places_respell(places, path, dir, dir);
	places_destroy(places);
	ck_assert_ptr_nonnull(respelled);
	ck_assert_str_eq(respelled, expected);
}
END_TEST

/* A folder of NTFS or FAT may have a short name besides its own. */
START_TEST(test_short_names)
{
	static const struct row rows[] = {
		{ "disk/KEPTGA~1.LON", "disk/Kept Game.long", true },
		{ "disk/keptga~1.lon/x", "disk/Kept Game.long", true },
		{ "disk/Kept Game.long/x", "disk/KEPTGA~1.LON", true },
		{ "disk/KEPTGA~2.LON", "disk/Kept Game.long", false },
		{ "disk/OTHERG~1.LON", "disk/Kept Game.long", false },
	};
	static const char name[] = "KEPTGA~1.LON";
	AUTO(free_ptr) char *kept = in_home("disk/Kept Game.long");

	if (!disk_mount(&disk_kinds[2], home)) { /* NTFS */
		return;
	}
	make_folder("disk/Kept Game.long");
	make_folder("disk/OTHERG~1.LON");
	if (setxattr(kept, "system.ntfs_dos_name", name, strlen(name), 0) != 0) {
		printf("skipped: %s: no short names here\n", disk_kinds[2].name);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		compare(&rows[i], "disk");
	}
}
END_TEST

static void bind_folder(const char *from, const char *to)
{
	AUTO(free_ptr) char *source = in_home(from);
	AUTO(free_ptr) char *target = in_home(to);

	make_folder(to);
	ck_assert_int_eq(mount(source, target, NULL, MS_BIND, NULL), 0);
}

START_TEST(test_bind_mounts)
{
	static const struct row rows[] = {
		{ "again/Game", "disk/Game", true },
		{ "again/Game/x", "disk/Game", true },
		{ "part of it", "disk/Game", true },
		{ "part of it/x", "again/Game", true },
		{ "disk/Game/data", "part of it", true },
		{ "disk/Game", "part of it", false },
		{ "again", "disk", true },
		{ "disk", "again", true },
		{ "again/Other", "disk/Game", false },
	};
	AUTO(free_ptr) char *game = in_home("disk/Game");
	AUTO(free_ptr) char *later = in_home("disk/Game/data/not/yet");
	AUTO(free_ptr) char *part = in_home("part of it");
	AUTO(free_ptr) char *again = in_home("again");
	struct places *places;

	if (!disk_mount(&disk_kinds[4], home)) { /* ext4 */
		return;
	}
	make_folder("disk/Game/data");
	bind_folder("disk", "again");
	bind_folder("disk/Game/data", "part of it");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		compare(&rows[i], "disk");
	}
	places = places_create();
	ck_assert(places_on_same_mount(places, game, later));
	ck_assert(!places_on_same_mount(places, game, part));
	places_destroy(places);
	ck_assert_int_eq(umount2(part, MNT_DETACH), 0);
	ck_assert_int_eq(umount2(again, MNT_DETACH), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("places");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_plain_disks, 0, 9);
	tcase_add_test(tests, test_the_root);
	tcase_add_test(tests, test_a_disk_that_folds_case);
	tcase_add_test(tests, test_short_names);
	tcase_add_test(tests, test_bind_mounts);
	return run_tcase(tests);
}
