#pragma once

#include <stdint.h>

struct cef_session;
struct error;
struct lws_loop;
struct strbuf;

/*
 * A conversation with the debugger of a running Steam: finds the page, connects to it, sends one
 * request at a time. The connection is made for the first request, stays open for some seconds in
 * case another follows, and is then closed: an idle session has neither a connection nor a timer.
 */
struct cef_session *cef_session_create(struct lws_loop *lws_loop);
/* NULL is fine; a request under way is dropped. */
void cef_session_destroy(struct cef_session *session);

typedef void cef_session_done(void *user, uint32_t app_id, const struct error *err);

struct cef_request {
	uint16_t port; /* of the debugger, on 127.0.0.1 */
	int64_t id;    /* in message, the only one of its kind */
	struct strbuf *message_take;
	int64_t wait_ms; /* for all of it */
	cef_session_done *done;
	void *user;
};

/*
 * One at a time. done is called once, on the loop, never from within this call; it may send another
 * request or destroy the session. Errors: CONFLICT (Steam cannot be reached, or went away),
 * TIMEOUT, and the script's own (cef_message.h).
 */
void cef_session_ask(struct cef_session *session, const struct cef_request *request);
