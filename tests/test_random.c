#include "core/cleanup.h"
#include "core/random.h"
#include "suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

START_TEST(below_stays_below_and_reaches_all)
{
	bool seen[10] = { false };

	for (int i = 0; i < 10000; i++) {
		uint32_t value = random_below(10);

		ck_assert_uint_lt(value, 10);
		seen[value] = true;
	}
	for (int i = 0; i < 10; i++) {
		ck_assert(seen[i]); /* one missing: (9/10)^10000 */
	}
	ck_assert_uint_eq(random_below(1), 0);
	/* A limit that most draws of a careless version would be biased for. */
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_lt(random_below(UINT32_C(0x80000001)), UINT32_C(0x80000001));
	}
}
END_TEST

START_TEST(texts_have_their_alphabet_and_length)
{
	for (size_t bytes = 0; bytes < 50; bytes++) {
		AUTO(free_ptr) char *hex = random_hex(bytes);
		AUTO(free_ptr) char *base64 = random_base64url(bytes);

		ck_assert_uint_eq(strlen(hex), bytes);
		ck_assert_uint_eq(strspn(hex, "0123456789abcdef"), bytes);
		ck_assert_uint_eq(strlen(base64), (bytes * 4 + 2) / 3);
		ck_assert_uint_eq(strspn(base64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
						 "qrstuvwxyz0123456789-_"),
			strlen(base64));
	}
}
END_TEST

START_TEST(draws_differ)
{
	AUTO(free_ptr) char *a = random_base64url(32);
	AUTO(free_ptr) char *b = random_base64url(32);
	unsigned char bytes[1000] = { 0 };
	size_t zeros = 0;

	ck_assert_str_ne(a, b);
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		zeros += bytes[i] == 0;
	}
	ck_assert_uint_lt(zeros, 100);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("random");

	tcase_add_test(tcase, below_stays_below_and_reaches_all);
	tcase_add_test(tcase, texts_have_their_alphabet_and_length);
	tcase_add_test(tcase, draws_differ);
	return run_tcase(tcase);
}
