#include "pairing/pairing_overlay.h"

#include "agent/config.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "pairing/pairing.h"
#include "steam_home.h"
#include "suite.h"

#include <ctype.h>

#define POLL_MS 5

/*
 * Shell scripts play the overlay: each writes its process id to "starts" and its orders to
 * "orders", both in the test's folder.
 */
#define HEAD                                                                                       \
	"#!/bin/sh\n"                                                                              \
	"dir=${0%/*}\n"                                                                            \
	"echo $$ >> $dir/starts\n"
#define NEXT_ORDER "read -r order || exit 0; printf '%s\\n' \"$order\" >> $dir/orders\n"
#define SAY_SHOWN "echo '{\"status\":\"shown\"}' >&0\n"

static struct steam_home home;
static struct loop *loop;
static struct loop_timer *poll_timer;
static struct pairing *pairing;
static struct config config;
static struct pairing_overlay *overlay;
static const char *session_language;
static int64_t ping_ms;
static int holder;
static enum pairing_end ended_how;

static void on_poll(void *user)
{
	loop_stop(user);
}

static void setup(void)
{
	char *notice = NULL;

	log_set_level(LOG_LEVEL_ERROR);
	steam_home_init(&home);
	loop = loop_create();
	poll_timer = loop_timer_create(loop, on_poll, loop);
	pairing = pairing_create(&(struct pairing_options){
		.loop = loop,
		.expires_ms = 60 * 1000,
	});
	config_load(&config, steam_home_path(&home, "settings.json"), &notice);
	ended_how = PAIRING_USED;
	ping_ms = 0;
}

static void teardown(void)
{
	pairing_overlay_destroy(overlay);
	overlay = NULL;
	pairing_destroy(pairing);
	loop_timer_destroy(poll_timer);
	loop_destroy(loop);
	config_finish(&config);
	steam_home_finish(&home);
}

static char *on_session_language(void *user)
{
	return session_language != NULL ? strdup(session_language) : NULL;
}

/* An overlay whose program is that script; NULL: there is none. */
static void use_program(const char *script)
{
	char *program = strdup(steam_home_path(&home, "overlay"));

	if (script != NULL) {
		ck_assert(atomic_file_write(program, script, strlen(script), 0700, NULL));
	}
	overlay = pairing_overlay_create(&(struct pairing_overlay_options){
		.loop = loop,
		.pairing = pairing,
		.language = &config.overlay_language,
		.large_text = &config.overlay_large_text,
		.reduced_motion = &config.overlay_reduced_motion,
		.program = program,
		.ping_ms = ping_ms,
		.session_language = on_session_language,
	});
	free(program);
}

static void on_ended(void *user, void *held, enum pairing_end end)
{
	ended_how = end;
}

static void begin(void)
{
	struct error err = { 0 };

	ck_assert_msg(pairing_begin(pairing,
			      &(struct pairing_request){
				      .hub_id = "hub",
				      .hub_name = "PC \"1\"\n",
				      .address = "192.0.2.1",
				      .holder = &holder,
				      .ended = on_ended,
			      },
			      &err),
		"%s", err.message);
}

static const char *state(char *detail)
{
	struct strbuf text = { 0 };
	const char *name = pairing_overlay_state(overlay, &text);

	snprintf(detail, 512, "%s", strbuf_text(&text));
	strbuf_finish(&text);
	return name;
}

static void turn(void)
{
	loop_timer_set(poll_timer, POLL_MS);
	loop_run(loop);
}

/* Waits for that state; returns its detail. */
static const char *wait_state(const char *wanted)
{
	static char detail[512];

	while (strcmp(state(detail), wanted) != 0) {
		turn();
	}
	return detail;
}

static char *content(const char *name)
{
	struct strbuf text = { 0 };

	atomic_file_read(steam_home_path(&home, name), 1 << 20, &text, NULL);
	return strbuf_detach(&text);
}

static unsigned lines(const char *name)
{
	char *text = content(name);
	unsigned count = 0;

	for (const char *at = text; at != NULL && *at != '\0'; at++) {
		count += *at == '\n';
	}
	free(text);
	return count;
}

static void wait_lines(const char *name, unsigned wanted)
{
	while (lines(name) < wanted) {
		turn();
	}
	ck_assert_uint_eq(lines(name), wanted);
}

static pid_t last_start(void)
{
	char *text = content("starts"), *at = text + strlen(text) - 1;
	pid_t pid;

	while (at > text && isdigit((unsigned char)at[-1])) {
		at--;
	}
	pid = atoi(at);
	free(text);
	return pid;
}

