#include "core/cleanup.h"
#include "core/loop.h"
#include "suite.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the callbacks saw, in order. */
struct trace {
	struct loop *loop;
	char text[64];
	struct loop_watch *watch, *other;
	struct loop_timer *timer, *other_timer;
	int fd;
};

static void note(struct trace *trace, char mark)
{
	size_t length = strlen(trace->text);

	ck_assert_uint_lt(length, sizeof(trace->text) - 1);
	trace->text[length] = mark;
	trace->text[length + 1] = '\0';
}

static void note_a(void *user)
{
	note(user, 'a');
}

static void note_b(void *user)
{
	note(user, 'b');
}

static void stop(void *user)
{
	struct trace *trace = user;

	note(trace, '.');
	loop_stop(trace->loop);
}

static bool is_readable(const struct loop *loop)
{
	struct pollfd poll_fd = { .fd = loop_fd(loop), .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

static int full_eventfd(void)
{
	return eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
}

START_TEST(is_quiet_when_idle)
{
	struct trace trace = { .loop = loop_create() };
	struct loop_timer *far = loop_timer_create(trace.loop, note_a, &trace);

	ck_assert(!is_readable(trace.loop));
	loop_timer_set(far, 1000000000);
	ck_assert(!is_readable(trace.loop));
	loop_timer_set(far, INT64_MAX);
	loop_dispatch(trace.loop);
	ck_assert(!is_readable(trace.loop));
	ck_assert(loop_timer_running(far));
	loop_timer_destroy(far);
	ck_assert_str_eq(trace.text, "");
	loop_destroy(trace.loop);
	loop_destroy(NULL);
}
END_TEST

START_TEST(deferred_calls_come_next_turn_in_order)
{
	struct trace trace = { .loop = loop_create() };

	loop_defer(trace.loop, note_a, &trace);
	loop_defer(trace.loop, note_b, &trace);
	ck_assert(is_readable(trace.loop));
	ck_assert_str_eq(trace.text, "");
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "ab");
	ck_assert(!is_readable(trace.loop));
	loop_destroy(trace.loop);
}
END_TEST

static void defer_again(void *user)
{
	struct trace *trace = user;

	note(trace, 'd');
	if (strlen(trace->text) < 3) {
		loop_defer(trace->loop, defer_again, trace);
	}
}

START_TEST(a_call_deferred_by_one_waits_for_the_turn_after)
{
	struct trace trace = { .loop = loop_create() };

	loop_defer(trace.loop, defer_again, &trace);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "d");
	ck_assert(is_readable(trace.loop));
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "dd");
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "ddd");
	ck_assert(!is_readable(trace.loop));
	loop_destroy(trace.loop);
}
END_TEST

START_TEST(the_end_runs_what_was_deferred)
{
	struct trace trace = { .loop = loop_create() };

	loop_defer(trace.loop, note_a, &trace);
	loop_destroy(trace.loop);
	ck_assert_str_eq(trace.text, "a");
}
END_TEST

START_TEST(timers_fire_in_order)
{
	struct trace trace = { .loop = loop_create() };
	struct loop_timer *a = loop_timer_create(trace.loop, note_a, &trace);
	struct loop_timer *b = loop_timer_create(trace.loop, note_b, &trace);
	struct loop_timer *last = loop_timer_create(trace.loop, stop, &trace);
	int64_t start_ms = loop_now_ms();

	loop_timer_set(last, 30);
	loop_timer_set(a, 20);
	loop_timer_set(b, 10);
	loop_run(trace.loop);
	ck_assert_str_eq(trace.text, "ba.");
	ck_assert_int_ge(loop_now_ms() - start_ms, 30);
	ck_assert(!loop_timer_running(a));
	loop_timer_destroy(a);
	loop_timer_destroy(b);
	loop_timer_destroy(last);
	loop_timer_destroy(NULL);
	loop_destroy(trace.loop);
}
END_TEST

