#include "pairing/pairing_turns.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

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
	const int64_t now_ms = 4 * PAIRING_SLICE_MS; /* when the newest goes first */
	struct pairing_screen screen = { .address = holder, .since_ms = now_ms - PAIRING_SLICE_MS };

	crowd_asks(screen.since_ms);
	ck_assert(!ask_known("10.0.0.9", 900, &screen, now_ms - 1));
	/* Its place is kept: none of the crowd takes the screen before it asks again. */
	ck_assert(!ask_known("10.1.0.7", 500, &screen, now_ms));
	ck_assert(!ask_known("10.1.0.7", 500, NULL, now_ms));
	ck_assert(ask_known("10.0.0.9", 900, &screen, now_ms));
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

/* --- Thousands of addresses --- */

#define ATTACKERS 2000
#define OWNER "10.0.0.9"
#define STEP_MS 20

/* What they do, each from its own address, all asking again and again. */
static const struct attack {
	int64_t starts_ms;
	int64_t apart_ms;  /* the first requests of two; less than STEP_MS: several in a step */
	int64_t every_ms;  /* it asks again; 0: once only */
	int64_t owner_ms;  /* when the owner begins */
	int64_t within_ms; /* the owner has a code */
} attacks[] = {
	/* All were there before. */
	{ 0, 1, 1000, 60 * 1000, 2 * PAIRING_SLICE_MS },
	{ 0, 1, PAIRING_TURN_WAIT_MS - 1000, 60 * 1000, 2 * PAIRING_SLICE_MS },
	/* All come when the owner has. */
	{ 61 * 1000, 1, 1000, 60 * 1000, 2 * PAIRING_SLICE_MS },
	/* They keep coming, too slowly to have come together. */
	{ 60 * 1000, 1100, 1000, 60 * 1000, 4 * PAIRING_SLICE_MS },
	{ 60 * 1000, 1500, 1000, 60 * 1000, 4 * PAIRING_SLICE_MS },
	/* The same, and none ever takes its turn. */
	{ 0, 1100, 0, 60 * 1000, PAIRING_TURN_WAIT_MS + 4 * PAIRING_SLICE_MS },
	{ 0, 1500, 0, 60 * 1000, PAIRING_TURN_WAIT_MS + 4 * PAIRING_SLICE_MS },
};

#define ATTACKS_COUNT (sizeof(attacks) / sizeof(attacks[0]))

/* The screen, and who has it; nobody ever types a code. */
static struct {
	char address[32];
	int64_t since_ms;
} shown;

static void ask_for_screen(const char *address, int64_t known_since_ms, int64_t now_ms)
{
	const struct pairing_screen screen = { .address = shown.address,
		.since_ms = shown.since_ms };
	bool is_own = strcmp(address, shown.address) == 0;

	if (!is_own && ask_known(address, known_since_ms, *shown.address == '\0' ? NULL : &screen,
			       now_ms)) {
		pairing_turns_wasted(&turns, shown.address);
		snprintf(shown.address, sizeof(shown.address), "%s", address);
		shown.since_ms = now_ms;
	}
}

/* Those whose time it is. */
static void attack_at(const struct attack *attack, int64_t now_ms)
{
	for (int64_t i = 0; i < ATTACKERS; i++) {
		int64_t first_ms = attack->starts_ms + i * attack->apart_ms;
		int64_t since_ms = now_ms - first_ms;
		char address[32];

		if (since_ms < 0) {
			break;
		}
		if ((attack->every_ms == 0 ? since_ms : since_ms % attack->every_ms) < STEP_MS) {
			snprintf(
				address, sizeof(address), "10.1.%d.%d", (int)i / 250, (int)i % 250);
			ask_for_screen(address, first_ms, now_ms);
		}
	}
}

START_TEST(owner_comes_in_whatever_thousands_do)
{
	struct attack shifted = attacks[_i % (int)ATTACKS_COUNT];
	const struct attack *attack = &shifted;
	int64_t shift_ms = _i / (int)ATTACKS_COUNT * INT64_C(17000);
	int64_t wanted_ms = shifted.owner_ms += shift_ms;
	int64_t end_ms = wanted_ms + 2 * 60 * 1000;
	bool had_it = false;
	unsigned codes = 0;

	shifted.starts_ms += shift_ms;
	for (int64_t now_ms = 0; now_ms < end_ms; now_ms += STEP_MS) {
		bool has_it;

		attack_at(attack, now_ms);
		if (now_ms >= attack->owner_ms && now_ms % 1000 == 500) {
			ask_for_screen(OWNER, attack->owner_ms, now_ms);
		}
		has_it = strcmp(shown.address, OWNER) == 0;
		/* A code can be typed before it is taken away, the first and the next ones. */
		if (had_it && !has_it && now_ms - wanted_ms < PAIRING_SLICE_MS) {
			ck_abort_msg("a code was taken away");
		}
		if (had_it != has_it) {
			codes += has_it;
			wanted_ms = now_ms;
			had_it = has_it;
		}
		if (!has_it && codes == 0 && now_ms - wanted_ms > attack->within_ms) {
			ck_abort_msg("the owner waits since %d ms", (int)(now_ms - wanted_ms));
		}
	}
	ck_assert_uint_ge(codes, 1);
}
END_TEST

/* Who is chosen need not be remembered. */
START_TEST(any_may_be_chosen_where_more_ask_than_there_are_places)
{
	for (unsigned i = 0; i < PAIRING_TURNS_MAX; i++) {
		char address[32];

		ck_assert(!pairing_turns_is_waiting(&turns, OWNER, 1000));
		snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250);
		ask(address, false, 1000);
	}
	ck_assert(pairing_turns_is_waiting(&turns, OWNER, 1000));
	ck_assert(!pairing_turns_is_waiting(&turns, OWNER, 1001 + PAIRING_TURN_WAIT_MS));
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
	tcase_add_loop_test(tcase, owner_comes_in_whatever_thousands_do, 0, 2 * ATTACKS_COUNT);
	tcase_add_test(tcase, any_may_be_chosen_where_more_ask_than_there_are_places);
	return run_tcase(tcase);
}
