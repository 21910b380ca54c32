#include "core/loop.h"

#include "core/fatal.h"
#include "core/list.h"
#include "core/timer_heap.h"
#include "core/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_TURN 64
#define NEVER INT64_MAX

static_assert(LOOP_READ == EPOLLIN && LOOP_PRIORITY == EPOLLPRI && LOOP_WRITE == EPOLLOUT &&
		      LOOP_HANGUP == EPOLLHUP,
	"the loop's events are epoll's");

struct loop_watch {
	struct loop *loop;
	int fd;
	uint32_t events; /* 0: not in the epoll set */
	bool removed;
	void (*ready)(void *user, uint32_t events);
	void *user;
	struct loop_watch *next_removed;
};

struct loop_timer {
	struct timer_entry entry; /* first, so that one is the other */
	struct loop *loop;
	void (*expired)(void *user);
	void *user;
};

struct loop_turn {
	struct loop *loop;
	void (*function)(void *user);
	void *user;
	LIST_ENTRY(loop_turn) link;
};

struct deferred_call {
	void (*function)(void *user);
	void *user;
};

struct signal_handler {
	int number;
	bool was_blocked;
	void (*function)(void *user, int number);
	void *user;
};

struct loop {
	int epoll_fd;
	bool stopped;
	unsigned depth;		    /* of dispatching: removed watches are kept while it is not 0 */
	struct loop_watch *removed; /* by next_removed */
	LIST_HEAD(, loop_turn) turns;
	unsigned watch_count, timer_count; /* owned by callers; checked at the end */

	int timer_fd;
	struct loop_watch *timer_watch;
	struct timer_heap timers;
	int64_t armed_ms; /* when timer_fd expires, or NEVER */

	int wake_fd; /* readable while calls are deferred, and after loop_stop() */
	struct loop_watch *wake_watch;
	struct deferred_call *deferred;
	size_t deferred_count, deferred_capacity;

	int signal_fd; /* -1 until loop_on_signal() */
	struct loop_watch *signal_watch;
	sigset_t signals;
	struct signal_handler *handlers;
	size_t handler_count;
};

/* The loop's own descriptors and memory: the program cannot run without them. */
static int require(int result)
{
	if (result < 0) {
		fatal_errno("wait for events");
	}
	return result;
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Watches --- */

static void control(struct loop_watch *watch, int operation)
{
	struct epoll_event event = { .events = watch->events, .data.ptr = watch };
	int result = epoll_ctl(watch->loop->epoll_fd, operation, watch->fd, &event);

	/* Closed before it was removed, or watched twice: a bug of ours. */
	assert(result == 0 || (errno != EBADF && errno != EEXIST && errno != ENOENT));
	require(result);
}

static struct loop_watch *add_watch(struct loop *loop, int fd, uint32_t events,
	void (*ready)(void *user, uint32_t events), void *user)
{
	struct loop_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->fd = fd;
	watch->ready = ready;
	watch->user = user;
	loop_watch_set(watch, events);
	return watch;
}

struct loop_watch *loop_watch_add(struct loop *loop, int fd, uint32_t events,
	void (*ready)(void *user, uint32_t events), void *user)
{
	loop->watch_count++;
	return add_watch(loop, fd, events, ready, user);
}

void loop_watch_set(struct loop_watch *watch, uint32_t events)
{
	uint32_t before = watch->events;

	events &= LOOP_READ | LOOP_PRIORITY | LOOP_WRITE;
	if (events == before) {
		return;
	}
	watch->events = events;
	/* epoll reports hang-ups to an empty set of events too, so a quiet watch leaves it. */
	control(watch, before == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD);
}

static void remove_watch(struct loop_watch *watch)
{
	struct loop *loop = watch->loop;

	loop_watch_set(watch, 0);
	if (loop->depth == 0) {
		free(watch);
		return;
	}
	/* The batch being dispatched may still refer to it. */
	watch->removed = true;
	watch->next_removed = loop->removed;
	loop->removed = watch;
}

void loop_watch_remove(struct loop_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	assert(!watch->removed);
	watch->loop->watch_count--;
	remove_watch(watch);
}

static void free_removed(struct loop *loop)
{
	while (loop->removed != NULL) {
		struct loop_watch *watch = loop->removed;

		loop->removed = watch->next_removed;
		free(watch);
	}
}

/* --- Timers --- */

static void arm(struct loop *loop, int64_t due_ms)
{
	struct itimerspec when = { 0 };

	if (due_ms != NEVER) {
		when.it_value.tv_sec = due_ms / 1000;
		when.it_value.tv_nsec = due_ms % 1000 * 1000000;
	}
	require(timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL));
	loop->armed_ms = due_ms;
}

