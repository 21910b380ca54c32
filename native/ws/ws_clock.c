#include "ws/ws_clock.h"

#include "core/loop.h"
#include "core/tcp_socket.h"

/* --- Life --- */

static int64_t silence_left_ms(const struct ws_clock *clock)
{
	int64_t silent_ms = tcp_socket_silent_ms(clock->fd);
	int64_t listening_ms = loop_now_ms() - clock->listening_since_ms;

	return clock->limits.pong_wait_ms - (silent_ms < listening_ms ? silent_ms : listening_ms);
}

static void watch_life(struct ws_clock *clock)
{
	int64_t left_ms = INT64_MAX;

	if (clock->limits.ping_period_ms > 0) {
		left_ms = clock->next_ping_ms - loop_now_ms();
	}
	if (clock->limits.pong_wait_ms > 0) {
		int64_t silence_ms =
			clock->is_paused ? clock->limits.pong_wait_ms : silence_left_ms(clock);

		left_ms = silence_ms < left_ms ? silence_ms : left_ms;
	}
	if (left_ms != INT64_MAX) {
		loop_timer_set(clock->life_timer, left_ms);
	}
}

static void on_life_timer(void *user)
{
	struct ws_clock *clock = user;

	if (clock->limits.pong_wait_ms > 0 && !clock->is_paused && silence_left_ms(clock) <= 0) {
		clock->events->silent(clock->user);
		return;
	}
	if (clock->limits.ping_period_ms > 0 && loop_now_ms() >= clock->next_ping_ms) {
		clock->next_ping_ms = loop_now_ms() + clock->limits.ping_period_ms;
		clock->events->ping_due(clock->user);
	}
	watch_life(clock);
}

void ws_clock_start(struct ws_clock *clock, int fd)
{
	clock->fd = fd;
	clock->listening_since_ms = loop_now_ms();
	clock->next_ping_ms = clock->listening_since_ms + clock->limits.ping_period_ms;
	watch_life(clock);
}

void ws_clock_pause(struct ws_clock *clock, bool paused)
{
	clock->is_paused = paused;
	if (!paused) {
		clock->listening_since_ms = loop_now_ms();
	}
}

/* --- Writing --- */

static void watch_writing(struct ws_clock *clock)
{
	if (clock->limits.write_wait_ms > 0) {
		loop_timer_set(clock->write_timer, clock->limits.write_wait_ms);
	}
}

static void on_write_timer(void *user)
{
	struct ws_clock *clock = user;
	uint64_t acked_bytes = tcp_socket_acked_bytes(clock->fd);

	if (clock->acked_known && acked_bytes == clock->acked_bytes) {
		clock->events->stuck(clock->user);
		return;
	}
	clock->acked_known = true; /* a large frame on a slow link: it makes progress */
	clock->acked_bytes = acked_bytes;
	watch_writing(clock);
}

void ws_clock_queued(struct ws_clock *clock)
{
	if (!loop_timer_running(clock->write_timer)) {
		/* It usually leaves at once: do not ask the kernel yet. */
		clock->acked_known = false;
		watch_writing(clock);
	}
}

void ws_clock_written(struct ws_clock *clock, bool progress, bool done)
{
	if (done) {
		loop_timer_stop(clock->write_timer);
	} else if (progress || !clock->acked_known) {
		clock->acked_known = true;
		clock->acked_bytes = tcp_socket_acked_bytes(clock->fd);
		watch_writing(clock);
	}
}

/* --- The deadline --- */

static void on_deadline(void *user)
{
	const struct ws_clock *clock = user;

	clock->events->deadline(clock->user);
}

void ws_clock_set_deadline(struct ws_clock *clock, int64_t delay_ms)
{
	if (delay_ms > 0) {
		loop_timer_set(clock->deadline_timer, delay_ms);
	} else {
		loop_timer_stop(clock->deadline_timer);
	}
}

/* --- All clocks --- */

void ws_clock_init(struct ws_clock *clock, struct loop *loop, const struct ws_clock_limits *limits,
	const struct ws_clock_events *events, void *user)
{
	*clock = (struct ws_clock){ .limits = *limits, .events = events, .user = user, .fd = -1 };
	clock->life_timer = loop_timer_create(loop, on_life_timer, clock);
	clock->write_timer = loop_timer_create(loop, on_write_timer, clock);
	clock->deadline_timer = loop_timer_create(loop, on_deadline, clock);
}

void ws_clock_finish(struct ws_clock *clock)
{
	loop_timer_destroy(clock->life_timer);
	loop_timer_destroy(clock->write_timer);
	loop_timer_destroy(clock->deadline_timer);
}

void ws_clock_stop(struct ws_clock *clock)
{
	clock->fd = -1;
	loop_timer_stop(clock->life_timer);
	loop_timer_stop(clock->write_timer);
	loop_timer_stop(clock->deadline_timer);
}
