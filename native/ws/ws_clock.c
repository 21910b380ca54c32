#include "ws/ws_clock.h"

#include "core/loop.h"
#include "ws/ws_link.h"

#include <libwebsockets.h>

/* Life */

static int64_t silence_left_ms(const struct ws_clock *clock, const struct ws_conn *conn)
{
	int64_t silent_ms = tcp_socket_silent_ms(lws_get_socket_fd(conn->wsi));
	int64_t listening_ms = loop_now_ms() - clock->listening_since_ms;

	return conn->limits.pong_wait_ms - (silent_ms < listening_ms ? silent_ms : listening_ms);
}

static void watch_life(struct ws_clock *clock, const struct ws_conn *conn)
{
	int64_t left_ms = INT64_MAX;

	if (conn->limits.ping_period_ms > 0) {
		left_ms = clock->next_ping_ms - loop_now_ms();
	}
	if (conn->limits.pong_wait_ms > 0) {
		int64_t silence_ms =
			conn->paused ? conn->limits.pong_wait_ms : silence_left_ms(clock, conn);

		left_ms = silence_ms < left_ms ? silence_ms : left_ms;
	}
	if (left_ms != INT64_MAX) {
		loop_timer_set(clock->life_timer, left_ms);
	}
}

static void on_life_timer(void *user)
{
	struct ws_conn *conn = user;
	struct ws_clock *clock = &conn->clock;

	if (ws_conn_closing(conn)) {
		return;
	}
	if (conn->limits.pong_wait_ms > 0 && !conn->paused && silence_left_ms(clock, conn) <= 0) {
		ws_conn_kill(conn, WS_CLOSE_LINK_BROKE, "the peer has fallen silent");
		return;
	}
	if (conn->limits.ping_period_ms > 0 && loop_now_ms() >= clock->next_ping_ms) {
		clock->next_ping_ms = loop_now_ms() + conn->limits.ping_period_ms;
		conn->ping_due = true;
		lws_callback_on_writable(conn->wsi);
	}
	watch_life(clock, conn);
}

void ws_clock_opened(struct ws_clock *clock, const struct ws_conn *conn)
{
	clock->listening_since_ms = loop_now_ms();
	clock->next_ping_ms = clock->listening_since_ms + conn->limits.ping_period_ms;
	watch_life(clock, conn);
}

void ws_clock_resumed(struct ws_clock *clock)
{
	clock->listening_since_ms = loop_now_ms();
}

/* Writing */

static void watch_writing(struct ws_clock *clock, const struct ws_conn *conn)
{
	if (conn->limits.write_wait_ms > 0) {
		loop_timer_set(clock->write_timer, conn->limits.write_wait_ms);
	}
}

static void on_write_timer(void *user)
{
	struct ws_conn *conn = user;
	struct ws_clock *clock = &conn->clock;
	uint64_t acked_bytes = tcp_socket_acked_bytes(lws_get_socket_fd(conn->wsi));

	if (clock->acked_known && acked_bytes == clock->acked_bytes) {
		ws_conn_kill(conn, WS_CLOSE_LINK_BROKE, "the peer takes nothing");
		return;
	}
	clock->acked_known = true; /* a large frame on a slow link: it moves */
	clock->acked_bytes = acked_bytes;
	watch_writing(clock, conn);
}

void ws_clock_queued(struct ws_clock *clock, const struct ws_conn *conn)
{
	if (!loop_timer_running(clock->write_timer)) {
		/* Mostly it leaves at once: do not ask the kernel yet. */
		clock->acked_known = false;
		watch_writing(clock, conn);
	}
}

void ws_clock_written(struct ws_clock *clock, const struct ws_conn *conn, bool progress, bool done)
{
	if (done) {
		loop_timer_stop(clock->write_timer);
	} else if (progress || !clock->acked_known) {
		clock->acked_known = true;
		clock->acked_bytes = tcp_socket_acked_bytes(lws_get_socket_fd(conn->wsi));
		watch_writing(clock, conn);
	}
}

/* The deadline */

static void on_deadline(void *user)
{
	struct ws_conn *conn = user;

	if (conn->opened) {
		ws_conn_close(conn, WS_CLOSE_POLICY, "time is up");
	} else {
		ws_conn_kill(conn, WS_CLOSE_POLICY, "time is up");
	}
}

void ws_clock_set_deadline(struct ws_clock *clock, int64_t delay_ms)
{
	if (delay_ms > 0) {
		loop_timer_set(clock->deadline_timer, delay_ms);
	} else {
		loop_timer_stop(clock->deadline_timer);
	}
}

/* All of them */

void ws_clock_init(struct ws_clock *clock, struct loop *loop, struct ws_conn *conn)
{
	clock->life_timer = loop_timer_create(loop, on_life_timer, conn);
	clock->write_timer = loop_timer_create(loop, on_write_timer, conn);
	clock->deadline_timer = loop_timer_create(loop, on_deadline, conn);
}

void ws_clock_finish(struct ws_clock *clock)
{
	loop_timer_destroy(clock->life_timer);
	loop_timer_destroy(clock->write_timer);
	loop_timer_destroy(clock->deadline_timer);
}

void ws_clock_stop(struct ws_clock *clock)
{
	loop_timer_stop(clock->life_timer);
	loop_timer_stop(clock->write_timer);
	loop_timer_stop(clock->deadline_timer);
}
