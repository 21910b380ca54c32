#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

/*
 * A connection's three clocks: its peer's signs of life and our pings; the progress of what we
 * send; the deadline. Knows a connected socket and nothing else.
 *
 * In the common case neither reading nor writing touches them: the kernel keeps the counters.
 */
struct ws_clock_limits {
	int64_t ping_period_ms; /* 0: never ping */
	int64_t pong_wait_ms;	/* 0: silence is fine */
	int64_t write_wait_ms;	/* 0: no limit */
};

struct ws_clock_events {
	void (*ping_due)(void *user);
	void (*silent)(void *user); /* for pong_wait_ms */
	void (*stuck)(void *user);  /* for write_wait_ms the peer has taken nothing */
	void (*deadline)(void *user);
};

struct ws_clock {
	struct ws_clock_limits limits;
	const struct ws_clock_events *events;
	void *user;
	int fd; /* −1: not connected */
	struct loop_timer *life_timer, *write_timer, *deadline_timer;
	int64_t next_ping_ms;
	int64_t listening_since_ms; /* time in which we did not read does not count */
	bool is_paused;		    /* we do not read */
	bool acked_known;
	uint64_t acked_bytes; /* when write_timer was set */
};

void ws_clock_init(struct ws_clock *clock, struct loop *loop, const struct ws_clock_limits *limits,
	const struct ws_clock_events *events, void *user);
void ws_clock_finish(struct ws_clock *clock);
/* From here to ws_clock_stop() the socket is open. */
void ws_clock_start(struct ws_clock *clock, int fd);
void ws_clock_stop(struct ws_clock *clock);
void ws_clock_pause(struct ws_clock *clock, bool paused);
void ws_clock_queued(struct ws_clock *clock);
/* progress: something has left. done: everything has. */
void ws_clock_written(struct ws_clock *clock, bool progress, bool done);
void ws_clock_set_deadline(struct ws_clock *clock, int64_t delay_ms); /* 0: none */