START_TEST(a_timer_can_be_moved_and_stopped)
{
	struct trace trace = { .loop = loop_create() };
	struct loop_timer *a = loop_timer_create(trace.loop, note_a, &trace);
	struct loop_timer *b = loop_timer_create(trace.loop, note_b, &trace);
	struct loop_timer *last = loop_timer_create(trace.loop, stop, &trace);

	loop_timer_set(a, 5);
	loop_timer_set(a, 20); /* later: the expiry at 5 finds nothing */
	loop_timer_set(b, 5);
	loop_timer_stop(b);
	loop_timer_stop(b);
	loop_timer_set(last, -3); /* at once */
	loop_run(trace.loop);
	ck_assert_str_eq(trace.text, ".");
	loop_timer_set(last, 40);
	loop_run(trace.loop);
	ck_assert_str_eq(trace.text, ".a.");
	loop_timer_set(a, 1000000);
	loop_timer_set(a, 0); /* earlier */
	loop_timer_set(last, 1);
	loop_run(trace.loop);
	ck_assert_str_eq(trace.text, ".a.a.");
	loop_timer_destroy(a);
	loop_timer_destroy(b);
	loop_timer_destroy(last);
	loop_destroy(trace.loop);
}
END_TEST

static void rearm(void *user)
{
	struct trace *trace = user;

	note(trace, 'r');
	loop_timer_set(trace->timer, 0);
}

START_TEST(a_timer_that_rearms_itself_runs_once_a_turn)
{
	struct trace trace = { .loop = loop_create() };

	trace.timer = loop_timer_create(trace.loop, rearm, &trace);
	loop_timer_set(trace.timer, 0);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "r");
	ck_assert(is_readable(trace.loop));
	loop_timer_destroy(trace.timer);
	loop_destroy(trace.loop);
}
END_TEST

static void destroy_both_timers(void *user)
{
	struct trace *trace = user;

	note(trace, 'x');
	loop_timer_destroy(trace->timer);
	loop_timer_destroy(trace->other_timer);
	trace->timer = trace->other_timer = NULL;
}

START_TEST(a_timer_may_destroy_itself_and_others)
{
	struct trace trace = { .loop = loop_create() };

	trace.timer = loop_timer_create(trace.loop, destroy_both_timers, &trace);
	trace.other_timer = loop_timer_create(trace.loop, destroy_both_timers, &trace);
	loop_timer_set(trace.timer, 0);
	loop_timer_set(trace.other_timer, 0);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "x");
	loop_destroy(trace.loop);
}
END_TEST

static void remove_both_watches(void *user, uint32_t events)
{
	struct trace *trace = user;

	note(trace, 'w');
	loop_watch_remove(trace->watch);
	loop_watch_remove(trace->other);
	trace->watch = trace->other = NULL;
}

START_TEST(a_watch_removed_in_the_same_batch_is_not_called)
{
	struct trace trace = { .loop = loop_create() };
	AUTO(close_fd) int a = full_eventfd();
	AUTO(close_fd) int b = full_eventfd();

	trace.watch = loop_watch_add(trace.loop, a, LOOP_READ, remove_both_watches, &trace);
	trace.other = loop_watch_add(trace.loop, b, LOOP_READ, remove_both_watches, &trace);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "w");
	loop_watch_remove(NULL);
	loop_destroy(trace.loop);
}
END_TEST

static void unexpected(void *user, uint32_t events)
{
	note(user, '!');
}

static void replace_other(void *user, uint32_t events)
{
	struct trace *trace = user;
	struct loop_watch **other = trace->watch != NULL ? &trace->watch : &trace->other;

	note(trace, 'w');
	if (trace->fd < 0) {
		return;
	}
	/* Closed and opened again: the same number, but nothing to read. */
	loop_watch_remove(*other);
	close(trace->fd);
	*other = loop_watch_add(trace->loop, dup2(eventfd(0, EFD_CLOEXEC), trace->fd), LOOP_READ,
		unexpected, trace);
	trace->fd = -1;
}

