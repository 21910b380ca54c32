#include "steam/cef/cef_session.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/cef/cef_message.h"
#include "steam/cef/http_get.h"
#include "ws/lws_loop.h"
#include "ws/ws_client.h"

#include <assert.h>
#include <stdlib.h>

/* Both ends are on this machine: anything slower is stuck. */
#define LIST_WAIT_MS 3000
#define CONNECT_WAIT_MS 3000
#define WRITE_WAIT_MS 5000
#define IDLE_MS 5000

#define LIST_MAX_BYTES (1024 * 1024)
#define MAX_MESSAGE_BYTES (4 * 1024 * 1024)
#define MAX_QUEUED_BYTES (4 * 1024 * 1024)

struct cef_session {
	struct lws_loop *lws_loop;
	struct http_get *get;	  /* while the page is looked for */
	struct ws_client *client; /* from then on */
	struct ws_conn *conn;	  /* while it is open */
	uint16_t port;		  /* of these */
	struct loop_timer
		*timer;		/* the request's deadline; without one, the time until it closes */
	cef_session_done *done; /* NULL: nothing is under way */
	void *user;
	int64_t id;
	struct strbuf message; /* not sent yet */
};

static void drop_connection(struct cef_session *session)
{
	http_get_destroy(session->get);
	session->get = NULL;
	ws_client_destroy(session->client);
	session->client = NULL;
	session->conn = NULL;
}

/* Must be the last use of a session: done may destroy it. */
static void answer_request(struct cef_session *session, uint32_t app_id, const struct error *err)
{
	cef_session_done *done = session->done;

	session->done = NULL;
	strbuf_finish(&session->message);
	loop_timer_stop(session->timer);
	if (session->conn != NULL) {
		loop_timer_set(session->timer, IDLE_MS);
	}
	done(session->user, app_id, err);
}

/* Whatever the reason, it did not come from Steam. */
static void fail_request(struct cef_session *session, enum error_kind kind, const char *reason)
{
	struct error err;

	error_set(&err, kind, "Steam's debugger on port %u: %s", session->port, reason);
	drop_connection(session); /* reason may end here */
	answer_request(session, 0, &err);
}

/* --- The connection --- */

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct cef_session *session = owner;

	session->conn = conn;
	ws_conn_send_take(conn, &session->message);
	return session;
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct cef_session *session = user;
	uint32_t app_id = 0;
	struct error err;

	if (session->done == NULL) {
		return;
	}
	switch (cef_message_read(text, length, session->id, &app_id, &err)) {
	case CEF_MESSAGE_OTHER:
		return;
	case CEF_MESSAGE_DONE:
		answer_request(session, app_id, NULL);
		return;
	case CEF_MESSAGE_FAILED:
		answer_request(session, 0, &err);
		return;
	}
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	/* The protocol has no binary messages. */
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct cef_session *session = user;

	session->conn = NULL;
	if (session->done != NULL) {
		fail_request(session, ERROR_CONFLICT, "the page went away");
	} else {
		drop_connection(session);
		loop_timer_stop(session->timer);
	}
}

static void on_failed(void *owner, const struct error *err)
{
	fail_request(owner, ERROR_CONFLICT, "its page refuses the connection");
}

static const struct ws_events events = {
	.opened = on_opened,
	.text = on_text,
	.binary = on_binary,
	.closed = on_closed,
};

static void connect_to(struct cef_session *session, const char *path)
{
	const struct ws_client_options options = {
		.host = "127.0.0.1",
		.port = session->port,
		.path = path,
		.connect_wait_ms = CONNECT_WAIT_MS,
		.limits = { .write_wait_ms = WRITE_WAIT_MS,
			.max_message_bytes = MAX_MESSAGE_BYTES,
			.max_queued_bytes = MAX_QUEUED_BYTES },
		.events = &events,
		.owner = session,
		.failed = on_failed,
	};
	struct error err;

	session->client = ws_client_create(session->lws_loop, &options, &err);
	if (session->client == NULL) {
		fail_request(session, ERROR_CONFLICT, err.message);
	}
}

/* --- Looking for the page --- */

static void on_list(void *user, const char *body, size_t length, const struct error *err)
{
	struct cef_session *session = user;
	struct error problem;
	AUTO(free_ptr) char *path = NULL;

	if (err != NULL) {
		fail_request(session, ERROR_CONFLICT, err->message);
		return;
	}
	path = cef_message_find_page(body, length, &problem);
	http_get_destroy(session->get);
	session->get = NULL;
	if (path == NULL) {
		fail_request(session, ERROR_CONFLICT, problem.message);
		return;
	}
	connect_to(session, path);
}

static void on_timer(void *user)
{
	struct cef_session *session = user;

	if (session->done == NULL) {
		drop_connection(session);
	} else {
		fail_request(session, ERROR_TIMEOUT, "timed out");
	}
}

void cef_session_ask(struct cef_session *session, const struct cef_request *request)
{
	struct http_get_options list = {
		.port = request->port,
		.path = "/json",
		.wait_ms = LIST_WAIT_MS,
		.max_bytes = LIST_MAX_BYTES,
	};

	assert(session->done == NULL);
	session->done = request->done;
	session->user = request->user;
	session->id = request->id;
	strbuf_move(&session->message, request->message_take);
	loop_timer_set(session->timer, request->wait_ms);
	if (session->conn != NULL && session->port == request->port &&
		!ws_conn_closing(session->conn)) {
		ws_conn_send_take(session->conn, &session->message);
		return;
	}
	drop_connection(session);
	session->port = request->port;
	session->get = http_get_create(lws_loop_core(session->lws_loop), &list, on_list, session);
}

struct cef_session *cef_session_create(struct lws_loop *lws_loop)
{
	struct cef_session *session = xcalloc(1, sizeof(*session));

	session->lws_loop = lws_loop;
	session->timer = loop_timer_create(lws_loop_core(lws_loop), on_timer, session);
	return session;
}

void cef_session_destroy(struct cef_session *session)
{
	if (session == NULL) {
		return;
	}
	drop_connection(session);
	loop_timer_destroy(session->timer);
	strbuf_finish(&session->message);
	free(session);
}
