/* Which executables need Proton. */
#include "core/atomic_file.h"
#include "core/error.h"
#include "games/windows_program.h"
#include "message_fixture.h"
#include "steam_home.h"

static struct steam_home home;

static bool is_windows(const char *name, const char *content)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", home.path, name);
	struct error err = { 0 };

	ck_assert_msg(
		content == NULL || atomic_file_write(path, content, strlen(content), 0600, &err),
		"%s", err.message);
	return windows_program_is(path);
}

START_TEST(the_content_decides)
{
	steam_home_init(&home);
	ck_assert(is_windows("game.exe", "MZ\x90"));
	ck_assert(is_windows("game", "MZ"));
	ck_assert(!is_windows("really-elf.exe", "\x7f"
						"ELF"));
	ck_assert(!is_windows("game.x86_64", "\x7f"
					     "ELF"));
	ck_assert(!is_windows("start.sh", "#!/bin/sh\n"));
	ck_assert(is_windows("start.bat", "@echo off\r\n"));
	ck_assert(is_windows("setup.MSI", "\xd0\xcf\x11\xe0"));
	steam_home_finish(&home);
}
END_TEST

START_TEST(the_name_decides_where_there_is_no_content)
{
	steam_home_init(&home);
	ck_assert(is_windows("Gone.EXE", NULL));
	ck_assert(is_windows("gone.cmd", NULL));
	ck_assert(is_windows("empty.exe", ""));
	ck_assert(!is_windows("gone", NULL));
	ck_assert(!is_windows("gone.exe/celeste", NULL));
	ck_assert(!is_windows("exe", NULL));
	steam_home_finish(&home);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_content_decides,
		the_name_decides_where_there_is_no_content };

	return run_tests("windows_program", tests, sizeof(tests) / sizeof(tests[0]));
}
