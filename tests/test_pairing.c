#include "core/error.h"
#include "core/loop.h"
#include "pairing/guess_limiter.h"
#include "pairing/pairing.h"
#include "pairing/pairing_turns.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* A Hub's connection, as pairing sees it. */
struct holder {
	unsigned right_count, wrong_count, void_count, ended_count, reopened_count;
	enum pairing_end end;
};

static struct loop *loop;
static struct pairing *pairing;
static struct holder hubs[10];
static struct holder stranger; /* not waited for */
static char shown[16];
static unsigned hidden_count;
static enum pairing_end hidden_how;
static struct pairing_listener listener;

static void on_judged(void *user, void *attempt, enum pairing_verdict verdict)
{
	struct holder *holder = attempt;

	holder->right_count += verdict == PAIRING_RIGHT;
	holder->wrong_count += verdict == PAIRING_WRONG;
	holder->void_count += verdict == PAIRING_VOID;
	if (holder != &stranger) {
		loop_stop(loop);
	}
}

static void on_ended(void *user, void *held, enum pairing_end end)
{
	struct holder *holder = held;

	holder->ended_count++;
	holder->end = end;
	loop_stop(loop);
}

static void on_reopened(void *user, void *holder)
{
	((struct holder *)holder)->reopened_count++;
}

static void on_show(void *user, const struct pairing_shown *view)
{
	strcpy(shown, view->code);
}

static void on_hide(void *user, enum pairing_end end)
{
	shown[0] = '\0';
	hidden_count++;
	hidden_how = end;
}

static void create(int64_t expires_ms)
{
	pairing =
		pairing_create(&(struct pairing_options){ .loop = loop, .expires_ms = expires_ms });
	listener = (struct pairing_listener){ .show = on_show, .hide = on_hide };
	pairing_listen(pairing, &listener);
}

static void setup(void)
{
	loop = loop_create();
	memset(hubs, 0, sizeof(hubs));
	hidden_count = 0;
	shown[0] = '\0';
	create(60 * 1000);
}

static void teardown(void)
{
	pairing_unlisten(pairing, &listener);
	pairing_destroy(pairing);
	loop_destroy(loop);
}

static bool begin_from(
	struct holder *hub, const char *hub_id, const char *address, struct error *err)
{
	return pairing_begin(pairing,
		&(struct pairing_request){
			.hub_id = hub_id,
			.hub_name = "PC",
			.address = address,
			.holder = hub,
			.judged = on_judged,
			.ended = on_ended,
			.reopened = on_reopened,
		},
		err);
}

static bool begin(struct holder *hub, struct error *err)
{
	return begin_from(hub, "hub-a", "10.0.0.1", err);
}

static bool try_code(struct holder *hub, const char *code, struct error *err)
{
	return pairing_try(pairing, hub, code, hub, err);
}

/* A code that is not the one shown. */
static const char *wrong_code(void)
{
	return strcmp(shown, "000000") == 0 ? "000001" : "000000";
}

START_TEST(code_has_six_digits_and_varies)
{
	char first[16];
	unsigned same_count = 0;

	ck_assert(begin(&hubs[0], NULL));
	strcpy(first, shown);
	for (int i = 0; i < 50; i++) {
		ck_assert(begin(&hubs[0], NULL));
		ck_assert_uint_eq(strlen(shown), 6);
		ck_assert_uint_eq(strspn(shown, "0123456789"), 6);
		same_count += strcmp(first, shown) == 0;
	}
	ck_assert_uint_lt(same_count, 3);
}
END_TEST

