#define LOG_MODULE "session"

#include "hubs/agent_session.h"

#include "core/cleanup.h"
#include "core/log.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "hubs/agent_dispatch.h"
#include "hubs/handle_upload.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_error.h"
#include "proto/proto_upload.h"
#include "upload/chunk_receiver.h"
#include "upload/upload_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IN_FLIGHT_MAX_BYTES (8u * 1024 * 1024)
#define PROGRESS_SLOT 0
#define EVENT_PREFIX_DIGITS 8

struct agent_session {
	unsigned ref_count;
	struct agent_services *services;
	struct ws_conn *conn; /* NULL: closed */
	enum session_state state;
	struct agent_hub hub;
	enum pairing_end pairing_end;
	const char *request_id; /* borrowed while a request is being handled */
	struct agent_ticket_list tickets;
	struct chunk_receiver receiver;
	bool is_paused;
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
	agent_ticket_list_finish(&session->tickets);
	chunk_receiver_finish(&session->receiver);
	agent_hub_finish(&session->hub);
	free(session->event_prefix);
	free(session);
}

void agent_hub_finish(struct agent_hub *hub)
{
	free(hub->id);
	free(hub->name);
	free(hub->version);
	free(hub->platform);
	*hub = (struct agent_hub){ 0 };
}

struct agent_services *agent_session_services(const struct agent_session *session)
{
	return session->services;
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

enum pairing_end agent_session_pairing_end(const struct agent_session *session)
{
	return session->pairing_end;
}

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

/* It no longer is the connected Hub: its uploads pause, its place is free. */
static void leave(struct agent_session *session)
{
	struct agent_services *services = session->services;
	struct error err = { 0 };

	session->state = SESSION_CONNECTED;
	if (services->connected != session) {
		return;
	}
	services->connected = NULL;
	upload_store_hub_gone(services->uploads, session->hub.id);
	/* A Hub that was revoked is not there any more; that is fine. */
	if (!token_store_seen(services->tokens, session->hub.id, NULL, &err) &&
		err.kind != ERROR_NOT_FOUND) {
		log_warning("%s", err.message);
	}
	log_info("Hub '%s' has left", session->hub.name);
}

void agent_session_set_paired(struct agent_session *session, struct agent_hub *hub)
{
	struct agent_services *services = session->services;
	struct agent_session *older = services->connected;
	struct error err = { 0 };

	if (older != NULL && older != session) {
		agent_session_expel(older, WS_CLOSE_NORMAL, "replaced by a newer connection");
	}
	set_hub(session, hub);
	session->hub.connected_at = time(NULL);
	session->state = SESSION_PAIRED;
	set_standing(session, WS_ADMITTED, 0);
	services->connected = session;
	if (!token_store_seen(services->tokens, session->hub.id, session->hub.name, &err)) {
		log_warning("%s", err.message);
	}
	log_info("Hub '%s' %s is connected from %s", session->hub.name, session->hub.version,
		agent_session_address(session));
	agent_services_tell_hub_changed(services);
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
	agent_services_tell_hub_changed(session->services);
}

/* --- Sending --- */

void agent_session_send(struct agent_session *session, const char *id, const char *type,
	const struct json_field *fields, const void *payload)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (session->conn == NULL) {
		return;
	}
	envelope_write(&text, id, type, fields, payload);
	ws_conn_send_take(session->conn, &text);
}

void agent_session_fail(struct agent_session *session, const char *id, const struct error *err)
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

/* --- Operations --- */

struct upload_search {
	const char *hub_id;
	bool found;
};

static void visit_upload(void *user, const struct upload_status *status)
{
	struct upload_search *search = user;

	search->found |=
		status->state != UPLOAD_PAUSED && strcmp(status->hub_id, search->hub_id) == 0;
}

static bool is_uploading(const struct agent_session *session)
{
	struct upload_search search = { .hub_id = session->hub.id };

	upload_store_each(session->services->uploads, visit_upload, &search);
	return search.found;
}

