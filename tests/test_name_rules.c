#include "core/cleanup.h"
#include "core/error.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "disk_image.h"
#include "library/name_rules.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char home[FOLDER_BYTES];
static int folder_fd;

static void setup(void)
{
	folder_make(home);
	folder_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	close_fd(&folder_fd);
	disk_unmount(home);
	folder_remove(home);
}

/* Names that one disk or another takes for the same, or refuses. */
static const char *const names[] = { "Data", "data", "DATA", "Data.", "data ", " data", "a:b",
	"what?", "CON", "con.txt", "\xc3\x84rger", "\xc3\xa4rger", "A\xcc\x88rger", /* Ärger */
	"\xe2\x84\xaa", "k", "K", /* the Kelvin sign */
	"Stra\xc3\x9f\x65", "STRASSE", "strasse", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80",
	"plain.txt", "Capydeck long name.text", "e\xcc\x81", "\xc3\xa9", "\xc3\x89" };

/* Does the disk itself take b for a, or refuse one? Tried in a folder that nothing knows. */
static bool disk_folds(int fd, const char *a, const char *b)
{
	static unsigned tried;
	AUTO(free_ptr) char *folder = xasprintf("own-%u", tried++);
	AUTO(close_fd) int dir_fd = -1;
	AUTO(close_fd) int first = -1;
	AUTO(close_fd) int second = -1;

	ck_assert_int_eq(mkdirat(fd, folder, 0700), 0);
	dir_fd = openat(fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	first = openat(dir_fd, a, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	second = openat(dir_fd, b, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return first >= 0 && second < 0 && errno == EEXIST;
}

static bool disk_refuses(int fd, const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s", name);
	AUTO(close_fd) int file = openat(fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return file < 0;
}

static void expect_empty(int fd)
{
	DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		ck_assert_msg(strncmp(entry->d_name, "names-", 6) != 0, "'%s'", entry->d_name);
	}
	closedir(dir);
}

/* What it says of every two names is what the disk does with them. */
static void compare_with_disk(int fd)
{
	struct error err = { 0 };
	struct name_rules *rules = name_rules_create(fd, &err);

	ck_assert_msg(rules != NULL, "%s", err.message);
	ck_assert_msg(name_rules_learn(rules, names, COUNT(names), &err), "%s", err.message);
	for (size_t i = 0; i < COUNT(names); i++) {
		int reason = 0;
		const char *key = name_rules_key(rules, names[i], &reason);

		ck_assert_msg((key == NULL) == disk_refuses(fd, names[i]), "'%s': %s", names[i],
			key != NULL ? key : strerror(reason));
		ck_assert(key != NULL || reason != 0);
		for (size_t k = 0; k < i; k++) {
			const char *other = name_rules_key(rules, names[k], &reason);
			bool same = key != NULL && other != NULL && strcmp(key, other) == 0;

			ck_assert_msg(same == disk_folds(fd, names[k], names[i]),
				"'%s' and '%s': %d", names[k], names[i], same);
			ck_assert_msg(!same || name_rules_may_fold(names[k], names[i]),
				"'%s' and '%s'", names[k], names[i]);
			ck_assert(!same || !name_rules_are_exact(rules));
		}
	}
	name_rules_destroy(rules);
	expect_empty(fd);
}

START_TEST(test_names_are_what_the_disk_makes_of_them)
{
	AUTO(close_fd) int fd = -1;
	AUTO(free_ptr) char *disk = xasprintf("%s/disk", home);

	if (!disk_mount(&disk_kinds[_i], home)) {
		return;
	}
	fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	compare_with_disk(fd);
}
END_TEST

START_TEST(test_a_plain_disk_is_not_asked_about_names)
{
	struct error err = { 0 };
	struct name_rules *rules = name_rules_create(folder_fd, &err);

	ck_assert_msg(rules != NULL, "%s", err.message);
	ck_assert(name_rules_are_exact(rules));
	name_rules_destroy(rules);
	expect_empty(folder_fd);
	compare_with_disk(folder_fd);
}
END_TEST

START_TEST(test_two_names)
{
	AUTO(free_ptr) char *nowhere = xasprintf("%s/nowhere", home);
	struct name_rules *rules;

	ck_assert(!name_rules_may_fold("Data", "Date"));
	ck_assert(!name_rules_may_fold("Data", "Data1"));
	ck_assert(name_rules_may_fold("Data", "dATA. ."));
	ck_assert(name_rules_may_fold("Data", "D\xc3\xa4ta"));
	rules = name_rules_of_library(home);
	ck_assert_ptr_nonnull(rules);
	ck_assert(!name_rules_fold(rules, "Data", "data"));
	ck_assert(name_rules_fold(rules, "Data", "Data"));
	name_rules_destroy(rules);
	/* It cannot be found out: nothing may be mixed. */
	ck_assert_ptr_null(name_rules_of_library(nowhere));
	ck_assert(name_rules_fold(NULL, "Data", "data"));
}
END_TEST

START_TEST(test_sizes)
{
	struct error err = { 0 };
	struct name_rules *rules = name_rules_create(folder_fd, &err);
	struct rlimit limit = { .rlim_cur = 4096, .rlim_max = RLIM_INFINITY };
	struct rlimit before;

	ck_assert(name_rules_take_size(rules, 0));
	ck_assert(name_rules_take_size(rules, INT64_C(1) << 33));
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(name_rules_take_size(rules, 4096));
	ck_assert(!name_rules_take_size(rules, 4097));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	name_rules_destroy(rules);
}
END_TEST

/* The sizes of which the disk says by itself that they are too large. */
START_TEST(test_sizes_of_real_disks)
{
	static const struct {
		const char *kind;
		int64_t most;
	} rows[] = {
		{ "vfat", (INT64_C(1) << 32) - 1 },
		{ "ext4", (INT64_C(1) << 44) - 4096 },
	};
	AUTO(close_fd) int fd = -1;
	AUTO(free_ptr) char *disk = xasprintf("%s/disk", home);
	struct name_rules *rules;
	struct error err = { 0 };

	for (size_t i = 0; i < DISK_KINDS_COUNT; i++) {
		if (strcmp(disk_kinds[i].name, rows[_i].kind) == 0 &&
			!disk_mount(&disk_kinds[i], home)) {
			return;
		}
	}
	fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rules = name_rules_create(fd, &err);
	ck_assert_msg(rules != NULL, "%s", err.message);
	ck_assert(name_rules_take_size(rules, rows[_i].most / 2));
	ck_assert(!name_rules_take_size(rules, rows[_i].most + 8192));
	name_rules_destroy(rules);
}
END_TEST

START_TEST(test_a_disk_that_cannot_be_asked)
{
	AUTO(free_ptr) char *removed = xasprintf("%s/removed", home);
	AUTO(close_fd) int fd = -1;
	struct error err = { 0 };

	ck_assert_int_eq(mkdir(removed, 0700), 0);
	fd = open(removed, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(rmdir(removed), 0);
	ck_assert_ptr_null(name_rules_create(fd, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
}
END_TEST

/* Each is found among its likes, and the tries for it leave no room taken. */
START_TEST(test_many_names)
{
	enum { MANY = 2000 };
	AUTO(close_fd) int fd = -1;
	AUTO(free_ptr) char *disk = xasprintf("%s/disk", home);
	AUTO(strvec_finish) struct strvec many = { 0 };
	struct name_rules *rules;
	struct error err = { 0 };
	int reason;

	if (!disk_mount(&disk_kinds[1], home)) { /* exFAT */
		return;
	}
	for (unsigned i = 0; i < MANY / 2; i++) {
		/* Ж and ж with a number of other letters */
		strvec_push_take(&many, xasprintf("\xd0\x96-%u-\xe6\x97\xa5", i));
		strvec_push_take(&many, xasprintf("\xd0\xb6-%u-\xe6\x97\xa5", i));
	}
	fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rules = name_rules_create(fd, &err);
	ck_assert_msg(rules != NULL, "%s", err.message);
	ck_assert_msg(name_rules_learn(rules, (const char *const *)many.items, many.count, &err),
		"%s", err.message);
	for (unsigned i = 0; i < MANY; i += 2) {
		ck_assert_ptr_eq(name_rules_key(rules, many.items[i], &reason),
			name_rules_key(rules, many.items[i + 1], &reason));
	}
	name_rules_destroy(rules);
	expect_empty(fd);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("names");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_names_are_what_the_disk_makes_of_them, 0, DISK_KINDS_COUNT);
	tcase_add_test(tests, test_a_plain_disk_is_not_asked_about_names);
	tcase_add_test(tests, test_two_names);
	tcase_add_test(tests, test_sizes);
	tcase_add_loop_test(tests, test_sizes_of_real_disks, 0, 2);
	tcase_add_test(tests, test_a_disk_that_cannot_be_asked);
	tcase_add_test(tests, test_many_names);
	return run_tcase(tests);
}
