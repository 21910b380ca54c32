#include "core/child_lines.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "suite.h"

#include <check.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */
#define REPORT_MAX_BYTES 64
#define PERIOD_MS 100

/* Of a test in which time passes only as far as it says, however slow the machine is; 0: none. */
static int64_t stopped_at_ms;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock == CLOCK_MONOTONIC && stopped_at_ms > 0) {
		now->tv_sec = stopped_at_ms / 1000;
		now->tv_nsec = stopped_at_ms % 1000 * 1000000;
		return 0;
	}
	return (int)syscall(SYS_clock_gettime, clock, now);
}

static struct loop *loop;
static struct child_lines *child;
static struct strvec reports;
static struct error why;
static unsigned ended_count;
static bool destroys; /* at the first report */
static int64_t ping_ms;

static void setup(void)
{
	loop = loop_create();
	ended_count = 0;
	destroys = false;
	ping_ms = 0;
	stopped_at_ms = 0;
	why = (struct error){ .kind = ERROR_NONE };
}

static void teardown(void)
{
	child_lines_destroy(child);
	child = NULL;
	strvec_finish(&reports);
	loop_destroy(loop);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}

static bool on_reported(void *user, const char *report, size_t length)
{
	ck_assert_uint_eq(strlen(report), length);
	strvec_push(&reports, report);
	if (destroys) {
		child_lines_destroy(TAKE_PTR(child));
	}
	loop_stop(loop);
	return strcmp(report, "malformed") != 0;
}

static void on_ended(void *user, const struct error *how)
{
	why = *how;
	ended_count++;
	loop_stop(loop);
}

static void on_ping(void *user);

/* A child that is a shell script. */
static void start(const char *script, bool reports_on_stdout)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	child = child_lines_create(loop,
		&(struct child_lines_options){
			.argv = argv,
			.name = "the child",
			.reports_on_stdout = reports_on_stdout,
			.report_max_bytes = REPORT_MAX_BYTES,
			.reported = on_reported,
			.ended = on_ended,
			.ping = on_ping,
			.ping_ms = ping_ms,
		},
		NULL);
	ck_assert_ptr_nonnull(child);
}

static bool tell(const char *order, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	strbuf_append_text(&line, order);
	return child_lines_send(child, &line, err);
}

static void on_ping(void *user)
{
	tell("ping", NULL);
}

static void wait_reports(size_t count)
{
	while (reports.count < count) {
		loop_run(loop);
	}
	ck_assert_uint_eq(reports.count, count);
}

static void wait_ended(const char *sentence)
{
	while (ended_count == 0) {
		loop_run(loop);
	}
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_int_eq(why.kind, ERROR_CANCELLED);
	ck_assert_str_eq(why.message, sentence);
}

START_TEST(an_order_is_answered)
{
	start("while read -r order; do echo \"to $order\"; done", true);
	ck_assert(tell("one", NULL));
	ck_assert(tell("two", NULL));
	wait_reports(2);
	ck_assert_str_eq(reports.items[0], "to one");
	ck_assert_str_eq(reports.items[1], "to two");
	child_lines_end(child);
	wait_ended("the child exited with code 0");
}
END_TEST

START_TEST(what_is_printed_is_a_report_only_where_asked_for)
{
	start("echo printed; echo reported >&0; read -r order", false);
	wait_reports(1);
	ck_assert_str_eq(reports.items[0], "reported");
}
END_TEST

START_TEST(a_report_may_come_in_parts)
{
	start("printf 'o'; read -r order; printf 'ne\\n\\ntw'; read -r order; echo o", true);
	ck_assert(tell("go on", NULL));
	ck_assert(tell("go on", NULL));
	wait_ended("the child exited with code 0");
	wait_reports(3);
	ck_assert_str_eq(reports.items[0], "one");
	ck_assert_str_eq(reports.items[1], "");
	ck_assert_str_eq(reports.items[2], "two");
}
END_TEST

START_TEST(how_it_ended)
{
	static const char *const ends[][2] = {
		{ "exit 3", "the child exited with code 3" },
		{ "exit 127", "the child is missing a library; the log names it" },
		{ "kill -SEGV $$", "the child was killed by signal 11" },
		{ "echo malformed; sleep 60", "the child sent a malformed report" },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		ended_count = 0;
		start(ends[i][0], true);
		wait_ended(ends[i][1]);
		child_lines_destroy(TAKE_PTR(child));
	}
}
END_TEST

START_TEST(the_last_words_come_before_the_end)
{
	/* More than is read in one turn. */
	start("i=0; while [ $i -lt 2000 ]; do echo 'it is the end of me'; i=$((i + 1)); done",
		true);
	wait_ended("the child exited with code 0");
	ck_assert_uint_eq(reports.count, 2000);
}
END_TEST

