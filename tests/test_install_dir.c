#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "disk_image.h"
#include "library/game_registry.h"
#include "library/install_dir.h"
#include "suite.h"

#include <check.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static char home[FOLDER_BYTES];
static struct game_registry *registry;
static struct strvec extra;
static struct strvec own;
static struct install_claim claim; /* of another upload; dir NULL: there is none */

static void setup(void)
{
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *games = NULL;
	AUTO(free_ptr) char *second = NULL;
	struct error err;

	folder_make(home);
	games = xasprintf("%s/state/games.json", home);
	registry = game_registry_create(games, &notice);
	second = xasprintf("%s/card", home);
	ck_assert(make_dirs(second, 0755, &err));
	strvec_push(&extra, second);
}

static void teardown(void)
{
	game_registry_destroy(registry);
	strvec_finish(&extra);
	strvec_finish(&own);
	disk_unmount(home);
	folder_remove(home);
}

/* The folder below home; caller frees. NULL: refused. */
static char *choose(const char *install_path, const char *game, struct error *err)
{
	struct install_dir_rules rules = { .home = home,
		.library_dir = "~/Games",
		.library_extra = &extra,
		.registry = registry,
		.own_dirs = &own,
		.claims = &claim,
		.claims_count = claim.dir != NULL };
	AUTO(install_dir_finish) struct install_dir dir = { 0 };
	size_t length = strlen(home);

	if (!install_dir_choose(&dir, &rules, install_path, game, err)) {
		ck_assert_ptr_null(dir.path);
		return NULL;
	}
	ck_assert_int_eq(strncmp(dir.path, home, length), 0);
	ck_assert_int_eq(strncmp(dir.path, dir.root, strlen(dir.root)), 0);
	return xstrdup(dir.path + length + 1);
}

static void expect(const char *install_path, const char *game, const char *path)
{
	struct error err = { 0 };
	AUTO(free_ptr) char *chosen = choose(install_path, game, &err);

	ck_assert_msg(chosen != NULL, "%s", err.message);
	ck_assert_str_eq(chosen, path);
}

static void expect_refused(const char *install_path, const char *game, const char *named)
{
	struct error err = { 0 };

	ck_assert_ptr_null(choose(install_path, game, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.message, named) != NULL, "%s", err.message);
}

static char *in_home(const char *path)
{
	return xasprintf("%s/%s", home, path);
}

static void make_folder(const char *path)
{
	AUTO(free_ptr) char *full = in_home(path);
	struct error err;

	ck_assert(make_dirs(full, 0755, &err));
}

static void put(const char *file)
{
	AUTO(close_fd) int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
}

static void folder_remove_in(const char *path)
{
	AUTO(free_ptr) char *full = in_home(path);

	folder_remove(full);
}

static char *executable; /* of the next ones; NULL: not known */

static void register_game(const char *path, const char *name)
{
	AUTO(free_ptr) char *dir = in_home(path);
	AUTO(free_ptr) char *game_name = xstrdup(name);
	struct game game = { .dir = dir, .name = game_name, .executable = executable };
	struct error err;

	ck_assert(game_registry_put(registry, &game, &err));
}

START_TEST(test_paths_inside_the_libraries)
{
	AUTO(free_ptr) char *inside = in_home("Games//indie/");
	AUTO(free_ptr) char *card = in_home("card/deep/er");

	expect(NULL, "My Game", "Games/My Game");
	expect("", "My Game", "Games/My Game");
	expect("~/Games", "My Game", "Games/My Game");
	expect(inside, "My Game", "Games/indie/My Game");
	expect(card, "My Game", "card/deep/er/My Game");
}
END_TEST

START_TEST(test_paths_outside_are_refused)
{
	AUTO(free_ptr) char *beside = in_home("GamesX");
	AUTO(free_ptr) char *up = in_home("Games/../.ssh");
	AUTO(free_ptr) char *staging = in_home("Games/.capydeck/uploads");
	AUTO(free_ptr) char *link = in_home("Games/link");
	AUTO(free_ptr) char *file = in_home("Games/file");
	AUTO(free_ptr) char *in_file = in_home("Games/file/sub/x");

	make_folder("Games");
	make_folder("elsewhere");
	ck_assert_int_eq(symlink("../elsewhere", link), 0);
	expect_refused("/", "G", "'/'");
	expect_refused("/etc", "G", "/etc");
	expect_refused("~", "G", "library.extra");
	expect_refused("Games", "G", "absolute");
	expect_refused(beside, "G", "GamesX");
	expect_refused(up, "G", "..");
	expect_refused(staging, "G", ".capydeck");
	expect_refused(link, "G", "outside");
	put(file);
	expect_refused(file, "G", "through a file");
	expect_refused(in_file, "G", "through a file");
}
END_TEST

