#include "pairing/pairing_turns.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>

static struct pairing_turns turns;

static const char holder[] = "10.9.9.9";

static bool ask_known(const char *address, int64_t known_since_ms,
	const struct pairing_screen *screen, int64_t now_ms)
{
	const struct pairing_asker asker = {
		.address = address,
		.hub_name = "PC",
		.known_since_ms = known_since_ms,
	};

	return pairing_turns_ask(&turns, &asker, screen, now_ms);
}

static bool ask(const char *address, bool is_free, int64_t now_ms)
{
	const struct pairing_screen screen = { .address = holder, .since_ms = now_ms };

	return ask_known(address, 0, is_free ? NULL : &screen, now_ms);
}

/* As many as a crowd has, all known since 500, ask in vain, and again. */
static void crowd_asks(int64_t now_ms)
{
	const struct pairing_screen screen = { .address = holder, .since_ms = now_ms };
	char address[32];

	for (unsigned i = 0; i < 600; i++) {
		snprintf(address, sizeof(address), "10.1.%u.%u", i % 300 / 250, i % 300 % 250);
		ck_assert(!ask_known(address, 500, &screen, now_ms));
	}
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

START_TEST(who_wasted_and_stops_asking_keeps_nobody)
{
	ck_assert(ask("10.0.0.1", true, 0));
	pairing_turns_wasted(&turns, "10.0.0.1");
	ck_assert(!ask("10.0.0.2", false, 1000));
	ck_assert(!ask("10.0.0.1", true, 2000));
	ck_assert(ask("10.0.0.1", true, 2000 + PAIRING_TURN_WAIT_MS));
}
END_TEST

START_TEST(crowd_does_not_keep_a_newcomer_out)
{
	int64_t now_ms = 1000;
	unsigned turns_of_others = 0;

	for (unsigned i = 0; i < 2 * PAIRING_TURNS_MAX; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250);
		ask(address, false, now_ms);
		pairing_turns_wasted(&turns, address);
	}
	ck_assert(!ask("10.0.0.9", false, now_ms));
	while (!ask("10.0.0.9", true, ++now_ms)) {
		ck_assert_uint_lt(++turns_of_others, 2);
	}
}
END_TEST

START_TEST(crowd_does_not_go_before_who_came_last)
{
	struct pairing_screen screen = { .address = holder, .since_ms = 1000 };

	crowd_asks(1000);
	ck_assert(!ask_known("10.0.0.9", 900, &screen, 1000 + PAIRING_SLICE_MS - 1));
	/* Its place is kept: none of the crowd takes the screen before it asks again. */
	ck_assert(!ask_known("10.1.0.7", 500, &screen, 1000 + PAIRING_SLICE_MS));
	ck_assert(!ask_known("10.1.0.7", 500, NULL, 1000 + PAIRING_SLICE_MS));
	ck_assert(ask_known("10.0.0.9", 900, &screen, 1000 + PAIRING_SLICE_MS));
}
END_TEST

/* A Hub that had been trying for long before the crowd came. */
START_TEST(crowd_does_not_go_before_who_came_alone)
{
	const struct pairing_screen screen = { .address = holder, .since_ms = 10 * 60 * 1000 };
	int64_t now_ms = screen.since_ms;
	char address[32];

	ck_assert(!ask_known("10.0.0.9", 500, &screen, now_ms));
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 1; i <= 300; i++) {
			snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250);
			ck_assert(!ask_known(address, now_ms - 1000 + i, &screen, now_ms));
		}
	}
	ck_assert(!ask_known("10.1.1.50", 0, &screen, now_ms + PAIRING_SLICE_MS));
	ck_assert(ask_known("10.0.0.9", 500, &screen, now_ms + PAIRING_SLICE_MS));
}
END_TEST

START_TEST(who_has_paired_before_goes_before_a_crowd)
{
	const struct pairing_screen screen = { .address = holder, .since_ms = 1000 };
	const struct pairing_asker known = {
		.address = "10.0.0.9", .hub_name = "PC", .known_since_ms = 1, .is_trusted = true
	};

	crowd_asks(1000);
	ck_assert(!ask_known("10.0.0.8", 900, &screen, 1000));
	ck_assert(pairing_turns_ask(&turns, &known, &screen, 1000 + PAIRING_SLICE_MS));
}
END_TEST

/* Two or three are a household: nobody's code is taken away. */
START_TEST(few_do_not_take_the_screen)
{
	const struct pairing_screen screen = { .address = holder, .since_ms = 1000 };

	ck_assert(ask_known(holder, 0, NULL, 1000));
	for (int64_t now_ms = 1000; now_ms < 60 * 1000; now_ms += 1000) {
		ck_assert(!ask_known("10.0.0.1", 0, &screen, now_ms));
		ck_assert(!ask_known("10.0.0.2", 0, &screen, now_ms));
		ck_assert(!ask_known("10.0.0.3", 0, &screen, now_ms));
	}
}
END_TEST

START_TEST(who_wasted_codes_gives_way_sooner)
{
	const struct pairing_screen screen = { .address = "10.1.0.1", .since_ms = 1000 };

	crowd_asks(1000);
	pairing_turns_wasted(&turns, "10.1.0.1");
	ck_assert(!ask_known("10.0.0.9", 900, &screen, 1000 + PAIRING_SHORT_SLICE_MS - 1));
	ck_assert(ask_known("10.0.0.9", 900, &screen, 1000 + PAIRING_SHORT_SLICE_MS));
}
END_TEST

START_TEST(code_that_is_being_compared_is_not_taken_away_yet)
{
	const struct pairing_screen screen = {
		.address = holder, .since_ms = 1000, .is_judging = true
	};

	crowd_asks(1000);
	ck_assert(!ask_known("10.0.0.9", 900, &screen, 1000 + PAIRING_SLICE_MS));
	ck_assert(ask_known("10.0.0.9", 900, &screen, 1000 + 2 * PAIRING_SLICE_MS));
}
END_TEST

START_TEST(waiting_are_listed_newest_first)
{
	const struct pairing_turn *listed[4];

	crowd_asks(1000);
	ck_assert(
		!ask_known("10.0.0.9", 900, &(struct pairing_screen){ holder, 1000, false }, 1000));
	ck_assert_uint_eq(pairing_turns_waiting(&turns, 2000, listed, 4), 4);
	ck_assert_str_eq(listed[0]->address, "10.0.0.9");
	ck_assert_uint_eq(pairing_turns_waiting(&turns, 1000 + 61 * 1000, listed, 4), 0);
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
	tcase_add_test(tcase, who_wasted_and_stops_asking_keeps_nobody);
	tcase_add_test(tcase, crowd_does_not_keep_a_newcomer_out);
	tcase_add_test(tcase, crowd_does_not_go_before_who_came_last);
	tcase_add_test(tcase, crowd_does_not_go_before_who_came_alone);
	tcase_add_test(tcase, who_has_paired_before_goes_before_a_crowd);
	tcase_add_test(tcase, few_do_not_take_the_screen);
	tcase_add_test(tcase, who_wasted_codes_gives_way_sooner);
	tcase_add_test(tcase, code_that_is_being_compared_is_not_taken_away_yet);
	tcase_add_test(tcase, waiting_are_listed_newest_first);
	return run_tcase(tcase);
}