START_TEST(an_order_that_comes_too_late_does_not_hide_why_it_ended)
{
	siginfo_t info;

	start("echo no screen >&0; exit 1", false);
	ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	ck_assert(tell("show", NULL));
	wait_ended("the child exited with code 1");
	ck_assert_uint_eq(reports.count, 1);
	ck_assert_str_eq(reports.items[0], "no screen");
}
END_TEST

START_TEST(a_report_has_a_maximal_length)
{
	static const char *const scripts[] = {
		"exec cat /dev/zero",
		"head -c 65 /dev/zero | tr '\\0' x; echo; exec sleep 60",
	};

	start("head -c 64 /dev/zero | tr '\\0' x; echo", true);
	wait_ended("the child exited with code 0");
	wait_reports(1);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		child_lines_destroy(TAKE_PTR(child));
		ended_count = 0;
		start(scripts[i], true);
		wait_ended("the child sent a report that is too long");
	}
	wait_reports(1);
}
END_TEST

START_TEST(who_reads_no_orders_is_not_waited_for)
{
	struct error err = { 0 };

	start("exec sleep 60", true);
	while (tell("an order that nobody reads", &err)) {
	}
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_str_eq(err.message, "the child does not read its orders");
	child_lines_kill(child, "does not read its orders");
	ck_assert(!tell("another", NULL));
	wait_ended("the child does not read its orders");
}
END_TEST

/* One that answers each ping with what it was told. */
static void start_at_stopped_clock(void)
{
	stopped_at_ms = loop_now_ms();
	ping_ms = PERIOD_MS;
	start("while read -r order; do echo \"$order\"; done", true);
	child_lines_watch(child);
}

START_TEST(who_answers_lives)
{
	start_at_stopped_clock();
	for (size_t i = 1; i <= 5; i++) {
		stopped_at_ms += PERIOD_MS;
		wait_reports(i);
	}
	ck_assert_str_eq(reports.items[4], "ping");
	ck_assert_uint_eq(ended_count, 0);
}
END_TEST

START_TEST(who_does_not_answer_is_killed)
{
	static const char *const scripts[] = {
		"echo $$; kill -STOP $$", "echo $$; while read -r order; do :; done",
		"echo $$; exec sleep 60 <&- >&-", /* has closed its end, and lives on */
	};

	ping_ms = 20;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		start(scripts[i], true);
		wait_reports(i + 1);
		child_lines_watch(child);
		wait_ended("the child does not answer");
		child_lines_destroy(TAKE_PTR(child));
		ended_count = 0;
	}
}
END_TEST

START_TEST(a_loop_that_was_blocked_reads_the_answers_first)
{
	start_at_stopped_clock();
	stopped_at_ms += PERIOD_MS;
	wait_reports(1);
	stopped_at_ms += 5 * PERIOD_MS; /* the loop stood still for five periods */
	wait_reports(2);
	stopped_at_ms += PERIOD_MS;
	wait_reports(3);
	ck_assert_uint_eq(ended_count, 0);
}
END_TEST

START_TEST(destroyed_by_its_report)
{
	destroys = true;
	start("echo one; echo two; read -r order", true);
	wait_reports(1);
	ck_assert_ptr_null(child);
	ck_assert_uint_eq(ended_count, 0);
}
END_TEST

START_TEST(waited_for_at_its_end)
{
	start("read -r order; echo goodbye > /dev/null", true);
	child_lines_end(child);
	child_lines_wait(child, 10 * 1000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_uint_eq(ended_count, 0);
}
END_TEST

START_TEST(without_the_program_there_is_no_child)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	struct child_lines_options options = { .argv = argv, .name = "the child" };
	struct error err = { 0 };

	ck_assert_ptr_null(child_lines_create(loop, &options, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/program"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("child_lines");

	tcase_set_timeout(tcase, 60); /* bounds a hang */
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_order_is_answered);
	tcase_add_test(tcase, what_is_printed_is_a_report_only_where_asked_for);
	tcase_add_test(tcase, a_report_may_come_in_parts);
	tcase_add_test(tcase, how_it_ended);
	tcase_add_test(tcase, the_last_words_come_before_the_end);
	tcase_add_test(tcase, an_order_that_comes_too_late_does_not_hide_why_it_ended);
	tcase_add_test(tcase, a_report_has_a_maximal_length);
	tcase_add_test(tcase, who_reads_no_orders_is_not_waited_for);
	tcase_add_test(tcase, who_answers_lives);
	tcase_add_test(tcase, who_does_not_answer_is_killed);
	tcase_add_test(tcase, a_loop_that_was_blocked_reads_the_answers_first);
	tcase_add_test(tcase, destroyed_by_its_report);
	tcase_add_test(tcase, waited_for_at_its_end);
	tcase_add_test(tcase, without_the_program_there_is_no_child);
	return run_tcase(tcase);
}
