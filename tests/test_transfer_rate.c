#include "core/transfer_rate.h"

#include "suite.h"

#include <check.h>

START_TEST(test_steady_flow)
{
	struct transfer_rate rate = { 0 };

	ck_assert_int_eq(transfer_rate_get(&rate, 1000000), 0);
	for (int64_t now_ms = 1000000; now_ms < 1010000; now_ms += 10) {
		transfer_rate_add(&rate, now_ms, 1000);
	}
	/* 100,000 a second; the slot under way is not full yet. */
	ck_assert_int_ge(transfer_rate_get(&rate, 1009999), 99000);
	ck_assert_int_le(transfer_rate_get(&rate, 1009999), 101000);
}
END_TEST

START_TEST(test_one_chunk_is_no_endless_rate)
{
	struct transfer_rate rate = { 0 };

	transfer_rate_add(&rate, 1000000, 1000);
	ck_assert_int_eq(transfer_rate_get(&rate, 1000000), 0); /* since when is not known */
	transfer_rate_add(&rate, 1000001, 1000);
	ck_assert_int_eq(transfer_rate_get(&rate, 1000001), 1000 * 1000 / TRANSFER_RATE_SAMPLE_MS);
}
END_TEST

START_TEST(test_big_pieces_over_a_slow_link)
{
	struct transfer_rate rate = { 0 };

	transfer_rate_add(&rate, 1000000, 0);
	for (int64_t now_ms = 1004000; now_ms < 1400000; now_ms += 4000) {
		transfer_rate_add(&rate, now_ms, 1000000);
		ck_assert_int_eq(transfer_rate_get(&rate, now_ms), 250000);
	}
}
END_TEST

START_TEST(test_it_follows_a_change)
{
	struct transfer_rate rate = { 0 };
	int64_t now_ms = 1000000;

	for (int i = 0; i < 100; i++) {
		transfer_rate_add(&rate, now_ms += 100, 1000000);
	}
	for (int i = 0; i < 50; i++) {
		transfer_rate_add(&rate, now_ms += 100, 1000);
	}
	ck_assert_int_eq(transfer_rate_get(&rate, now_ms), 10000);
}
END_TEST

START_TEST(test_silence_forgets)
{
	struct transfer_rate rate = { 0 };

	transfer_rate_add(&rate, 1000000, 0);
	transfer_rate_add(&rate, 1001000, 1000000);
	ck_assert_int_eq(transfer_rate_get(&rate, 1001000), 1000000);
	ck_assert_int_eq(transfer_rate_get(&rate, 1010000), 100000);
	ck_assert_int_eq(transfer_rate_get(&rate, 1100000), 0);
	transfer_rate_add(&rate, 1100000, 500);
	transfer_rate_add(&rate, 1101000, 500);
	ck_assert_int_eq(transfer_rate_get(&rate, 1101000), 500);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate");

	tcase_add_test(tests, test_steady_flow);
	tcase_add_test(tests, test_one_chunk_is_no_endless_rate);
	tcase_add_test(tests, test_big_pieces_over_a_slow_link);
	tcase_add_test(tests, test_it_follows_a_change);
	tcase_add_test(tests, test_silence_forgets);
	return run_tcase(tests);
}
