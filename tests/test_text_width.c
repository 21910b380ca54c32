#include "terminal/text_width.h"

#include "suite.h"

#include <check.h>

START_TEST(columns_are_counted)
{
	ck_assert_uint_eq(text_width(""), 0);
	ck_assert_uint_eq(text_width("abc"), 3);
	ck_assert_uint_eq(text_width("über"), 4);
	ck_assert_uint_eq(text_width("u\xcc\x88"), 1); /* u and a combining diaeresis */
	ck_assert_uint_eq(text_width("日本"), 4);
	ck_assert_uint_eq(text_width("한글"), 4);
	ck_assert_uint_eq(text_width("🎮"), 2);
	ck_assert_uint_eq(text_width("…█░"), 3);
	ck_assert_uint_eq(text_width("\xff\xfe"), 2); /* no UTF-8: a column a byte */
}
END_TEST

START_TEST(tails_end_at_borders)
{
	ck_assert_str_eq(text_width_tail("abcdef", 3), "def");
	ck_assert_str_eq(text_width_tail("abc", 3), "abc");
	ck_assert_str_eq(text_width_tail("abc", 0), "");
	ck_assert_str_eq(text_width_tail("日本語", 5), "本語");
	ck_assert_str_eq(text_width_tail("au\xcc\x88x", 1), "x");
}
END_TEST

START_TEST(what_is_no_terminal_has_eighty_columns)
{
	ck_assert_uint_eq(text_width_terminal(-1), 80);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("text_width");

	tcase_add_test(tcase, columns_are_counted);
	tcase_add_test(tcase, tails_end_at_borders);
	tcase_add_test(tcase, what_is_no_terminal_has_eighty_columns);
	return run_tcase(tcase);
}
