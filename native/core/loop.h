#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The event loop: file descriptors, timers and deferred calls on one epoll set, one thread.
 *
 * Two ways to run it: loop_run() blocks in epoll (tools, tests); or another loop polls loop_fd()
 * and calls loop_dispatch() when it is readable (ws/lws_loop.h does). Timers and deferred calls
 * make loop_fd() readable too. Callbacks may add, change and remove anything, themselves included:
 * removal is deferred during dispatch, and what was removed is not called any more. The loop never
 * closes what it watches: remove the watch first, then close (asserted). Everything must be removed
 * before loop_destroy(), which runs the remaining deferred calls and then asserts this.
 */
struct loop;
struct loop_watch;
struct loop_timer;
struct loop_turn;

#define LOOP_READ 1u
/*
 * A file under /proc or /sys has changed. The kernel reports that once for each time the file was
 * opened, and the report may be used up by whoever polls loop_fd(): it only wakes the loop, and a
 * loop_turn that polls the file through a second descriptor learns of it.
 */
#define LOOP_PRIORITY 2u
#define LOOP_WRITE 4u
/* Reported whether asked for or not: hang-up or error; read or write to learn which. */
#define LOOP_HANGUP 16u

struct loop *loop_create(void);	       /* aborts if epoll is unavailable */
void loop_destroy(struct loop *loop);  /* NULL is fine */
int loop_fd(const struct loop *loop);  /* borrowed */
void loop_dispatch(struct loop *loop); /* runs what is ready; never blocks */
/* Dispatches and blocks until loop_stop(), at once if that was called before; can be run again. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
bool loop_stopped(const struct loop *loop);

struct loop_watch *loop_watch_add(struct loop *loop, int fd, uint32_t events,
	void (*ready)(void *user, uint32_t events), void *user);
void loop_watch_set(struct loop_watch *watch, uint32_t events); /* 0: quiet, hang-ups too */
void loop_watch_remove(struct loop_watch *watch);		/* NULL is fine */

/* A stopped one-shot timer. */
struct loop_timer *loop_timer_create(struct loop *loop, void (*expired)(void *user), void *user);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms); /* restarts it; 0: next turn */
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_running(const struct loop_timer *timer);
void loop_timer_destroy(struct loop_timer *timer); /* NULL is fine */

/* Calls function on the loop's next turn, in the order of the requests. Cannot be cancelled. */
void loop_defer(struct loop *loop, void (*function)(void *user), void *user);

/* Calls function at the end of each turn, which must cost next to nothing. */
struct loop_turn *loop_turn_add(struct loop *loop, void (*function)(void *user), void *user);
void loop_turn_remove(struct loop_turn *turn); /* NULL is fine; not from a loop_turn's function */

/*
 * Calls function when the process gets the signal, on the loop; blocks its ordinary delivery in
 * the calling thread (call before threads are made). Undone by loop_destroy().
 */
void loop_on_signal(
	struct loop *loop, int signal_number, void (*function)(void *user, int), void *user);

int64_t loop_now_ms(void); /* CLOCK_MONOTONIC */
