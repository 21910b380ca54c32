#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "disk_image.h"
#include "proto/proto_upload.h"
#include "suite.h"
#include "upload/upload_fit.h"
#include "upload/upload_manifest.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

/* Games that do not fit their disk, on real ones. */
#define EXFAT (&disk_kinds[1])
#define NTFS (&disk_kinds[2])
#define EXT4 (&disk_kinds[4])

static char home[FOLDER_BYTES];
static char disk[FOLDER_BYTES + 8];

static void setup(void)
{
	folder_make(home);
	snprintf(disk, sizeof(disk), "%s/disk", home);
}

static void teardown(void)
{
	disk_unmount(home);
	folder_remove(home);
}

static const char *empty_folder; /* of every manifest; NULL: none */

/* A manifest of empty files; paths is NULL-terminated. */
static struct upload_manifest *manifest_of(const char *const *paths, int64_t size)
{
	struct init_upload request = { .config.game_name = xstrdup("Game") };
	struct upload_manifest *manifest;
	struct error err = { 0 };
	size_t count = 0;

	while (paths[count] != NULL) {
		count++;
	}
	request.files = xcalloc(count, sizeof(*request.files));
	for (size_t i = 0; i < count; i++) {
		request.files[i].relative_path = xstrdup(paths[i]);
		request.files[i].size = size;
	}
	request.files_count = count;
	if (empty_folder != NULL) {
		strvec_push(&request.folders, empty_folder);
	}
	request.total_size = size * (int64_t)count;
	manifest = upload_manifest_create(&request, &err);
	ck_assert_msg(manifest != NULL, "%s", err.message);
	for (size_t i = 0; i < count; i++) {
		free((char *)request.files[i].relative_path);
	}
	free(request.files);
	strvec_finish(&request.folders);
	free((char *)request.config.game_name);
	return manifest;
}

static bool fits(const char *const *paths, int64_t size, const char *dir, struct error *err)
{
	struct upload_manifest *manifest = manifest_of(paths, size);
	AUTO(close_fd) int fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = upload_fit_check(manifest, disk, dir, fd, err);
	DIR *left = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	while ((entry = readdir(left)) != NULL) {
		ck_assert_msg(strncmp(entry->d_name, "names-", 6) != 0, "'%s'", entry->d_name);
	}
	closedir(left);
	upload_manifest_destroy(manifest);
	return ok;
}

static void expect_fits(const char *const *paths)
{
	struct error err = { 0 };

	ck_assert_msg(fits(paths, 0, disk, &err), "%s", err.message);
}