START_TEST(a_reused_number_gets_no_stale_event)
{
	struct trace trace = { .loop = loop_create() };
	int a = full_eventfd(), b = full_eventfd();
	struct loop_watch *first = loop_watch_add(trace.loop, a, LOOP_READ, replace_other, &trace);

	trace.fd = b;
	trace.watch = loop_watch_add(trace.loop, b, LOOP_READ, unexpected, &trace);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "w");
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "ww");
	loop_watch_remove(first);
	loop_watch_remove(trace.watch);
	loop_destroy(trace.loop);
}
END_TEST

static void quieten_both(void *user, uint32_t events)
{
	struct trace *trace = user;

	note(trace, 'q');
	loop_watch_set(trace->watch, 0);
	loop_watch_set(trace->other, 0);
}

START_TEST(a_quiet_watch_is_quiet)
{
	struct trace trace = { .loop = loop_create() };
	int a[2], b[2];

	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	close(a[1]); /* hung up, which epoll reports unasked */
	close(b[1]);
	trace.watch = loop_watch_add(trace.loop, a[0], LOOP_READ, quieten_both, &trace);
	trace.other = loop_watch_add(trace.loop, b[0], LOOP_READ, quieten_both, &trace);
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "q");
	ck_assert(!is_readable(trace.loop));
	loop_watch_set(trace.watch, 0);
	loop_watch_set(trace.watch, LOOP_READ);
	ck_assert(is_readable(trace.loop));
	loop_watch_remove(trace.watch);
	loop_watch_remove(trace.other);
	loop_destroy(trace.loop);
	close(a[0]);
	close(b[0]);
}
END_TEST

static void record_events(void *user, uint32_t events)
{
	*(uint32_t *)user = events;
}

START_TEST(events_are_those_asked_for)
{
	struct loop *loop = loop_create();
	int fds[2];
	uint32_t events = 0;
	struct loop_watch *reader, *writer;

	ck_assert_int_eq(pipe(fds), 0);
	reader = loop_watch_add(loop, fds[0], 0, record_events, &events);
	writer = loop_watch_add(loop, fds[1], LOOP_WRITE, record_events, &events);
	loop_dispatch(loop);
	ck_assert_uint_eq(events, LOOP_WRITE);
	loop_watch_set(writer, 0);
	ck_assert(!is_readable(loop));
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert(!is_readable(loop));
	loop_watch_set(reader, LOOP_READ | LOOP_WRITE);
	loop_dispatch(loop);
	ck_assert_uint_eq(events, LOOP_READ);
	loop_watch_remove(writer);
	close(fds[1]);
	loop_dispatch(loop);
	ck_assert_uint_eq(events, LOOP_READ | LOOP_HANGUP);
	loop_watch_remove(reader);
	close(fds[0]);

	/* The reader's end is closed: an error, for the writer the same as a hang-up. */
	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	writer = loop_watch_add(loop, fds[1], LOOP_READ, record_events, &events);
	loop_dispatch(loop);
	ck_assert_uint_eq(events, LOOP_HANGUP);
	loop_watch_remove(writer);
	close(fds[1]);
	loop_destroy(loop);
}
END_TEST

START_TEST(stop_wakes_a_poller)
{
	struct loop *loop = loop_create();

	ck_assert(!loop_stopped(loop));
	loop_stop(loop);
	ck_assert(loop_stopped(loop));
	ck_assert(is_readable(loop));
	loop_dispatch(loop);
	ck_assert(loop_stopped(loop));
	loop_run(loop); /* returns at once: it was stopped before */
	ck_assert(!loop_stopped(loop));
	loop_destroy(loop);
}
END_TEST

static void on_signal(void *user, int number)
{
	struct trace *trace = user;

	note(trace, number == SIGUSR1 ? '1' : '2');
	if (number == SIGUSR2) {
		loop_stop(trace->loop);
	}
}

