#include "push/agent_client.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_error.h"
#include "proto/proto_session.h"
#include "ws/lws_loop.h"
#include "ws/ws_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define CONNECT_WAIT_MS (10 * 1000)
/*
 * If no reply comes for this long while one is due, the link is dead. Twice the protocol's limit,
 * because a reply may be queued behind chunks on a slow Wi-Fi.
 */
#define REPLY_WAIT_MS (2 * REQUEST_TIMEOUT_MS)
/* The Agent's 10 s are for its small messages; a chunk may take longer to leave on slow Wi-Fi. */
#define CHUNK_WRITE_WAIT_MS (60 * 1000)

#define REQUEST_ID_BYTES 32
/* Longer than any code lasts; keeps an Agent's numbers from overflowing a clock. */
#define CODE_EXPIRES_MAX_S (60 * 60)

enum client_state {
	CLIENT_CONNECTING,
	CLIENT_GREETING, /* hub_connected awaits its answer */
	CLIENT_PAIRING,	 /* the Deck shows, or has shown, a code */
	CLIENT_PAIRED,	 /* the key has arrived, agent_status must follow */
	CLIENT_READY,
	CLIENT_LOST,
};

struct request {
	char id[REQUEST_ID_BYTES];
	const char *type;	/* the request's type, for messages */
	const char *reply_type; /* NULL: the caller checks the type */
	agent_reply *reply;
	void *user;
	TAILQ_ENTRY(request) link;
};

struct agent_client {
	struct ws_client *ws;
	struct ws_conn *conn; /* NULL unless open */
	const struct agent_client_events *events;
	void *user;
	enum client_state state;
	struct hub_connected hello;
	TAILQ_HEAD(, request) requests; /* unanswered, oldest first */
	struct loop_timer *reply_timer;
	int64_t reply_wait_ms;
	int64_t code_until_ms; /* PAIRING: when the code shown expires */
	bool is_code_void;     /* the Agent reported that it ended early */
	uint64_t last_id;
};

static const struct agent_call hello_call = { "hub_connected", hub_connected_fields, NULL };
static const struct agent_call confirm_call = { "pair_confirm", pair_confirm_fields, NULL };

static void lose_client(struct agent_client *client, const struct error *err)
{
	if (client->state == CLIENT_LOST) {
		return;
	}
	client->state = CLIENT_LOST;
	loop_timer_stop(client->reply_timer);
	client->events->lost(client->user, err);
}

/* The Agent refused something essential. */
static void refuse_client(struct agent_client *client, const struct error *err)
{
	if (client->conn != NULL) {
		ws_conn_close(client->conn, WS_CLOSE_NORMAL, "");
	}
	lose_client(client, err);
}

static void refuse_answer(struct agent_client *client, const char *asked, const char *answer)
{
	struct error err = { 0 };

	error_set(&err, ERROR_INVALID,
		"the Agent answered '%s' with '%s'; is it a CapyDeploy Agent?", asked, answer);
	refuse_client(client, &err);
}

static void expect_reply(struct agent_client *client, const char *id, const struct agent_call *call,
	agent_reply *reply, void *user)
{
	struct request *request = xcalloc(1, sizeof(*request));

	snprintf(request->id, sizeof(request->id), "%s", id);
	request->type = call->type;
	request->reply_type = call->reply_type;
	request->reply = reply;
	request->user = user;
	TAILQ_INSERT_TAIL(&client->requests, request, link);
	if (!loop_timer_running(client->reply_timer)) {
		loop_timer_set(client->reply_timer, client->reply_wait_ms);
	}
}

/* Unlinks the request that a reply answers; NULL: there is none. */
static struct request *take_request(struct agent_client *client, const char *id)
{
	struct request *request;

	TAILQ_FOREACH (request, &client->requests, link) {
		if (strcmp(request->id, id) == 0) {
			TAILQ_REMOVE(&client->requests, request, link);
			return request;
		}
	}
	return NULL;
}

static void on_reply_overdue(void *user)
{
	struct agent_client *client = user;
	struct error err = { 0 };

	error_set(&err, ERROR_TIMEOUT, "the Agent has not answered for %" PRId64 " s",
		client->reply_wait_ms / 1000);
	refuse_client(client, &err);
}

static void become_ready(struct agent_client *client, const struct envelope *message)
{
	struct agent_status status = { 0 };
	struct error err = { 0 };

	if (json_read(&status, agent_status_fields, message->payload, &err)) {
		client->state = CLIENT_READY;
		loop_timer_stop(client->reply_timer);
		client->events->ready(client->user, &status);
	} else {
		refuse_client(client, &err);
	}
	json_finish(&status, agent_status_fields);
}

