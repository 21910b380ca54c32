/*
 * A library for LD_PRELOAD: while the file FAST_CLOCK exists, the program's clocks since boot run
 * FAST_CLOCK_RATE times as fast, and its timers with them. What a program does after a minute is
 * seen after a few seconds, by its own clock after a minute all the same. Written for
 * lib/agent.mjs.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_A_SECOND INT64_C(1000000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */

/* Since the rate changed last: the two clocks then. */
static bool is_fast;
static int64_t real_ns, shown_ns; /* shown_ns: of CLOCK_MONOTONIC; others are ahead as far */

/* The program's timer, as it asked for it. */
static int timer_fd = -1;
static int64_t due_ns; /* 0: not armed */

static int64_t to_ns(const struct timespec *time)
{
	return time->tv_sec * NS_A_SECOND + time->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_A_SECOND, .tv_nsec = ns % NS_A_SECOND };
}

static int64_t rate(void)
{
	return is_fast ? atoi(getenv("FAST_CLOCK_RATE")) : 1;
}

static int64_t real_now(clockid_t clock)
{
	struct timespec now = { 0 };

	syscall(SYS_clock_gettime, clock, &now);
	return to_ns(&now);
}

static int64_t shown_at(int64_t at_ns)
{
	return shown_ns + (at_ns - real_ns) * rate();
}

static int arm(int fd, int64_t shown_due_ns)
{
	int64_t real_due_ns = real_ns + (shown_due_ns - shown_ns) / rate();
	struct itimerspec due = { 0 };

	if (shown_due_ns != 0) {
		due.it_value = from_ns(real_due_ns > 0 ? real_due_ns : 1);
	}
	return (int)syscall(SYS_timerfd_settime, fd, TFD_TIMER_ABSTIME, &due, NULL);
}

/* Looks at the file; nothing jumps when the rate changes. */
static void follow_file(void)
{
	const char *file = getenv("FAST_CLOCK");
	bool wants_fast = file != NULL && access(file, F_OK) == 0;
	int64_t now_ns = real_now(CLOCK_MONOTONIC);

	if (wants_fast != is_fast) {
		shown_ns = shown_at(now_ns);
		real_ns = now_ns;
		is_fast = wants_fast;
		if (timer_fd >= 0) {
			arm(timer_fd, due_ns);
		}
	}
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t monotonic_ns;

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) {
		return (int)syscall(SYS_clock_gettime, clock, now);
	}
	pthread_mutex_lock(&lock);
	follow_file();
	monotonic_ns = real_now(CLOCK_MONOTONIC);
	*now = from_ns(real_now(clock) + shown_at(monotonic_ns) - monotonic_ns);
	pthread_mutex_unlock(&lock);
	return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *due, struct itimerspec *was)
{
	int result;

	if ((flags & TFD_TIMER_ABSTIME) == 0) {
		return (int)syscall(SYS_timerfd_settime, fd, flags, due, was);
	}
	pthread_mutex_lock(&lock);
	timer_fd = fd;
	due_ns = to_ns(&due->it_value);
	result = arm(fd, due_ns);
	pthread_mutex_unlock(&lock);
	return result;
}
