#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "folder.h"
#include "library/name_rules.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

/*
 * Disks that no machine of ours can mount, played on a plain one: a file gets the name that the
 * disk would fold its name to. test_name_rules.c has the real ones.
 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FOLDED_BYTES 1024

struct odd_disk {
	void (*fold)(const char *name, char *folded);
	int (*refuse)(const char *name); /* errno, or 0 */
};

static const struct odd_disk *disk; /* NULL: the one that is there */
static int fail_after;		    /* so many more are made or looked for; -1: any number */
static int fail_errno;
static char folder[FOLDER_BYTES];
static int folder_fd;

/* --- The kinds --- */

static void fold_nothing(const char *name, char *folded)
{
	strcpy(folded, name);
}

/* As vfat and Windows shares: case, and dots and blanks at the end. */
static void fold_like_windows(const char *name, char *folded)
{
	size_t length = strlen(name);

	while (length > 1 && (name[length - 1] == '.' || name[length - 1] == ' ')) {
		length--;
	}
	for (size_t i = 0; i < length; i++) {
		folded[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	}
	folded[length] = '\0';
}

/* As ext4 and f2fs with casefold: forms of Unicode as well, and some characters count for nothing.
 */
static void fold_like_ext4(const char *name, char *folded)
{
	static const struct {
		const char *from;
		const char *to;
	} rows[] = {
		{ "\xc3\x84", "a\xcc\x88" }, { "\xc3\xa4", "a\xcc\x88" }, /* Ä ä */
		{ "\xc3\x89", "e\xcc\x81" }, { "\xc3\xa9", "e\xcc\x81" }, /* É é */
		{ "\xc3\x9f", "ss" },					  /* ß */
		{ "\xe2\x84\xaa", "k" },				  /* the Kelvin sign */
		{ "\xe2\x80\x8b", "" },					  /* zero width */
		{ "\xd0\x96", "\xd0\xb6" },				  /* Ж ж */
	};
	char *to = folded;

	while (*name != '\0') {
		size_t row = 0;

		while (row < COUNT(rows) &&
			strncmp(name, rows[row].from, strlen(rows[row].from)) != 0) {
			row++;
		}
		if (row < COUNT(rows)) {
			to = stpcpy(to, rows[row].to);
			name += strlen(rows[row].from);
		} else {
			*to++ = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
			name++;
		}
	}
	*to = '\0';
}

/* As HFS+ and ZFS can be: forms of Unicode, but not case. */
static void fold_forms(const char *name, char *folded)
{
	char *to = folded;

	for (; *name != '\0'; name++) {
		if (strncmp(name, "\xc3\xa9", 2) == 0) {
			to = stpcpy(to, "e\xcc\x81");
			name++;
		} else {
			*to++ = *name;
		}
	}
	*to = '\0';
}

static int refuse_nothing(const char *name)
{
	return 0;
}

/* Windows shares answer that there is no such file. */
static int refuse_like_windows(const char *name)
{
	return strpbrk(name, ":*?\"<>|") != NULL || strncasecmp(name, "con", 3) == 0 ? ENOENT : 0;
}

/* A character set without most characters, and encrypted names that must be short. */
static int refuse_most(const char *name)
{
	for (const char *at = name; *at != '\0'; at++) {
		if ((unsigned char)*at > 0xc3) {
			return EILSEQ;
		}
	}
	return strlen(name) > 143 ? ENAMETOOLONG : 0;
}

static const struct odd_disk disks[] = {
	{ fold_nothing, refuse_nothing },
	{ fold_like_windows, refuse_like_windows },
	{ fold_like_ext4, refuse_nothing },
	{ fold_forms, refuse_nothing },
	{ fold_nothing, refuse_most },
	{ fold_like_ext4, refuse_most },
};

/* --- The C library's functions, as such a disk would answer them --- */

/* The path with its last name folded; NULL and errno: refused. */
static char *folded_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char folded[FOLDED_BYTES];

	if (disk == NULL) {
		return xstrdup(path);
	}
	errno = disk->refuse(name);
	if (errno != 0) {
		return NULL;
	}
	disk->fold(name, folded);
	return xasprintf("%.*s%s", (int)(name - path), path, folded);
}

static bool fails(void)
{
	if (disk == NULL || fail_after < 0 || fail_after-- != 0) {
		return false;
	}
	errno = fail_errno;
	return true;
}

int openat(int fd, const char *path, int flags, ...)
{
	AUTO(free_ptr) char *folded = NULL;
	mode_t mode = 0;

	if ((flags & O_CREAT) != 0) {
		va_list values;

		va_start(values, flags);
		mode = va_arg(values, mode_t);
		va_end(values);
		if (fails()) {
			return -1;
		}
	}
	folded = folded_path(path);
	return folded == NULL ? -1 : (int)syscall(SYS_openat, fd, folded, flags, mode);
}