static void want_code(struct agent_client *client, const struct envelope *message)
{
	struct pairing_required required = { .expires_in = PAIRING_EXPIRES_S };
	struct error err = { 0 };
	int64_t expires_in_s;

	if (json_read(&required, pairing_required_fields, message->payload, &err)) {
		expires_in_s = required.expires_in;
		if (expires_in_s < 1 || expires_in_s > CODE_EXPIRES_MAX_S) {
			expires_in_s = PAIRING_EXPIRES_S;
		}
		client->state = CLIENT_PAIRING;
		client->is_code_void = false;
		client->code_until_ms = loop_now_ms() + expires_in_s * 1000;
		client->events->code_wanted(client->user, PUSH_CODE_NEW, expires_in_s);
	} else {
		refuse_client(client, &err);
	}
	json_finish(&required, pairing_required_fields);
}

static void on_hello_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct agent_client *client = user;

	if (err != NULL) {
		refuse_client(client, err);
	} else if (strcmp(reply->type, "agent_status") == 0) {
		become_ready(client, reply);
	} else if (strcmp(reply->type, "pairing_required") == 0) {
		want_code(client, reply);
	} else {
		refuse_answer(client, hello_call.type, reply->type);
	}
}

static void say_hello(struct agent_client *client)
{
	client->state = CLIENT_GREETING;
	agent_client_request(client, &hello_call, &client->hello, on_hello_reply, client);
}

static void take_key(struct agent_client *client, const struct envelope *reply)
{
	struct pair_success success = { 0 };
	struct error err = { 0 };

	if (!json_read(&success, pair_success_fields, reply->payload, &err)) {
		refuse_client(client, &err);
	} else if (success.token[0] == '\0') {
		error_set(&err, ERROR_INVALID, "the Agent paired without giving a key");
		refuse_client(client, &err);
	} else {
		client->state = CLIENT_PAIRED;
		loop_timer_set(client->reply_timer, client->reply_wait_ms);
		client->events->paired(client->user, success.token);
	}
	json_finish(&success, pair_success_fields);
}

static void on_confirm_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct agent_client *client = user;
	bool is_late;

	if (err != NULL) {
		refuse_client(client, err);
	} else if (client->state != CLIENT_PAIRING) {
		return; /* another code was requested meanwhile */
	} else if (strcmp(reply->type, "pair_success") == 0) {
		take_key(client, reply);
	} else if (strcmp(reply->type, "pair_failed") == 0) {
		/* Its reason is only text. Whether the code was still valid is known without it. */
		is_late = client->is_code_void || loop_now_ms() >= client->code_until_ms;
		client->events->code_wanted(
			client->user, is_late ? PUSH_CODE_EXPIRED : PUSH_CODE_WRONG, 0);
	} else {
		refuse_answer(client, confirm_call.type, reply->type);
	}
}

static void answer_request(
	struct agent_client *client, const struct request *request, const struct envelope *message)
{
	struct error err = { 0 };

	if (TAILQ_EMPTY(&client->requests)) {
		loop_timer_stop(client->reply_timer);
	} else {
		loop_timer_set(client->reply_timer, client->reply_wait_ms);
	}
	if (message->error_code != 0) {
		error_set_list(&err, proto_error_kind(message->error_code), "%s",
			message->error_message != NULL ? message->error_message
						       : "the Agent refused");
		request->reply(request->user, NULL, &err);
	} else if (request->reply_type != NULL && strcmp(message->type, request->reply_type) != 0) {
		refuse_answer(client, request->type, message->type);
	} else {
		request->reply(request->user, message, NULL);
	}
}

/* Most events repeat what replies say. */
static void on_event(struct agent_client *client, const struct envelope *message)
{
	if (client->state == CLIENT_PAIRED && strcmp(message->type, "agent_status") == 0) {
		become_ready(client, message);
	} else if (client->state == CLIENT_PAIRING && strcmp(message->type, "pair_failed") == 0) {
		client->is_code_void = true; /* reported again when a code is entered */
	} else if (client->state == CLIENT_PAIRING &&
		   strcmp(message->type, "pairing_required") == 0) {
		want_code(client, message); /* the owner requested a new one */
	}
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct agent_client *client = user;
	AUTO(envelope_finish) struct envelope message = { 0 };
	AUTO(free_ptr) struct request *request = NULL;
	struct error err = { 0 };

	if (client->state == CLIENT_LOST) {
		return;
	}
	if (!envelope_read(&message, text, length, &err)) {
		refuse_client(client, &err);
		return;
	}
	request = message.id != NULL ? take_request(client, message.id) : NULL;
	if (request != NULL) {
		answer_request(client, request, &message);
	} else {
		on_event(client, &message);
	}
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	/* Agents never send binary messages. */
}

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct agent_client *client = owner;

	client->conn = conn;
	say_hello(client);
	return client;
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct agent_client *client = user;
	struct error err = { 0 };

	client->conn = NULL;
	if (code == CLOSE_TOKEN_REVOKED) {
		error_set(
			&err, ERROR_UNAUTHORIZED, "the Agent has revoked this computer's pairing");
	} else if (code == WS_CLOSE_NORMAL) {
		/* Nothing failed, so reconnecting would only disconnect the other push. */
		error_set(&err, ERROR_CONFLICT,
			"another push from this computer has taken over; run this again when it "
			"has finished");
	} else if (reason != NULL && reason[0] != '\0') {
		error_set(&err, ERROR_IO, "the Agent closed the connection: %s", reason);
	} else if (code == WS_CLOSE_LINK_BROKE) {
		error_set(&err, ERROR_IO, "the connection was lost");
	} else {
		error_set(&err, ERROR_IO, "the Agent closed the connection (%u)", code);
	}
	lose_client(client, &err);
}

