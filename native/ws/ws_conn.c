#include "ws/ws_conn.h"

#include "core/list.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "ws/lws_loop.h"
#include "ws/ws_clock.h"
#include "ws/ws_input.h"
#include "ws/ws_life.h"
#include "ws/ws_link.h"
#include "ws/ws_output.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static_assert(WS_REPLACEABLE_SLOTS == WS_OUTPUT_SLOTS, "a slot each");

struct ws_conn {
	struct lws_loop *lws_loop;
	struct lws_loop_task task;
	struct ws_life life;
	struct ws_link link;
	struct ws_clock clock;
	struct ws_input input;
	struct ws_output output;

	const struct ws_side *side; /* NULL: the owner has let go of it */
	void *side_user;
	struct ws_limits limits;
	const struct ws_events *events;
	void *owner, *user;
	char address[TCP_SOCKET_ADDRESS_BYTES];
	enum ws_standing standing;
	int64_t known_since_ms;
	bool is_trusted;
	bool has_spoken;

	bool is_paused;
	bool is_ping_due;
};

static bool is_reporting(const struct ws_conn *conn)
{
	return ws_life_is_live(&conn->life) && !conn->is_paused;
}

static bool is_linked(const struct ws_conn *conn)
{
	return conn->link.wsi != NULL;
}

static void settle_later(struct ws_conn *conn)
{
	lws_loop_later(conn->lws_loop, &conn->task);
}

void ws_conn_kill(struct ws_conn *conn, unsigned code, const char *reason)
{
	if (conn->life.state == WS_GONE) {
		return; /* called from within `closed` */
	}
	ws_life_note_end(&conn->life, code, reason);
	ws_life_become(&conn->life, WS_KILLED);
	settle_later(conn);
}

/* A guest may make us buffer less than an authenticated peer. */
static size_t limit_of(const struct ws_conn *conn, size_t of_guest, size_t of_admitted)
{
	return conn->standing == WS_ADMITTED || of_guest == 0 ? of_admitted : of_guest;
}

/* --- Input --- */

static bool is_wanted(void *user)
{
	return is_reporting(user);
}

static void on_part(void *user, const struct strbuf *message)
{
	struct ws_conn *conn = user;

	if (conn->events->binary_part != NULL) {
		conn->events->binary_part(conn->user, conn, strbuf_text(message), message->length);
	}
}

static void report_text(struct ws_conn *conn, const struct strbuf *text)
{
	/* lws misses an unfinished character before an empty last fragment. */
	if (utf8_valid(strbuf_text(text), text->length)) {
		conn->events->text(conn->user, conn, strbuf_text(text), text->length);
	} else {
		ws_conn_close(conn, WS_CLOSE_NOT_UTF8, "invalid UTF-8");
	}
}

static void report_oversize(struct ws_conn *conn, bool binary, const struct strbuf *start)
{
	if (binary && conn->events->binary_oversize != NULL) {
		conn->events->binary_oversize(conn->user, conn, strbuf_text(start), start->length);
	} else {
		ws_conn_close(conn, WS_CLOSE_TOO_LARGE, "message too large");
	}
}

static void on_message(void *user, enum ws_input_kind kind, struct strbuf *message)
{
	struct ws_conn *conn = user;

	conn->has_spoken = true;
	switch (kind) {
	case WS_INPUT_NONE:
		break;
	case WS_INPUT_TEXT:
		report_text(conn, message);
		break;
	case WS_INPUT_BINARY:
		conn->events->binary(conn->user, conn, message);
		break;
	case WS_INPUT_TEXT_OVERSIZE:
	case WS_INPUT_BINARY_OVERSIZE:
		report_oversize(conn, kind == WS_INPUT_BINARY_OVERSIZE, message);
		break;
	}
}

static const struct ws_input_events input_events = {
	.is_wanted = is_wanted,
	.part = on_part,
	.message = on_message,
};

static void on_received(
	void *user, bool binary, bool final, size_t rest, const char *data, size_t length)
{
	struct ws_conn *conn = user;

	ws_input_report(&conn->input, true);
	if (conn->life.state != WS_OPEN) {
		return;
	}
	ws_input_append(&conn->input, binary, final, rest, data, length);
	ws_input_report_parts(&conn->input);
	if (ws_input_is_ready(&conn->input)) {
		settle_later(conn);
	}
}

