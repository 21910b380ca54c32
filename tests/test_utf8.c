#include "core/utf8.h"

#include "suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Encodes by the book, for comparison. */
static size_t encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return 4;
}

START_TEST(decodes_every_character)
{
	for (uint32_t code = 0; code <= 0x1fffff; code++) {
		bool is_character = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		char text[4];
		size_t length = encode(code, text);
		uint32_t read = 0xdead;

		/* Check's own assertions are too slow for two million rounds. */
		if (utf8_decode(text, length, &read) != (is_character ? length : 0) ||
			read != (is_character ? code : 0xdead) ||
			utf8_decode(text, length - 1, NULL) != 0) {
			ck_abort_msg("U+%04X", code);
		}
	}
}
END_TEST

START_TEST(refuses_what_is_not_utf8)
{
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xfe", "\xff", "\xc3(", "\xe2\x82(", "ok\xc3" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert(!utf8_valid(bad[i], strlen(bad[i])));
	}
	ck_assert(utf8_valid("", 0));
	ck_assert(utf8_valid("a\0ü😀", 8));
}
END_TEST

START_TEST(cuts_between_characters)
{
	const char *text = "aü€😀z"; /* borders: 0 1 3 6 10 11 */
	static const size_t cut[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	for (size_t limit = 0; limit < sizeof(cut) / sizeof(cut[0]); limit++) {
		ck_assert_uint_eq(utf8_cut(text, strlen(text), limit), cut[limit]);
	}
	ck_assert_uint_eq(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}
END_TEST

START_TEST(makes_text_printable)
{
	char text[] = "\tä\x01\xff\xe2\x80\xa8\xe2\x81\xa6€\x7f";

	utf8_make_printable(text);
	ck_assert_str_eq(text, "?ä????€?");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("utf8");

	tcase_add_test(tcase, decodes_every_character);
	tcase_add_test(tcase, refuses_what_is_not_utf8);
	tcase_add_test(tcase, cuts_between_characters);
	tcase_add_test(tcase, makes_text_printable);
	return run_tcase(tcase);
}