START_TEST(signals_arrive_on_the_loop)
{
	struct trace trace = { .loop = loop_create() };
	sigset_t mask;

	loop_on_signal(trace.loop, SIGUSR1, on_signal, &trace);
	loop_on_signal(trace.loop, SIGUSR2, on_signal, &trace);
	raise(SIGUSR1);
	raise(SIGUSR1);
	ck_assert_str_eq(trace.text, "");
	loop_dispatch(trace.loop);
	ck_assert_str_eq(trace.text, "1");
	raise(SIGUSR2);
	loop_run(trace.loop);
	ck_assert_str_eq(trace.text, "12");
	loop_destroy(trace.loop);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGUSR1), 0);
	ck_assert_int_eq(sigismember(&mask, SIGUSR2), 0);
}
END_TEST

START_TEST(a_blocked_signal_stays_blocked_afterwards)
{
	struct loop *loop = loop_create();
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	loop_on_signal(loop, SIGUSR1, on_signal, NULL);
	loop_destroy(loop);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGUSR1), 1);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
}
END_TEST

START_TEST(more_events_than_a_batch_are_all_seen)
{
	enum { COUNT = 200 };
	struct loop *loop = loop_create();
	struct loop_watch *watches[COUNT];
	uint32_t seen[COUNT] = { 0 };
	int fds[COUNT];

	for (int i = 0; i < COUNT; i++) {
		fds[i] = full_eventfd();
		watches[i] = loop_watch_add(loop, fds[i], LOOP_READ, record_events, &seen[i]);
	}
	for (int i = 0; i < 10; i++) {
		loop_dispatch(loop);
	}
	for (int i = 0; i < COUNT; i++) {
		ck_assert_uint_eq(seen[i], LOOP_READ);
		loop_watch_remove(watches[i]);
		close(fds[i]);
	}
	loop_destroy(loop);
}
END_TEST

static void count_turn(void *user)
{
	++*(unsigned *)user;
}

START_TEST(each_turn_is_told)
{
	struct loop *loop = loop_create();
	unsigned turns = 0;
	struct loop_turn *turn = loop_turn_add(loop, count_turn, &turns);

	loop_dispatch(loop);
	ck_assert_uint_eq(turns, 1);
	loop_dispatch(loop);
	ck_assert_uint_eq(turns, 2);
	loop_turn_remove(turn);
	loop_turn_remove(NULL);
	loop_dispatch(loop);
	ck_assert_uint_eq(turns, 2);
	loop_destroy(loop);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("loop");

	tcase_add_test(tcase, is_quiet_when_idle);
	tcase_add_test(tcase, deferred_calls_come_next_turn_in_order);
	tcase_add_test(tcase, a_call_deferred_by_one_waits_for_the_turn_after);
	tcase_add_test(tcase, the_end_runs_what_was_deferred);
	tcase_add_test(tcase, timers_fire_in_order);
	tcase_add_test(tcase, a_timer_can_be_moved_and_stopped);
	tcase_add_test(tcase, a_timer_that_rearms_itself_runs_once_a_turn);
	tcase_add_test(tcase, a_timer_may_destroy_itself_and_others);
	tcase_add_test(tcase, a_watch_removed_in_the_same_batch_is_not_called);
	tcase_add_test(tcase, a_reused_number_gets_no_stale_event);
	tcase_add_test(tcase, a_quiet_watch_is_quiet);
	tcase_add_test(tcase, events_are_those_asked_for);
	tcase_add_test(tcase, stop_wakes_a_poller);
	tcase_add_test(tcase, signals_arrive_on_the_loop);
	tcase_add_test(tcase, a_blocked_signal_stays_blocked_afterwards);
	tcase_add_test(tcase, more_events_than_a_batch_are_all_seen);
	tcase_add_test(tcase, each_turn_is_told);
	return run_tcase(tcase);
}
