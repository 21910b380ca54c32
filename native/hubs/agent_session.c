#define LOG_MODULE "session"

#include "hubs/agent_session.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_error.h"
#include "proto/proto_upload.h"
#include "upload/chunk_receiver.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IN_FLIGHT_MAX_BYTES (8u * 1024 * 1024)
#define PROGRESS_SLOT 0
#define EVENT_PREFIX_DIGITS 8

/* Leaves the answer time to travel before the Hub gives up. */
#define ANSWER_WITHIN_MS (REQUEST_TIMEOUT_MS - 1500)

struct agent_ticket {
	TAILQ_ENTRY(agent_ticket) link; /* while its session waits for the answer */
	struct agent_session *session;
	char *id; /* NULL once it was answered at the deadline */
	int64_t due_ms;
};

struct agent_session {
	unsigned ref_count;
	struct agent_session_options *options;
	struct ws_conn *conn; /* NULL: closed */
	enum session_state state;
	struct agent_hub hub;
	enum pairing_end pairing_end;
	const char *request_id;		    /* borrowed while a request is being handled */
	TAILQ_HEAD(, agent_ticket) tickets; /* the oldest first */
	struct loop_timer *deadline;	    /* of the oldest */
	struct chunk_receiver receiver;
	char *event_prefix; /* of the ids of events */
	uint64_t event_count;
};

struct agent_session *agent_session_ref(struct agent_session *session)
{
	session->ref_count++;
	return session;
}

void agent_session_unref(struct agent_session *session)
{
	if (session == NULL || --session->ref_count > 0) {
		return;
	}
	assert(TAILQ_EMPTY(&session->tickets)); /* each holds a reference */
	loop_timer_destroy(session->deadline);
	chunk_receiver_finish(&session->receiver);
	agent_hub_finish(&session->hub);
	free(session->event_prefix);
	free(session);
}

enum session_state agent_session_state(const struct agent_session *session)
{
	return session->state;
}

const struct agent_hub *agent_session_hub(const struct agent_session *session)
{
	return &session->hub;
}

const char *agent_session_address(const struct agent_session *session)
{
	return session->conn != NULL ? ws_conn_address(session->conn) : "";
}

int64_t agent_session_known_since_ms(const struct agent_session *session)
{
	return session->conn != NULL ? ws_conn_known_since_ms(session->conn) : 0;
}

bool agent_session_is_trusted(const struct agent_session *session)
{
	return session->conn != NULL && ws_conn_is_trusted(session->conn);
}

enum pairing_end agent_session_pairing_end(const struct agent_session *session)
{
	return session->pairing_end;
}

struct chunk_receiver *agent_session_receiver(struct agent_session *session)
{
	return &session->receiver;
}

/* --- State --- */

static void set_hub(struct agent_session *session, struct agent_hub *hub)
{
	if (hub == NULL) {
		return;
	}
	agent_hub_finish(&session->hub);
	session->hub = *hub;
	*hub = (struct agent_hub){ 0 };
}

static void set_standing(struct agent_session *session, enum ws_standing standing, int64_t wait_ms)
{
	if (session->conn != NULL) {
		ws_conn_set_standing(session->conn, standing);
		ws_conn_set_deadline(session->conn, wait_ms);
	}
}

void agent_session_set_pairing(struct agent_session *session, struct agent_hub *hub)
{
	set_hub(session, hub);
	session->state = SESSION_PAIRING;
	set_standing(session, WS_HELD, 0);
}

void agent_session_set_unpaired(struct agent_session *session, enum pairing_end end)
{
	session->state = SESSION_CONNECTED;
	session->pairing_end = end;
	set_standing(session, WS_GUEST, PAIRING_LINGER_MS);
}

void agent_session_set_paired(struct agent_session *session, struct agent_hub *hub)
{
	set_hub(session, hub);
	session->hub.connected_at = time(NULL);
	session->state = SESSION_PAIRED;
	set_standing(session, WS_ADMITTED, 0);
	session->options->events->entered(session->options->user, session);
}

static void leave(struct agent_session *session)
{
	bool was_paired = session->state == SESSION_PAIRED;

	session->state = SESSION_CONNECTED;
	if (was_paired) {
		session->options->events->left(session->options->user, session);
	}
}

