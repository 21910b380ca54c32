#include "core/program_file.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct program_file file_of(const char *name, const char *bytes, size_t length)
{
	struct program_file file = { .name = name, .length = length };

	ck_assert_uint_le(length, sizeof(file.start));
	memcpy(file.start, bytes, length);
	return file;
}

#define BYTES(text) (text), sizeof(text) - 1

/* --- Which need Proton --- */

START_TEST(test_the_content_decides)
{
	const struct {
		const char *name, *bytes;
		size_t length;
		bool windows, native;
	} rows[] = {
		{ "game.exe", BYTES("MZ\x90"), true, false },
		{ "game", BYTES("MZ"), true, false },
		{ "really-elf.exe", BYTES("\177ELF"), false, true },
		{ "game.x86_64", BYTES("\177ELF"), false, true },
		{ "start.sh", BYTES("#!/bin/sh\n"), false, true },
		{ "start.bat", BYTES("@echo off\r\n"), true, false },
		{ "setup.MSI", BYTES("\xd0\xcf\x11\xe0"), true, false },
		{ "other.exe", BYTES("text"), false, false },
		/* There is no content. */
		{ "Gone.EXE", BYTES(""), true, false },
		{ "gone.cmd", BYTES(""), true, false },
		{ "gone", BYTES(""), false, false },
		{ "gone.exe/celeste", BYTES(""), false, false },
		{ "exe", BYTES(""), false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_file file = file_of(rows[i].name, rows[i].bytes, rows[i].length);

		ck_assert_msg(
			program_file_is_windows(&file) == rows[i].windows, "%s", rows[i].name);
		ck_assert_msg(program_file_is_native(&file) == rows[i].native, "%s", rows[i].name);
	}
}
END_TEST

/* --- What cannot start --- */

static void expect(const struct program_file *file, enum error_kind kind, const char *words)
{
	struct error err = { 0 };

	ck_assert_msg(program_file_check(file, &err) == (kind == ERROR_NONE), "%s: %s", file->name,
		err.message);
	ck_assert_msg(err.kind == kind, "%s: %s", file->name, err.message);
	ck_assert_msg(strstr(err.message, words) != NULL, "%s: %s", file->name, err.message);
}

START_TEST(test_what_is_no_program)
{
	const struct {
		const char *name, *bytes;
		size_t length;
		const char *words; /* NULL: it may start */
	} rows[] = {
		{ "dir/Index.HTML", BYTES("<!doctype html>"), "'dir/Index.HTML' is a web page" },
		{ "Game.lnk", BYTES("L\0\0\0\x01\x14\x02\0"), "a shortcut of Windows" },
		{ "renamed", BYTES("L\0\0\0\x01\x14\x02\0"), "a shortcut of Windows" },
		{ "game.url", BYTES("[InternetShortcut]"), "a link to a web page" },
		{ "game.zip", BYTES("PK"), "an archive" },
		{ "game.jar", BYTES("PK"), "for Java" },
		{ "Game", BYTES("\xcf\xfa\xed\xfe"), "a program for macOS" },
		{ "start.sh", BYTES("#!/bin/sh\r\nexec ./game\r\n"), "CRLF" },
		{ "start.sh", BYTES("#!/bin/sh\nexec ./game\r\n"), NULL },
		{ "start.sh", BYTES("#!/bin/sh"), NULL },
		{ "start.sh", BYTES("exec ./game\r\n"), NULL },
		{ "html", BYTES("x"), NULL },
		{ "a.html/game", BYTES("x"), NULL },
		{ "self-made.jar", BYTES("#!/usr/bin/java -jar\nPK"), NULL },
		{ "start.bat", BYTES("@echo off\r\n"), NULL },
		{ "gone", BYTES(""), NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_file file = file_of(rows[i].name, rows[i].bytes, rows[i].length);

		expect(&file, rows[i].words != NULL ? ERROR_INVALID : ERROR_NONE,
			rows[i].words != NULL ? rows[i].words : "");
	}
}
END_TEST

static struct program_file elf_of(unsigned machine, bool big)
{
	char bytes[64] = "\177ELF\2\1\1";

	bytes[5] = big ? 2 : 1;
	bytes[18 + big] = (char)machine;
	bytes[19 - big] = (char)(machine >> 8);
	return file_of("bin/game", bytes, sizeof(bytes));
}

START_TEST(test_elf_for_another_processor)
{
	const struct {
		unsigned machine;
		bool big;
		const char *words;
	} rows[] = {
		{ 62, false, NULL },
		{ 3, false, NULL },
		{ 0, false, NULL },
		{ 183, false, "for ARM64 processors" },
		{ 40, false, "for 32-bit ARM" },
		{ 21, true, "for PowerPC" },
		{ 258, false, "for LoongArch" },
		{ 62 << 8, false, "for other processors" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_file file = elf_of(rows[i].machine, rows[i].big);

		expect(&file, rows[i].words != NULL ? ERROR_NOT_IMPLEMENTED : ERROR_NONE,
			rows[i].words != NULL ? rows[i].words : "");
		file.length = 18; /* cut off: it is not known */
		expect(&file, ERROR_NONE, "");
	}
}
END_TEST

static struct program_file pe_of(uint32_t header, unsigned machine)
{
	char bytes[PROGRAM_FILE_START_BYTES] = "MZ";

	for (size_t i = 0; i < 4; i++) {
		bytes[0x3c + i] = (char)(header >> (8 * i));
	}
	if (header <= sizeof(bytes) - 6) {
		memcpy(bytes + header, "PE\0\0", 4);
		bytes[header + 4] = (char)machine;
		bytes[header + 5] = (char)(machine >> 8);
	}
	return file_of("Game.exe", bytes, sizeof(bytes));
}

START_TEST(test_windows_for_another_processor)
{
	static const uint32_t nowhere[] = { 0, 4, 0x3c, PROGRAM_FILE_START_BYTES - 5,
		PROGRAM_FILE_START_BYTES, 0x7fffffff, 0xffffffff };
	struct program_file file = pe_of(0x80, 0x8664);

	expect(&file, ERROR_NONE, "");
	file = pe_of(0x100, 0x14c);
	expect(&file, ERROR_NONE, "");
	file = pe_of(0xf8, 0xaa64);
	expect(&file, ERROR_NOT_IMPLEMENTED, "'Game.exe' is a program for ARM64 processors");
	file = pe_of(PROGRAM_FILE_START_BYTES - 6, 0x1c4);
	expect(&file, ERROR_NOT_IMPLEMENTED, "for 32-bit ARM");
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		file = pe_of(nowhere[i], 0xaa64);
		expect(&file, ERROR_NONE, "");
	}
}
END_TEST

/* --- Reading --- */

START_TEST(test_only_files_are_read)
{
	char folder[FOLDER_BYTES];
	struct program_file file;
	AUTO(close_fd) int dir_fd = -1, fd = -1;

	folder_make(folder);
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(dir_fd, "dir.exe", 0700), 0);
	ck_assert_int_eq(mkfifoat(dir_fd, "pipe.exe", 0600), 0);
	fd = openat(dir_fd, "game", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ck_assert_int_eq(write(fd, "MZ\x90", 3), 3);
	ck_assert(program_file_read(&file, dir_fd, "game"));
	ck_assert_uint_eq(file.length, 3);
	ck_assert(file.is_executable && program_file_is_windows(&file));
	ck_assert(!program_file_read(&file, dir_fd, "dir.exe"));
	ck_assert(program_file_is_windows(&file) && !file.is_executable);
	ck_assert(!program_file_read(&file, dir_fd, "pipe.exe"));
	ck_assert_uint_eq(file.length, 0);
	ck_assert(!program_file_read(&file, dir_fd, "gone"));
	ck_assert(!program_file_is_windows(&file));
	folder_remove(folder);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("program_file");

	tcase_add_test(tests, test_the_content_decides);
	tcase_add_test(tests, test_what_is_no_program);
	tcase_add_test(tests, test_elf_for_another_processor);
	tcase_add_test(tests, test_windows_for_another_processor);
	tcase_add_test(tests, test_only_files_are_read);
	return run_tcase(tests);
}