START_TEST(test_names_cannot_lead_out)
{
	static const char *const names[] = { "..", ".", "/", "", "\\", "...", "  " };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = { 0 };
		AUTO(free_ptr) char *chosen = choose("", names[i], &err);

		/* Refused, or one plain component. */
		if (chosen != NULL) {
			ck_assert_int_eq(strncmp(chosen, "Games/", 6), 0);
			ck_assert_ptr_null(strchr(chosen + 6, '/'));
			ck_assert_int_ne(chosen[6], '.');
		} else {
			ck_assert_int_eq(err.kind, ERROR_INVALID);
		}
	}
}
END_TEST

START_TEST(test_folders_of_others_are_left_alone)
{
	AUTO(free_ptr) char *first = in_home("Games/New");

	make_folder("Games/Unmanaged");
	make_folder("Games/A_B");
	make_folder("Games/A_B (2)");
	register_game("Games/A_B", "A:B");
	expect("", "Unmanaged", "Games/Unmanaged (2)");
	/* Two names, one folder name. */
	expect("", "A:B", "Games/A_B");
	expect("", "A_B", "Games/A_B (3)");
	claim = (struct install_claim){ first, "Other" };
	expect("", "New", "Games/New (2)");
	claim = (struct install_claim){ 0 };
}
END_TEST

START_TEST(test_a_game_stays_where_it_is)
{
	AUTO(free_ptr) char *card = in_home("card");
	AUTO(free_ptr) char *moved = in_home("Games/Moved");
	AUTO(free_ptr) char *shelf = in_home("Games/shelf-link");

	make_folder("card/Mine (2)");
	register_game("card/Mine (2)", "Mine");
	expect("", "Mine", "card/Mine (2)");
	expect(card, "Mine", "card/Mine (2)");
	/* Requested elsewhere, it is installed there too. */
	expect("~/Games", "Mine", "Games/Mine");
	/* Deleted by hand: the folder is made again. */
	register_game("Games/Gone", "Gone");
	expect("", "Gone", "Games/Gone");
	/* What became a link is not followed. */
	register_game("Games/Moved", "Moved");
	make_folder("Games");
	ck_assert_int_eq(symlink("/", moved), 0);
	expect("", "Moved", "Games/Moved (2)");
	/* Nor is a folder above it, nor a way out of the library. */
	make_folder("Games/shelf");
	register_game("Games/shelf-link/Linked", "Linked");
	ck_assert_int_eq(symlink("shelf", shelf), 0);
	expect("", "Linked", "Games/Linked");
	register_game("Games/../elsewhere/Out", "Out");
	expect("", "Out", "Games/Out");
	/* A library that is no longer allowed. */
	register_game("former/Old", "Old");
	expect("", "Old", "Games/Old");
}
END_TEST

/* Chooses, and expects that the game was registered in another folder, or (NULL) was not. */
static void expect_moved(
	const char *install_path, const char *game, const char *path, const char *was)
{
	struct install_dir_rules rules = { .home = home,
		.library_dir = "~/Games",
		.library_extra = &extra,
		.registry = registry,
		.own_dirs = &own };
	AUTO(install_dir_finish) struct install_dir dir = { 0 };
	AUTO(free_ptr) char *expected = in_home(path);
	AUTO(free_ptr) char *before = was != NULL ? in_home(was) : NULL;
	struct error err = { 0 };

	ck_assert_msg(
		install_dir_choose(&dir, &rules, install_path, game, &err), "%s", err.message);
	ck_assert_str_eq(dir.path, expected);
	ck_assert_pstr_eq(dir.was, before);
}

static void link_to(const char *target, const char *path)
{
	AUTO(free_ptr) char *from = in_home(target);
	AUTO(free_ptr) char *link = in_home(path);

	ck_assert_int_eq(symlink(from, link), 0);
}