struct loop_timer *loop_timer_create(struct loop *loop, void (*expired)(void *user), void *user)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->expired = expired;
	timer->user = user;
	loop->timer_count++;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	struct loop *loop = timer->loop;
	int64_t now_ms = loop_now_ms(), due_ms;

	if (delay_ms < 0) {
		delay_ms = 0;
	}
	due_ms = delay_ms < NEVER - 1 - now_ms ? now_ms + delay_ms : NEVER - 1;
	timer_heap_remove(&loop->timers, &timer->entry);
	timer_heap_insert(&loop->timers, &timer->entry, due_ms);
	/*
	 * Re-armed only for an earlier time: timers that are postponed all the time (at each sign
	 * of life from a peer) would otherwise cost a system call each. An expiry that finds
	 * nothing due re-arms it.
	 */
	if (due_ms < loop->armed_ms) {
		arm(loop, due_ms);
	}
}

void loop_timer_stop(struct loop_timer *timer)
{
	timer_heap_remove(&timer->loop->timers, &timer->entry);
}

bool loop_timer_running(const struct loop_timer *timer)
{
	return timer_heap_contains(&timer->entry);
}

void loop_timer_destroy(struct loop_timer *timer)
{
	if (timer == NULL) {
		return;
	}
	loop_timer_stop(timer);
	timer->loop->timer_count--;
	free(timer);
}

static void on_timer_fd(void *user, uint32_t events)
{
	struct loop *loop = user;
	int64_t now_ms = loop_now_ms();
	uint64_t first_new = loop->timers.sequence, expirations;
	struct timer_entry *entry;

	while (read(loop->timer_fd, &expirations, sizeof(expirations)) < 0 && errno == EINTR) {
	}
	loop->armed_ms = NEVER;
	while ((entry = timer_heap_first(&loop->timers)) != NULL) {
		struct loop_timer *timer = (struct loop_timer *)entry;

		/* A timer set by one of these callbacks waits for the next turn. */
		if (entry->due_ms > now_ms || entry->sequence >= first_new) {
			break;
		}
		loop_timer_stop(timer);
		timer->expired(timer->user);
	}
	if (entry != NULL && entry->due_ms < loop->armed_ms) {
		arm(loop, entry->due_ms);
	}
}

/* --- Deferred calls --- */

static void wake(struct loop *loop)
{
	uint64_t one = 1;

	while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
}

void loop_defer(struct loop *loop, void (*function)(void *user), void *user)
{
	if (loop->deferred_count == loop->deferred_capacity) {
		loop->deferred_capacity = loop->deferred_capacity * 2 + 8;
		loop->deferred =
			xrealloc(loop->deferred, loop->deferred_capacity, sizeof(*loop->deferred));
	}
	loop->deferred[loop->deferred_count++] = (struct deferred_call){ function, user };
	if (loop->deferred_count == 1) {
		wake(loop);
	}
}

static void run_deferred(struct loop *loop)
{
	struct deferred_call *calls = loop->deferred;
	size_t count = loop->deferred_count;

	/* Calls deferred by these calls go to a new list and run on the next turn. */
	loop->deferred = NULL;
	loop->deferred_count = loop->deferred_capacity = 0;
	for (size_t i = 0; i < count; i++) {
		calls[i].function(calls[i].user);
	}
	free(calls);
}

static void on_wake_fd(void *user, uint32_t events)
{
	struct loop *loop = user;
	uint64_t wakes;

	while (read(loop->wake_fd, &wakes, sizeof(wakes)) < 0 && errno == EINTR) {
	}
	run_deferred(loop);
}

/* --- Each turn --- */

struct loop_turn *loop_turn_add(struct loop *loop, void (*function)(void *user), void *user)
{
	struct loop_turn *turn = xcalloc(1, sizeof(*turn));

	*turn = (struct loop_turn){ .loop = loop, .function = function, .user = user };
	LIST_INSERT_HEAD(&loop->turns, turn, link);
	return turn;
}

