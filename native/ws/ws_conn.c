#include "ws/ws_conn.h"

#include "core/list.h"
#include "core/loop.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "ws/ws_link.h"
#include "ws/ws_pool.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* libwebsockets keeps the name of this kind of frame to itself. */
#define WRITE_CLOSE ((enum lws_write_protocol)4)

/* The states in which a connection still takes what comes, and still sends. */

static bool is_live(const struct ws_conn *conn)
{
	return conn->opened && !conn->closed && !conn->killed && !conn->closing;
}

static bool is_reporting(const struct ws_conn *conn)
{
	return is_live(conn) && !conn->paused;
}

static void note_end(struct ws_conn *conn, unsigned code, const char *reason)
{
	if (conn->code == 0) {
		conn->code = code;
		snprintf(conn->reason, sizeof(conn->reason), "%s", reason);
	}
}

void ws_conn_kill(struct ws_conn *conn, unsigned code, const char *reason)
{
	note_end(conn, code, reason);
	conn->killed = true;
	lws_loop_later(conn->lws_loop, &conn->task);
}

void ws_conn_end_later(struct ws_conn *conn)
{
	lws_loop_later(conn->lws_loop, &conn->task);
}

/* A stranger may make us hold less than one who is known. */
static size_t limit_of(const struct ws_conn *conn, size_t of_guest, size_t of_admitted)
{
	return conn->standing == WS_ADMITTED || of_guest == 0 ? of_admitted : of_guest;
}

/* Reporting what came */

static void report_part(struct ws_conn *conn, const struct strbuf *message, size_t *reported_bytes)
{
	if (*reported_bytes < message->length) {
		*reported_bytes = message->length;
		if (conn->events->binary_part != NULL) {
			conn->events->binary_part(
				conn->user, conn, strbuf_text(message), message->length);
		}
	}
}

static void report_oversize(struct ws_conn *conn, enum ws_input_kind kind)
{
	const struct strbuf *start = &conn->input.ready;

	if (kind == WS_INPUT_BINARY_OVERSIZE && conn->events->binary_oversize != NULL) {
		conn->events->binary_oversize(conn->user, conn, strbuf_text(start), start->length);
	} else {
		ws_conn_close(conn, WS_CLOSE_TOO_LARGE, "message too large");
	}
}

static void report_text(struct ws_conn *conn, const struct strbuf *text)
{
	/* lws misses an unfinished character before an empty last fragment. */
	if (utf8_valid(strbuf_text(text), text->length)) {
		conn->events->text(conn->user, conn, strbuf_text(text), text->length);
	} else {
		ws_conn_close(conn, WS_CLOSE_NOT_UTF8, "bad utf8");
	}
}

/* The message that is complete, if there is one. */
static void report_ready(struct ws_conn *conn)
{
	struct ws_input *input = &conn->input;
	enum ws_input_kind kind = input->ready_kind;

	if (kind == WS_INPUT_BINARY) {
		report_part(conn, &input->ready, &input->ready_reported_bytes);
		if (!is_reporting(conn)) {
			return; /* the handler stopped it half-way */
		}
	}
	input->ready_kind = WS_INPUT_NONE; /* what is asked meanwhile is about the next one */
	switch (kind) {
	case WS_INPUT_NONE:
		return;
	case WS_INPUT_TEXT:
		report_text(conn, &input->ready);
		break;
	case WS_INPUT_BINARY:
		conn->events->binary(conn->user, conn, &input->ready);
		break;
	case WS_INPUT_TEXT_OVERSIZE:
	case WS_INPUT_BINARY_OVERSIZE:
		report_oversize(conn, kind);
		break;
	}
	ws_pool_give(conn->pool, &input->ready);
}

static void report_parts(struct ws_conn *conn)
{
	struct ws_input *input = &conn->input;

	if (input->ready_kind == WS_INPUT_BINARY) {
		report_part(conn, &input->ready, &input->ready_reported_bytes);
	} else if (input->in_message && input->binary && !input->discarding) {
		report_part(conn, &input->message, &input->reported_bytes);
	}
}

void ws_conn_on_receive(
	struct ws_conn *conn, bool binary, bool final, size_t rest, const char *data, size_t length)
{
	if (is_reporting(conn)) {
		conn->more_here = true;
		report_ready(conn);
		conn->more_here = false;
	}
	if (!is_live(conn) || conn->peer_closing) {
		return;
	}
	ws_input_append(&conn->input, binary, final, rest, data, length);
	if (is_reporting(conn)) {
		report_parts(conn);
	}
	if (conn->input.ready_kind != WS_INPUT_NONE) {
		lws_loop_later(conn->lws_loop, &conn->task);
	}
}

