#pragma once

#include "core/tcp_socket.h"
#include "ws/lws_loop.h"
#include "ws/ws_clock.h"
#include "ws/ws_conn.h"
#include "ws/ws_input.h"
#include "ws/ws_output.h"

#include <stdbool.h>
#include <stddef.h>

struct lws;
struct lws_protocols;
struct ws_pool;

/*
 * The inside of a connection, for ws_conn.c (what it does), ws_link.c (what libwebsockets calls),
 * ws_server.c and ws_client.c (who make it).
 *
 * It exists from the TCP connection on and outlives the lws socket: that one ends inside lws, the
 * connection afterwards in its task, where it tells `closed`. A connection that was let go of
 * (ws_conn_leave) reports nothing more and ends by itself.
 */
struct ws_side {
	/* Of a server: may this request be upgraded? 0, or the HTTP status to refuse it with. */
	unsigned (*admit)(void *user, struct lws *wsi);
	/* After `closed`, if there was one; the connection is freed next. */
	void (*gone)(void *user, struct ws_conn *conn);
};

#define WS_REASON_BYTES 124 /* a close frame holds 123 */

struct ws_conn {
	struct lws_loop *lws_loop;
	struct lws *wsi; /* NULL before lws has it and after */
	struct lws_loop_task task;

	const struct ws_side *side; /* NULL: let go of */
	void *side_user;
	struct ws_limits limits;
	const struct ws_events *events;
	void *owner, *user;
	char address[TCP_SOCKET_ADDRESS_BYTES];
	enum ws_standing standing;

	bool opened;	   /* the upgrade is done, `opened` was called */
	bool opening;	   /* during `opened`: there is no user yet */
	bool closed;	   /* `closed` was called */
	bool killed;	   /* to be dropped without a close frame */
	bool closing;	   /* ws_conn_close() was called */
	bool close_frame;  /* ours is with lws */
	bool peer_closing; /* its close frame has come */
	unsigned code;	   /* 0: not known yet */
	char reason[WS_REASON_BYTES];
	unsigned http_status; /* of a client's upgrade; 0: no answer */

	struct ws_pool *pool;
	struct ws_input input;
	bool paused, rx_off; /* rx_off: what lws was told */
	bool more_here;	     /* during `binary`: bytes of the next message have come */

	struct ws_output output;
	size_t leaving_bytes; /* of a frame that lws holds, partly sent */
	bool ping_due;

	struct ws_clock clock;
};

const struct lws_protocols *ws_link_protocols(void); /* the list that a vhost takes */

struct ws_conn *ws_conn_create(struct lws_loop *lws_loop, const struct ws_limits *limits,
	const struct ws_events *events, void *owner, const struct ws_side *side, void *side_user);
/* Ends it where lws never had it, or has lost it. */
void ws_conn_end_later(struct ws_conn *conn);
/* Drops the link without a word; deferred. The first reason given stands. */
void ws_conn_kill(struct ws_conn *conn, unsigned code, const char *reason);
/* Says good-bye as well as it goes, lets go of it, and calls `closed` now if asked to. */
void ws_conn_leave(struct ws_conn *conn, unsigned code, const char *reason, bool report);

/* What ws_link.c reports. */
void ws_conn_on_opened(struct ws_conn *conn);
void ws_conn_on_receive(struct ws_conn *conn, bool binary, bool final, size_t rest,
	const char *data, size_t length);
void ws_conn_on_peer_close(struct ws_conn *conn, unsigned code, const char *reason, size_t length);
void ws_conn_on_gone(struct ws_conn *conn);
/* After a turn of writing: what is left, and did something leave? */
void ws_conn_on_written(struct ws_conn *conn, bool progress);
