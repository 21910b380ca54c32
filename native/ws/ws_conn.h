#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lws_loop;
struct strbuf;
struct ws_conn;
struct ws_request;

/*
 * One WebSocket connection, of a server or a client. It lives from `opened` until `closed`
 * returns; after that, pointers to it are invalid. All on the loop's thread.
 *
 * Whole messages are reported; fragments are joined up to max_message_bytes (a guest's up to
 * guest_message_bytes). A text message past that closes with WS_CLOSE_TOO_LARGE; a binary one is
 * reported once through binary_oversize with what had arrived (at most that many bytes) and the
 * rest is discarded as it arrives.
 */
struct ws_events {
	/* Returns the user pointer for the calls below. */
	void *(*opened)(void *owner, struct ws_conn *conn);
	void (*text)(void *user, struct ws_conn *conn, const char *text, size_t length);
	/*
	 * Optional: more of a binary message has come; message holds all of it so far. For work
	 * that can be done while the rest is on its way.
	 */
	void (*binary_part)(void *user, struct ws_conn *conn, const char *message, size_t length);
	/* The handler may take the bytes with strbuf_move() and hand them back for reuse with
	   ws_conn_recycle_take(). */
	void (*binary)(void *user, struct ws_conn *conn, struct strbuf *message);
	/* Optional. */
	void (*binary_oversize)(void *user, struct ws_conn *conn, const char *start, size_t length);
	/* code: the close code. */
	void (*closed)(void *user, struct ws_conn *conn, unsigned code, const char *reason);
	/* Optional: the output queue has drained to nothing. */
	void (*drained)(void *user, struct ws_conn *conn);
};

/* Close codes of RFC 6455 §7.4.1; those from 4000 on are the caller's own. */
enum ws_close {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_LINK_BROKE = 1006, /* only ever reported */
	WS_CLOSE_NOT_UTF8 = 1007,
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_TOO_LARGE = 1009,
	WS_CLOSE_TRY_LATER = 1013,
};

/* Timing and limits; the values are the protocol's and come from the caller. */
struct ws_limits {
	int64_t ping_period_ms; /* 0: never ping */
	int64_t pong_wait_ms;	/* a peer that sends nothing for so long is dropped */
	int64_t write_wait_ms;	/* a frame that has not left by then drops the connection */
	size_t max_message_bytes;
	size_t max_queued_bytes; /* output past this, as memory, drops the connection */
	/* Both for one that is not WS_ADMITTED; 0: no difference. */
	size_t guest_message_bytes;
	size_t guest_queued_bytes;
};

/* A connection's standing with the server's limits on strangers. */
enum ws_standing {
	WS_GUEST,    /* counted; must go when others want in */
	WS_REFUSED,  /* counted; it has had its answer, and goes first */
	WS_HELD,     /* counted, but never evicted (its pairing code is on the screen) */
	WS_ADMITTED, /* authenticated: not counted */
};

/* Sends text and empties it, always; dropped silently when the connection is closing. */
void ws_conn_send_take(struct ws_conn *conn, struct strbuf *text);
void ws_conn_send_binary_take(struct ws_conn *conn, struct strbuf *message);
/*
 * As ws_conn_send_take(), but goes out only after everything else and is replaced by the next such
 * call while it has not left yet (progress events). slot: 0 … WS_REPLACEABLE_SLOTS − 1.
 */
#define WS_REPLACEABLE_SLOTS 2
void ws_conn_send_replaceable_take(struct ws_conn *conn, unsigned slot, struct strbuf *text);
size_t ws_conn_queued_bytes(const struct ws_conn *conn);

/* Deferred: what is queued leaves first (within write_wait_ms); `closed` follows. */
void ws_conn_close(struct ws_conn *conn, unsigned code, const char *reason);
bool ws_conn_closing(const struct ws_conn *conn);

/* Reading paused: nothing is reported (what was already read is kept) and the pong clock stops. */
void ws_conn_pause(struct ws_conn *conn);
void ws_conn_resume(struct ws_conn *conn);
/* Are bytes of a following message already here? */
bool ws_conn_input_pending(const struct ws_conn *conn);
/* Gives a buffer back for the next binary message; keeps a few, frees the rest. */
void ws_conn_recycle_take(struct ws_conn *conn, struct strbuf *buffer);

/* Closes with WS_CLOSE_POLICY after so long; 0: never. A server begins with its guest_wait_ms. */
void ws_conn_set_deadline(struct ws_conn *conn, int64_t delay_ms);
void ws_conn_set_standing(struct ws_conn *conn, enum ws_standing standing);
enum ws_standing ws_conn_standing(const struct ws_conn *conn);
const char *ws_conn_address(const struct ws_conn *conn); /* the peer's, numeric; borrowed */
/* What the server knew of the peer's host when it came: since when (loop_now_ms()) … */
int64_t ws_conn_known_since_ms(const struct ws_conn *conn);
/* … and whether that machine has shown a valid token, or was chosen by the owner, before. */
bool ws_conn_is_trusted(const struct ws_conn *conn);

/* The rest is for ws_server.c and ws_client.c only. */

struct ws_side {
	/* Of a server: may this request be upgraded? 0, or the HTTP status to refuse it with. */
	unsigned (*admit)(void *user, const struct ws_request *request);
	/* Of a server: ws_conn_set_standing() was called. */
	void (*stands)(void *user, enum ws_standing standing);
	/* After `closed`, if there was one; the connection is freed next. */
	void (*gone)(void *user, struct ws_conn *conn);
};

/*
 * A connection exists from before TCP is connected, or from accept(), until `gone`. It outlives the
 * lws socket: that one ends inside lws, the connection later in its task, which reports `closed`.
 */
struct ws_conn *ws_conn_create(struct lws_loop *lws_loop, const struct ws_limits *limits,
	const struct ws_events *events, void *owner, const struct ws_side *side, void *side_user);
/* One of these follows; unless it succeeds the connection ends by itself. fd is taken. */
void ws_conn_adopt_take(struct ws_conn *conn, int fd);
void ws_conn_connect(struct ws_conn *conn, const char *host, uint16_t port, const char *path,
	const char *host_header);
/* Drops the link without a close frame; deferred. The first reason given is kept. */
void ws_conn_kill(struct ws_conn *conn, unsigned code, const char *reason);
/*
 * Sends a close frame if possible and detaches the owner: nothing more is reported, and the
 * connection ends by itself. report: `closed` is called now.
 */
void ws_conn_leave(struct ws_conn *conn, unsigned code, const char *reason, bool report);

void ws_conn_set_address(struct ws_conn *conn, const char *address);
void ws_conn_set_history(struct ws_conn *conn, int64_t known_since_ms, bool is_trusted);
bool ws_conn_has_spoken(const struct ws_conn *conn); /* a message of its has come */
bool ws_conn_is_killed(const struct ws_conn *conn);
bool ws_conn_was_opened(const struct ws_conn *conn);	    /* `opened` was called */
const char *ws_conn_end_reason(const struct ws_conn *conn); /* "": not known; borrowed */
unsigned ws_conn_http_status(const struct ws_conn *conn);   /* of our request; 0: no answer */