int unlinkat(int fd, const char *path, int flags)
{
	AUTO(free_ptr) char *folded = folded_path(path);

	return folded == NULL ? -1 : (int)syscall(SYS_unlinkat, fd, folded, flags);
}

int fstatat(int fd, const char *path, struct stat *stat, int flags)
{
	AUTO(free_ptr) char *folded = fails() ? NULL : folded_path(path);

	return folded == NULL ? -1 : (int)syscall(SYS_newfstatat, fd, folded, stat, flags);
}

static void setup(void)
{
	folder_make(folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fail_after = -1;
}

static void teardown(void)
{
	disk = NULL;
	close(folder_fd);
	folder_remove(folder);
}

/* --- Tests --- */

static const char *const names[] = { "Data", "data", "data.", "data ", "data. .", "DATA.", "a:b",
	"Con", "con.txt", "\xc3\x84rger", "\xc3\xa4rger", "A\xcc\x88rger", "\xe2\x84\xaa", "k", "K",
	"Stra\xc3\x9f\x65", "STRASSE", "strasse", "\xe6\x97\xa5\xe6\x9c\xac", "e\xcc\x81",
	"\xc3\xa9", "\xc3\x89", "zero\xe2\x80\x8bwidth", "ZeroWidth", "\xd0\x96.", "\xd0\xb6",
	"\xd0\x96\xe6\x97\xa5"
	"7a",
	"\xd0\xb6\xe6\x97\xa5"
	"7A",
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789012345678901234567890123456789012345678901234567890123456789abcd" };

static bool is_same(const char *a, const char *b)
{
	char folded_a[FOLDED_BYTES], folded_b[FOLDED_BYTES];

	disk->fold(a, folded_a);
	disk->fold(b, folded_b);
	return strcmp(folded_a, folded_b) == 0;
}

START_TEST(test_names_are_what_the_disk_makes_of_them)
{
	struct error err = { 0 };
	struct name_rules *rules;

	disk = &disks[_i];
	rules = name_rules_create(folder_fd, &err);
	ck_assert_msg(rules != NULL, "%s", err.message);
	ck_assert(name_rules_are_exact(rules) == (_i == 0));
	ck_assert_msg(name_rules_learn(rules, names, COUNT(names), &err), "%s", err.message);
	for (size_t i = 0; i < COUNT(names); i++) {
		int reason = 0;
		const char *key = name_rules_key(rules, names[i], &reason);

		ck_assert_msg(reason == disk->refuse(names[i]), "'%s'", names[i]);
		ck_assert((key == NULL) == (reason != 0));
		for (size_t k = 0; key != NULL && k < i; k++) {
			const char *other = name_rules_key(rules, names[k], &reason);

			if (other != NULL) {
				ck_assert_msg(
					(strcmp(key, other) == 0) == is_same(names[i], names[k]),
					"'%s' and '%s'", names[i], names[k]);
				ck_assert(!is_same(names[i], names[k]) ||
					  name_rules_may_fold(names[i], names[k]));
			}
		}
	}
	/* Two at a time, which forgets the ones before. */
	for (size_t i = 1; i < COUNT(names); i++) {
		if (disk->refuse(names[i]) == 0 && disk->refuse(names[i - 1]) == 0) {
			ck_assert_msg(name_rules_fold(rules, names[i - 1], names[i]) ==
					      is_same(names[i - 1], names[i]),
				"'%s' and '%s'", names[i - 1], names[i]);
		}
	}
	name_rules_destroy(rules);
}
END_TEST

/* Whatever fails, and when: an error, or all that there is to know. */
START_TEST(test_a_disk_that_fails)
{
	static const char *const few[] = { "Data", "data", "\xd0\x96", "\xd0\xb6", "k",
		"\xe2\x84\xaa" };
	static const int failures[] = { EIO, ENOSPC, EMFILE, EROFS };
	bool done = false;

	disk = &disks[2];
	for (int after = 0; !done; after++) {
		struct error err = { 0 };
		struct name_rules *rules;

		fail_after = after;
		fail_errno = failures[_i];
		rules = name_rules_create(folder_fd, &err);
		done = rules != NULL && name_rules_learn(rules, few, COUNT(few), &err);
		if (done) {
			int reason;

			ck_assert_str_eq(name_rules_key(rules, "Data", &reason),
				name_rules_key(rules, "data", &reason));
			ck_assert_str_eq(name_rules_key(rules, few[2], &reason),
				name_rules_key(rules, few[3], &reason));
			ck_assert_str_eq(name_rules_key(rules, few[4], &reason),
				name_rules_key(rules, few[5], &reason));
		} else {
			ck_assert_int_eq(
				err.kind, failures[_i] == ENOSPC ? ERROR_NO_SPACE : ERROR_IO);
		}
		name_rules_destroy(rules);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("odd");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_names_are_what_the_disk_makes_of_them, 0, COUNT(disks));
	tcase_add_loop_test(tests, test_a_disk_that_fails, 0, 4);
	return run_tcase(tests);
}
