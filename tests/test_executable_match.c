#include "proto/executable_match.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char *const files[] = {
	"Bin/Game.exe",
	"My Game -x",
	"My Game.sh",
	("U\xcc\x88"
	 "bung/\xea\xb0\x81.exe"), /* NFD; a syllable of Hangul */
	"a",
	"doom",
	"doom.EXE",
	"doom.exe",
	"\"odd\".sh",
};

#define FILES_COUNT (sizeof(files) / sizeof(*files))

static const char *path_at(const void *list, size_t index)
{
	return ((const char *const *)list)[index];
}

static const struct fits {
	const char *text, *path, *arguments;
} fits[] = {
	{ "Bin/Game.exe", "Bin/Game.exe", "" },
	{ " bin/GAME.EXE\n", "Bin/Game.exe", "" },
	{ "\"Bin/Game.exe\"", "Bin/Game.exe", "" },
	{ "'bin\\game.exe' -w  --dir \"x y\"", "Bin/Game.exe", "-w  --dir \"x y\"" },
	{ "\"Bin/Game.exe", "Bin/Game.exe", "" },
	{ ".\\Bin\\.\\Game.exe -windowed", "Bin/Game.exe", "-windowed" },
	{ "./Bin//Game.exe", "Bin/Game.exe", "" },
	{ "C:\\Games\\Doom\\Bin\\Game.exe -w", "Bin/Game.exe", "-w" },
	{ "\"/home/deck/My Games/Doom/bin/game.exe\" -w", "Bin/Game.exe", "-w" },
	{ "\\\\server\\share\\bin\\game.exe", "Bin/Game.exe", "" },
	{ "/Bin/Game.exe", "Bin/Game.exe", "" },
	/* Blanks are part of a name or end it; the longest name that there is counts. */
	{ "My Game.sh", "My Game.sh", "" },
	{ "my game.sh -f", "My Game.sh", "-f" },
	{ "My\\ Game.sh -f", "My Game.sh", "-f" },
	{ "My Game -x", "My Game -x", "" },
	{ "My Game -x -y", "My Game -x", "-y" },
	/* Forms of Unicode. */
	{ "\xc3\x9c"
	  "BUNG/\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8.exe",
		"U\xcc\x88"
		"bung/\xea\xb0\x81.exe",
		"" },
	{ "u\xcc\x88"
	  "bung/\xea\xb0\x81.exe",
		"U\xcc\x88"
		"bung/\xea\xb0\x81.exe",
		"" },
	/* The one that is spelt so, or else the first. */
	{ "doom", "doom", "" },
	{ "doom.exe", "doom.exe", "" },
	{ "doom.EXE", "doom.EXE", "" },
	{ "Doom.exe", "doom.EXE", "" },
	{ "\"odd\".sh", "\"odd\".sh", "" },
};

START_TEST(people_write_it_in_many_ways)
{
	const struct fits *row = &fits[_i];
	struct executable_match match = { .index = FILES_COUNT };

	ck_assert_msg(executable_match_find(&match, row->text, path_at, files, FILES_COUNT), "'%s'",
		row->text);
	ck_assert_str_eq(files[match.index], row->path);
	ck_assert_str_eq(match.arguments, row->arguments);
}
END_TEST

static const char *const strangers[] = {
	"",
	" ",
	"\"",
	"\"\"",
	".",
	"./",
	"/",
	"game.exe",
	"Bin",
	"Bin/Game.exe2",
	"Bin/Game",
	"Bin/Game.exe/x",
	"\"Bin/Game.exe -w\"",
	"../Bin/Game.exe",
	"/games/../a",
	"C:\\games\\..\\a",
	"Ubung/\xea\xb0\x81.exe",
	("do\xff"
	 "om"),
};

START_TEST(what_does_not_fit)
{
	struct executable_match match = { .index = 77, .arguments = "before" };

	ck_assert_msg(!executable_match_find(&match, strangers[_i], path_at, files, FILES_COUNT),
		"'%s'", strangers[_i]);
	ck_assert_uint_eq(match.index, 77);
	ck_assert_str_eq(match.arguments, "before");
}
END_TEST

START_TEST(a_text_without_end_is_no_executable)
{
	static char text[70000];
	struct executable_match match;

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "doom", 4);
	text[sizeof(text) - 2] = 'x';
	ck_assert(!executable_match_find(&match, text, path_at, files, FILES_COUNT));
	text[100] = '\0';
	ck_assert(executable_match_find(&match, text, path_at, files, FILES_COUNT));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("executable_match");

	tcase_add_loop_test(tcase, people_write_it_in_many_ways, 0, sizeof(fits) / sizeof(*fits));
	tcase_add_loop_test(tcase, what_does_not_fit, 0, sizeof(strangers) / sizeof(*strangers));
	tcase_add_test(tcase, a_text_without_end_is_no_executable);
	return run_tcase(tcase);
}