static void on_peer_closed(void *user, unsigned code, const char *reason, size_t length)
{
	struct ws_conn *conn = user;
	char text[WS_LIFE_REASON_BYTES];

	ws_input_report(&conn->input, false);
	snprintf(text, sizeof(text), "%.*s", (int)length, reason);
	ws_life_note_end(&conn->life, code, text);
	if (conn->life.state == WS_OPEN) {
		ws_life_become(&conn->life, WS_PEER_CLOSING);
	} else if (conn->life.state == WS_CLOSING) {
		ws_life_become(&conn->life, WS_ENDING);
	}
}

/* --- Writing --- */

static bool write_queued(struct ws_conn *conn, bool *progress)
{
	bool several = ws_output_count(&conn->output) > 1, ok = true;
	struct ws_frame frame;

	if (several) {
		ws_link_cork(&conn->link, true);
	}
	while (ok && !ws_link_is_full(&conn->link) && ws_output_pop(&conn->output, &frame)) {
		ok = ws_link_write(&conn->link, &frame);
		*progress |= ok;
	}
	if (several) {
		ws_link_cork(&conn->link, false);
	}
	return ok;
}

static void note_written(struct ws_conn *conn, bool progress)
{
	bool done = ws_output_empty(&conn->output) && conn->link.leaving_bytes == 0;

	ws_clock_written(&conn->clock, progress, done);
	if (!done) {
		ws_link_want_write(&conn->link);
	} else if (progress && conn->events->drained != NULL && ws_life_is_live(&conn->life)) {
		conn->events->drained(conn->user, conn);
	}
}

static bool on_writeable(void *user)
{
	struct ws_conn *conn = user;
	bool progress = conn->link.leaving_bytes > 0;

	conn->link.leaving_bytes = 0;
	/* lws calls on even while it waits for the answer to a close frame. */
	if (conn->life.state != WS_OPEN && conn->life.state != WS_CLOSING) {
		return true;
	}
	if (conn->is_ping_due && conn->life.state == WS_OPEN) {
		conn->is_ping_due = false;
		if (!ws_link_ping(&conn->link)) {
			return false;
		}
	}
	if (!write_queued(conn, &progress)) {
		return false;
	}
	if (conn->life.state == WS_CLOSING && ws_output_empty(&conn->output) &&
		!ws_link_is_full(&conn->link)) {
		ws_life_become(&conn->life, WS_ENDING);
		ws_clock_written(&conn->clock, true, true); /* lws has its own timer for the rest */
		ws_link_close(&conn->link, conn->life.code, conn->life.reason);
		return false;
	}
	note_written(conn, progress);
	return true;
}

/* --- Clocks --- */

static void on_ping_due(void *user)
{
	struct ws_conn *conn = user;

	if (conn->life.state == WS_OPEN) {
		conn->is_ping_due = true;
		ws_link_want_write(&conn->link);
	}
}

static void on_silent(void *user)
{
	if (!ws_conn_closing(user)) {
		ws_conn_kill(user, WS_CLOSE_LINK_BROKE, "the peer has gone silent");
	}
}

static void on_stuck(void *user)
{
	ws_conn_kill(user, WS_CLOSE_LINK_BROKE, "the peer has stopped reading");
}

static void on_deadline(void *user)
{
	if (ws_conn_was_opened(user)) {
		ws_conn_close(user, WS_CLOSE_POLICY, "timed out");
	} else {
		ws_conn_kill(user, WS_CLOSE_POLICY, "timed out");
	}
}

static const struct ws_clock_events clock_events = {
	.ping_due = on_ping_due,
	.silent = on_silent,
	.stuck = on_stuck,
	.deadline = on_deadline,
};

/* --- Closing --- */

static void report_closed(struct ws_conn *conn)
{
	if (conn->life.told == WS_TOLD_OPENED) {
		ws_life_tell(&conn->life, WS_TOLD_CLOSED);
		conn->events->closed(conn->user, conn,
			conn->life.code != 0 ? conn->life.code : WS_CLOSE_LINK_BROKE,
			conn->life.reason);
	}
}

static void end(struct ws_conn *conn)
{
	conn->task.waiting = true; /* handlers can no longer schedule the task */
	ws_input_report(&conn->input, false);
	ws_life_become(&conn->life, WS_GONE);
	report_closed(conn);
	if (conn->side != NULL) {
		conn->side->gone(conn->side_user, conn);
	}
	ws_clock_finish(&conn->clock);
	ws_input_finish(&conn->input);
	ws_output_finish(&conn->output);
	lws_loop_release(conn->lws_loop);
	free(conn);
}

static void on_failed(void *user, unsigned code, const char *reason, size_t length)
{
	struct ws_conn *conn = user;

	if (conn->life.code == 0 && conn->life.reason[0] == '\0' && reason != NULL) {
		conn->life.code = code;
		snprintf(conn->life.reason, sizeof(conn->life.reason), "%.*s", (int)length, reason);
	}
}

