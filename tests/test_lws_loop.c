#include "ws/lws_loop.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

struct step {
	struct lws_loop_task task; /* first: its address is the step's */
	char name;
	struct step *then; /* asked for when this one runs */
};

static struct loop *loop;
static struct lws_loop *lws_loop;
static struct strbuf story; /* what happened, one letter each */
static char deferred = 'd', stopped = 's', timed = 't';

static void set_up(void)
{
	struct error err = { 0 };

	loop = loop_create();
	lws_loop = lws_loop_create(loop, &err);
	ck_assert_msg(lws_loop != NULL, "%s", err.message);
}

static void tear_down(void)
{
	lws_loop_destroy(lws_loop);
	loop_destroy(loop);
	strbuf_finish(&story);
}

static void tell(void *user)
{
	strbuf_append_char(&story, *(const char *)user);
}

static void tell_and_stop(void *user)
{
	tell(user);
	loop_stop(loop);
}

static void run_step(struct lws_loop_task *task)
{
	struct step *step = (struct step *)task;

	strbuf_append_char(&story, step->name);
	if (step->then != NULL) {
		lws_loop_later(lws_loop, &step->then->task);
	}
}

/* With lws' own wait, and without: it is left out while it has no socket. */
static void hold(int held)
{
	if (held) {
		lws_loop_hold(lws_loop);
	}
}

static void release(int held)
{
	if (held) {
		lws_loop_release(lws_loop);
	}
}

START_TEST(test_runs_the_loop)
{
	struct loop_timer *timer = loop_timer_create(loop, tell_and_stop, &timed);

	hold(_i);
	loop_defer(loop, tell, &deferred);
	loop_timer_set(timer, 1);
	lws_loop_run(lws_loop);
	ck_assert_str_eq(strbuf_text(&story), "dt");
	loop_timer_destroy(timer);
	release(_i);
}
END_TEST

START_TEST(test_runs_again)
{
	hold(_i);
	for (int i = 0; i < 3; i++) {
		loop_defer(loop, tell_and_stop, &stopped);
		lws_loop_run(lws_loop);
		ck_assert(!loop_stopped(loop));
	}
	ck_assert_str_eq(strbuf_text(&story), "sss");
	/* Stopped before it began: it returns, and the next run is a new one. */
	loop_stop(loop);
	lws_loop_run(lws_loop);
	ck_assert_str_eq(strbuf_text(&story), "sss");
	release(_i);
}
END_TEST

static void on_readable(void *user, uint32_t events)
{
	char letter;

	ck_assert_int_eq(read(*(int *)user, &letter, 1), 1);
	strbuf_append_char(&story, letter);
	if (letter == '.') {
		loop_stop(loop);
	}
}

START_TEST(test_watches)
{
	struct loop_watch *watch;
	int pair[2];

	hold(_i);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	watch = loop_watch_add(loop, pair[0], LOOP_READ, on_readable, &pair[0]);
	ck_assert_int_eq(write(pair[1], "abc.", 4), 4);
	lws_loop_run(lws_loop);
	ck_assert_str_eq(strbuf_text(&story), "abc.");
	loop_watch_remove(watch);
	close(pair[0]);
	close(pair[1]);
	release(_i);
}
END_TEST

START_TEST(test_tasks)
{
	struct step last = { { .run = run_step }, 'c', NULL };
	struct step second = { { .run = run_step }, 'b', NULL };
	struct step first = { { .run = run_step }, 'a', &last };

	hold(_i);
	lws_loop_later(lws_loop, &first.task);
	lws_loop_later(lws_loop, &second.task);
	lws_loop_later(lws_loop, &first.task); /* it waits already */
	loop_defer(loop, tell_and_stop, &stopped);
	lws_loop_run(lws_loop);
	ck_assert_str_eq(strbuf_text(&story), "abcs"); /* all of them before anything waits */
	release(_i);
}
END_TEST

START_TEST(test_tasks_run_at_the_end)
{
	struct step step = { { .run = run_step }, 'a', NULL };

	lws_loop_later(lws_loop, &step.task);
	lws_loop_destroy(lws_loop);
	lws_loop = NULL;
	ck_assert_str_eq(strbuf_text(&story), "a");
}
END_TEST

START_TEST(test_destroy_leaves_the_loop_alone)
{
	lws_loop_destroy(lws_loop);
	lws_loop = NULL;
	loop_defer(loop, tell_and_stop, &stopped);
	loop_run(loop); /* lws closed a copy of its descriptor, not the descriptor */
	ck_assert_str_eq(strbuf_text(&story), "s");
}
END_TEST

int main(void)
{
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_loop_test(all, test_runs_the_loop, 0, 2);
	tcase_add_loop_test(all, test_runs_again, 0, 2);
	tcase_add_loop_test(all, test_watches, 0, 2);
	tcase_add_loop_test(all, test_tasks, 0, 2);
	tcase_add_test(all, test_tasks_run_at_the_end);
	tcase_add_test(all, test_destroy_leaves_the_loop_alone);
	return run_tcase(all);
}
