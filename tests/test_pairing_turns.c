#include "pairing/pairing_turns.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>

static struct pairing_turns turns;

static bool ask(const char *address, bool is_free, int64_t now_ms)
{
	return pairing_turns_ask(&turns, address, is_free, now_ms);
}

START_TEST(free_screen_is_had_at_once)
{
	ck_assert(ask("10.0.0.1", true, 1000));
	ck_assert(ask("10.0.0.2", true, 1000));
}
END_TEST

START_TEST(who_waits_longer_comes_first)
{
	ck_assert(!ask("10.0.0.1", false, 1000));
	ck_assert(!ask("10.0.0.2", false, 2000));
	ck_assert(!ask("10.0.0.2", true, 3000));
	ck_assert(ask("10.0.0.1", true, 3000));
	ck_assert(ask("10.0.0.2", true, 3000));
}
END_TEST

START_TEST(who_has_wasted_fewer_comes_first)
{
	ck_assert(ask("10.0.0.1", true, 1000));
	pairing_turns_wasted(&turns, "10.0.0.1");
	ck_assert(!ask("10.0.0.1", false, 2000));
	ck_assert(!ask("10.0.0.2", false, 3000));
	ck_assert(!ask("10.0.0.1", true, 4000));
	ck_assert(ask("10.0.0.2", true, 4000));
}
END_TEST

START_TEST(who_pairs_has_wasted_nothing)
{
	ck_assert(ask("10.0.0.1", true, 1000));
	pairing_turns_wasted(&turns, "10.0.0.1");
	pairing_turns_forget(&turns, "10.0.0.1");
	ck_assert(!ask("10.0.0.1", false, 2000));
	ck_assert(!ask("10.0.0.2", false, 3000));
	ck_assert(ask("10.0.0.1", true, 4000));
}
END_TEST

START_TEST(place_is_lost_by_not_asking)
{
	ck_assert(!ask("10.0.0.1", false, 1000));
	ck_assert(!ask("10.0.0.2", false, 2000));
	ck_assert(ask("10.0.0.2", true, 1000 + PAIRING_TURN_WAIT_MS + 500));
}
END_TEST

START_TEST(crowd_does_not_keep_a_newcomer_out)
{
	int64_t now_ms = 1000;
	unsigned turns_of_others = 0;

	for (unsigned i = 0; i < 2 * PAIRING_TURNS_MAX; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.1.0.%u", i);
		ask(address, false, now_ms);
		pairing_turns_wasted(&turns, address);
	}
	ck_assert(!ask("10.0.0.9", false, now_ms));
	while (!ask("10.0.0.9", true, ++now_ms)) {
		ck_assert_uint_lt(++turns_of_others, 2);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pairing_turns");

	tcase_add_test(tcase, free_screen_is_had_at_once);
	tcase_add_test(tcase, who_waits_longer_comes_first);
	tcase_add_test(tcase, who_has_wasted_fewer_comes_first);
	tcase_add_test(tcase, who_pairs_has_wasted_nothing);
	tcase_add_test(tcase, place_is_lost_by_not_asking);
	tcase_add_test(tcase, crowd_does_not_keep_a_newcomer_out);
	return run_tcase(tcase);
}
