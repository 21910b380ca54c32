#include "agent_fixture.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"
#include "ws/lws_loop.h"
#include "ws/ws_conn.h"
#include "ws/ws_server.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATUS "{\"name\":\"Fixture\",\"version\":\"1\",\"capabilities\":[\"file_upload\"]}"
#define INFO                                                                                       \
	"{\"agent\":{\"id\":\"a1b2c3d4\",\"name\":\"Fixture\",\"capabilities\":[\"file_hashes\"]}}"

void agent_fixture_reply(
	struct agent_fixture *agent, const char *id, const char *type, const char *payload)
{
	struct strbuf text = { 0 };

	strbuf_appendf(&text, "{\"id\":\"%s\",\"type\":\"%s\"", id, type);
	if (payload != NULL) {
		strbuf_appendf(&text, ",\"payload\":%s", payload);
	}
	strbuf_append_char(&text, '}');
	ws_conn_send_take(agent->conn, &text);
}

void agent_fixture_refuse(
	struct agent_fixture *agent, const char *id, int code, const char *message)
{
	struct strbuf text = { 0 };

	envelope_write_error(&text, id, code, message);
	ws_conn_send_take(agent->conn, &text);
}

static void answer_hello(struct agent_fixture *agent, const struct envelope *request)
{
	struct hub_connected hello = { 0 };

	ck_assert(json_read(&hello, hub_connected_fields, request->payload, NULL));
	if (!agent->forgets_key && hello.token != NULL &&
		strcmp(hello.token, AGENT_FIXTURE_KEY) == 0) {
		agent_fixture_reply(agent, request->id, "agent_status", STATUS);
	} else {
		agent_fixture_reply(
			agent, request->id, "pairing_required", "{\"code\":\"\",\"expiresIn\":60}");
	}
	json_finish(&hello, hub_connected_fields);
}

static void answer_confirm(struct agent_fixture *agent, const struct envelope *request)
{
	struct pair_confirm confirm = { 0 };

	ck_assert(json_read(&confirm, pair_confirm_fields, request->payload, NULL));
	if (strcmp(confirm.code, AGENT_FIXTURE_CODE) == 0) {
		agent_fixture_reply(agent, request->id, "pair_success",
			"{\"token\":\"" AGENT_FIXTURE_KEY "\"}");
		agent_fixture_reply(agent, "event-1", "agent_status", STATUS);
	} else {
		agent_fixture_reply(agent, request->id, "pair_failed", "{\"reason\":\"expired\"}");
	}
	json_finish(&confirm, pair_confirm_fields);
}

static void answer_info(struct agent_fixture *agent, const struct envelope *request)
{
	agent_fixture_reply(agent, request->id, "info_response", INFO);
}

static void answer_init(struct agent_fixture *agent, const struct envelope *request)
{
	AUTO(strbuf_finish) struct strbuf payload = { 0 };

	agent->inits++;
	strbuf_appendf(&payload, "{\"uploadId\":\"upload-1\",\"chunkSize\":%d,\"resumeFrom\":%s}",
		AGENT_FIXTURE_CHUNK_BYTES, agent->resume_from != NULL ? agent->resume_from : "{}");
	agent_fixture_reply(agent, request->id, "upload_init_response", payload.data);
}

static void answer_complete(struct agent_fixture *agent, const struct envelope *request)
{
	agent->completes++;
	agent_fixture_reply(agent, request->id, "operation_result",
		"{\"success\":true,\"path\":\"/games/test\",\"appId\":7,\"message\":\"hello\"}");
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	static const struct {
		const char *type;
		void (*answer)(struct agent_fixture *agent, const struct envelope *request);
	} answers[] = {
		{ "complete_upload", answer_complete },
		{ "get_info", answer_info },
		{ "hub_connected", answer_hello },
		{ "init_upload", answer_init },
		{ "pair_confirm", answer_confirm },
	};
	struct agent_fixture *agent = user;
	AUTO(envelope_finish) struct envelope request = { 0 };

	ck_assert(envelope_read(&request, text, length, NULL));
	snprintf(agent->id, sizeof(agent->id), "%s", request.id);
	if (agent->script != NULL && agent->script(agent, &request)) {
		return;
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(answers[i].type, request.type) == 0) {
			answers[i].answer(agent, &request);
		}
	}
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	struct agent_fixture *agent = user;
	AUTO(strbuf_finish) struct strbuf payload = { 0 };
	struct upload_chunk header = { 0 };
	struct chunk_frame frame;
	bool complete = false;

	ck_assert(chunk_frame_split(&frame, message->data, message->length, &complete, NULL));
	ck_assert(complete);
	ck_assert(json_read_text(
		&header, upload_chunk_fields, frame.header, frame.header_length, NULL));
	agent->chunks++;
	snprintf(agent->id, sizeof(agent->id), "%s", header.id);
	if (agent->chunk_script == NULL ||
		!agent->chunk_script(agent, &header, frame.data_length)) {
		agent->bytes += (int64_t)frame.data_length;
		strbuf_appendf(&payload, "{\"uploadId\":\"%s\",\"bytesWritten\":%zu}",
			header.upload_id, frame.data_length);
		agent_fixture_reply(agent, header.id, "upload_chunk_response", payload.data);
	}
	json_finish(&header, upload_chunk_fields);
}

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct agent_fixture *agent = owner;

	agent->conn = conn;
	agent->connections++;
	ws_conn_set_standing(conn, WS_ADMITTED);
	return agent;
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct agent_fixture *agent = user;

	if (agent->conn == conn) {
		agent->conn = NULL;
	}
}

static const struct ws_events events = {
	.opened = on_opened,
	.text = on_text,
	.binary = on_binary,
	.closed = on_closed,
};

void agent_fixture_start(struct agent_fixture *agent)
{
	struct ws_server_options options = {
		.path = PROTO_ENDPOINT_PATH,
		.limits = {
			.write_wait_ms = WRITE_WAIT_MS,
			.pong_wait_ms = PONG_WAIT_MS,
			.max_message_bytes = MAX_MESSAGE_BYTES,
			.max_queued_bytes = 2 * MAX_MESSAGE_BYTES,
		},
		.guest_count_max = 64,
		.guest_count_per_address = 64,
		.guest_wait_ms = 30 * 1000,
		.waiting_count_max = 64,
		.events = &events,
		.owner = agent,
	};
	struct error err = { 0 };

	agent->loop = loop_create();
	agent->lws_loop = lws_loop_create(agent->loop, &err);
	ck_assert_msg(agent->lws_loop != NULL, "%s", err.message);
	agent->server = ws_server_create(agent->lws_loop, &options);
	ck_assert_ptr_null(ws_server_problem(agent->server));
}

void agent_fixture_leave(struct agent_fixture *agent)
{
	ws_server_destroy(TAKE_PTR(agent->server));
	agent->conn = NULL;
}

void agent_fixture_stop(struct agent_fixture *agent)
{
	agent_fixture_leave(agent);
	lws_loop_destroy(agent->lws_loop);
	loop_destroy(agent->loop);
}

uint16_t agent_fixture_port(const struct agent_fixture *agent)
{
	return ws_server_port(agent->server);
}
