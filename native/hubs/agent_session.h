#pragma once

#include "agent/agent_services.h"
#include "core/json.h"
#include "hubs/agent_ticket.h"
#include "pairing/pairing.h"
#include "ws/ws_conn.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_session;
struct error;

/*
 * One connection of a Hub: who it is, how far it has come, and its answers. Counted: the
 * connection holds one reference, every agent_ticket one more.
 */
enum session_state {
	SESSION_CONNECTED, /* nothing but hub_connected, pair_confirm and ping is heard */
	SESSION_PAIRING,   /* the same, with a code on the screen */
	SESSION_PAIRED,
};

/* What a Hub said of itself; cleaned for display. */
struct agent_hub {
	char *id;
	char *name;
	char *version;
	char *platform;
	bool is_desktop;      /* speaks the desktop app's dialect, see proto/protocol.md */
	int64_t connected_at; /* Unix time of authentication */
};

/* For ws_server; the owner is the struct agent_services. */
extern const struct ws_events agent_session_events;

struct agent_session *agent_session_ref(struct agent_session *session);
void agent_session_unref(struct agent_session *session); /* NULL is fine */

struct agent_services *agent_session_services(const struct agent_session *session);
enum session_state agent_session_state(const struct agent_session *session);
const struct agent_hub *agent_session_hub(const struct agent_session *session);
const char *agent_session_address(const struct agent_session *session); /* "" when closed */
/* Why its last pairing code went; PAIRING_GONE when it never had one. */
enum pairing_end agent_session_pairing_end(const struct agent_session *session);

/*
 * Steps of the handshake. hub is taken over and emptied; NULL: as it was. A session that
 * authenticates takes the place of an older one of the same Hub.
 */
void agent_session_set_pairing(struct agent_session *session, struct agent_hub *hub);
void agent_session_set_unpaired(struct agent_session *session, enum pairing_end end);
void agent_session_set_paired(struct agent_session *session, struct agent_hub *hub);
void agent_hub_finish(struct agent_hub *hub);

/* Deferred; what was sent leaves first. */
void agent_session_close(struct agent_session *session, unsigned code, const char *reason);

/* The same for one that is authenticated: it is the connected Hub no longer, from now on. */
void agent_session_expel(struct agent_session *session, unsigned code, const char *reason);

/* fields NULL: no payload. Dropped silently when the connection is gone. */
void agent_session_send(struct agent_session *session, const char *id, const char *type,
	const struct json_field *fields, const void *payload);
void agent_session_fail(struct agent_session *session, const char *id, const struct error *err);
/* An event: with an id that no request has used. */
void agent_session_push(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);
/* The same, replaced by the next one while it has not left yet. */
void agent_session_push_latest(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);

/*
 * Tells the Hub how an operation goes, as an operation_event. type: "install", "delete", "artwork";
 * status: "start", "progress", "complete". The desktop app shows any message as an error, so it
 * gets none, and takes whatever comes while it uploads for news of that upload: it is told of
 * installs alone then. Source: proto/protocol.md "Two dialects".
 */
void agent_session_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message);

/* For handlers: answers the request that is being handled … */
void agent_session_reply(struct agent_session *session, const char *type,
	const struct json_field *fields, const void *payload);
void agent_session_reply_error(struct agent_session *session, const struct error *err);
/* … or keeps it for later. */
struct agent_ticket *agent_session_take_request(struct agent_session *session);
/* agent_dispatch.c alone: the id that those above answer; NULL: no request is being handled. */
void agent_session_set_request(struct agent_session *session, const char *id);

/*
 * Chunks are on their way to disk: stops reading while too many bytes are, and reads on when
 * they have become fewer. Call after each hand-over and each completion.
 */
void agent_session_balance(struct agent_session *session);
/* Are bytes of a following message already here? */
bool agent_session_input_pending(const struct agent_session *session);
void agent_session_recycle_take(struct agent_session *session, struct strbuf *buffer);