START_TEST(right_code_pairs_once)
{
	char code[16];
	struct error err = { 0 };

	ck_assert(begin(&hubs[0], NULL));
	strcpy(code, shown);
	ck_assert(try_code(&hubs[0], code, NULL));
	ck_assert_uint_eq(hubs[0].right_count, 1);
	ck_assert_uint_eq(hubs[0].ended_count, 0);
	ck_assert_int_eq(hidden_how, PAIRING_USED);
	ck_assert(!try_code(&hubs[0], code, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(wrong_lengths_are_wrong)
{
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(try_code(&hubs[0], "", NULL));
	ck_assert(try_code(&hubs[0], "0000000000000000000000", NULL));
	ck_assert_uint_eq(hubs[0].wrong_count, 2);
	ck_assert(pairing_is_held_by(pairing, &hubs[0]));
}
END_TEST

START_TEST(three_wrong_codes_void_and_lock_out)
{
	struct error err = { 0 };

	ck_assert(begin(&hubs[0], NULL));
	for (int i = 0; i < 3; i++) {
		ck_assert(try_code(&hubs[0], wrong_code(), NULL));
	}
	ck_assert_uint_eq(hubs[0].wrong_count, 3);
	ck_assert_int_eq(hubs[0].end, PAIRING_GUESSED);
	ck_assert_int_eq(hidden_how, PAIRING_GUESSED);
	ck_assert(!begin(&hubs[0], &err));
	ck_assert_int_eq(err.kind, ERROR_LOCKED_OUT);
	ck_assert_ptr_nonnull(strstr(err.message, "60 seconds"));
	/* Another address is not affected. */
	ck_assert(begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
}
END_TEST

START_TEST(tries_are_counted_across_codes)
{
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(try_code(&hubs[0], wrong_code(), NULL));
	ck_assert(try_code(&hubs[0], wrong_code(), NULL));
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(try_code(&hubs[0], wrong_code(), NULL));
	ck_assert(!pairing_check_lockout(pairing, "10.0.0.1", NULL));
	ck_assert(!pairing_is_held_by(pairing, &hubs[0]));
}
END_TEST

START_TEST(asking_again_keeps_nobody_waiting_longer)
{
	int64_t expires_at_ms;

	ck_assert(begin(&hubs[0], NULL));
	expires_at_ms = pairing_shown(pairing)->expires_at_ms;
	while (loop_now_ms() == expires_at_ms - 60 * 1000) {
	}
	ck_assert(begin(&hubs[0], NULL));
	ck_assert_int_gt(pairing_shown(pairing)->expires_at_ms, expires_at_ms);

	expires_at_ms = pairing_shown(pairing)->expires_at_ms;
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	while (loop_now_ms() == expires_at_ms - 60 * 1000) {
	}
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(begin_from(&hubs[2], "hub-a", "10.0.0.1", NULL));
	ck_assert_int_eq(pairing_shown(pairing)->expires_at_ms, expires_at_ms);
}
END_TEST

START_TEST(the_connection_that_is_replaced_is_told)
{
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(begin(&hubs[0], NULL));
	ck_assert_uint_eq(hubs[0].ended_count, 0);
	ck_assert(begin(&hubs[1], NULL));
	ck_assert_uint_eq(hubs[0].ended_count, 1);
	ck_assert_int_eq(hubs[0].end, PAIRING_REPLACED);
	ck_assert_int_eq(hidden_how, PAIRING_REPLACED);
	ck_assert(pairing_is_held_by(pairing, &hubs[1]));
	pairing_abandon(pairing, &hubs[0]);
	ck_assert(pairing_is_held_by(pairing, &hubs[1]));
}
END_TEST

START_TEST(nobody_steals_the_screen)
{
	char code[16];
	struct error err = { 0 };

	ck_assert(begin(&hubs[0], NULL));
	strcpy(code, shown);
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.1", &err));
	ck_assert_int_eq(err.kind, ERROR_LOCKED_OUT);
	ck_assert(!begin_from(&hubs[2], "hub-a", "10.0.0.2", &err));
	ck_assert_str_eq(shown, code);
	ck_assert(!try_code(&hubs[1], code, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(try_code(&hubs[0], code, NULL));
	ck_assert_uint_eq(hubs[0].right_count, 1);
}
END_TEST

START_TEST(same_hub_on_a_new_connection_gets_a_new_code)
{
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(begin(&hubs[1], NULL));
	ck_assert(!pairing_is_held_by(pairing, &hubs[0]));
	ck_assert(pairing_is_held_by(pairing, &hubs[1]));
	pairing_abandon(pairing, &hubs[0]);
	ck_assert(pairing_is_held_by(pairing, &hubs[1]));
}
END_TEST

START_TEST(gone_holder_frees_the_screen)
{
	ck_assert(begin(&hubs[0], NULL));
	pairing_abandon(pairing, &hubs[0]);
	ck_assert_ptr_null(pairing_shown(pairing));
	ck_assert_int_eq(hidden_how, PAIRING_GONE);
	ck_assert_uint_eq(hubs[0].ended_count, 0);
	ck_assert(begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
}
END_TEST

START_TEST(code_expires)
{
	teardown();
	setup();
	pairing_unlisten(pairing, &listener);
	pairing_destroy(pairing);
	create(1);
	ck_assert(begin(&hubs[0], NULL));
	loop_run(loop);
	ck_assert_int_eq(hubs[0].end, PAIRING_EXPIRED);
	ck_assert_int_eq(pairing_seconds_left(pairing), 0);
	ck_assert(!try_code(&hubs[0], "000000", NULL));
}
END_TEST

START_TEST(owner_dismisses_and_reopens)
{
	struct error err = { 0 };
	char code[16];

	ck_assert(!pairing_dismiss(pairing, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!pairing_reopen(pairing, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(!pairing_reopen(pairing, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert(pairing_dismiss(pairing, NULL));
	ck_assert_int_eq(hubs[0].end, PAIRING_DISMISSED);
	ck_assert(pairing_reopen(pairing, NULL));
	ck_assert_uint_eq(hubs[0].reopened_count, 1);
	strcpy(code, shown);
	ck_assert(try_code(&hubs[0], code, NULL));
	ck_assert_uint_eq(hubs[0].right_count, 1);
	ck_assert(!pairing_reopen(pairing, NULL));
}
END_TEST

START_TEST(reopening_lifts_the_lockout)
{
	ck_assert(begin(&hubs[0], NULL));
	for (int i = 0; i < 3; i++) {
		ck_assert(try_code(&hubs[0], wrong_code(), NULL));
	}
	ck_assert(pairing_reopen(pairing, NULL));
	ck_assert(pairing_check_lockout(pairing, "10.0.0.1", NULL));
}
END_TEST

START_TEST(gone_hub_cannot_be_reopened)
{
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(pairing_dismiss(pairing, NULL));
	pairing_abandon(pairing, &hubs[0]);
	ck_assert(!pairing_reopen(pairing, NULL));
}
END_TEST

/* One wrong code each from as many addresses. */
static void guess_wrong_from_elsewhere(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.9.0.%u", i);
		ck_assert(begin_from(&stranger, address, address, NULL));
		ck_assert(try_code(&stranger, wrong_code(), NULL));
		pairing_abandon(pairing, &stranger);
	}
	hidden_count = 0;
}

START_TEST(many_wrong_codes_delay_the_answer)
{
	char code[16];
	struct error err = { 0 };

	guess_wrong_from_elsewhere(GUESSES_PER_HOUR + 1);
	ck_assert(begin(&hubs[0], NULL));
	strcpy(code, shown);
	ck_assert(try_code(&hubs[0], code, NULL));
	ck_assert_uint_eq(hubs[0].right_count, 0);
	ck_assert(!try_code(&hubs[0], code, &err));
	ck_assert_int_eq(err.kind, ERROR_LOCKED_OUT);
	loop_run(loop);
	ck_assert_uint_eq(hubs[0].right_count, 1);
}
END_TEST

START_TEST(try_in_time_is_judged_after_the_end)
{
	char code[16];

	pairing_unlisten(pairing, &listener);
	pairing_destroy(pairing);
	create(100);
	guess_wrong_from_elsewhere(GUESSES_PER_HOUR + 1);
	ck_assert(begin(&hubs[0], NULL));
	strcpy(code, shown);
	ck_assert(try_code(&hubs[0], code, NULL));
	loop_run(loop);
	ck_assert_uint_eq(hubs[0].right_count, 1);
	ck_assert_uint_eq(hubs[0].ended_count, 0);
}
END_TEST

START_TEST(pending_try_is_void_with_its_code)
{
	guess_wrong_from_elsewhere(GUESSES_PER_HOUR + 1);
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(try_code(&hubs[0], shown, NULL));
	ck_assert(pairing_dismiss(pairing, NULL));
	ck_assert_uint_eq(hubs[0].void_count, 1);
	ck_assert_uint_eq(hubs[0].right_count, 0);
}
END_TEST

START_TEST(late_listener_is_told)
{
	ck_assert(begin(&hubs[0], NULL));
	pairing_unlisten(pairing, &listener);
	shown[0] = '\0';
	pairing_listen(pairing, &listener);
	ck_assert_str_ne(shown, "");
	ck_assert_uint_eq(pairing_listener_count(pairing), 1);
}
END_TEST

/* Eight attackers keep asking; the owner, who came last, waits for one code at most. */
START_TEST(crowd_does_not_keep_the_owner_out)
{
	static const char *const crowd[] = { "10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4",
		"10.0.1.5", "10.0.1.6", "10.0.1.7", "10.0.1.8" };
	unsigned holding;

	/* Each has had the screen and let its code go unused. */
	for (unsigned i = 0; i < 8; i++) {
		ck_assert(begin_from(&hubs[i], crowd[i], crowd[i], NULL));
		pairing_abandon(pairing, &hubs[i]);
	}
	holding = 3;
	ck_assert(begin_from(&hubs[holding], "x", crowd[holding], NULL));
	ck_assert(!begin_from(&hubs[9], "owner", "10.0.0.9", NULL));
	for (unsigned i = 0; i < 8; i++) {
		ck_assert(i == holding || !begin_from(&hubs[i], crowd[i], crowd[i], NULL));
	}
	pairing_abandon(pairing, &hubs[holding]);
	for (unsigned i = 0; i < 8; i++) {
		ck_assert(!begin_from(&hubs[i], crowd[i], crowd[i], NULL));
	}
	ck_assert(begin_from(&hubs[9], "owner", "10.0.0.9", NULL));
	ck_assert(try_code(&hubs[9], shown, NULL));
	ck_assert_uint_eq(hubs[9].right_count, 1);
}
END_TEST

/* --- The owner chooses --- */

START_TEST(who_is_chosen_gets_the_code)
{
	struct pairing_waiting waiting[PAIRING_WAITING_MAX];
	struct error err = { 0 };

	ck_assert(!pairing_pick(pairing, "10.0.0.2", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(begin(&hubs[0], NULL));
	ck_assert_uint_eq(pairing_waiting(pairing, waiting), 0);
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	ck_assert_uint_eq(pairing_waiting(pairing, waiting), 1);
	ck_assert_str_eq(waiting[0].address, "10.0.0.2");
	ck_assert_str_eq(waiting[0].hub_name, "PC");
	ck_assert(pairing_pick(pairing, "10.0.0.2", NULL));
	/* The other's code has gone, and it gets no new one. */
	ck_assert_int_eq(hubs[0].end, PAIRING_YIELDED);
	ck_assert(!begin(&hubs[0], &err));
	ck_assert_int_eq(err.kind, ERROR_LOCKED_OUT);
	ck_assert_ptr_nonnull(strstr(err.message, "120 seconds"));
	ck_assert(begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	ck_assert(!begin(&hubs[0], NULL));
	ck_assert(try_code(&hubs[1], shown, NULL));
	ck_assert_uint_eq(hubs[1].right_count, 1);
	/* It has paired: the choice is over. */
	ck_assert(begin(&hubs[0], NULL));
}
END_TEST

START_TEST(who_is_chosen_goes_before_a_crowd)
{
	char address[32];

	ck_assert(begin(&hubs[0], NULL));
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250);
		ck_assert(!begin_from(&stranger, address, address, NULL));
	}
	/* The list that the owner chose from may have gone on to others since. */
	ck_assert(pairing_pick(pairing, "10.1.0.100", NULL));
	/* Who came last is at the top of the list. */
	ck_assert(pairing_pick(pairing, address, NULL));
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	ck_assert(begin_from(&hubs[2], "hub-c", address, NULL));
}
END_TEST

START_TEST(choosing_lifts_the_lockout_and_the_delay)
{
	guess_wrong_from_elsewhere(GUESSES_PER_HOUR + 20);
	ck_assert(begin(&hubs[0], NULL));
	ck_assert(!begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	ck_assert(pairing_pick(pairing, "10.0.0.2", NULL));
	ck_assert(begin_from(&hubs[1], "hub-b", "10.0.0.2", NULL));
	ck_assert(try_code(&hubs[1], shown, NULL));
	ck_assert_uint_eq(hubs[1].right_count, 1); /* judged at once */
}
END_TEST

START_TEST(turns_have_bounded_memory)
{
	static struct pairing_turns turns;
	char address[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		pairing_turns_ask(&turns,
			&(struct pairing_asker){ .address = address, .hub_name = "PC" },
			&(struct pairing_screen){ .address = "10.0.0.1", .since_ms = i }, i);
	}
	ck_assert_uint_eq(turns.count, PAIRING_TURNS_MAX);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("code");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, code_has_six_digits_and_varies);
	tcase_add_test(tcase, right_code_pairs_once);
	tcase_add_test(tcase, wrong_lengths_are_wrong);
	tcase_add_test(tcase, three_wrong_codes_void_and_lock_out);
	tcase_add_test(tcase, tries_are_counted_across_codes);
	tcase_add_test(tcase, nobody_steals_the_screen);
	tcase_add_test(tcase, asking_again_keeps_nobody_waiting_longer);
	tcase_add_test(tcase, the_connection_that_is_replaced_is_told);
	tcase_add_test(tcase, same_hub_on_a_new_connection_gets_a_new_code);
	tcase_add_test(tcase, gone_holder_frees_the_screen);
	tcase_add_test(tcase, code_expires);
	tcase_add_test(tcase, owner_dismisses_and_reopens);
	tcase_add_test(tcase, reopening_lifts_the_lockout);
	tcase_add_test(tcase, gone_hub_cannot_be_reopened);
	tcase_add_test(tcase, many_wrong_codes_delay_the_answer);
	tcase_add_test(tcase, try_in_time_is_judged_after_the_end);
	tcase_add_test(tcase, pending_try_is_void_with_its_code);
	tcase_add_test(tcase, late_listener_is_told);
	tcase_add_test(tcase, crowd_does_not_keep_the_owner_out);
	tcase_add_test(tcase, who_is_chosen_gets_the_code);
	tcase_add_test(tcase, who_is_chosen_goes_before_a_crowd);
	tcase_add_test(tcase, choosing_lifts_the_lockout_and_the_delay);
	tcase_add_test(tcase, turns_have_bounded_memory);
	return run_tcase(tcase);
}
