#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct ws_conn;

/*
 * A connection's three clocks: its peer's signs of life and our pings; the progress of what we
 * send; the deadline. What runs out ends the connection. Part of ws_link.h.
 *
 * Neither reading nor writing touches them in the common case: the kernel keeps the figures.
 */
struct ws_clock {
	struct loop_timer *life_timer, *write_timer, *deadline_timer;
	int64_t next_ping_ms;
	int64_t listening_since_ms; /* time in which we did not read does not count */
	bool acked_known;
	uint64_t acked_bytes; /* when write_timer was set */
};

void ws_clock_init(struct ws_clock *clock, struct loop *loop, struct ws_conn *conn);
void ws_clock_finish(struct ws_clock *clock);
void ws_clock_stop(struct ws_clock *clock);
void ws_clock_opened(struct ws_clock *clock, const struct ws_conn *conn);
void ws_clock_resumed(struct ws_clock *clock);
void ws_clock_queued(struct ws_clock *clock, const struct ws_conn *conn);
/* progress: something has left. done: everything has. */
void ws_clock_written(struct ws_clock *clock, const struct ws_conn *conn, bool progress, bool done);
void ws_clock_set_deadline(struct ws_clock *clock, int64_t delay_ms); /* 0: none */
