#pragma once

#include "push/push_events.h"

#include <stddef.h>
#include <stdint.h>

struct agent_status;
struct envelope;
struct error;
struct agent_client;
struct json_field;
struct lws_loop;
struct strbuf;

/*
 * One connection of a Hub to an Agent: handshake, pairing, and requests whose replies are matched
 * by id and checked for their type. It does not reconnect: after `lost` it is dead; create another.
 * Source: protocol.md §3.
 *
 *	create ─→ ready ─→ agent_client_request() …
 *	      └─→ code_wanted ─→ agent_client_confirm() ─→ paired ─→ ready
 */
struct agent_client_options {
	const char *host;    /* as given by the user */
	const char *address; /* host's numeric address; NULL: host is numeric itself */
	uint16_t port;
	const char *hub_id;
	const char *hub_name; /* shown on the Deck while pairing */
	const char *token;    /* NULL: not paired yet */
	size_t max_queued_bytes;
	int64_t reply_wait_ms; /* how long replies may fail to come; 0: 60 s */
};

struct agent_client_events {
	/* Authenticated. The status is borrowed. */
	void (*ready)(void *user, const struct agent_status *status);
	/*
	 * The user must read the code from the Deck's screen. expires_in_s: of a new code.
	 * If options.token was given, the Agent has forgotten it.
	 */
	void (*code_wanted)(void *user, enum push_code_reason reason, int64_t expires_in_s);
	void (*paired)(void *user, const char *token);
	/* Optional: everything queued has left. */
	void (*drained)(void *user);
	/*
	 * The end; called once. Replies still due are no longer delivered. Kinds: IO and TIMEOUT
	 * (unreachable or disconnected: worth a retry), UNAUTHORIZED (the token was revoked),
	 * anything else: the Agent refused, and the message says why.
	 */
	void (*lost)(void *user, const struct error *err);
};

/* Options are copied or used before it returns, events are borrowed. Errors: IO. */
struct agent_client *agent_client_create(struct lws_loop *lws_loop,
	const struct agent_client_options *options, const struct agent_client_events *events,
	void *user, struct error *err);
/* Closes without waiting; no further call is made. NULL is fine. Not from within a callback. */
void agent_client_destroy(struct agent_client *client);

/* Both do nothing unless this connection is waiting for a code. */
void agent_client_confirm(struct agent_client *client, const char *code);
void agent_client_renew_code(struct agent_client *client);

/* A request and its reply. */
struct agent_call {
	const char *type;
	const struct json_field *fields; /* of the payload; NULL: none */
	const char *reply_type;		 /* any other ends the connection; NULL: reply() checks */
};

/*
 * Answers a request. reply: the whole message, borrowed; NULL when err is set. Kinds as protocol.md
 * §6,
 * INVALID for 400. Source of the time limit: protocol.md §1.3.
 */
typedef void agent_reply(void *user, const struct envelope *reply, const struct error *err);

/* call is borrowed until it is answered. */
void agent_client_request(struct agent_client *client, const struct agent_call *call,
	const void *payload, agent_reply *reply, void *user);
/* A binary message whose header carries id, unique on this connection; empties message. */
void agent_client_request_binary_take(struct agent_client *client, const struct agent_call *call,
	const char *id, struct strbuf *message, agent_reply *reply, void *user);
size_t agent_client_queued_bytes(const struct agent_client *client);