void agent_session_close(struct agent_session *session, unsigned code, const char *reason)
{
	if (session->conn != NULL) {
		ws_conn_close(session->conn, code, reason);
	}
}

void agent_session_expel(struct agent_session *session, unsigned code, const char *reason)
{
	leave(session);
	agent_session_close(session, code, reason);
}

/* --- Sending --- */

static void send_answer(struct agent_session *session, const char *id, const char *type,
	const struct json_field *fields, const void *payload)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (session->conn == NULL) {
		return;
	}
	envelope_write(&text, id, type, fields, payload);
	ws_conn_send_take(session->conn, &text);
}

static void send_error(struct agent_session *session, const char *id, const struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (session->conn == NULL) {
		return;
	}
	log_debug("%s: refused: %s", agent_session_address(session), err->message);
	envelope_write_error(&text, id, (int)proto_error_code(err->kind), err->message);
	ws_conn_send_take(session->conn, &text);
}

static void write_event(struct agent_session *session, struct strbuf *text, const char *type,
	const struct json_field *fields, const void *payload)
{
	char id[64];

	snprintf(id, sizeof(id), "event-%s-%llu", session->event_prefix,
		(unsigned long long)++session->event_count);
	envelope_write(text, id, type, fields, payload);
}

void agent_session_push(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (session->conn != NULL) {
		write_event(session, &text, type, fields, payload);
		ws_conn_send_take(session->conn, &text);
	}
}

void agent_session_push_latest(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (session->conn != NULL) {
		write_event(session, &text, type, fields, payload);
		ws_conn_send_replaceable_take(session->conn, PROGRESS_SLOT, &text);
	}
}

void agent_session_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message)
{
	const struct agent_session_options *options = session->options;
	bool is_desktop = session->hub.is_desktop;
	const struct operation_event event = {
		.type = type,
		.status = status,
		.game_name = game_name,
		.progress = strcmp(status, "complete") == 0 ? 100 : 0,
		.message = is_desktop ? "" : message,
	};

	if (session->conn == NULL ||
		(is_desktop && strcmp(type, "install") != 0 &&
			options->events->is_uploading(options->user, session))) {
		return;
	}
	agent_session_push(session, "operation_event", operation_event_fields, &event);
}

/* --- Requests --- */

void agent_session_set_request(struct agent_session *session, const char *id)
{
	session->request_id = id;
}

void agent_session_reply(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload)
{
	send_answer(session, session->request_id, type, fields, payload);
}

void agent_session_reply_error(struct agent_session *session, const struct error *err)
{
	send_error(session, session->request_id, err);
	/* A stranger that has had its answer makes room for the next one first. */
	if (session->state == SESSION_CONNECTED && session->conn != NULL) {
		ws_conn_set_standing(session->conn, WS_REFUSED);
	}
}

/* --- Requests that are answered later --- */

/* The timer is not moved for every ticket that ends: it checks again when it fires. */
static void wait_for_oldest(struct agent_session *session)
{
	const struct agent_ticket *oldest = TAILQ_FIRST(&session->tickets);
	int64_t delay_ms;

	if (oldest == NULL || loop_timer_running(session->deadline)) {
		return;
	}
	delay_ms = oldest->due_ms - loop_now_ms();
	loop_timer_set(session->deadline, delay_ms > 0 ? delay_ms : 0);
}

static void on_deadline(void *user)
{
	struct agent_session *session = user;
	struct agent_ticket *ticket;

	while ((ticket = TAILQ_FIRST(&session->tickets)) != NULL &&
		ticket->due_ms <= loop_now_ms()) {
		struct error err;

		error_set(&err, ERROR_TIMEOUT, "not done within %d seconds; it may still complete",
			REQUEST_TIMEOUT_MS / 1000);
		send_error(session, ticket->id, &err);
		free(TAKE_PTR(ticket->id));
		TAILQ_REMOVE(&session->tickets, ticket, link);
	}
	wait_for_oldest(session);
}