static void wait_gone(pid_t pid)
{
	while (kill(pid, 0) == 0) {
		turn();
	}
}

START_TEST(a_code_is_shown_and_hidden)
{
	char expected[256], *order, detail[512];

	use_program(HEAD NEXT_ORDER SAY_SHOWN NEXT_ORDER);
	ck_assert_str_eq(state(detail), "ready");
	begin();
	ck_assert_str_eq(state(detail), "starting");
	ck_assert_str_eq(wait_state("shown"), "");
	order = content("orders");
	snprintf(expected, sizeof(expected),
		"{\"code\":\"%s\",\"hubName\":\"PC \\\"1\\\"\\n\",\"leftMs\":",
		pairing_shown(pairing)->code);
	ck_assert_msg(strncmp(order, expected, strlen(expected)) == 0, "%s", order);
	free(order);
	ck_assert(pairing_dismiss(pairing, NULL));
	wait_gone(last_start());
	ck_assert_str_eq(state(detail), "ready");
	ck_assert_uint_eq(lines("starts"), 1);
}
END_TEST

START_TEST(another_code_is_told_to_the_same_child)
{
	char detail[512];

	use_program(HEAD NEXT_ORDER SAY_SHOWN NEXT_ORDER SAY_SHOWN NEXT_ORDER);
	begin();
	wait_state("shown");
	begin();
	ck_assert_str_eq(state(detail), "starting");
	wait_state("shown");
	wait_lines("orders", 2);
	ck_assert_uint_eq(lines("starts"), 1);
	ck_assert_int_eq(kill(last_start(), 0), 0);
}
END_TEST

START_TEST(shown_is_the_answer_to_the_latest_order)
{
	char detail[512];

	/* It answers both orders only once it has the second. */
	use_program(HEAD NEXT_ORDER NEXT_ORDER SAY_SHOWN
		"while [ ! -e $dir/go ]; do sleep 0.01; done\n" SAY_SHOWN NEXT_ORDER);
	begin();
	begin();
	wait_lines("orders", 2);
	for (int i = 0; i < 10; i++) {
		turn();
	}
	ck_assert_str_eq(state(detail), "starting");
	ck_assert(atomic_file_write(steam_home_path(&home, "go"), "", 0, 0600, NULL));
	wait_state("shown");
}
END_TEST

START_TEST(a_child_that_dies_is_started_once_more)
{
	use_program(HEAD NEXT_ORDER SAY_SHOWN "kill -SEGV $$\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "signal 11"));
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "capydeck ctl pairing"));
	ck_assert_uint_eq(lines("starts"), 2);
	ck_assert_ptr_nonnull(pairing_shown(pairing));
	/* Every code has its two. */
	begin();
	wait_state("failed");
	wait_lines("starts", 4);
}
END_TEST

START_TEST(a_second_child_that_lives_goes_on)
{
	use_program(
		HEAD NEXT_ORDER "[ $(wc -l < $dir/starts) = 2 ] || exit 3\n" SAY_SHOWN NEXT_ORDER);
	begin();
	wait_state("shown");
	ck_assert_uint_eq(lines("starts"), 2);
	wait_lines("orders", 2);
}
END_TEST