void ws_conn_on_peer_close(struct ws_conn *conn, unsigned code, const char *reason, size_t length)
{
	char text[WS_REASON_BYTES];

	if (is_reporting(conn)) {
		report_ready(conn);
	}
	snprintf(text, sizeof(text), "%.*s", (int)length, reason);
	note_end(conn, code, text);
	conn->peer_closing = true;
}

/* Its end */

static void report_closed(struct ws_conn *conn)
{
	if (conn->opened && !conn->closed) {
		conn->closed = true;
		conn->events->closed(conn->user, conn,
			conn->code != 0 ? conn->code : WS_CLOSE_LINK_BROKE, conn->reason);
	}
}

static void end(struct ws_conn *conn)
{
	conn->task.waiting = true; /* whatever the handlers ask for, there is no next time */
	if (is_reporting(conn)) {
		report_ready(conn);
	}
	report_closed(conn);
	if (conn->side != NULL) {
		conn->side->gone(conn->side_user, conn);
	}
	ws_clock_finish(&conn->clock);
	ws_input_finish(&conn->input);
	ws_output_finish(&conn->output);
	ws_pool_destroy(conn->pool);
	lws_loop_release(conn->lws_loop);
	free(conn);
}

void ws_conn_on_gone(struct ws_conn *conn)
{
	/* lws runs its own timers before it waits: its wait must not delay the end. */
	lws_cancel_service(lws_loop_context(conn->lws_loop));
	conn->wsi = NULL;
	ws_clock_stop(&conn->clock);
	ws_conn_end_later(conn);
}

/* Everything that may not be done inside a callback of lws. */
static void settle(struct lws_loop_task *task)
{
	struct ws_conn *conn = CONTAINER_OF(task, struct ws_conn, task);

	if (conn->wsi == NULL) {
		end(conn);
		return;
	}
	if (is_reporting(conn)) {
		report_ready(conn);
	}
	if (is_reporting(conn)) {
		report_parts(conn);
	}
	if (conn->killed) {
		/* The one way to end a socket whose output is stuck; nothing may come between. */
		lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	if (conn->rx_off && (!conn->paused || conn->closing)) {
		conn->rx_off = false;
		lws_rx_flow_control(conn->wsi, 1);
	}
}

void ws_conn_leave(struct ws_conn *conn, unsigned code, const char *reason, bool report)
{
	unsigned char frame[LWS_PRE + 2 + WS_REASON_BYTES];
	size_t length = strlen(reason);

	note_end(conn, code, reason);
	conn->side = NULL;
	if (is_live(conn) && conn->wsi != NULL && !conn->peer_closing &&
		!lws_partial_buffered(conn->wsi)) {
		frame[LWS_PRE] = (unsigned char)(code >> 8);
		frame[LWS_PRE + 1] = (unsigned char)code;
		memcpy(frame + LWS_PRE + 2, reason, length);
		lws_write(conn->wsi, frame + LWS_PRE, length + 2, WRITE_CLOSE);
	}
	conn->killed = true;
	lws_loop_later(conn->lws_loop, &conn->task);
	if (report && !conn->opening) {
		report_closed(conn);
	}
	conn->closed = !report || conn->closed;
}

/* After a turn of writing */

void ws_conn_on_written(struct ws_conn *conn, bool progress)
{
	bool done = ws_output_empty(&conn->output) && conn->leaving_bytes == 0;

	ws_clock_written(&conn->clock, conn, progress, done);
	if (!done) {
		lws_callback_on_writable(conn->wsi);
	} else if (progress && conn->events->drained != NULL && is_live(conn)) {
		conn->events->drained(conn->user, conn);
	}
}

/* Its beginning */

struct ws_conn *ws_conn_create(struct lws_loop *lws_loop, const struct ws_limits *limits,
	const struct ws_events *events, void *owner, const struct ws_side *side, void *side_user)
{
	struct ws_conn *conn = xcalloc(1, sizeof(*conn));
	struct loop *loop = lws_loop_core(lws_loop);

	conn->lws_loop = lws_loop;
	conn->task.run = settle;
	conn->limits = *limits;
	conn->events = events;
	conn->owner = owner;
	conn->side = side;
	conn->side_user = side_user;
	conn->pool = ws_pool_create(loop);
	ws_input_init(&conn->input, conn->pool,
		limit_of(conn, limits->guest_message_bytes, limits->max_message_bytes));
	ws_clock_init(&conn->clock, loop, conn);
	lws_loop_hold(lws_loop);
	return conn;
}

void ws_conn_on_opened(struct ws_conn *conn)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t size = sizeof(peer);

	if (conn->address[0] == '\0' &&
		getpeername(lws_get_socket_fd(conn->wsi), (void *)&peer, &size) == 0) {
		tcp_socket_address((const void *)&peer, conn->address);
	}
	conn->opened = true;
	ws_clock_opened(&conn->clock, conn);
	conn->opening = true;
	conn->user = conn->events->opened(conn->owner, conn);
	conn->opening = false;
	if (conn->side == NULL) {
		report_closed(conn); /* the handler ended it all */
	}
}

