#include "push/executable_guess.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "folder.h"
#include "push/push_manifest.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[FOLDER_BYTES];
static int root_fd;

static void make_root(void)
{
	folder_make(root);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(root_fd, "bin", 0755), 0);
}

static void remove_root(void)
{
	close(root_fd);
	folder_remove(root);
}

static void add(const char *path, const char *text, mode_t mode)
{
	AUTO(close_fd) int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* expected NULL: none; kind then says why. */
static void assert_guess(const char *expected, enum error_kind kind)
{
	AUTO(push_manifest_finish) struct push_manifest manifest = { 0 };
	struct error err = { 0 };
	const char *guess;

	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	guess = executable_guess(&manifest, "Super Game 2", &err);
	if (expected != NULL) {
		ck_assert_msg(guess != NULL, "%s", err.message);
		ck_assert_str_eq(guess, expected);
	} else {
		ck_assert_ptr_null(guess);
		ck_assert_int_eq(err.kind, kind);
	}
}

START_TEST(the_only_program_is_it)
{
	add("readme.txt", "#!hello", 0644);
	add("data.bin", "\177ELF", 0644);
	add("libsteam_api.so", "\177ELF", 0755);
	add("libfoo.so.1", "\177ELF", 0755);
	add("bin/tool", "\177ELF", 0755);
	assert_guess(NULL, ERROR_NOT_FOUND);
	add("game", "\177ELF", 0755);
	assert_guess("game", ERROR_NONE);
}
END_TEST

START_TEST(endings_tell)
{
	add("Game.EXE", "MZ", 0644);
	add("UnityCrashHandler64.exe", "MZ", 0644);
	add("unins000.exe", "MZ", 0644);
	add("vcredist_x64.exe", "MZ", 0644);
	assert_guess("Game.EXE", ERROR_NONE);
	add("launch.sh", "echo", 0644);
	assert_guess(NULL, ERROR_CONFLICT);
}
END_TEST

START_TEST(among_several_the_one_called_like_the_game)
{
	add("other.x86_64", "\177ELF", 0755);
	add("server", "#!/bin/sh", 0755);
	assert_guess(NULL, ERROR_CONFLICT);
	add("super_game-2.x86_64", "\177ELF", 0755);
	assert_guess("super_game-2.x86_64", ERROR_NONE);
	add("SuperGame2.sh", "#!/bin/sh", 0755);
	assert_guess(NULL, ERROR_CONFLICT);
}
END_TEST

/* elf(5): the machine is at 18; 183 is ARM64. */
START_TEST(what_cannot_start_is_no_rival)
{
	static const char arm[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0";
	AUTO(free_ptr) char *path = xasprintf("%s/tux.arm64", root);
	AUTO(close_fd) int fd = -1;

	add("tux.arm64", "", 0755);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(fd, arm, sizeof(arm) - 1), sizeof(arm) - 1);
	assert_guess("tux.arm64", ERROR_NONE); /* it is told later */
	add("tux.x86_64", "\177ELF", 0755);
	assert_guess("tux.x86_64", ERROR_NONE);
}
END_TEST

START_TEST(a_named_file_is_found_both_ways)
{
	AUTO(push_manifest_finish) struct push_manifest manifest = { 0 };
	AUTO(free_ptr) char *absolute = xasprintf("%s/bin/../bin/tool", root);
	struct error err = { 0 };
	const char *arguments;

	add("bin/tool", "\177ELF", 0755);
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	ck_assert_str_eq(
		executable_named(&manifest, root, "bin//tool", &arguments, &err), "bin/tool");
	ck_assert_str_eq(
		executable_named(&manifest, root, "./bin/tool", &arguments, &err), "bin/tool");
	ck_assert_str_eq(executable_named(&manifest, root, absolute, &arguments, &err), "bin/tool");
	ck_assert_str_eq(arguments, "");
	ck_assert_str_eq(executable_named(&manifest, root, "\"BIN\\Tool\" -x", &arguments, &err),
		"bin/tool");
	ck_assert_str_eq(arguments, "-x");
	ck_assert_ptr_null(executable_named(&manifest, root, "tool", &arguments, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_null(executable_named(&manifest, root, "/bin/sh", &arguments, &err));
	ck_assert_ptr_null(executable_named(&manifest, root, root, &arguments, &err));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("executable_guess");

	tcase_add_checked_fixture(tcase, make_root, remove_root);
	tcase_add_test(tcase, the_only_program_is_it);
	tcase_add_test(tcase, endings_tell);
	tcase_add_test(tcase, among_several_the_one_called_like_the_game);
	tcase_add_test(tcase, what_cannot_start_is_no_rival);
	tcase_add_test(tcase, a_named_file_is_found_both_ways);
	return run_tcase(tcase);
}
