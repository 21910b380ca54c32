#include "core/shown.h"

#include "core/utf8.h"
#include "suite.h"

#include <check.h>
#include <string.h>

START_TEST(test_sizes)
{
	const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{ -5, "0 bytes" },
		{ 0, "0 bytes" },
		{ 1, "1 byte" },
		{ 999, "999 bytes" },
		{ 1000, "1.0 kB" },
		{ 9949, "9.9 kB" },
		{ 10000, "10 kB" },
		{ 999499, "999 kB" },
		{ 999500, "1.0 MB" },
		{ 67108864, "67 MB" },
		{ INT64_MAX, "9223 PB" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_str_eq(size_shown(rows[i].bytes).text, rows[i].text);
	}
}
END_TEST

START_TEST(test_the_middle_goes)
{
	static const char *const texts[] = {
		"0123456789abcdefghijklmnopqrstuvwxyz",
		"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4",
		"\xf0\x9f\xa6\xab\xf0\x9f\x8e\xae\xf0\x9f\xa6\xab\xf0\x9f\x8e\xae\xf0\x9f\xa6\xab"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t limit = 8; limit < 40; limit++) {
			char text[64];
			size_t length;

			strcpy(text, texts[i]);
			length = shorten_middle(text, strlen(text), limit);
			ck_assert_uint_le(
				length, limit > strlen(texts[i]) ? strlen(texts[i]) : limit);
			ck_assert_uint_gt(length + 8, limit < strlen(texts[i]) ? limit : 0);
			ck_assert(utf8_valid(text, length));
			if (limit < strlen(texts[i])) {
				text[length] = '\0';
				ck_assert_ptr_nonnull(strstr(text, "…"));
			}
		}
	}
}
END_TEST

START_TEST(test_both_ends_stay)
{
	char text[] = "/run/media/deck/SD card/Games/Doom/doom.exe";
	size_t length = shorten_middle(text, strlen(text), 27);

	text[length] = '\0';
	ck_assert_str_eq(text, "/run/med…es/Doom/doom.exe");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("shown");

	tcase_add_test(tests, test_sizes);
	tcase_add_test(tests, test_the_middle_goes);
	tcase_add_test(tests, test_both_ends_stay);
	return run_tcase(tests);
}