static void expect_refused(const char *const *paths, int64_t size, const char *const *named)
{
	struct error err = { 0 };

	ck_assert(!fits(paths, size, disk, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	for (; *named != NULL; named++) {
		ck_assert_msg(
			strstr(err.message, *named) != NULL, "'%s' in: %s", *named, err.message);
	}
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(test_a_disk_that_tells_all_names_apart)
{
	if (!disk_mount(EXT4, home)) {
		return;
	}
	expect_fits(LIST("Data/A.txt", "data/a.txt", "DATA/A.txt", "Data/A.TXT", "aa:b", "CON",
		"x.", "x", "\xc3\xa9", "e\xcc\x81"));
}
END_TEST

START_TEST(test_files_that_become_one)
{
	if (!disk_mount(EXFAT, home)) {
		return;
	}
	expect_fits(LIST("Data/A.txt", "data/B.txt", "DATA/deep/C", "data/DEEP/D", "a.txt"));
	expect_refused(LIST("Data/A.txt", "data/a.txt"), 0,
		LIST("'Data/A.txt' and 'data/a.txt' are one file", "rename"));
	expect_refused(LIST("../up", "what?", "b:\\x", "A", "a", "twice", "twice"), 0,
		LIST("for 5 reasons", "'../up' contains '..'", "'b:\\x' is not relative",
			"'twice' is in the manifest twice", "refuses the name 'what?'",
			"'A' and 'a' are one file"));
	expect_refused(LIST("../up", "a"), 0,
		LIST("as it is: the path '../up' contains '..'; rename them"));
	expect_refused(LIST("Data/A/x/1", "data/a/X/1"), 0, LIST("are one file"));
	expect_refused(LIST("Data", "data/x", "data/y"), 0,
		LIST("for 2 reasons", "'Data' is a file and cannot be the folder of 'data/x'",
			"folder of 'data/y'"));
	expect_refused(LIST("x/\xc3\x84.pak", "X/\xc3\xa4.PAK"), 0, LIST("are one file"));
	/* The same names are no matter in two folders. */
	expect_fits(LIST("one/\xc3\x84", "two/\xc3\xa4", "one/a", "two/A"));
	/* All of them are told, ten by name. */
	expect_refused(LIST("A", "a", "B", "b", "C", "c", "D", "d", "E", "e", "F", "f", "G", "g",
			       "H", "h", "I", "i", "J", "j", "K", "k", "\xe2\x84\xaa", "a?"),
		0, LIST("for 12 reasons", "(1) ", "(10) ", "and 2 more", "refuses the name 'a?'"));
}
END_TEST

START_TEST(test_empty_folders_are_looked_at_as_files_are)
{
	if (!disk_mount(EXFAT, home)) {
		return;
	}
	empty_folder = "Saves/Slot1";
	expect_fits(LIST("saves/x", "SAVES/y"));
	expect_refused(LIST("saves/SLOT1"), 0,
		LIST("'saves/SLOT1' is a file and cannot be the folder 'Saves/Slot1' there"));
	expect_refused(LIST("SAVES"), 0,
		LIST("'SAVES' is a file and cannot be the folder of 'Saves/Slot1' there"));
	empty_folder = "why?";
	expect_refused(LIST("a"), 0, LIST("refuses the name 'why?'"));
}
END_TEST

START_TEST(test_names_that_are_refused)
{
	AUTO(free_ptr) char *folder = xasprintf("%s/Nul", disk);
	struct error err = { 0 };

	if (!disk_mount(NTFS, home)) {
		return;
	}
	expect_fits(LIST("a", "b/c", "b/\xe6\x97\xa5"));
	expect_refused(LIST("why?", "a/CON", "end./x", "fine"), 0,
		LIST("for 3 reasons", "'why?'", "'CON' in 'a/CON'", "'end.' in 'end./x'"));
	ck_assert(!fits(LIST("a"), 0, folder, &err));
	ck_assert_msg(
		strstr(err.message, "name 'Nul' of the game's folder") != NULL, "%s", err.message);
	ck_assert_msg(strstr(err.message, "; choose another installPath or name, or") != NULL, "%s",
		err.message);
	ck_assert(!fits(LIST("why?"), 0, folder, &err));
	ck_assert_msg(
		strstr(err.message, "; rename or leave out these, or") != NULL, "%s", err.message);
}
END_TEST

START_TEST(test_sizes)
{
	struct rlimit limit = { .rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY };

	if (!disk_mount(EXT4, home)) {
		return;
	}
	expect_refused(LIST("big", "bigger"), INT64_C(1) << 45,
		LIST("for 2 reasons", "'big' has 35 TB, too large", "'bigger'"));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_refused(LIST("big"), (1 << 20) + 1, LIST("'big' has 1.0 MB, too large"));
}
END_TEST

START_TEST(test_lengths)
{
	char path[3600], dir[600];
	struct error err = { 0 };

	ck_assert_int_eq(mkdir(disk, 0700), 0);
	for (size_t i = 0; i < sizeof(path); i++) {
		path[i] = i % 100 == 99 ? '/' : 'n';
	}
	path[sizeof(path) - 1] = '\0';
	memset(dir, 'd', sizeof(dir));
	memcpy(dir, disk, strlen(disk));
	dir[strlen(disk)] = '/';
	dir[PATH_MAX - sizeof(path)] = '\0';
	ck_assert(!fits(LIST(path), 0, dir, &err));
	ck_assert_msg(strstr(err.message, "has 4096 bytes") != NULL, "%s", err.message);
	dir[PATH_MAX - sizeof(path) - 1] = '\0';
	ck_assert_msg(fits(LIST(path), 0, dir, &err), "%s", err.message);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("fit");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_a_disk_that_tells_all_names_apart);
	tcase_add_test(tests, test_files_that_become_one);
	tcase_add_test(tests, test_empty_folders_are_looked_at_as_files_are);
	tcase_add_test(tests, test_names_that_are_refused);
	tcase_add_test(tests, test_sizes);
	tcase_add_test(tests, test_lengths);
	return run_tcase(tests);
}
