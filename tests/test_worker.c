#include "core/cleanup.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bench {
	struct loop *loop;
	struct worker *worker;
	unsigned done_count, stop_at;
	atomic_uint run_count;
	int order[1000];
};

struct task {
	struct worker_job job;
	struct bench *bench;
	int number;
	int wait_fd; /* readable: go on */
	int say_fd;  /* tells that it runs */
	unsigned children;
	sigset_t mask;
};

static void run_task(struct worker_job *job)
{
	struct task *task = (struct task *)job;
	uint64_t value = 1;

	atomic_fetch_add(&task->bench->run_count, 1);
	if (task->say_fd >= 0) {
		if (write(task->say_fd, &value, sizeof(value)) < 0) {
			abort(); /* Check's assertions are not for threads */
		}
	}
	if (task->wait_fd >= 0) {
		struct pollfd poll_fd = { .fd = task->wait_fd, .events = POLLIN };

		poll(&poll_fd, 1, -1);
	}
	pthread_sigmask(SIG_SETMASK, NULL, &task->mask);
}

static void submit(struct bench *bench, int number, unsigned children, int wait_fd, int say_fd);

static void finish_task(struct worker_job *job)
{
	struct task *task = (struct task *)job;
	struct bench *bench = task->bench;

	bench->order[bench->done_count++] = task->number;
	ck_assert_int_eq(sigismember(&task->mask, SIGTERM), 1);
	for (unsigned i = 0; i < task->children; i++) {
		submit(bench, task->number, task->children - 1, -1, -1);
	}
	if (bench->done_count == bench->stop_at) {
		loop_stop(bench->loop);
	}
	free(task);
}

static void submit(struct bench *bench, int number, unsigned children, int wait_fd, int say_fd)
{
	struct task *task = xcalloc(1, sizeof(*task));

	task->job.run = run_task;
	task->job.done = finish_task;
	task->bench = bench;
	task->number = number;
	task->children = children;
	task->wait_fd = wait_fd;
	task->say_fd = say_fd;
	worker_submit(bench->worker, &task->job);
}

static void open_bench(struct bench *bench, unsigned threads)
{
	bench->loop = loop_create();
	bench->worker = worker_create(bench->loop, threads);
}

static void close_bench(struct bench *bench)
{
	worker_destroy(bench->worker);
	loop_destroy(bench->loop);
}

START_TEST(idle_pools_come_and_go)
{
	struct bench bench = { 0 };

	open_bench(&bench, 2);
	worker_drain(bench.worker);
	ck_assert_uint_eq(worker_queued_count(bench.worker), 0);
	close_bench(&bench);
	worker_destroy(NULL);
}
END_TEST

START_TEST(results_come_on_the_loop)
{
	struct bench bench = { .stop_at = 500 };

	open_bench(&bench, 3);
	for (int i = 0; i < 500; i++) {
		submit(&bench, i, 0, -1, -1);
	}
	ck_assert_uint_eq(bench.done_count, 0);
	ck_assert_uint_eq(worker_queued_count(bench.worker), 500);
	loop_run(bench.loop);
	ck_assert_uint_eq(bench.done_count, 500);
	ck_assert_uint_eq(atomic_load(&bench.run_count), 500);
	ck_assert_uint_eq(worker_queued_count(bench.worker), 0);
	close_bench(&bench);
}
END_TEST

START_TEST(one_thread_keeps_the_order)
{
	struct bench bench = { 0 };

	open_bench(&bench, 1);
	for (int i = 0; i < 200; i++) {
		submit(&bench, i, 0, -1, -1);
	}
	worker_drain(bench.worker);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(bench.order[i], i);
	}
	close_bench(&bench);
}
END_TEST

START_TEST(a_slow_job_does_not_hold_up_others)
{
	struct bench bench = { .stop_at = 10 };
	AUTO(close_fd) int gate = eventfd(0, EFD_CLOEXEC);
	uint64_t one = 1;

	open_bench(&bench, 2);
	submit(&bench, -1, 0, gate, -1);
	for (int i = 0; i < 10; i++) {
		submit(&bench, i, 0, -1, -1);
	}
	loop_run(bench.loop);
	ck_assert_uint_eq(worker_queued_count(bench.worker), 1);
	ck_assert_int_eq(write(gate, &one, sizeof(one)), sizeof(one));
	worker_drain(bench.worker);
	ck_assert_int_eq(bench.order[10], -1);
	close_bench(&bench);
}
END_TEST

START_TEST(threads_run_side_by_side)
{
	struct bench bench = { 0 };
	AUTO(close_fd) int gate = eventfd(0, EFD_CLOEXEC);
	AUTO(close_fd) int started = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	uint64_t value;

	open_bench(&bench, 3);
	for (int i = 0; i < 4; i++) {
		submit(&bench, i, 0, gate, started);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(read(started, &value, sizeof(value)), sizeof(value));
	}
	ck_assert_uint_eq(atomic_load(&bench.run_count), 3);
	value = 1;
	ck_assert_int_eq(write(gate, &value, sizeof(value)), sizeof(value));
	close_bench(&bench);
	ck_assert_uint_eq(bench.done_count, 4);
}
END_TEST