void loop_turn_remove(struct loop_turn *turn)
{
	if (turn != NULL) {
		LIST_REMOVE(turn, link);
		free(turn);
	}
}

/* --- Signals --- */

static void on_signal_fd(void *user, uint32_t events)
{
	struct loop *loop = user;
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		for (size_t i = 0; i < loop->handler_count; i++) {
			struct signal_handler handler = loop->handlers[i];

			if (handler.number == (int)info.ssi_signo) {
				handler.function(handler.user, handler.number);
			}
		}
	}
}

void loop_on_signal(
	struct loop *loop, int signal_number, void (*function)(void *user, int), void *user)
{
	sigset_t added, before;

	sigemptyset(&added);
	sigaddset(&added, signal_number);
	require(-pthread_sigmask(SIG_BLOCK, &added, &before));
	loop->handlers = xrealloc(loop->handlers, loop->handler_count + 1, sizeof(*loop->handlers));
	loop->handlers[loop->handler_count++] = (struct signal_handler){
		.number = signal_number,
		.was_blocked = sigismember(&before, signal_number) == 1,
		.function = function,
		.user = user,
	};
	sigaddset(&loop->signals, signal_number);
	loop->signal_fd =
		require(signalfd(loop->signal_fd, &loop->signals, SFD_NONBLOCK | SFD_CLOEXEC));
	if (loop->signal_watch == NULL) {
		loop->signal_watch =
			add_watch(loop, loop->signal_fd, LOOP_READ, on_signal_fd, loop);
	}
}

static void restore_signals(struct loop *loop)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < loop->handler_count; i++) {
		if (!loop->handlers[i].was_blocked) {
			sigaddset(&ours, loop->handlers[i].number);
		}
	}
	require(-pthread_sigmask(SIG_UNBLOCK, &ours, NULL));
	free(loop->handlers);
}

/* --- The loop --- */

struct loop *loop_create(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->epoll_fd = require(epoll_create1(EPOLL_CLOEXEC));
	loop->timer_fd = require(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
	loop->wake_fd = require(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	loop->signal_fd = -1;
	loop->armed_ms = NEVER;
	sigemptyset(&loop->signals);
	loop->timer_watch = add_watch(loop, loop->timer_fd, LOOP_READ, on_timer_fd, loop);
	loop->wake_watch = add_watch(loop, loop->wake_fd, LOOP_READ, on_wake_fd, loop);
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (loop == NULL) {
		return;
	}
	assert(loop->depth == 0);
	while (loop->deferred_count > 0) {
		run_deferred(loop);
	}
	assert(loop->watch_count == 0);
	assert(loop->timer_count == 0);
	assert(LIST_EMPTY(&loop->turns));
	remove_watch(loop->timer_watch);
	remove_watch(loop->wake_watch);
	if (loop->signal_watch != NULL) {
		remove_watch(loop->signal_watch);
		close(loop->signal_fd);
	}
	restore_signals(loop);
	close(loop->timer_fd);
	close(loop->wake_fd);
	close(loop->epoll_fd);
	timer_heap_finish(&loop->timers);
	free(loop->deferred);
	free(loop);
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll_fd;
}

static void turn(struct loop *loop, int timeout_ms)
{
	struct epoll_event batch[EVENTS_A_TURN];
	const struct loop_turn *each;
	int count = epoll_wait(loop->epoll_fd, batch, EVENTS_A_TURN, timeout_ms);

	require(count < 0 && errno == EINTR ? 0 : count);
	loop->depth++;
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = batch[i].data.ptr;
		uint32_t events = batch[i].events;

		/* An earlier callback of this batch removed it, or no longer wants events. */
		if (watch->removed || watch->events == 0) {
			continue;
		}
		if ((events & EPOLLERR) != 0) {
			events |= LOOP_HANGUP;
		}
		events &= watch->events | LOOP_HANGUP;
		if (events != 0) {
			watch->ready(watch->user, events);
		}
	}
	LIST_FOREACH (each, &loop->turns, link) {
		each->function(each->user);
	}
	if (--loop->depth == 0) {
		free_removed(loop);
	}
}

void loop_dispatch(struct loop *loop)
{
	turn(loop, 0);
}

void loop_run(struct loop *loop)
{
	while (!loop->stopped) {
		turn(loop, -1);
	}
	loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	wake(loop);
}

bool loop_stopped(const struct loop *loop)
{
	return loop->stopped;
}
