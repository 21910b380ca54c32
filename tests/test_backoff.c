#include "core/backoff.h"
#include "suite.h"

#include <check.h>

#define MAX_MS (5 * 60 * 1000)

START_TEST(grows_up_to_its_limit)
{
	struct backoff backoff = { 0 };

	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 1000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 30000, MAX_MS), 30000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 60000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 120000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 240000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 300000);
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 300000);
	backoff = (struct backoff){ 0 };
	ck_assert_int_eq(backoff_next_ms(&backoff, 1000, MAX_MS), 1000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("backoff");

	tcase_add_test(tcase, grows_up_to_its_limit);
	return run_tcase(tcase);
}
