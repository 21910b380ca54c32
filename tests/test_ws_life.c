#include "suite.h"
#include "ws/ws_life.h"

#include <check.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

/* Rows: from; columns: to; in the order of enum ws_state. */
static const bool states[WS_GONE + 1][WS_GONE + 1] = {
	[WS_CONNECTING] = { 0, 1, 0, 0, 0, 1, 1 },
	[WS_OPEN] = { 0, 0, 1, 1, 1, 1, 1 },
	[WS_PEER_CLOSING] = { 0, 0, 0, 0, 1, 1, 1 },
	[WS_CLOSING] = { 0, 0, 0, 0, 1, 1, 1 },
	[WS_ENDING] = { 0, 0, 0, 0, 0, 1, 1 },
	[WS_KILLED] = { 0, 0, 0, 0, 0, 1, 1 },
	[WS_GONE] = { 0, 0, 0, 0, 0, 0, 0 },
};

/* _i: from and to. */
static void become(int i)
{
	struct ws_life life = { .state = (enum ws_state)(i / (WS_GONE + 1)) };

	ws_life_become(&life, (enum ws_state)(i % (WS_GONE + 1)));
	ck_assert_int_eq(life.state, i % (WS_GONE + 1));
}

static bool is_legal(int i)
{
	return states[i / (WS_GONE + 1)][i % (WS_GONE + 1)];
}

START_TEST(legal_ones_pass)
{
	if (is_legal(_i)) {
		become(_i);
	}
}
END_TEST

START_TEST(illegal_ones_abort)
{
	if (is_legal(_i)) {
		raise(SIGABRT);
	}
	become(_i);
}
END_TEST

START_TEST(what_is_told_goes_one_way)
{
	struct ws_life life = { .told = WS_TOLD_NOTHING };

	ws_life_tell(&life, WS_TOLD_OPENING);
	ws_life_tell(&life, WS_TOLD_OPENED);
	ws_life_tell(&life, WS_TOLD_CLOSED);
	ws_life_tell(&life, WS_TOLD_CLOSED);
}
END_TEST

START_TEST(nobody_is_told_twice)
{
	struct ws_life life = { .told = WS_TOLD_CLOSED };

	ws_life_tell(&life, WS_TOLD_OPENED);
}
END_TEST

START_TEST(the_first_reason_stands)
{
	struct ws_life life = { .code = 0 };
	char longer[200];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ws_life_note_end(&life, 1001, longer);
	ws_life_note_end(&life, 1006, "later");
	ck_assert_uint_eq(life.code, 1001);
	ck_assert_uint_eq(strlen(life.reason), 123);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ws_life");
	int count = (WS_GONE + 1) * (WS_GONE + 1);

	tcase_add_loop_test(tcase, legal_ones_pass, 0, count);
	tcase_add_loop_test_raise_signal(tcase, illegal_ones_abort, SIGABRT, 0, count);
	tcase_add_test(tcase, what_is_told_goes_one_way);
	tcase_add_test_raise_signal(tcase, nobody_is_told_twice, SIGABRT);
	tcase_add_test(tcase, the_first_reason_stands);
	return run_tcase(tcase);
}