START_TEST(the_reason_is_the_childs)
{
	use_program(HEAD NEXT_ORDER
		"echo '{\"status\":\"failed\",\"reason\":\"no screen was found\"}' >&0; exit 1\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "no screen was found"));
	ck_assert_uint_eq(lines("starts"), 2);
}
END_TEST

static void wait_detail(const char *wanted)
{
	char detail[512] = "";

	while (strstr(detail, wanted) == NULL) {
		turn();
		state(detail);
	}
}

START_TEST(a_child_that_shows_nothing_yet_may_do_so_late)
{
	char detail[512];

	use_program(HEAD NEXT_ORDER
		"while [ ! -e $dir/go ]; do sleep 0.01; done\n" SAY_SHOWN NEXT_ORDER);
	begin();
	wait_detail("after 3 s");
	ck_assert_str_eq(state(detail), "starting");
	ck_assert_ptr_nonnull(strstr(detail, "capydeck ctl pairing"));
	ck_assert(atomic_file_write(steam_home_path(&home, "go"), "", 0, 0600, NULL));
	ck_assert_str_eq(wait_state("shown"), "");
	ck_assert_uint_eq(lines("starts"), 1);
}
END_TEST

START_TEST(a_child_that_never_shows_anything_goes_with_its_code)
{
	char detail[512];

	use_program(HEAD NEXT_ORDER "trap '' TERM; while :; do sleep 60; done\n");
	begin();
	wait_detail("after 3 s");
	ck_assert(pairing_dismiss(pairing, NULL));
	wait_gone(last_start());
	ck_assert_str_eq(state(detail), "ready");
	ck_assert_str_eq(detail, "");
	ck_assert_uint_eq(lines("starts"), 1);
}
END_TEST

START_TEST(a_child_that_stops_under_its_code_is_replaced)
{
	ping_ms = 200;
	/* The second answers. */
	use_program(HEAD NEXT_ORDER SAY_SHOWN "[ $(wc -l < $dir/starts) = 1 ] && kill -STOP $$\n"
					      "while :; do " NEXT_ORDER
					      "echo '{\"status\":\"alive\"}' >&0; done\n");
	begin();
	wait_lines("starts", 2);
	wait_state("shown");
	while (lines("orders") < 2 + 5) {
		turn();
	}
	ck_assert_str_eq(wait_state("shown"), "");
	ck_assert_uint_eq(lines("starts"), 2);
}
END_TEST

START_TEST(a_child_that_stops_again_is_given_up)
{
	ping_ms = 50;
	use_program(HEAD NEXT_ORDER SAY_SHOWN "kill -STOP $$\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "the overlay does not answer"));
	ck_assert_uint_eq(lines("starts"), 2);
	ck_assert_ptr_nonnull(pairing_shown(pairing));
}
END_TEST

START_TEST(a_child_that_has_shown_nothing_is_not_asked)
{
	char detail[512];

	ping_ms = 50; /* thirty times within the 3 s */
	use_program(HEAD NEXT_ORDER "kill -STOP $$\n");
	begin();
	wait_detail("after 3 s");
	ck_assert_str_eq(state(detail), "starting");
	ck_assert_uint_eq(lines("starts"), 1);
}
END_TEST

START_TEST(a_child_that_does_not_end_is_killed)
{
	use_program(HEAD NEXT_ORDER SAY_SHOWN "while :; do sleep 60; done\n");
	begin();
	wait_state("shown");
	ck_assert(pairing_dismiss(pairing, NULL));
	wait_gone(last_start());
}
END_TEST

START_TEST(a_child_that_reads_nothing_does_not_stop_the_agent)
{
	use_program(HEAD "while :; do sleep 60; done\n");
	/* More orders than a socket holds; each would wait for the last one to be read. */
	for (int i = 0; i < 2000; i++) {
		begin();
	}
	wait_detail("after 3 s");
}
END_TEST

START_TEST(rubbish_is_no_report)
{
	use_program(HEAD NEXT_ORDER "printf 'x\\n\\n{}\\n{\"status\":\"danced\"}\\n' >&0\n"
				    "exit 3\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "code 3"));
	ck_assert_uint_eq(lines("starts"), 2);
}
END_TEST

START_TEST(rubbish_without_end_is_not_listened_to)
{
	use_program(HEAD NEXT_ORDER "cat /dev/zero >&0\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "too long"));
	ck_assert_uint_eq(lines("starts"), 2);
	wait_gone(last_start());
}
END_TEST

START_TEST(a_flood_of_reports_does_not_stop_the_agent)
{
	use_program(HEAD NEXT_ORDER "exec yes '{\"status\":\"shown\"}' >&0\n");
	begin();
	wait_state("shown");
	ck_assert(pairing_dismiss(pairing, NULL));
	wait_gone(last_start());
}
END_TEST

START_TEST(a_library_that_is_missing_is_told_of)
{
	use_program(HEAD NEXT_ORDER "exit 127\n");
	begin();
	ck_assert_ptr_nonnull(strstr(wait_state("failed"), "missing a library"));
}
END_TEST

START_TEST(a_click_dismisses_the_code)
{
	char detail[512];

	use_program(HEAD NEXT_ORDER SAY_SHOWN "echo '{\"status\":\"dismissed\"}' >&0\n");
	begin();
	while (pairing_shown(pairing) != NULL) {
		turn();
	}
	ck_assert_int_eq(ended_how, PAIRING_DISMISSED);
	wait_gone(last_start());
	ck_assert_str_eq(state(detail), "ready");
	ck_assert_uint_eq(lines("starts"), 1);
}
END_TEST

START_TEST(a_click_on_the_code_before_dismisses_nothing)
{
	use_program(HEAD NEXT_ORDER SAY_SHOWN "[ $(wc -l < $dir/starts) = 1 ] || { " NEXT_ORDER
					      "exit 0; }\n"
					      "while [ ! -e $dir/go ]; do sleep 0.01; done\n"
					      "echo '{\"status\":\"dismissed\"}' >&0\n");
	begin();
	wait_state("shown");
	begin(); /* its order is on its way when the first code is clicked on */
	ck_assert(atomic_file_write(steam_home_path(&home, "go"), "", 0, 0600, NULL));
	wait_lines("starts", 2);
	wait_state("shown");
	ck_assert_ptr_nonnull(pairing_shown(pairing));
}
END_TEST

START_TEST(without_the_program_the_state_says_so)
{
	char detail[512];

	use_program(NULL);
	begin();
	ck_assert_str_eq(state(detail), "failed");
	ck_assert_msg(strstr(detail, "/overlay") != NULL, "%s", detail);
	ck_assert_ptr_nonnull(pairing_shown(pairing));
}
END_TEST

START_TEST(the_agents_end_is_the_childs)
{
	pid_t child;

	use_program(HEAD NEXT_ORDER SAY_SHOWN "while :; do sleep 60; done\n");
	begin();
	wait_state("shown");
	child = last_start();
	pairing_overlay_destroy(overlay);
	overlay = NULL;
	ck_assert_int_ne(kill(child, 0), 0);
}
END_TEST

START_TEST(the_code_is_in_no_argument_and_no_environment)
{
	char *seen;

	use_program(HEAD
		"tr '\\0' '\\n' < /proc/$$/environ > $dir/seen\n"
		"tr '\\0' '\\n' < /proc/$$/cmdline >> $dir/seen\n" NEXT_ORDER SAY_SHOWN NEXT_ORDER);
	begin();
	wait_state("shown");
	seen = content("seen");
	ck_assert_ptr_nonnull(strstr(seen, "/overlay"));
	ck_assert_ptr_null(strstr(seen, pairing_shown(pairing)->code));
	free(seen);
}
END_TEST

static void expect_language(const char *expected)
{
	char *orders;

	begin();
	wait_state("shown");
	orders = content("orders");
	ck_assert_msg(strstr(orders, expected) != NULL, "%s", orders);
	free(orders);
}

START_TEST(the_language_is_the_settings_else_the_sessions)
{
	struct error err = { 0 };

	session_language = "de";
	use_program(HEAD "while :; do " NEXT_ORDER SAY_SHOWN "done\n");
	expect_language("\"language\":\"de\"");
	ck_assert(config_set(&config, "overlay.language", "pt_BR", &err));
	expect_language("\"language\":\"pt_BR\"");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_code_is_shown_and_hidden);
	tcase_add_test(tests, another_code_is_told_to_the_same_child);
	tcase_add_test(tests, shown_is_the_answer_to_the_latest_order);
	tcase_add_test(tests, a_child_that_dies_is_started_once_more);
	tcase_add_test(tests, a_second_child_that_lives_goes_on);
	tcase_add_test(tests, the_reason_is_the_childs);
	tcase_add_test(tests, a_child_that_shows_nothing_yet_may_do_so_late);
	tcase_add_test(tests, a_child_that_never_shows_anything_goes_with_its_code);
	tcase_add_test(tests, a_child_that_stops_under_its_code_is_replaced);
	tcase_add_test(tests, a_child_that_stops_again_is_given_up);
	tcase_add_test(tests, a_child_that_has_shown_nothing_is_not_asked);
	tcase_add_test(tests, a_child_that_does_not_end_is_killed);
	tcase_add_test(tests, a_child_that_reads_nothing_does_not_stop_the_agent);
	tcase_add_test(tests, rubbish_is_no_report);
	tcase_add_test(tests, rubbish_without_end_is_not_listened_to);
	tcase_add_test(tests, a_flood_of_reports_does_not_stop_the_agent);
	tcase_add_test(tests, a_library_that_is_missing_is_told_of);
	tcase_add_test(tests, a_click_dismisses_the_code);
	tcase_add_test(tests, a_click_on_the_code_before_dismisses_nothing);
	tcase_add_test(tests, without_the_program_the_state_says_so);
	tcase_add_test(tests, the_agents_end_is_the_childs);
	tcase_add_test(tests, the_code_is_in_no_argument_and_no_environment);
	tcase_add_test(tests, the_language_is_the_settings_else_the_sessions);
	return run_tcase(tests);
}