/* The folder is what its path leads to. */
START_TEST(test_a_game_that_was_moved_is_found)
{
	AUTO(free_ptr) char *card = in_home("card");
	AUTO(free_ptr) char *former = in_home("former");
	AUTO(free_ptr) char *program = in_home("elsewhere/Out/doom.sh");

	make_folder("Games");
	make_folder("card/Doom");
	register_game("Games/Doom", "Doom");
	link_to("card/Doom", "Games/Doom");
	expect_moved("", "Doom", "card/Doom", "Games/Doom");
	expect_moved("~/Games", "Doom", "card/Doom", "Games/Doom");
	expect_moved(card, "Doom", "card/Doom", "Games/Doom");
	/* A folder above it: its card is mounted elsewhere, and the former place leads there. */
	make_folder("card/shelf/Quake");
	register_game("former/shelf/Quake", "Quake");
	ck_assert_int_eq(symlink(card, former), 0);
	expect_moved("", "Quake", "card/shelf/Quake", "former/shelf/Quake");
	/* Another game's folder, a library, our own, and what has not its program, are not it. */
	make_folder("Games/Other");
	register_game("Games/Other", "Other");
	register_game("Games/A", "A");
	link_to("Games/Other", "Games/A");
	expect_moved("", "A", "Games/A (2)", NULL);
	register_game("Games/B", "B");
	link_to("card", "Games/B");
	expect_moved("", "B", "Games/B (2)", NULL);
	make_folder("card/.capydeck/C");
	register_game("Games/C", "C");
	link_to("card/.capydeck/C", "Games/C");
	expect_moved("", "C", "Games/C (2)", NULL);
	/* Outside of all libraries nothing is installed, and no second one either. */
	executable = (char *)"doom.sh";
	make_folder("card/D");
	register_game("Games/D", "D");
	link_to("card/D", "Games/D");
	expect_moved("", "D", "Games/D (2)", NULL);
	make_folder("elsewhere/Out");
	put(program);
	register_game("Games/Out", "Out");
	link_to("elsewhere/Out", "Games/Out");
	expect_refused("", "Out", "outside the library folders; add '");
	expect_refused("~/Games", "Out", "/elsewhere' to the setting library.extra");
}
END_TEST

/* Folders of earlier builds of this program have the game's name as it is. */
START_TEST(test_a_new_folder_has_a_plain_name)
{
	AUTO(free_ptr) char *uploading = in_home("Games/Caf\xc3\xa9's");

	make_folder("Games/deep");
	expect("", "Caf\xc3\xa9's", "Games/Cafes");
	claim = (struct install_claim){ uploading, "Caf\xc3\xa9's" };
	expect("", "Caf\xc3\xa9's", "Games/Caf\xc3\xa9's");
	expect("~/Games/deep", "Caf\xc3\xa9's", "Games/deep/Cafes");
	claim = (struct install_claim){ 0 };
	make_folder("Games/Caf\xc3\xa9's");
	expect("", "Caf\xc3\xa9's", "Games/Cafes");
	register_game("Games/Caf\xc3\xa9's", "Caf\xc3\xa9's");
	expect("", "Caf\xc3\xa9's", "Games/Caf\xc3\xa9's");
}
END_TEST

START_TEST(test_no_game_goes_into_another)
{
	register_game("Games/Outer", "Outer");
	expect_refused("~/Games/Outer", "Inner", "'Outer'");
	expect_refused("~/Games/Outer/data", "Outer", "'Outer'");
	expect("~/Games/Outer-2", "Inner", "Games/Outer-2/Inner");
}
END_TEST

START_TEST(test_another_disk_inside_a_library)
{
	AUTO(free_ptr) char *disk = in_home("Games/disk");

	make_folder("Games/disk");
	if (mount("capydeck-test", disk, "tmpfs", 0, "size=64k") != 0) {
		return; /* not root */
	}
	expect_refused(disk, "G", "another disk");
	strvec_push(&extra, disk);
	expect(disk, "G", "Games/disk/G");
	ck_assert_int_eq(umount(disk), 0);
}
END_TEST

START_TEST(test_no_game_goes_into_an_upload)
{
	AUTO(free_ptr) char *uploading = in_home("Games/Shelf/Other");
	AUTO(free_ptr) char *link = in_home("Games/link");

	make_folder("Games");
	claim = (struct install_claim){ uploading, "Other" };
	expect_refused("~/Games/Shelf/Other", "G", "unfinished upload of 'Other'");
	expect_refused("~/Games/Shelf/Other/data", "Other", "unfinished upload of 'Other'");
	ck_assert_int_eq(symlink("Shelf", link), 0);
	make_folder("Games/Shelf");
	expect_refused("~/Games/link/Other/x", "G", "unfinished upload of 'Other'");
	/* Nor around it. */
	folder_remove_in("Games/Shelf");
	expect("~/Games", "Shelf", "Games/Shelf (2)");
	/* The same game again is the same folder. */
	expect("~/Games/Shelf", "Other", "Games/Shelf/Other");
	claim = (struct install_claim){ 0 };
}
END_TEST

START_TEST(test_no_game_goes_around_another)
{
	AUTO(free_ptr) char *inner = in_home("Games/Inner");

	/* Their disk may be out, so that nothing is there. */
	register_game("Games/Shelf/Old", "Old");
	expect("~/Games", "Shelf", "Games/Shelf (2)");
	strvec_push(&extra, inner);
	expect("~/Games", "Inner", "Games/Inner (2)");
}
END_TEST

