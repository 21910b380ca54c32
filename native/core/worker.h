#pragma once

#include "core/list.h"

struct loop;
struct worker;

/*
 * A pool of threads for work that must block: hashing, disk writes, recursive delete. The only
 * user of <pthread.h>. A job is embedded in the caller's struct:
 *
 *	struct checkpoint { struct worker_job job; … };
 *
 * run() is called once on some thread and may touch only what the job owns; done() is called once
 * on the loop, in order of finishing, and may free the job. Jobs start in the order of submission.
 */
struct worker_job {
	void (*run)(struct worker_job *job);
	void (*done)(struct worker_job *job);
	TAILQ_ENTRY(worker_job) link; /* the pool's own */
};

/* Threads are started with the first job that finds none idle, and end after 10 s of idleness. */
struct worker *worker_create(struct loop *loop, unsigned thread_limit);
/* Finishes all submitted jobs, done() included. NULL is fine. */
void worker_destroy(struct worker *worker);
/*
 * Abandons the pool without waiting, for work that cannot be cancelled: running jobs continue, even
 * past the loop's end. done() is not called any more; drop() gets every job instead, on any thread,
 * and frees it. Not from within done().
 */
void worker_leave(struct worker *worker, void (*drop)(struct worker_job *job));
void worker_submit(struct worker *worker, struct worker_job *job);
unsigned worker_queued_count(const struct worker *worker); /* submitted and not yet done() */
/* Waits until every job has run and its done() has returned, jobs submitted by done() included. */
void worker_drain(struct worker *worker);