START_TEST(draining_waits_for_what_done_submits)
{
	struct bench bench = { 0 };

	open_bench(&bench, 2);
	submit(&bench, 0, 4, -1, -1); /* 1 + 4 + 12 + 24 + 24 */
	worker_drain(bench.worker);
	ck_assert_uint_eq(bench.done_count, 65);
	close_bench(&bench);
}
END_TEST

static atomic_uint dropped_count;
static int dropped_fd;

static void drop_task(struct worker_job *job)
{
	uint64_t one = 1;

	atomic_fetch_add(&dropped_count, 1);
	if (write(dropped_fd, &one, sizeof(one)) < 0) {
		abort();
	}
	free(job);
}

START_TEST(leaving_waits_for_nobody)
{
	struct bench bench = { 0 };
	AUTO(close_fd) int gate = eventfd(0, EFD_CLOEXEC);
	AUTO(close_fd) int started = eventfd(0, EFD_CLOEXEC);
	AUTO(close_fd) int dropped = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	uint64_t value = 1;

	dropped_fd = dropped;
	open_bench(&bench, 1);
	submit(&bench, 0, 0, gate, started);
	submit(&bench, 1, 0, -1, -1);
	ck_assert_int_eq(read(started, &value, sizeof(value)), sizeof(value));
	worker_leave(bench.worker, drop_task);
	loop_destroy(bench.loop);
	ck_assert_uint_eq(atomic_load(&dropped_count), 1); /* the one that was not begun */
	ck_assert_uint_eq(atomic_load(&bench.run_count), 1);
	value = 1;
	ck_assert_int_eq(write(gate, &value, sizeof(value)), sizeof(value));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(read(dropped, &value, sizeof(value)), sizeof(value));
	}
	ck_assert_uint_eq(bench.done_count, 0);
}
END_TEST

START_TEST(leaving_an_idle_pool_frees_it)
{
	struct bench bench = { 0 };

	open_bench(&bench, 2);
	worker_leave(bench.worker, drop_task);
	loop_destroy(bench.loop);

	open_bench(&bench, 2);
	submit(&bench, 0, 0, -1, -1);
	worker_drain(bench.worker);
	worker_leave(bench.worker, drop_task);
	loop_destroy(bench.loop);
	ck_assert_uint_eq(bench.done_count, 1);
}
END_TEST

static void drain_in_done(struct worker_job *job)
{
	struct task *task = (struct task *)job;
	struct bench *bench = task->bench;

	submit(bench, 1, 0, -1, -1);
	worker_drain(bench->worker);
	ck_assert_uint_eq(bench->done_count, 4); /* the one above and the three behind us */
	free(task);
}

START_TEST(done_may_drain)
{
	struct bench bench = { 0 };
	struct task *task = xcalloc(1, sizeof(*task));

	open_bench(&bench, 1);
	*task = (struct task){ .job = { .run = run_task, .done = drain_in_done },
		.bench = &bench,
		.wait_fd = -1,
		.say_fd = -1 };
	worker_submit(bench.worker, &task->job);
	for (int i = 0; i < 3; i++) {
		submit(&bench, 2, 0, -1, -1);
	}
	worker_drain(bench.worker);
	ck_assert_uint_eq(bench.done_count, 4);
	close_bench(&bench);
}
END_TEST

static void ignore_line(void *user, enum log_level level, const char *line)
{
	++*(unsigned *)user;
}

static void run_logging(struct worker_job *job)
{
	log_debug("unseen");
	log_error("from a thread");
}

static void finish_logging(struct worker_job *job)
{
	free(job);
}

/* Here because only this file makes threads. */
START_TEST(threads_may_log)
{
	struct bench bench = { 0 };
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC), saved = dup(STDERR_FILENO);
	unsigned line_count = 0;

	dup2(null_fd, STDERR_FILENO);
	log_set_sink(ignore_line, &line_count);
	open_bench(&bench, 4);
	for (int i = 0; i < 200; i++) {
		struct worker_job *job = xcalloc(1, sizeof(*job));

		job->run = run_logging;
		job->done = finish_logging;
		worker_submit(bench.worker, job);
		log_set_level(i % 2 == 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING);
	}
	close_bench(&bench);
	log_set_sink(NULL, NULL);
	ck_assert_uint_eq(line_count, 200);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null_fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("worker");

	tcase_add_test(tcase, idle_pools_come_and_go);
	tcase_add_test(tcase, results_come_on_the_loop);
	tcase_add_test(tcase, one_thread_keeps_the_order);
	tcase_add_test(tcase, a_slow_job_does_not_hold_up_others);
	tcase_add_test(tcase, threads_run_side_by_side);
	tcase_add_test(tcase, leaving_waits_for_nobody);
	tcase_add_test(tcase, leaving_an_idle_pool_frees_it);
	tcase_add_test(tcase, draining_waits_for_what_done_submits);
	tcase_add_test(tcase, done_may_drain);
	tcase_add_test(tcase, threads_may_log);
	return run_tcase(tcase);
}
