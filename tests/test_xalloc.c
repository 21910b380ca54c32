#include "core/cleanup.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>

START_TEST(memory_is_zeroed_and_none_is_some)
{
	AUTO(free_ptr) unsigned char *bytes = xcalloc(3, 5);
	AUTO(free_ptr) void *none = xcalloc(0, 0);
	AUTO(free_ptr) void *shrunk = xrealloc(xcalloc(1, 1), 0, 8);

	for (size_t i = 0; i < 15; i++) {
		ck_assert_uint_eq(bytes[i], 0);
	}
	ck_assert_ptr_nonnull(none);
	ck_assert_ptr_nonnull(shrunk);
}
END_TEST

START_TEST(texts_are_copied)
{
	const char *source = "text";
	AUTO(free_ptr) char *copy = xstrdup(source);
	AUTO(free_ptr) char *also = xstrdup_or_null(source);
	AUTO(free_ptr) char *made = xasprintf("%s %d", source, 7);

	ck_assert_ptr_ne(copy, source);
	ck_assert_str_eq(copy, "text");
	ck_assert_str_eq(also, "text");
	ck_assert_str_eq(made, "text 7");
	ck_assert_ptr_null(xstrdup_or_null(NULL));
}
END_TEST

/* A product that overflows is not a small allocation. AddressSanitizer ends such a call itself. */
#ifndef __SANITIZE_ADDRESS__
START_TEST(too_much_aborts)
{
	size_t half = SIZE_MAX / 2 + 2;

	free(xrealloc(NULL, half, 2));
}
END_TEST
#endif

int main(void)
{
	TCase *tests = tcase_create("xalloc");

	tcase_add_test(tests, memory_is_zeroed_and_none_is_some);
	tcase_add_test(tests, texts_are_copied);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test_raise_signal(tests, too_much_aborts, SIGABRT);
#endif
	return run_tcase(tests);
}
