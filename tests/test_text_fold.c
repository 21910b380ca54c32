#include "core/text_fold.h"
#include "core/unicode_pairs.h"
#include "suite.h"

#include <check.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

static size_t fold_all(uint32_t *out, const char *text)
{
	struct text_fold fold;
	size_t length = strlen(text), count = 0;

	text_fold_init(&fold);
	while (length > 0) {
		size_t codes_count = 0;
		size_t bytes = text_fold_next(&fold, text, length, out + count, &codes_count);

		ck_assert_uint_ge(bytes, 1);
		ck_assert_uint_le(bytes, length);
		ck_assert_uint_ge(codes_count, 1);
		ck_assert_uint_le(codes_count, TEXT_FOLD_MAX);
		text += bytes;
		length -= bytes;
		count += codes_count;
	}
	text_fold_finish(&fold);
	return count;
}

static bool folds_alike(const char *a, const char *b)
{
	uint32_t left[64], right[64];
	size_t count = fold_all(left, a);

	return count == fold_all(right, b) && memcmp(left, right, count * sizeof(*left)) == 0;
}

START_TEST(case_and_form_make_no_difference)
{
	setlocale(LC_ALL, "C");
	ck_assert(folds_alike("Game.EXE", "gAME.exe"));
	ck_assert(folds_alike("\xc3\x9c", "u\xcc\x88"));		    /* Ü */
	ck_assert(folds_alike("\xe1\xba\xbe", "e\xcc\x82\xcc\x81"));	    /* two marks */
	ck_assert(folds_alike("\xe3\x81\x8c", "\xe3\x81\x8b\xe3\x82\x99")); /* kana */
	ck_assert(folds_alike("\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"));
	ck_assert(folds_alike("\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1"));
	ck_assert(folds_alike("\xd0\x96", "\xd0\xb6")); /* Cyrillic */
}
END_TEST

START_TEST(other_letters_differ)
{
	ck_assert(!folds_alike("\xc3\x9c", "u"));
	ck_assert(!folds_alike("\xff", "\xfe"));
	ck_assert(!folds_alike("\xff", "\xc3\xbf"));
	ck_assert(!folds_alike("\xea\xb0\x80", "\xea\xb0\x81"));
}
END_TEST

START_TEST(pairs)
{
	uint32_t pair[2] = { 1, 2 };

	ck_assert(!unicode_pair_of('A', pair));
	ck_assert(!unicode_pair_of(0xffff, pair));
	ck_assert(!unicode_pair_of(0x1f600, pair));
	ck_assert_uint_eq(pair[0], 1);
	ck_assert(unicode_pair_of(0xc0, pair)); /* the first */
	ck_assert_uint_eq(pair[0], 'A');
	ck_assert_uint_eq(pair[1], 0x300);
	ck_assert(unicode_pair_of(0xfb4e, pair)); /* the last */
	ck_assert_uint_eq(pair[0], 0x5e4);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("text_fold");

	tcase_add_test(tcase, case_and_form_make_no_difference);
	tcase_add_test(tcase, other_letters_differ);
	tcase_add_test(tcase, pairs);
	return run_tcase(tcase);
}
