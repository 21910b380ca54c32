#pragma once

#include "core/json.h"
#include "hubs/agent_hub.h"
#include "pairing/pairing.h"
#include "ws/ws_server.h"

#include <stdbool.h>
#include <stddef.h>

struct agent_session;
struct agent_ticket;
struct chunk_receiver;
struct error;
struct loop;
struct strbuf;

/*
 * One connection of a Hub: its identity, its state, and its answers. Reference-counted: the
 * connection holds one reference, every agent_ticket one more. Messages are not interpreted here
 * but passed to the events.
 */
enum session_state {
	SESSION_CONNECTED, /* accepts only hub_connected, pair_confirm and ping */
	SESSION_PAIRING,   /* the same, with a code on the screen */
	SESSION_PAIRED,
};

struct agent_session_events {
	void (*text)(void *user, struct agent_session *session, const char *text, size_t length);
	/* Binary messages: what has arrived of one so far … */
	void (*binary_part)(
		void *user, struct agent_session *session, const char *message, size_t length);
	/* … a complete one (message may be emptied) … */
	void (*binary)(void *user, struct agent_session *session, struct strbuf *message);
	/* … and one that is too big: its first bytes; the rest is discarded. */
	void (*binary_oversize)(
		void *user, struct agent_session *session, const char *start, size_t length);
	void (*entered)(void *user, struct agent_session *session); /* it is SESSION_PAIRED now … */
	void (*left)(void *user, struct agent_session *session);    /* … and no longer */
	void (*closed)(void *user, struct agent_session *session); /* the connection; after left */
	/* Is its Hub uploading now? */
	bool (*is_uploading)(void *user, const struct agent_session *session);
	/* Bytes of messages being written to disk; while there are too many, reading stops. */
	size_t (*in_flight_bytes)(void *user);
};

/* What all sessions of an agent share; outlives them. */
struct agent_session_options {
	struct loop *loop;
	const struct agent_session_events *events;
	void *user;
	/*
	 * Runs while sent bytes of any session are unsent; NULL: none. Private to agent_session.c.
	 */
	struct agent_session *paused;
};

/* For ws_server; the owner is the struct agent_session_options. */
extern const struct ws_events agent_session_ws_events;

struct agent_session *agent_session_ref(struct agent_session *session);
void agent_session_unref(struct agent_session *session); /* NULL is fine */

enum session_state agent_session_state(const struct agent_session *session);
const struct agent_hub *agent_session_hub(const struct agent_session *session);
const char *agent_session_address(const struct agent_session *session); /* "" when closed */
/* As ws_conn_known_since_ms() and ws_conn_is_trusted(). */
int64_t agent_session_known_since_ms(const struct agent_session *session);
bool agent_session_is_trusted(const struct agent_session *session);
/* Why its last pairing code ended; PAIRING_GONE if it never had one. */
enum pairing_end agent_session_pairing_end(const struct agent_session *session);
/* Follows the binary message being received. */
struct chunk_receiver *agent_session_receiver(struct agent_session *session);

/* Steps of the handshake. hub is moved from and left empty; NULL: unchanged. */
void agent_session_set_pairing(struct agent_session *session, struct agent_hub *hub);
void agent_session_set_unpaired(struct agent_session *session, enum pairing_end end);
void agent_session_set_paired(struct agent_session *session, struct agent_hub *hub);

/* Deferred; queued messages are sent first. */
void agent_session_close(struct agent_session *session, unsigned code, const char *reason);
/* The same for a paired session, which counts as having left from now on. */
void agent_session_expel(struct agent_session *session, unsigned code, const char *reason);

/* --- Events --- */

/*
 * Sends an event, with an id that no request has used. fields NULL: no payload. Dropped silently
 * when the connection is gone, as is everything below.
 */
void agent_session_push(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);
/* The same, but replaced by the next one while still unsent. */
void agent_session_push_latest(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);
/*
 * Reports an operation's progress as an operation_event. type: "install", "delete", "artwork";
 * status: "start", "progress", "complete". The desktop app shows any message as an error, so it
 * gets none, and takes any event during an upload to be about that upload, so it then gets only
 * those of installs. Source: protocol.md §3.12.
 */
void agent_session_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message);

/* --- Requests --- */

/* The id that the reply functions answer, borrowed until the next request; NULL: none. */
void agent_session_set_request(struct agent_session *session, const char *id);
/* Answers the request being handled … */
void agent_session_reply(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);
void agent_session_reply_error(struct agent_session *session, const struct error *err);
/* … or keeps it for later … */
struct agent_ticket *agent_session_take_request(struct agent_session *session);
/*
 * … as a ticket. Its holder ends it with exactly one of the _take functions. It keeps the session's
 * memory, not its connection: an answer to a Hub that has gone is dropped. A request that is not
 * answered in time is answered with TIMEOUT, and any later answer is dropped too. Source:
 * protocol.md §1.3.
 */
struct agent_session *agent_ticket_session(const struct agent_ticket *ticket); /* borrowed */
void agent_ticket_reply_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload);
void agent_ticket_fail_take(struct agent_ticket *ticket, const struct error *err);
void agent_ticket_drop_take(struct agent_ticket *ticket); /* it was answered in another way */

/* --- Chunks --- */

/* For a message whose id was read from it: a request like that of agent_session_take_request(). */
struct agent_ticket *agent_session_take_id(struct agent_session *session, const char *id);
/* Are bytes of a following message already here? */
bool agent_session_input_pending(const struct agent_session *session);
/*
 * Answers a chunk as agent_ticket_reply_take() does, or with err unless that is NULL. buffer, which
 * is emptied, becomes memory for the next message; reading resumes if it had stopped for written
 * bytes.
 */
void agent_ticket_acknowledge_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload, const struct error *err,
	struct strbuf *buffer);
