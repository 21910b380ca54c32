#include "pairing/guess_limiter.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>

#define HOUR_MS (60 * 60 * INT64_C(1000))

static struct guess_limiter *limiter;

static void setup(void)
{
	limiter = guess_limiter_create();
}

static void teardown(void)
{
	guess_limiter_destroy(limiter);
}

static void guess_wrong(const char *address, unsigned count, int64_t now_ms)
{
	for (unsigned i = 0; i < count; i++) {
		guess_limiter_wrong(limiter, address, now_ms);
	}
}

START_TEST(third_wrong_code_locks_out)
{
	guess_wrong("10.0.0.1", 2, 1000);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 1000), 0);
	guess_wrong("10.0.0.1", 1, 1000);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 1000), 60);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 60500), 1);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 61000), 0);
}
END_TEST

START_TEST(lockout_doubles_up_to_an_hour)
{
	static const int expected_s[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	int64_t now_ms = 0;

	for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++) {
		guess_wrong("10.0.0.1", 3, now_ms);
		ck_assert_int_eq(
			guess_limiter_locked_seconds(limiter, "10.0.0.1", now_ms), expected_s[i]);
		now_ms += expected_s[i] * INT64_C(1000);
	}
}
END_TEST

START_TEST(others_are_not_locked_out)
{
	guess_wrong("10.0.0.1", 3, 0);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.2", 0), 0);
	ck_assert_uint_eq(guess_limiter_locked_count(limiter, 0), 1);
}
END_TEST

START_TEST(one_network_of_ipv6_is_one_peer)
{
	guess_wrong("2001:db8:1:2::1", 2, 0);
	guess_wrong("2001:db8:1:2:ffff::9", 1, 0);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "2001:db8:1:2:3::4", 0), 60);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "2001:db8:1:3::1", 0), 0);
}
END_TEST

START_TEST(mapped_ipv4_is_ipv4)
{
	guess_wrong("::ffff:10.0.0.1", 3, 0);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 0), 60);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.2", 0), 0);
}
END_TEST

START_TEST(right_code_forgives_its_address)
{
	guess_wrong("10.0.0.1", 2, 0);
	guess_limiter_right(limiter, "10.0.0.1");
	guess_wrong("10.0.0.1", 2, 0);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 0), 0);
	guess_limiter_right(limiter, "10.9.9.9");
}
END_TEST

START_TEST(delay_grows_past_thirty_an_hour)
{
	char address[32];

	for (int i = 0; i < 30; i++) {
		snprintf(address, sizeof(address), "10.0.1.%d", i);
		guess_limiter_wrong(limiter, address, 0);
	}
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.0.1.1", 0), 0);
	guess_limiter_wrong(limiter, "10.0.2.1", 0);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.0.2.1", 0), GUESS_DELAY_STEP_MS);
	guess_limiter_wrong(limiter, "10.0.2.2", 0);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.0.2.1", 0), 2 * GUESS_DELAY_STEP_MS);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.0.2.1", HOUR_MS), 0);
}
END_TEST

START_TEST(delay_has_an_end)
{
	char address[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		guess_limiter_wrong(limiter, address, 5);
	}
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, address, 5), GUESS_DELAY_MAX_MS);
}
END_TEST

START_TEST(who_has_guessed_nothing_wrong_waits_less)
{
	char address[32];

	for (int i = 0; i < 300; i++) {
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		guess_limiter_wrong(limiter, address, 5);
	}
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.2.0.1", 5), GUESS_DELAY_CLEAN_MS);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, address, 5), GUESS_DELAY_MAX_MS);
	guess_limiter_wrong(limiter, "10.2.0.1", 5);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.2.0.1", 5), GUESS_DELAY_MAX_MS);
}
END_TEST

START_TEST(owner_resets_everything)
{
	guess_wrong("10.0.0.1", 40, 0);
	guess_limiter_reset(limiter);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 0), 0);
	ck_assert_int_eq(guess_limiter_delay_ms(limiter, "10.0.2.1", 0), 0);
	ck_assert_uint_eq(guess_limiter_locked_count(limiter, 0), 0);
}
END_TEST

START_TEST(old_guesses_are_forgotten)
{
	guess_wrong("10.0.0.1", 3, 0);
	guess_wrong("10.0.0.1", 3, 4 * HOUR_MS);
	ck_assert_int_eq(guess_limiter_locked_seconds(limiter, "10.0.0.1", 4 * HOUR_MS), 60);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("limits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, third_wrong_code_locks_out);
	tcase_add_test(tcase, lockout_doubles_up_to_an_hour);
	tcase_add_test(tcase, others_are_not_locked_out);
	tcase_add_test(tcase, one_network_of_ipv6_is_one_peer);
	tcase_add_test(tcase, mapped_ipv4_is_ipv4);
	tcase_add_test(tcase, right_code_forgives_its_address);
	tcase_add_test(tcase, delay_grows_past_thirty_an_hour);
	tcase_add_test(tcase, delay_has_an_end);
	tcase_add_test(tcase, who_has_guessed_nothing_wrong_waits_less);
	tcase_add_test(tcase, owner_resets_everything);
	tcase_add_test(tcase, old_guesses_are_forgotten);
	return run_tcase(tcase);
}