struct agent_ticket *agent_session_take_id(struct agent_session *session, const char *id)
{
	struct agent_ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->session = agent_session_ref(session);
	ticket->id = xstrdup(id);
	ticket->due_ms = loop_now_ms() + ANSWER_WITHIN_MS;
	TAILQ_INSERT_TAIL(&session->tickets, ticket, link);
	wait_for_oldest(session);
	return ticket;
}

struct agent_ticket *agent_session_take_request(struct agent_session *session)
{
	return agent_session_take_id(session, session->request_id);
}

struct agent_session *agent_ticket_session(const struct agent_ticket *ticket)
{
	return ticket->session;
}

void agent_ticket_drop_take(struct agent_ticket *ticket)
{
	if (ticket->id != NULL) {
		TAILQ_REMOVE(&ticket->session->tickets, ticket, link);
	}
	free(ticket->id);
	agent_session_unref(ticket->session);
	free(ticket);
}

void agent_ticket_reply_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload)
{
	if (ticket->id != NULL) {
		send_answer(ticket->session, ticket->id, type, fields, payload);
	}
	agent_ticket_drop_take(ticket);
}

void agent_ticket_fail_take(struct agent_ticket *ticket, const struct error *err)
{
	if (ticket->id != NULL) {
		send_error(ticket->session, ticket->id, err);
	}
	agent_ticket_drop_take(ticket);
}

/* --- Chunks --- */

bool agent_session_input_pending(const struct agent_session *session)
{
	return session->conn != NULL && ws_conn_input_pending(session->conn);
}

static void pause_if_full(struct agent_session *session)
{
	struct agent_session_options *options = session->options;

	if (session->conn != NULL && options->paused == NULL &&
		options->events->in_flight_bytes(options->user) > IN_FLIGHT_MAX_BYTES) {
		options->paused = session;
		ws_conn_pause(session->conn);
	}
}

/* The connection to read from may be newer than the one that wrote. */
static void resume_if_drained(struct agent_session_options *options)
{
	struct agent_session *paused = options->paused;

	if (paused != NULL &&
		options->events->in_flight_bytes(options->user) < IN_FLIGHT_MAX_BYTES / 2) {
		options->paused = NULL;
		ws_conn_resume(paused->conn);
	}
}

void agent_ticket_acknowledge_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload, const struct error *err,
	struct strbuf *buffer)
{
	struct agent_session *session = ticket->session;

	if (session->conn != NULL) {
		ws_conn_recycle_take(session->conn, buffer);
	} else {
		strbuf_finish(buffer);
	}
	resume_if_drained(session->options);
	if (err != NULL) {
		agent_ticket_fail_take(ticket, err);
	} else {
		agent_ticket_reply_take(ticket, type, fields, payload);
	}
}

/* --- The connection's events --- */

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct agent_session *session = xcalloc(1, sizeof(*session));

	session->ref_count = 1;
	session->options = owner;
	session->conn = conn;
	session->pairing_end = PAIRING_GONE;
	session->event_prefix = random_hex(EVENT_PREFIX_DIGITS);
	session->deadline = loop_timer_create(session->options->loop, on_deadline, session);
	TAILQ_INIT(&session->tickets);
	return session;
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct agent_session *session = user;

	session->options->events->text(session->options->user, session, text, length);
	pause_if_full(session);
}

static void on_binary_part(void *user, struct ws_conn *conn, const char *message, size_t length)
{
	struct agent_session *session = user;

	session->options->events->binary_part(session->options->user, session, message, length);
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	struct agent_session *session = user;

	session->options->events->binary(session->options->user, session, message);
	pause_if_full(session);
}

static void on_binary_oversize(void *user, struct ws_conn *conn, const char *start, size_t length)
{
	struct agent_session *session = user;

	session->options->events->binary_oversize(session->options->user, session, start, length);
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct agent_session *session = user;

	session->conn = NULL;
	if (session->options->paused == session) {
		session->options->paused = NULL;
	}
	leave(session);
	log_debug("connection closed (%u %s)", code, reason);
	session->options->events->closed(session->options->user, session);
	agent_session_unref(session);
}

const struct ws_events agent_session_ws_events = {
	.opened = on_opened,
	.text = on_text,
	.binary_part = on_binary_part,
	.binary = on_binary,
	.binary_oversize = on_binary_oversize,
	.closed = on_closed,
};