static void on_failed(void *owner, const struct error *err)
{
	lose_client(owner, err);
}

static void on_drained(void *user, struct ws_conn *conn)
{
	struct agent_client *client = user;

	if (client->state == CLIENT_READY && client->events->drained != NULL) {
		client->events->drained(client->user);
	}
}

static const struct ws_events ws_events = {
	.opened = on_opened,
	.text = on_text,
	.binary = on_binary,
	.closed = on_closed,
	.drained = on_drained,
};

struct agent_client *agent_client_create(struct lws_loop *lws_loop,
	const struct agent_client_options *options, const struct agent_client_events *events,
	void *user, struct error *err)
{
	struct agent_client *client = xcalloc(1, sizeof(*client));
	struct ws_client_options ws = {
		.host = options->host,
		.address = options->address,
		.port = options->port,
		.path = PROTO_ENDPOINT_PATH,
		.connect_wait_ms = CONNECT_WAIT_MS,
		.limits = {
			.ping_period_ms = PING_PERIOD_MS,
			.pong_wait_ms = PONG_WAIT_MS,
			.write_wait_ms = CHUNK_WRITE_WAIT_MS,
			.max_message_bytes = MAX_MESSAGE_BYTES,
			.max_queued_bytes = options->max_queued_bytes,
		},
		.events = &ws_events,
		.owner = client,
		.failed = on_failed,
	};

	client->events = events;
	client->user = user;
	TAILQ_INIT(&client->requests);
	client->reply_wait_ms =
		options->reply_wait_ms != 0 ? options->reply_wait_ms : REPLY_WAIT_MS;
	client->hello = (struct hub_connected){
		.version = CAPYDECK_VERSION,
		.platform = "linux",
		.protocol_version = PROTO_VERSION,
	};
	client->hello.name = json_keep(&client->hello.tree, options->hub_name);
	client->hello.hub_id = json_keep(&client->hello.tree, options->hub_id);
	client->hello.token = json_keep(&client->hello.tree, options->token);
	client->reply_timer = loop_timer_create(lws_loop_core(lws_loop), on_reply_overdue, client);
	client->ws = ws_client_create(lws_loop, &ws, err);
	if (client->ws == NULL) {
		agent_client_destroy(client);
		return NULL;
	}
	return client;
}

void agent_client_destroy(struct agent_client *client)
{
	struct request *request;

	if (client == NULL) {
		return;
	}
	client->state = CLIENT_LOST;
	ws_client_destroy(client->ws);
	while ((request = TAILQ_FIRST(&client->requests)) != NULL) {
		TAILQ_REMOVE(&client->requests, request, link);
		free(request);
	}
	loop_timer_destroy(client->reply_timer);
	json_finish(&client->hello, hub_connected_fields);
	free(client);
}

void agent_client_confirm(struct agent_client *client, const char *code)
{
	const struct pair_confirm confirm = { .code = code };

	if (client->state == CLIENT_PAIRING) {
		agent_client_request(client, &confirm_call, &confirm, on_confirm_reply, client);
	}
}

void agent_client_renew_code(struct agent_client *client)
{
	if (client->state == CLIENT_PAIRING) {
		say_hello(client);
	}
}

void agent_client_request(struct agent_client *client, const struct agent_call *call,
	const void *payload, agent_reply *reply, void *user)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	char id[REQUEST_ID_BYTES];

	if (client->conn == NULL) {
		return; /* `lost` will follow */
	}
	snprintf(id, sizeof(id), "request-%" PRIu64, ++client->last_id);
	envelope_write(&text, id, call->type, call->fields, payload);
	expect_reply(client, id, call, reply, user);
	ws_conn_send_take(client->conn, &text);
}

void agent_client_request_binary_take(struct agent_client *client, const struct agent_call *call,
	const char *id, struct strbuf *message, agent_reply *reply, void *user)
{
	if (client->conn == NULL) {
		strbuf_finish(message);
		return;
	}
	expect_reply(client, id, call, reply, user);
	ws_conn_send_binary_take(client->conn, message);
}

size_t agent_client_queued_bytes(const struct agent_client *client)
{
	return client->conn != NULL ? ws_conn_queued_bytes(client->conn) : 0;
}
