#include "push/exclude_list.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

static void write_file(const char *text, size_t length)
{
	AUTO(close_fd)
	int fd = openat(root_fd, EXCLUDE_FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, length), (ssize_t)length);
}

/* One pattern, one path; a path that ends in '/' is a folder. */
static bool leaves_out(const char *pattern, const char *path)
{
	AUTO(exclude_list_finish) struct exclude_list list = { 0 };
	AUTO(strvec_finish) struct strvec patterns = { 0 };
	AUTO(free_ptr) char *plain = xstrdup(path);
	size_t length = strlen(path);
	bool is_folder = path[length - 1] == '/';

	plain[length - (is_folder ? 1 : 0)] = '\0';
	strvec_push(&patterns, pattern);
	ck_assert(exclude_list_init(&list, root_fd, &patterns, NULL));
	return exclude_list_has(&list, plain, is_folder);
}

START_TEST(one_pattern)
{
	static const struct {
		const char *pattern, *path;
		bool is_out;
	} rows[] = {
		{ "saves", "saves/", true },
		{ "saves", "data/saves/", true },
		{ "saves", "saves", true },
		{ "saves/", "saves/", true },
		{ "saves/", "data/saves/", true },
		{ "saves/", "saves", false },
		{ "/saves", "saves/", true },
		{ "/saves", "data/saves/", false },
		{ "./saves", "saves/", true },
		{ "./saves", "data/saves/", false },
		{ "./saves/", "saves/", true },
		{ "saves//", "saves/", true },
		{ "*.log", "a.log", true },
		{ "*.log", "logs/deep/a.log", true },
		{ "logs/*.log", "logs/a.log", true },
		{ "logs/*.log", "logs/deep/a.log", false },
		{ "logs/*.log", "x/logs/a.log", false },
		{ "logs/**/*.log", "logs/a.log", true },
		{ "logs/**/*.log", "logs/x/y/a.log", true },
		{ "**/cache", "cache/", true },
		{ "**/cache", "a/b/cache/", true },
		{ "**/cache/x", "a/cache/cache/x", true },
		{ "cache/**", "cache/x", true },
		{ "cache/**", "cache/", false },
		{ "a/**/b/**/c", "a/b/b/x/c", true },
		{ "a/**/b/**/c", "a/x/c", false },
		{ "[ab].txt", "b.txt", true },
		{ "?.txt", "bb.txt", false },
		{ "\\#x", "#x", true },
		{ "\\!x", "!x", true },
		{ "\xc3\xbc.txt", "\xc3\xbc.txt", true },
		{ "/", "x", false },
		{ "", "x", false },
		{ ".", "x", false },
		{ "x", EXCLUDE_FILE_NAME, true },
		{ "[", "x", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(leaves_out(rows[i].pattern, rows[i].path) == rows[i].is_out,
			"'%s' and '%s'", rows[i].pattern, rows[i].path);
	}
}
END_TEST

START_TEST(the_last_that_matches_decides)
{
	static const char text[] = "\xef\xbb\xbf# comment\r\n*.log\r\n!keep.log\n\n  \nbuild/ \n";
	AUTO(exclude_list_finish) struct exclude_list list = { 0 };
	AUTO(strvec_finish) struct strvec patterns = { 0 };

	write_file(text, sizeof(text) - 1);
	strvec_push(&patterns, "nothing");
	strvec_push(&patterns, "!build");
	ck_assert(exclude_list_init(&list, root_fd, &patterns, NULL));
	ck_assert(exclude_list_has(&list, "a.log", false));
	ck_assert(!exclude_list_has(&list, "keep.log", false));
	ck_assert(!exclude_list_has(&list, "# comment", false));
	ck_assert_msg(!exclude_list_has(&list, "build", true), "the command line decides");
	ck_assert_str_eq(exclude_list_idle(&list, 0), "nothing");
	ck_assert_ptr_null(exclude_list_idle(&list, 1));
}
END_TEST

START_TEST(a_file_that_is_no_text_is_refused)
{
	struct exclude_list list;
	struct error err = { 0 };

	write_file("a\0b", 3);
	ck_assert(!exclude_list_init(&list, root_fd, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	write_file("a\xff", 2);
	ck_assert(!exclude_list_init(&list, root_fd, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(no_pattern_takes_long)
{
	AUTO(free_ptr) char *path = xcalloc(1, 4000);
	AUTO(free_ptr) char *pattern = xcalloc(1, 4000);

	for (size_t i = 0; i < 3000; i += 2) {
		memcpy(path + i, "a/", 2);
	}
	path[2999] = '\0';
	for (size_t i = 0; i < 3000; i += 5) {
		memcpy(pattern + i, "**/a/", 5);
	}
	strcat(pattern, "b");
	ck_assert(!leaves_out(pattern, path));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("exclude_list");

	tcase_add_checked_fixture(tcase, make_root, remove_root);
	tcase_add_test(tcase, one_pattern);
	tcase_add_test(tcase, the_last_that_matches_decides);
	tcase_add_test(tcase, a_file_that_is_no_text_is_refused);
	tcase_add_test(tcase, no_pattern_takes_long);
	return run_tcase(tcase);
}