static void on_gone(void *user)
{
	struct ws_conn *conn = user;

	ws_clock_stop(&conn->clock);
	settle_later(conn);
}

/* Everything that may not be done inside a callback of lws. */
static void settle(struct lws_loop_task *task)
{
	struct ws_conn *conn = CONTAINER_OF(task, struct ws_conn, task);

	if (!is_linked(conn)) {
		end(conn);
		return;
	}
	ws_input_report(&conn->input, false);
	ws_input_report_parts(&conn->input);
	switch (conn->life.state) {
	case WS_KILLED:
		ws_link_kill(&conn->link);
		break;
	case WS_CLOSING:
	case WS_ENDING:
		ws_link_read(&conn->link, true); /* the peer's answer must be read */
		break;
	case WS_OPEN:
	case WS_PEER_CLOSING:
		ws_link_read(&conn->link, !conn->is_paused);
		break;
	case WS_CONNECTING:
	case WS_GONE:
		break;
	}
}

void ws_conn_leave(struct ws_conn *conn, unsigned code, const char *reason, bool report)
{
	ws_life_note_end(&conn->life, code, reason);
	conn->side = NULL;
	if (conn->life.state == WS_OPEN) {
		ws_link_say_goodbye(&conn->link, code, reason);
	}
	ws_conn_kill(conn, code, reason);
	if (report) {
		report_closed(conn); /* if it is being opened: after that */
	} else {
		ws_life_tell(&conn->life, WS_TOLD_CLOSED);
	}
}

/* --- Opening --- */

static unsigned on_admit(void *user, const struct ws_request *request)
{
	const struct ws_conn *conn = user;

	if (conn->life.state != WS_CONNECTING || conn->side == NULL) {
		return WS_LINK_DROP;
	}
	return conn->side->admit(conn->side_user, request);
}

static bool on_opened(void *user)
{
	struct ws_conn *conn = user;
	struct sockaddr_storage peer = { 0 };
	socklen_t size = sizeof(peer);

	if (conn->life.state != WS_CONNECTING) {
		return false; /* killed meanwhile */
	}
	ws_life_become(&conn->life, WS_OPEN);
	if (conn->address[0] == '\0' &&
		getpeername(ws_link_fd(&conn->link), (void *)&peer, &size) == 0) {
		tcp_socket_address((const void *)&peer, conn->address);
	}
	ws_clock_start(&conn->clock, ws_link_fd(&conn->link));
	ws_life_tell(&conn->life, WS_TOLD_OPENING);
	conn->user = conn->events->opened(conn->owner, conn);
	if (conn->life.told == WS_TOLD_OPENING) {
		ws_life_tell(&conn->life, WS_TOLD_OPENED);
	}
	if (conn->side == NULL) {
		report_closed(conn); /* the handler closed it */
	}
	return true;
}

static const struct ws_link_events link_events = {
	.admit = on_admit,
	.opened = on_opened,
	.received = on_received,
	.peer_closed = on_peer_closed,
	.writeable = on_writeable,
	.failed = on_failed,
	.gone = on_gone,
};

struct ws_conn *ws_conn_create(struct lws_loop *lws_loop, const struct ws_limits *limits,
	const struct ws_events *events, void *owner, const struct ws_side *side, void *side_user)
{
	struct ws_conn *conn = xcalloc(1, sizeof(*conn));
	struct loop *loop = lws_loop_core(lws_loop);
	const struct ws_clock_limits clock_limits = {
		.ping_period_ms = limits->ping_period_ms,
		.pong_wait_ms = limits->pong_wait_ms,
		.write_wait_ms = limits->write_wait_ms,
	};

	conn->lws_loop = lws_loop;
	conn->task.run = settle;
	conn->limits = *limits;
	conn->events = events;
	conn->owner = owner;
	conn->side = side;
	conn->side_user = side_user;
	ws_link_init(&conn->link, lws_loop, &link_events, conn);
	ws_input_init(&conn->input, loop,
		limit_of(conn, limits->guest_message_bytes, limits->max_message_bytes),
		&input_events, conn);
	ws_clock_init(&conn->clock, loop, &clock_limits, &clock_events, conn);
	lws_loop_hold(lws_loop);
	return conn;
}

void ws_conn_adopt_take(struct ws_conn *conn, int fd)
{
	if (!ws_link_adopt_take(&conn->link, fd)) {
		settle_later(conn);
	}
}

void ws_conn_connect(struct ws_conn *conn, const char *host, uint16_t port, const char *path,
	const char *host_header)
{
	if (!ws_link_connect(&conn->link, host, port, path, host_header)) {
		settle_later(conn);
	}
}

