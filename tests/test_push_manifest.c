#include "push/push_manifest.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534 /* a user without rights; root reads everything */

static char root[FOLDER_BYTES];
static int root_fd;

static void make_root(void)
{
	folder_make(root);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
}

static void remove_root(void)
{
	close(root_fd);
	folder_remove(root);
}

static void add_file(const char *path, const char *text)
{
	AUTO(close_fd)
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void add_dir(const char *path)
{
	ck_assert_int_eq(mkdirat(root_fd, path, 0755), 0);
}

static void add_link(const char *target, const char *path)
{
	ck_assert_int_eq(symlinkat(target, root_fd, path), 0);
}

static void assert_paths(const struct push_manifest *manifest, const char *const *paths)
{
	size_t count = 0;

	while (paths[count] != NULL) {
		count++;
	}
	ck_assert_uint_eq(manifest->files_count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_str_eq(manifest->files[i].path, paths[i]);
	}
}

START_TEST(files_are_sorted_and_measured)
{
	const char *const paths[] = { "a", "b.txt", "dir/sub/c", "dir/z", NULL };
	struct push_manifest manifest;

	add_dir("dir");
	add_dir("dir/sub");
	add_dir("empty");
	add_file("dir/z", "zz");
	add_file("b.txt", "");
	add_file("dir/sub/c", "ccc");
	add_file("a", "a");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	assert_paths(&manifest, paths);
	ck_assert_int_eq(manifest.total_bytes, 6);
	ck_assert_uint_eq(manifest.warnings.count, 0);
	ck_assert_uint_eq(manifest.folders.count, 1);
	ck_assert_str_eq(manifest.folders.items[0], "empty");
	ck_assert_int_eq(push_manifest_find(&manifest, "dir/sub/c")->stamp.size, 3);
	ck_assert_ptr_null(push_manifest_find(&manifest, "dir"));
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(links_inside_are_followed)
{
	const char *const paths[] = { "also/file", "dir/file", "same", NULL };
	/* dir/self and dir/here are seen below also/ too. */
	static const char *const left_out[] = { "'dir/self' (", "'dir/here' (", "'also/self' (",
		"'also/here' (", "'out' (", "'outdir' (", "'dangling' (", "'loop' (" };
	struct push_manifest manifest;

	add_dir("dir");
	add_file("dir/file", "x");
	add_link("dir/file", "same");
	add_link("dir", "also");
	add_link("../dir", "dir/self");
	add_link(".", "dir/here");
	add_link("/etc/passwd", "out");
	add_link("/etc", "outdir");
	add_link("gone", "dangling");
	add_link("loop", "loop");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	assert_paths(&manifest, paths);
	ck_assert_uint_eq(manifest.warnings.count, 1);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		ck_assert_ptr_nonnull(strstr(manifest.warnings.items[0], left_out[i]));
	}
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(two_links_to_a_folder_send_it_twice)
{
	const char *const paths[] = { "lib/so", "lib32/so", "lib64/so", NULL };
	struct push_manifest manifest;

	add_dir("lib");
	add_file("lib/so", "");
	add_link("lib", "lib32");
	add_link("lib", "lib64");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	assert_paths(&manifest, paths);
	ck_assert_uint_eq(manifest.warnings.count, 0);
	push_manifest_finish(&manifest);
}
END_TEST

/* Two links in each to the next: 2^21 paths lead to the last. */
START_TEST(folders_full_of_links_are_walked_to_an_end)
{
	struct push_manifest manifest;

	for (int i = 0; i < 22; i++) {
		AUTO(free_ptr) char *dir = xasprintf("d%02d", i);
		AUTO(free_ptr) char *file = xasprintf("d%02d/file", i);
		AUTO(free_ptr) char *first = xasprintf("d%02d/a", i);
		AUTO(free_ptr) char *second = xasprintf("d%02d/b", i);
		AUTO(free_ptr) char *next = xasprintf("../d%02d", i + 1);

		add_dir(dir);
		add_file(file, "");
		if (i < 21) {
			add_link(next, first);
			add_link(next, second);
		}
	}
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	/* Each at home, and from each link at home one chain to the last. */
	ck_assert_uint_eq(manifest.files_count, 22 + 2 * (21 * 22 / 2));
	ck_assert_ptr_nonnull(push_manifest_find(&manifest, "d00/b/a/a/file"));
	ck_assert_ptr_null(push_manifest_find(&manifest, "d00/b/b/file"));
	ck_assert_uint_eq(manifest.warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(manifest.warnings.items[0],
		"'d00/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/b' (the link points to a folder "
		"that is sent as 'd00/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a')"));
	ck_assert_ptr_nonnull(strstr(manifest.warnings.items[0], " and 410 more; "));
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(a_neighbour_whose_name_begins_alike_is_outside)
{
	AUTO(free_ptr) char *neighbour = xasprintf("%s-other", root);
	AUTO(close_fd) int fd = open(neighbour, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct push_manifest manifest;

	ck_assert_int_ge(fd, 0);
	add_link(neighbour, "link");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	ck_assert_uint_eq(manifest.files_count, 0);
	ck_assert_uint_eq(manifest.warnings.count, 1);
	push_manifest_finish(&manifest);
	unlink(neighbour);
}
END_TEST

START_TEST(special_files_are_left_out)
{
	struct push_manifest manifest;

	ck_assert_int_eq(mkfifoat(root_fd, "pipe", 0644), 0);
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	ck_assert_uint_eq(manifest.files_count, 0);
	ck_assert_uint_eq(manifest.warnings.count, 1);
	ck_assert_str_eq(manifest.warnings.items[0],
		"left out: 'pipe' (not a file or folder); copy what the game needs into its folder");
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(patterns_leave_out_files_and_folders)
{
	const char *const paths[] = { "keep", "logs/keep", NULL };
	AUTO(strvec_finish) struct strvec excludes = { 0 };
	struct push_manifest manifest;

	add_dir(".git");
	add_file(".git/config", "x");
	add_dir("logs");
	add_file("logs/a.log", "x");
	add_file("logs/keep", "x");
	add_file("keep", "x");
	add_file("b.pdb", "x");
	strvec_push(&excludes, ".git");
	strvec_push(&excludes, "logs/*.log");
	strvec_push(&excludes, "*.pdb");
	ck_assert(push_manifest_init(&manifest, root, &excludes, NULL));
	assert_paths(&manifest, paths);
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(names_that_cannot_travel_are_refused)
{
	static const char *const names[] = { "caf\xe9", "a\\b", "a\nb", "a\x7f" };
	struct push_manifest manifest;

	for (size_t i = 0; i < 4; i++) {
		struct error err = { 0 };

		add_file(names[i], "x");
		ck_assert(!push_manifest_init(&manifest, root, NULL, &err));
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_ptr_null(manifest.files);
		ck_assert_int_eq(unlinkat(root_fd, names[i], 0), 0);
	}
}
END_TEST

START_TEST(all_that_cannot_travel_is_told_together)
{
	struct push_manifest manifest;
	struct error err = { 0 };

	add_file("caf\xe9", "x");
	add_file("a\\b", "x");
	add_file("secret", "x");
	add_dir("closed");
	ck_assert_int_eq(fchmodat(root_fd, "secret", 0, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "closed", 0, 0), 0);
	ck_assert_int_eq(fchmod(root_fd, 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(seteuid(NOBODY), 0);
	}
	ck_assert(!push_manifest_init(&manifest, root, NULL, &err));
	if (getuid() == 0) {
		ck_assert_int_eq(seteuid(0), 0);
	}
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "caf"));
	ck_assert_ptr_nonnull(strstr(err.message, "a\\b"));
	ck_assert_ptr_nonnull(strstr(err.message, "'secret' cannot be read"));
	ck_assert_ptr_nonnull(strstr(err.message, "the folder 'closed' cannot be read"));
	ck_assert_int_eq(fchmodat(root_fd, "closed", 0755, 0), 0);
}
END_TEST

START_TEST(empty_folders_and_idle_patterns_are_told)
{
	AUTO(strvec_finish) struct strvec excludes = { 0 };
	AUTO(free_ptr) char *unsent = NULL;
	struct push_manifest manifest;
	struct error err = { 0 };

	add_file("game", "x");
	add_dir("saves");
	add_dir("saves/slot1");
	add_dir("cache");
	strvec_push(&excludes, "nosuch");
	ck_assert(push_manifest_init(&manifest, root, &excludes, NULL));
	ck_assert_uint_eq(manifest.warnings.count, 1);
	ck_assert_ptr_nonnull(
		strstr(manifest.warnings.items[0], "--exclude 'nosuch' matches nothing"));
	ck_assert_uint_eq(manifest.folders.count, 2);
	ck_assert_str_eq(manifest.folders.items[1], "saves/slot1");
	unsent = push_manifest_unsent_folders(&manifest);
	ck_assert_str_eq(unsent,
		"empty folders are not sent: 'cache' and 'saves/slot1'; put a file into those that "
		"the game needs");
	push_manifest_finish(&manifest);
	/* The Agent would take it for two folders. */
	add_dir("a\\b");
	ck_assert(!push_manifest_init(&manifest, root, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "a\\b"));
}
END_TEST

START_TEST(what_is_no_folder_is_said_so)
{
	AUTO(free_ptr) char *file = xasprintf("%s/game.zip", root);
	AUTO(free_ptr) char *missing = xasprintf("%s/missing", root);
	struct push_manifest manifest;
	struct error err = { 0 };

	add_file("game.zip", "PK");
	ck_assert(!push_manifest_init(&manifest, file, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(!push_manifest_init(&manifest, missing, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(a_file_that_changed_is_noticed)
{
	struct push_manifest manifest;
	struct error err = { 0 };
	int fd;

	add_file("a", "one");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	fd = push_manifest_open(manifest.root_fd, &manifest.files[0], &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmodat(root_fd, "a", 0755, 0), 0);
	ck_assert_msg(push_manifest_verify(fd, &manifest.files[0], &err), "a chmod does not count");
	add_file("a", "longer");
	ck_assert(!push_manifest_verify(fd, &manifest.files[0], &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	close(fd);
	ck_assert_int_eq(push_manifest_open(manifest.root_fd, &manifest.files[0], &err), -1);

	/* Something that would hang an open() took its place. */
	ck_assert_int_eq(unlinkat(root_fd, "a", 0), 0);
	ck_assert_int_eq(mkfifoat(root_fd, "a", 0644), 0);
	ck_assert_int_eq(push_manifest_open(manifest.root_fd, &manifest.files[0], &err), -1);
	push_manifest_finish(&manifest);
}
END_TEST

START_TEST(a_zeroed_manifest_can_be_finished)
{
	struct push_manifest manifest = { 0 };

	push_manifest_finish(&manifest);
	push_manifest_finish(&manifest);
	ck_assert_ptr_null(push_manifest_find(&manifest, "a"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("push_manifest");

	tcase_add_checked_fixture(tcase, make_root, remove_root);
	tcase_add_test(tcase, files_are_sorted_and_measured);
	tcase_add_test(tcase, links_inside_are_followed);
	tcase_add_test(tcase, two_links_to_a_folder_send_it_twice);
	tcase_add_test(tcase, folders_full_of_links_are_walked_to_an_end);
	tcase_add_test(tcase, a_neighbour_whose_name_begins_alike_is_outside);
	tcase_add_test(tcase, special_files_are_left_out);
	tcase_add_test(tcase, patterns_leave_out_files_and_folders);
	tcase_add_test(tcase, names_that_cannot_travel_are_refused);
	tcase_add_test(tcase, all_that_cannot_travel_is_told_together);
	tcase_add_test(tcase, empty_folders_and_idle_patterns_are_told);
	tcase_add_test(tcase, what_is_no_folder_is_said_so);
	tcase_add_test(tcase, a_file_that_changed_is_noticed);
	tcase_add_test(tcase, a_zeroed_manifest_can_be_finished);
	return run_tcase(tcase);
}