START_TEST(test_our_own_folders)
{
	AUTO(free_ptr) char *state = in_home("Games/.local/state/capydeck");
	AUTO(free_ptr) char *link = in_home("Games/link");
	AUTO(free_ptr) char *inside = in_home("card/.capydeck/sub");

	strvec_push(&own, state);
	expect_refused("~/Games/.local/state/capydeck", "G", "its own files");
	expect_refused("~/Games/.local/state/capydeck/manifests", "G", "its own files");
	make_folder("Games/.local/state/capydeck");
	ck_assert_int_eq(symlink(".local/state", link), 0);
	expect_refused("~/Games/link/capydeck/x", "G", "its own files");
	expect("~/Games/.local", "G", "Games/.local/G");
	/* A library of the settings that is inside another library's folder of ours. */
	strvec_push(&extra, inside);
	expect_refused(inside, "G", ".capydeck");
	/* One that the owner put beside our files is used. */
	strvec_push(&extra, state);
	expect_refused("~/Games/link/capydeck/.capydeck", "G", ".capydeck");
	expect("~/Games/link/capydeck", "G", "Games/.local/state/capydeck/G");
}
END_TEST

START_TEST(test_a_disk_that_folds_case)
{
	AUTO(free_ptr) char *library = in_home("disk/Library");
	AUTO(free_ptr) char *own_folder = in_home("disk/Library/.CAPYDECK/uploads");
	AUTO(free_ptr) char *game = in_home("disk/LIBRARY/outer/x");
	AUTO(free_ptr) char *shelf = in_home("disk/library/shelf");
	AUTO(free_ptr) char *uploading = in_home("disk/Library/New/Folder");
	AUTO(free_ptr) char *same_upload = in_home("disk/Library/NEW");
	AUTO(free_ptr) char *in_upload = in_home("disk/Library/new/folder/x");

	if (!disk_mount(&disk_kinds[1], home)) { /* exFAT */
		return;
	}
	make_folder("disk/Library/Shelf/Game");
	strvec_push(&extra, library);
	expect_refused(own_folder, "G", ".capydeck");
	register_game("disk/Library/Outer", "Outer");
	expect_refused(game, "G", "'Outer'");
	/* Its recorded spelling stays. */
	register_game("disk/Library/Shelf/Game", "Game");
	expect(shelf, "Game", "disk/Library/Shelf/Game");
	expect(shelf, "Second", "disk/Library/shelf/Second");
	/* The folder of an upload does not exist yet. */
	claim = (struct install_claim){ uploading, "Folder" };
	expect_refused(in_upload, "G", "unfinished upload of 'Folder'");
	expect(same_upload, "Folder", "disk/Library/New/Folder");
	expect(same_upload, "FOLDER", "disk/Library/NEW/FOLDER (2)");
	claim = (struct install_claim){ 0 };
}
END_TEST

START_TEST(test_bind_mounts)
{
	AUTO(free_ptr) char *game = in_home("Games/Outer/data");
	AUTO(free_ptr) char *card = in_home("card");
	AUTO(free_ptr) char *in_card = in_home("card/sub");
	AUTO(free_ptr) char *other = in_home("Games/other");

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		puts("skipped: cannot mount here");
		return;
	}
	make_folder("Games/Outer/data");
	make_folder("Games/other");
	register_game("Games/Outer", "Outer");
	/* The whole of another library is part of a game. */
	ck_assert_int_eq(mount(game, card, NULL, MS_BIND, NULL), 0);
	expect_refused(card, "G", "'Outer'");
	expect_refused(in_card, "G", "'Outer'");
	ck_assert_int_eq(umount(card), 0);
	/* Files cannot be moved from one mount to another. */
	ck_assert_int_eq(mount(card, other, NULL, MS_BIND, NULL), 0);
	expect_refused(other, "G", "another disk");
	ck_assert_int_eq(umount(other), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("dir");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_paths_inside_the_libraries);
	tcase_add_test(tests, test_paths_outside_are_refused);
	tcase_add_test(tests, test_names_cannot_lead_out);
	tcase_add_test(tests, test_folders_of_others_are_left_alone);
	tcase_add_test(tests, test_a_game_stays_where_it_is);
	tcase_add_test(tests, test_a_game_that_was_moved_is_found);
	tcase_add_test(tests, test_a_new_folder_has_a_plain_name);
	tcase_add_test(tests, test_no_game_goes_into_another);
	tcase_add_test(tests, test_another_disk_inside_a_library);
	tcase_add_test(tests, test_no_game_goes_into_an_upload);
	tcase_add_test(tests, test_no_game_goes_around_another);
	tcase_add_test(tests, test_our_own_folders);
	tcase_add_test(tests, test_a_disk_that_folds_case);
	tcase_add_test(tests, test_bind_mounts);
	return run_tcase(tests);
}