/* What its users call */

static bool may_send(struct ws_conn *conn, struct strbuf *data)
{
	if (is_live(conn) && !conn->peer_closing && conn->wsi != NULL) {
		return true;
	}
	strbuf_finish(data);
	return false;
}

static void send_queued(struct ws_conn *conn)
{
	size_t limit_bytes =
		limit_of(conn, conn->limits.guest_queued_bytes, conn->limits.max_queued_bytes);

	if (ws_output_memory_bytes(&conn->output) + conn->leaving_bytes > limit_bytes) {
		ws_conn_kill(conn, WS_CLOSE_POLICY, "the peer takes too little");
		return;
	}
	ws_clock_queued(&conn->clock, conn);
	lws_callback_on_writable(conn->wsi);
}

void ws_conn_send_take(struct ws_conn *conn, struct strbuf *text)
{
	if (may_send(conn, text)) {
		ws_output_push_take(&conn->output, text, false);
		send_queued(conn);
	}
}

void ws_conn_send_binary_take(struct ws_conn *conn, struct strbuf *message)
{
	if (may_send(conn, message)) {
		ws_output_push_take(&conn->output, message, true);
		send_queued(conn);
	}
}

void ws_conn_send_replaceable_take(struct ws_conn *conn, unsigned slot, struct strbuf *text)
{
	if (may_send(conn, text)) {
		ws_output_replace_take(&conn->output, slot, text);
		send_queued(conn);
	}
}

size_t ws_conn_queued_bytes(const struct ws_conn *conn)
{
	return conn->output.queued_bytes + conn->leaving_bytes;
}

void ws_conn_close(struct ws_conn *conn, unsigned code, const char *reason)
{
	if (!is_live(conn)) {
		return;
	}
	note_end(conn, code, reason);
	conn->closing = true;
	if (conn->wsi == NULL) {
		return; /* the link has gone already */
	}
	/* The peer's answer must be read, and everything before it thrown away. */
	lws_loop_later(conn->lws_loop, &conn->task);
	send_queued(conn);
}

bool ws_conn_closing(const struct ws_conn *conn)
{
	return !is_live(conn) || conn->peer_closing;
}

void ws_conn_pause(struct ws_conn *conn)
{
	if (conn->paused || !is_live(conn)) {
		return;
	}
	conn->paused = true;
	if (conn->wsi != NULL) {
		conn->rx_off = true;
		lws_rx_flow_control(conn->wsi, 0);
	}
}

void ws_conn_resume(struct ws_conn *conn)
{
	if (!conn->paused) {
		return;
	}
	conn->paused = false;
	lws_loop_later(conn->lws_loop, &conn->task);
	ws_clock_resumed(&conn->clock);
}

bool ws_conn_input_pending(const struct ws_conn *conn)
{
	if (conn->more_here || conn->input.in_message || conn->input.ready_kind != WS_INPUT_NONE) {
		return true;
	}
	return conn->wsi != NULL && tcp_socket_input_pending(lws_get_socket_fd(conn->wsi));
}

void ws_conn_recycle_take(struct ws_conn *conn, struct strbuf *buffer)
{
	ws_pool_give(conn->pool, buffer);
}

void ws_conn_set_deadline(struct ws_conn *conn, int64_t delay_ms)
{
	ws_clock_set_deadline(&conn->clock, conn->wsi != NULL || !conn->opened ? delay_ms : 0);
}

void ws_conn_set_standing(struct ws_conn *conn, enum ws_standing standing)
{
	conn->standing = standing;
	if (standing == WS_ADMITTED) {
		conn->input.max_bytes = conn->limits.max_message_bytes;
	}
}

const char *ws_conn_address(const struct ws_conn *conn)
{
	return conn->address;
}
