#include "core/worker.h"

#include "core/fatal.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define IDLE_SECONDS 10

TAILQ_HEAD(job_queue, worker_job); /* by link */

struct worker {
	unsigned thread_limit;
	struct loop_watch *watch;
	int event_fd; /* readable while finished holds jobs */

	/* The loop's thread alone: */
	struct job_queue reported; /* taken from finished, done() still to be called */
	unsigned queued_count;

	/* Under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t work;	 /* submitted got a job, or ending was set */
	pthread_cond_t progress; /* finished got a job, or a thread ended */
	struct job_queue submitted, finished;
	unsigned submitted_count, thread_count, idle_count;
	bool ending;
	pthread_t ended; /* the thread that ended last, to be joined by the next one … */
	bool has_ended;	 /* … or by worker_destroy() */
	void (*drop)(
		struct worker_job *job); /* not NULL: abandoned; the last thread frees the pool */
};

static struct worker_job *take_first(struct job_queue *queue)
{
	struct worker_job *job = TAILQ_FIRST(queue);

	if (job != NULL) {
		TAILQ_REMOVE(queue, job, link);
	}
	return job;
}

/* Runs the next job; called and left with the lock held. */
static void run_next(struct worker *worker)
{
	struct worker_job *job = take_first(&worker->submitted);
	uint64_t one = 1;

	worker->submitted_count--;
	pthread_mutex_unlock(&worker->lock);
	job->run(job);
	pthread_mutex_lock(&worker->lock);
	if (worker->drop != NULL) {
		worker->drop(job);
		return;
	}
	if (TAILQ_EMPTY(&worker->finished)) {
		while (write(worker->event_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
		}
	}
	TAILQ_INSERT_TAIL(&worker->finished, job, link);
	pthread_cond_signal(&worker->progress);
}

/* Waits for a job; false when the thread should end. */
static bool await_job(struct worker *worker)
{
	struct timespec deadline;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += IDLE_SECONDS;
	worker->idle_count++;
	while (TAILQ_EMPTY(&worker->submitted) && !worker->ending && result == 0) {
		result = pthread_cond_timedwait(&worker->work, &worker->lock, &deadline);
	}
	worker->idle_count--;
	return !TAILQ_EMPTY(&worker->submitted);
}

static void free_worker(struct worker *worker)
{
	close(worker->event_fd);
	pthread_cond_destroy(&worker->work);
	pthread_cond_destroy(&worker->progress);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

static void *run_thread(void *argument)
{
	struct worker *worker = argument;
	pthread_t before;
	bool had_ended;
	bool is_last;

	pthread_mutex_lock(&worker->lock);
	while (await_job(worker)) {
		run_next(worker);
	}
	before = worker->ended;
	had_ended = worker->has_ended;
	worker->ended = pthread_self();
	worker->has_ended = true;
	worker->thread_count--;
	is_last = worker->drop != NULL && worker->thread_count == 0;
	pthread_cond_signal(&worker->progress);
	pthread_mutex_unlock(&worker->lock);
	if (had_ended) {
		pthread_join(before, NULL);
	}
	if (is_last) {
		pthread_detach(pthread_self());
		free_worker(worker);
	}
	return NULL;
}

/*
 * Each thread joins the one that ended before it, so that joining the last one waits for all: what
 * libraries keep for a thread (OpenSSL's error queue) is freed only at its very end.
 */
static bool start_thread(struct worker *worker)
{
	sigset_t all, before;
	pthread_t thread;
	int result;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&thread, NULL, run_thread, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0;
}

static void report(struct worker *worker)
{
	uint64_t events;
	struct worker_job *job;

	pthread_mutex_lock(&worker->lock);
	while (read(worker->event_fd, &events, sizeof(events)) < 0 && errno == EINTR) {
	}
	while ((job = take_first(&worker->finished)) != NULL) {
		TAILQ_INSERT_TAIL(&worker->reported, job, link);
	}
	pthread_mutex_unlock(&worker->lock);

	/* One by one: done() may drain the pool, and so come here again. */
	while ((job = take_first(&worker->reported)) != NULL) {
		worker->queued_count--;
		job->done(job);
	}
}

static void on_event_fd(void *user, uint32_t events)
{
	report(user);
}

struct worker *worker_create(struct loop *loop, unsigned thread_limit)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));
	pthread_condattr_t monotonic;

	assert(thread_limit > 0);
	worker->thread_limit = thread_limit;
	worker->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->event_fd < 0) {
		fatal_errno("start a worker");
	}
	TAILQ_INIT(&worker->submitted);
	TAILQ_INIT(&worker->finished);
	TAILQ_INIT(&worker->reported);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->work, &monotonic);
	pthread_cond_init(&worker->progress, &monotonic);
	pthread_condattr_destroy(&monotonic);
	worker->watch = loop_watch_add(loop, worker->event_fd, LOOP_READ, on_event_fd, worker);
	return worker;
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL) {
		return;
	}
	worker_drain(worker);
	pthread_mutex_lock(&worker->lock);
	worker->ending = true;
	pthread_cond_broadcast(&worker->work);
	while (worker->thread_count > 0) {
		pthread_cond_wait(&worker->progress, &worker->lock);
	}
	pthread_mutex_unlock(&worker->lock);
	if (worker->has_ended) {
		pthread_join(worker->ended, NULL);
	}
	loop_watch_remove(worker->watch);
	free_worker(worker);
}

static void drop_all(struct job_queue *queue, void (*drop)(struct worker_job *job))
{
	struct worker_job *job;

	while ((job = take_first(queue)) != NULL) {
		drop(job);
	}
}

void worker_leave(struct worker *worker, void (*drop)(struct worker_job *job))
{
	bool is_empty;

	loop_watch_remove(worker->watch);
	pthread_mutex_lock(&worker->lock);
	worker->ending = true;
	worker->drop = drop;
	drop_all(&worker->submitted, drop);
	drop_all(&worker->finished, drop);
	drop_all(&worker->reported, drop);
	is_empty = worker->thread_count == 0;
	pthread_cond_broadcast(&worker->work);
	pthread_mutex_unlock(&worker->lock);
	if (is_empty) {
		if (worker->has_ended) {
			pthread_join(worker->ended, NULL);
		}
		free_worker(worker);
	}
}

void worker_submit(struct worker *worker, struct worker_job *job)
{
	worker->queued_count++;
	pthread_mutex_lock(&worker->lock);
	TAILQ_INSERT_TAIL(&worker->submitted, job, link);
	worker->submitted_count++;
	if (worker->idle_count >= worker->submitted_count) {
		pthread_cond_signal(&worker->work);
	} else if (worker->thread_count < worker->thread_limit) {
		worker->thread_count++;
		if (!start_thread(worker)) {
			worker->thread_count--;
		}
		if (worker->thread_count == 0) {
			run_next(worker); /* no thread can be started: run it here */
		}
	}
	pthread_mutex_unlock(&worker->lock);
}

unsigned worker_queued_count(const struct worker *worker)
{
	return worker->queued_count;
}

void worker_drain(struct worker *worker)
{
	report(worker);
	while (worker->queued_count > 0) {
		pthread_mutex_lock(&worker->lock);
		while (TAILQ_EMPTY(&worker->finished)) {
			pthread_cond_wait(&worker->progress, &worker->lock);
		}
		pthread_mutex_unlock(&worker->lock);
		report(worker);
	}
}
