#include "core/cleanup.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(grows_and_stays_terminated)
{
	AUTO(strvec_finish) struct strvec vec = { 0 };

	for (size_t i = 0; i < 1000; i++) {
		strvec_push_take(&vec, xasprintf("item %zu", i));
		ck_assert_uint_eq(vec.count, i + 1);
		ck_assert_ptr_null(vec.items[vec.count]);
	}
	ck_assert_str_eq(vec.items[0], "item 0");
	ck_assert_str_eq(vec.items[999], "item 999");
	ck_assert(strvec_contains(&vec, "item 500"));
	ck_assert(!strvec_contains(&vec, "item"));
}
END_TEST

START_TEST(grows_again_after_items_were_taken_off)
{
	AUTO(strvec_finish) struct strvec vec = { 0 };

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 40; i++) {
			strvec_push(&vec, "x");
		}
		while (vec.count > (size_t)round) {
			free(vec.items[--vec.count]);
			vec.items[vec.count] = NULL;
		}
	}
}
END_TEST

START_TEST(copies_replace)
{
	AUTO(strvec_finish) struct strvec from = { 0 }, to = { 0 };

	strvec_push(&from, "a");
	strvec_push(&from, "b");
	strvec_push(&to, "old");
	strvec_copy(&to, &from);
	ck_assert_uint_eq(to.count, 2);
	ck_assert_str_eq(to.items[1], "b");
	ck_assert_ptr_ne(to.items[1], from.items[1]);
	strvec_finish(&from);
	strvec_copy(&to, &from);
	ck_assert_uint_eq(to.count, 0);
	strvec_finish(NULL);
}
END_TEST

START_TEST(equal_is_the_same_texts_in_order)
{
	AUTO(strvec_finish) struct strvec a = { 0 }, b = { 0 };

	ck_assert(strvec_equal(&a, &b));
	strvec_push(&a, "x");
	ck_assert(!strvec_equal(&a, &b));
	strvec_push(&b, "y");
	ck_assert(!strvec_equal(&a, &b));
	strvec_copy(&b, &a);
	ck_assert(strvec_equal(&a, &b));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("strvec");

	tcase_add_test(tcase, grows_and_stays_terminated);
	tcase_add_test(tcase, grows_again_after_items_were_taken_off);
	tcase_add_test(tcase, copies_replace);
	tcase_add_test(tcase, equal_is_the_same_texts_in_order);
	return run_tcase(tcase);
}