void agent_session_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message)
{
	bool is_desktop = session->hub.is_desktop;
	const struct operation_event event = {
		.type = type,
		.status = status,
		.game_name = game_name,
		.progress = strcmp(status, "complete") == 0 ? 100 : 0,
		.message = is_desktop ? "" : message,
	};

	if (session->services->stopping ||
		(is_desktop && strcmp(type, "install") != 0 && is_uploading(session))) {
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
	agent_session_send(session, session->request_id, type, fields, payload);
}

void agent_session_reply_error(struct agent_session *session, const struct error *err)
{
	agent_session_fail(session, session->request_id, err);
}

struct agent_ticket *agent_session_take_request(struct agent_session *session)
{
	return agent_ticket_create(&session->tickets, session, session->request_id);
}

/* --- Flow of chunks --- */

void agent_session_balance(struct agent_session *session)
{
	size_t in_flight_bytes = upload_store_in_flight_bytes(session->services->uploads);

	if (session->conn == NULL) {
		return;
	}
	if (!session->is_paused && in_flight_bytes > IN_FLIGHT_MAX_BYTES) {
		session->is_paused = true;
		ws_conn_pause(session->conn);
	} else if (session->is_paused && in_flight_bytes < IN_FLIGHT_MAX_BYTES / 2) {
		session->is_paused = false;
		ws_conn_resume(session->conn);
	}
}

bool agent_session_input_pending(const struct agent_session *session)
{
	return session->conn != NULL && ws_conn_input_pending(session->conn);
}

void agent_session_recycle_take(struct agent_session *session, struct strbuf *buffer)
{
	if (session->conn != NULL) {
		ws_conn_recycle_take(session->conn, buffer);
	} else {
		strbuf_finish(buffer);
	}
}

/* --- The connection's events --- */

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct agent_session *session = xcalloc(1, sizeof(*session));

	session->ref_count = 1;
	session->services = owner;
	session->conn = conn;
	session->pairing_end = PAIRING_GONE;
	session->event_prefix = random_hex(EVENT_PREFIX_DIGITS);
	agent_ticket_list_init(&session->tickets, session->services->loop);
	return session;
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	agent_dispatch_text(user, text, length);
}

static void on_binary_part(void *user, struct ws_conn *conn, const char *message, size_t length)
{
	struct agent_session *session = user;

	if (session->state == SESSION_PAIRED) {
		handle_upload_part(session, &session->receiver, message, length);
	}
}

static void refuse_stranger(struct agent_session *session, const char *id)
{
	struct error err;

	error_set(&err, ERROR_UNAUTHORIZED, "pair first: send hub_connected");
	agent_session_fail(session, id != NULL ? id : "", &err);
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	struct agent_session *session = user;
	AUTO(free_ptr) char *id = NULL;

	if (session->state == SESSION_PAIRED) {
		handle_upload_binary(session, &session->receiver, message);
		return;
	}
	id = chunk_receiver_id(message->data, message->length);
	refuse_stranger(session, id);
}

static void on_binary_oversize(void *user, struct ws_conn *conn, const char *start, size_t length)
{
	struct agent_session *session = user;
	AUTO(free_ptr) char *id = chunk_receiver_id(start, length);
	struct error err = { 0 };

	chunk_receiver_reset(&session->receiver);
	if (id == NULL) {
		agent_session_close(session, WS_CLOSE_TOO_LARGE, "message too big");
	} else if (session->state != SESSION_PAIRED) {
		refuse_stranger(session, id);
	} else {
		error_set(&err, ERROR_TOO_LARGE, "a message may have %d bytes; send chunks of %d",
			MAX_MESSAGE_BYTES, CHUNK_SIZE_BYTES);
		agent_session_fail(session, id, &err);
	}
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct agent_session *session = user;
	struct agent_services *services = session->services;
	bool was_connected = services->connected == session;

	session->conn = NULL;
	pairing_abandon(services->pairing, session);
	leave(session);
	log_debug("connection closed (%u %s)", code, reason);
	if (was_connected) {
		agent_services_tell_hub_changed(services);
	}
	agent_session_unref(session);
}

const struct ws_events agent_session_events = {
	.opened = on_opened,
	.text = on_text,
	.binary_part = on_binary_part,
	.binary = on_binary,
	.binary_oversize = on_binary_oversize,
	.closed = on_closed,
};