/* --- Interface --- */

static bool may_send(struct ws_conn *conn, struct strbuf *data)
{
	if (conn->life.state == WS_OPEN && is_linked(conn)) {
		return true;
	}
	strbuf_finish(data);
	return false;
}

static void send_queued(struct ws_conn *conn)
{
	size_t limit_bytes =
		limit_of(conn, conn->limits.guest_queued_bytes, conn->limits.max_queued_bytes);

	if (ws_output_memory_bytes(&conn->output) + conn->link.leaving_bytes > limit_bytes) {
		ws_conn_kill(conn, WS_CLOSE_POLICY, "the peer reads too slowly");
		return;
	}
	ws_clock_queued(&conn->clock);
	ws_link_want_write(&conn->link);
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
	return conn->output.queued_bytes + conn->link.leaving_bytes;
}

void ws_conn_close(struct ws_conn *conn, unsigned code, const char *reason)
{
	if (!ws_life_is_live(&conn->life)) {
		return;
	}
	ws_life_note_end(&conn->life, code, reason);
	if (conn->life.state == WS_PEER_CLOSING || !is_linked(conn)) {
		ws_life_become(&conn->life, WS_ENDING); /* it ends by itself */
	} else {
		ws_life_become(&conn->life, WS_CLOSING);
		send_queued(conn);
	}
	if (is_linked(conn)) {
		/* What the peer sends before its answer must be read and discarded. */
		settle_later(conn);
	}
}

bool ws_conn_closing(const struct ws_conn *conn)
{
	return conn->life.state != WS_OPEN;
}

void ws_conn_pause(struct ws_conn *conn)
{
	if (conn->is_paused || !ws_life_is_live(&conn->life)) {
		return;
	}
	conn->is_paused = true;
	ws_clock_pause(&conn->clock, true);
	if (is_linked(conn)) {
		ws_link_read(&conn->link, false);
	}
}

void ws_conn_resume(struct ws_conn *conn)
{
	if (!conn->is_paused) {
		return;
	}
	conn->is_paused = false;
	settle_later(conn);
	ws_clock_pause(&conn->clock, false);
}

bool ws_conn_input_pending(const struct ws_conn *conn)
{
	if (ws_input_is_pending(&conn->input)) {
		return true;
	}
	return is_linked(conn) && tcp_socket_input_pending(ws_link_fd(&conn->link));
}

void ws_conn_recycle_take(struct ws_conn *conn, struct strbuf *buffer)
{
	ws_input_recycle_take(&conn->input, buffer);
}

void ws_conn_set_deadline(struct ws_conn *conn, int64_t delay_ms)
{
	ws_clock_set_deadline(
		&conn->clock, is_linked(conn) || conn->life.told == WS_TOLD_NOTHING ? delay_ms : 0);
}

void ws_conn_set_standing(struct ws_conn *conn, enum ws_standing standing)
{
	conn->standing = standing;
	if (standing == WS_ADMITTED) {
		conn->input.max_bytes = conn->limits.max_message_bytes;
	}
	if (conn->side != NULL && conn->side->stands != NULL) {
		conn->side->stands(conn->side_user, standing);
	}
}

const char *ws_conn_address(const struct ws_conn *conn)
{
	return conn->address;
}

void ws_conn_set_address(struct ws_conn *conn, const char *address)
{
	snprintf(conn->address, sizeof(conn->address), "%s", address);
}

void ws_conn_set_history(struct ws_conn *conn, int64_t known_since_ms, bool is_trusted)
{
	conn->known_since_ms = known_since_ms;
	conn->is_trusted = is_trusted;
}

int64_t ws_conn_known_since_ms(const struct ws_conn *conn)
{
	return conn->known_since_ms;
}

bool ws_conn_is_trusted(const struct ws_conn *conn)
{
	return conn->is_trusted;
}

bool ws_conn_has_spoken(const struct ws_conn *conn)
{
	return conn->has_spoken;
}

enum ws_standing ws_conn_standing(const struct ws_conn *conn)
{
	return conn->standing;
}

bool ws_conn_is_killed(const struct ws_conn *conn)
{
	return conn->life.state == WS_KILLED;
}

bool ws_conn_was_opened(const struct ws_conn *conn)
{
	return conn->life.told != WS_TOLD_NOTHING;
}

const char *ws_conn_end_reason(const struct ws_conn *conn)
{
	return conn->life.reason;
}

unsigned ws_conn_http_status(const struct ws_conn *conn)
{
	return conn->link.http_status;
}
