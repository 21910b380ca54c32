#include "core/cleanup.h"
#include "core/error.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "library/folder_name.h"
#include "suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct row {
	const char *name, *folder;
} rows[] = {
	{ "Celeste", "Celeste" },
	{ "Half-Life 2 (Demo)", "Half-Life 2 (Demo)" },
	{ "Pok\xc3\xa9mon", "Pokemon" },
	{ "Poke\xcc\x81mon", "Pokemon" },
	{ "\xc5\x81\xc3\xb3"
	  "d\xc5\xba Stra\xc3\x9f"
	  "e \xc3\x86gir",
		"Lodz Strasse AEgir" },
	{ "Ti\xe1\xba\xbfng Vi\xe1\xbb\x87t", "Tieng Viet" },
	{ "Baldur's Gate", "Baldurs Gate" },
	{ "Baldur\xe2\x80\x99s Gate\xe2\x84\xa2", "Baldurs Gate" },
	{ "The \"Game\" `x` $HOME 100%", "The Game x _HOME 100_" },
	{ "\xef\xbc\xa7\xef\xbd\x81\xef\xbd\x8d\xef\xbd\x85\xe3\x80\x80\xef\xbc\x87\xef\xbc\x92",
		"Game 2" },
	{ "Final \xe2\x85\xa6 \xe2\x80\x94 Part\xc2\xb2", "Final VII - Part2" },
	{ "Wait\xe2\x80\xa6", "Wait" },
	{ "a/b:c", "a_b_c" },
	/* Told apart by a hash of the whole name. */
	{ "\xe6\x9d\xb1\xe6\x96\xb9 Project", "Project-598725" },
	{ "Project \xe6\x9d\xb1", "Project-c98781" },
	{ "\xd0\x92\xd0\xb5\xd0\xb4\xd1\x8c\xd0\xbc\xd0\xb0\xd0\xba", "game-4e2819" },
	{ "\xf0\x9f\xa6\xab Capy \xf0\x9f\x8e\xae", "Capy-e030a0" },
	{ "\xe2\x80\x99\xe2\x80\x99", "game-f199df" },
};

START_TEST(test_names)
{
	struct error err = { 0 };
	AUTO(free_ptr) char *folder = folder_name_of(rows[_i].name, &err);

	ck_assert_msg(folder != NULL, "%s", err.message);
	ck_assert_str_eq(folder, rows[_i].folder);
}
END_TEST

START_TEST(test_no_name_is_left)
{
	static const char *const bad[] = { "", " ", "...", "/", "\x7f", "\xff" };
	struct error err = { 0 };

	ck_assert_ptr_null(folder_name_of(bad[_i], &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

static size_t encode(uint32_t code, char text[5])
{
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = length; i-- > 0; code >>= 6) {
		text[i] = (char)(i == 0 ? lead[length] | code : 0x80 | (code & 0x3f));
	}
	text[length] = '\0';
	return length;
}

static bool can_be_started(const char *folder)
{
	for (const char *at = folder; *at != '\0'; at++) {
		if (*at < ' ' || *at >= 0x7f || strchr("\"'`$%\\/", *at) != NULL) {
			return false;
		}
	}
	return *folder != '\0';
}

/* Every character there is: Steam must be able to start what is below. */
START_TEST(test_every_character)
{
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		char text[5], name[16];
		AUTO(free_ptr) char *folder = NULL;

		if (code >= 0xd800 && code <= 0xdfff) {
			continue;
		}
		encode(code, text);
		snprintf(name, sizeof(name), "a%sb", text);
		folder = folder_name_of(name, NULL);
		if (folder == NULL ||
			!can_be_started(folder)) { /* a note for each would take long */
			ck_abort_msg("U+%04X: %s", code, folder != NULL ? folder : "none");
		}
	}
}
END_TEST

START_TEST(test_long_names)
{
	AUTO(free_ptr) char *text = xcalloc(1, 1201);
	AUTO(free_ptr) char *other = NULL;
	AUTO(free_ptr) char *folder = NULL;

	for (size_t i = 0; i < 1200; i += 4) {
		memcpy(text + i, "a\xe6\x9d\xb1", 4);
	}
	folder = folder_name_of(text, NULL);
	ck_assert_uint_le(strlen(folder), 200);
	text[1196] = 'b';
	other = folder_name_of(text, NULL);
	ck_assert_str_ne(folder, other);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("folder_name");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_names, 0, (int)(sizeof(rows) / sizeof(*rows)));
	tcase_add_loop_test(tests, test_no_name_is_left, 0, 6);
	tcase_add_test(tests, test_every_character);
	tcase_add_test(tests, test_long_names);
	return run_tcase(tests);
}
