#include "push/agent_client.h"

#include "agent_fixture.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"
#include "suite.h"
#include "ws/lws_loop.h"
#include "ws/ws_conn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct agent_fixture agent;
static struct agent_client *client;
static const char *key; /* the client's */
static int64_t reply_wait_ms;
static unsigned ready_count, paired_count, wanted_count, lost_count, reply_count;
static enum push_code_reason wanted_reason;
static int64_t wanted_expires_s;
static char kept_key[64];
static char reply_type[64];
static struct error lost, reply_error;

static void on_ready(void *user, const struct agent_status *status)
{
	ck_assert_str_eq(status->name, "Fixture");
	ready_count++;
	loop_stop(agent.loop);
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	wanted_count++;
	wanted_reason = reason;
	wanted_expires_s = expires_in_s;
	loop_stop(agent.loop);
}

static void on_paired(void *user, const char *token)
{
	paired_count++;
	snprintf(kept_key, sizeof(kept_key), "%s", token);
}

static void on_lost(void *user, const struct error *err)
{
	lost_count++;
	lost = *err;
	loop_stop(agent.loop);
}

static const struct agent_client_events events = {
	.ready = on_ready,
	.code_wanted = on_code_wanted,
	.paired = on_paired,
	.lost = on_lost,
};

static void start(void)
{
	agent = (struct agent_fixture){ .script = NULL };
	agent_fixture_start(&agent);
	key = AGENT_FIXTURE_KEY;
}

static void stop(void)
{
	agent_client_destroy(client);
	agent_fixture_stop(&agent);
}

static void open_client(void)
{
	const struct agent_client_options options = {
		.host = "deck.example",
		.address = "127.0.0.1",
		.port = agent_fixture_port(&agent),
		.hub_id = "0123456789abcdef",
		.hub_name = "test",
		.token = key,
		.max_queued_bytes = MAX_MESSAGE_BYTES,
		.reply_wait_ms = reply_wait_ms,
	};

	client = agent_client_create(agent.lws_loop, &options, &events, NULL, NULL);
	ck_assert_ptr_nonnull(client);
}

#define RUN_UNTIL(condition) AGENT_FIXTURE_RUN_UNTIL(&agent, condition)

static void become_ready(void)
{
	open_client();
	RUN_UNTIL(ready_count == 1);
}

static void want_code(void)
{
	key = NULL;
	open_client();
	RUN_UNTIL(wanted_count == 1);
	ck_assert_int_eq(wanted_reason, PUSH_CODE_NEW);
	ck_assert_int_eq(wanted_expires_s, 60);
}

static void assert_lost(enum error_kind kind, const char *message)
{
	RUN_UNTIL(lost_count > 0);
	ck_assert_uint_eq(lost_count, 1);
	ck_assert_msg(lost.kind == kind, "%d: %s", lost.kind, lost.message);
	ck_assert_msg(strstr(lost.message, message) != NULL, "%s", lost.message);
}

static void on_reply(void *user, const struct envelope *reply, const struct error *err)
{
	reply_count++;
	if (err != NULL) {
		reply_error = *err;
	} else {
		snprintf(reply_type, sizeof(reply_type), "%s", reply->type);
	}
	loop_stop(agent.loop);
}

static const struct agent_call ping = { "ping", NULL, "pong" };

START_TEST(a_good_key_is_enough)
{
	become_ready();
	ck_assert_uint_eq(wanted_count, 0);
	ck_assert_uint_eq(paired_count, 0);
}
END_TEST

START_TEST(a_code_is_tried_until_it_is_right)
{
	want_code();
	agent_client_confirm(client, "000000");
	RUN_UNTIL(wanted_count == 2);
	/* Any reason text of the Agent. */
	ck_assert_int_eq(wanted_reason, PUSH_CODE_WRONG);
	agent_client_confirm(client, AGENT_FIXTURE_CODE);
	RUN_UNTIL(ready_count == 1);
	ck_assert_uint_eq(paired_count, 1);
	ck_assert_str_eq(kept_key, AGENT_FIXTURE_KEY);
}
END_TEST

/* Lets messages under way arrive: a request is answered after them. */
static void settle(void)
{
	reply_count = 0;
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	RUN_UNTIL(reply_count == 1);
}

static bool answer_ping(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, "ping") != 0) {
		return false;
	}
	agent_fixture_reply(fixture, request->id, "pong", NULL);
	return true;
}

START_TEST(a_code_that_ended_early_is_no_wrong_one)
{
	agent.script = answer_ping;
	want_code();
	agent_fixture_reply(&agent, "event-7", "pair_failed", "{\"reason\":\"was dismissed\"}");
	settle();
	ck_assert_uint_eq(wanted_count, 1);
	agent_client_confirm(client, "000000");
	RUN_UNTIL(wanted_count == 2);
	ck_assert_int_eq(wanted_reason, PUSH_CODE_EXPIRED);

	agent_client_renew_code(client);
	RUN_UNTIL(wanted_count == 3);
	ck_assert_int_eq(wanted_reason, PUSH_CODE_NEW);
	agent_client_confirm(client, "000000");
	RUN_UNTIL(wanted_count == 4);
	ck_assert_int_eq(wanted_reason, PUSH_CODE_WRONG);
}
END_TEST

START_TEST(the_owner_may_have_another_code_shown)
{
	want_code();
	agent_fixture_reply(&agent, "event-7", "pairing_required", "{\"expiresIn\":30}");
	RUN_UNTIL(wanted_count == 2);
	ck_assert_int_eq(wanted_reason, PUSH_CODE_NEW);
	ck_assert_int_eq(wanted_expires_s, 30);
	agent_fixture_reply(&agent, "event-8", "pairing_required", "{\"expiresIn\":-5}");
	RUN_UNTIL(wanted_count == 3);
	ck_assert_int_eq(wanted_expires_s, PAIRING_EXPIRES_S);
}
END_TEST

START_TEST(a_status_that_nobody_asked_for_admits_nobody)
{
	agent.script = answer_ping;
	want_code();
	agent_fixture_reply(&agent, "event-7", "agent_status", "{\"name\":\"Fixture\"}");
	settle();
	ck_assert_uint_eq(ready_count, 0);
}
END_TEST

START_TEST(codes_are_for_those_who_are_asked)
{
	become_ready();
	agent_client_confirm(client, AGENT_FIXTURE_CODE);
	agent_client_renew_code(client);
	agent.script = answer_ping;
	settle();
	ck_assert_uint_eq(wanted_count, 0);
	ck_assert_uint_eq(paired_count, 0);
}
END_TEST

static const struct {
	const char *request, *type, *payload, *message;
} strange_answers[] = {
	{ "hub_connected", "pong", NULL, "answered 'hub_connected' with 'pong'" },
	{ "hub_connected", "agent_status", "{\"name\":7}", "'name'" },
	{ "hub_connected", "pairing_required", "{\"expiresIn\":\"soon\"}", "'expiresIn'" },
	{ "pair_confirm", "agent_status", "{}", "answered 'pair_confirm' with 'agent_status'" },
	{ "pair_confirm", "pair_success", "{}", "'token'" },
	{ "pair_confirm", "pair_success", "{\"token\":\"\"}", "without giving a key" },
};
static int strange;

static bool answer_strangely(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, strange_answers[strange].request) != 0) {
		return false;
	}
	agent_fixture_reply(fixture, request->id, strange_answers[strange].type,
		strange_answers[strange].payload);
	return true;
}

START_TEST(an_answer_of_the_wrong_kind_ends_the_connection)
{
	strange = _i;
	agent.script = answer_strangely;
	if (strcmp(strange_answers[strange].request, "pair_confirm") == 0) {
		want_code();
		agent_client_confirm(client, AGENT_FIXTURE_CODE);
	} else {
		open_client();
	}
	assert_lost(ERROR_INVALID, strange_answers[strange].message);
	ck_assert_uint_eq(ready_count + paired_count, 0);
}
END_TEST

static bool say_nothing(struct agent_fixture *fixture, const struct envelope *request)
{
	return true;
}

static const char *ping_answer;

static bool answer_ping_with(struct agent_fixture *fixture, const struct envelope *request)
{
	agent_fixture_reply(fixture, request->id, ping_answer, NULL);
	return true;
}

START_TEST(replies_are_held_to_their_type)
{
	become_ready();
	agent.script = answer_ping_with;
	ping_answer = "pong";
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	RUN_UNTIL(reply_count == 1);
	ck_assert_str_eq(reply_type, "pong");

	ping_answer = "info_response";
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	assert_lost(ERROR_INVALID, "answered 'ping' with 'info_response'");
	ck_assert_uint_eq(reply_count, 1);
}
END_TEST

static bool answer_the_last(struct agent_fixture *fixture, const struct envelope *request)
{
	return strcmp(request->id, "request-4") != 0 || answer_ping(fixture, request);
}

START_TEST(replies_find_their_request_in_any_order)
{
	become_ready();
	agent.script = answer_the_last;
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	settle();
	ck_assert_uint_eq(reply_count, 1); /* the others are still due */
	agent_fixture_reply(&agent, "request-3", "pong", NULL);
	agent_fixture_reply(&agent, "request-9", "pong", NULL); /* without a request */
	agent_fixture_reply(&agent, "request-2", "pong", NULL);
	RUN_UNTIL(reply_count == 3);
	ck_assert_uint_eq(lost_count, 0);
}
END_TEST

static int refusal;

static bool refuse(struct agent_fixture *fixture, const struct envelope *request)
{
	agent_fixture_refuse(fixture, request->id, refusal, "because");
	return true;
}

START_TEST(a_refusal_is_known_by_its_code)
{
	static const struct {
		int code;
		enum error_kind kind;
	} refusals[] = {
		{ PROTO_BAD_REQUEST, ERROR_INVALID },
		{ PROTO_CONFLICT, ERROR_CONFLICT },
		{ PROTO_NO_SPACE, ERROR_NO_SPACE },
		{ PROTO_INTERNAL, ERROR_IO },
		{ 999, ERROR_IO },
	};

	become_ready();
	agent.script = refuse;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		refusal = refusals[i].code;
		agent_client_request(client, &ping, NULL, on_reply, NULL);
		RUN_UNTIL(reply_count == i + 1);
		ck_assert_int_eq(reply_error.kind, refusals[i].kind);
		ck_assert_str_eq(reply_error.message, "because");
	}
}
END_TEST

START_TEST(a_greeting_that_is_refused_ends_the_connection)
{
	agent.script = refuse;
	refusal = PROTO_CONFLICT;
	open_client();
	assert_lost(ERROR_CONFLICT, "because");
}
END_TEST

START_TEST(a_code_that_is_refused_ends_the_connection)
{
	want_code();
	agent.script = refuse;
	refusal = PROTO_LOCKED_OUT;
	agent_client_confirm(client, "000000");
	assert_lost(ERROR_LOCKED_OUT, "because");
}
END_TEST

static bool say_rubbish(struct agent_fixture *fixture, const struct envelope *request)
{
	struct strbuf text = { 0 };

	strbuf_append_text(&text, "{\"id\":");
	ws_conn_send_take(fixture->conn, &text);
	return true;
}

START_TEST(what_is_no_message_ends_the_connection)
{
	agent.script = say_rubbish;
	open_client();
	assert_lost(ERROR_INVALID, "");
}
END_TEST

static const struct {
	unsigned code;
	const char *reason;
	enum error_kind kind;
	const char *message;
} closes[] = {
	{ CLOSE_TOKEN_REVOKED, "token_revoked", ERROR_UNAUTHORIZED, "revoked" },
	{ WS_CLOSE_NORMAL, "", ERROR_CONFLICT, "another push from this computer" },
	{ WS_CLOSE_GOING_AWAY, "good night", ERROR_IO, "closed the connection: good night" },
	{ WS_CLOSE_GOING_AWAY, "", ERROR_IO, "closed the connection (1001)" },
};

START_TEST(what_a_close_means_is_known_by_its_code)
{
	become_ready();
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	ws_conn_close(agent.conn, closes[_i].code, closes[_i].reason);
	assert_lost(closes[_i].kind, closes[_i].message);
	ck_assert_uint_eq(reply_count, 0);

	/* All calls are still allowed, and do nothing. */
	agent_client_request(client, &ping, NULL, on_reply, NULL);
	agent_client_request_binary_take(client, &ping, "x", &(struct strbuf){ 0 }, on_reply, NULL);
	agent_client_confirm(client, "123456");
	agent_client_renew_code(client);
	ck_assert_uint_eq(agent_client_queued_bytes(client), 0);
}
END_TEST

START_TEST(silence_ends_the_connection)
{
	agent.script = say_nothing;
	reply_wait_ms = 20;
	open_client();
	assert_lost(ERROR_TIMEOUT, "has not answered");
}
END_TEST

static bool pair_and_leave_it(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, "pair_confirm") != 0) {
		return false;
	}
	agent_fixture_reply(fixture, request->id, "pair_success", "{\"token\":\"k\"}");
	return true;
}

START_TEST(a_status_that_never_follows_ends_the_connection)
{
	agent.script = pair_and_leave_it;
	reply_wait_ms = 2000;
	want_code();
	agent_client_confirm(client, AGENT_FIXTURE_CODE);
	assert_lost(ERROR_TIMEOUT, "has not answered");
	ck_assert_uint_eq(paired_count, 1);
}
END_TEST

START_TEST(nobody_there_is_an_error)
{
	const struct agent_client_options options = {
		.host = "deck.example",
		.address = "127.0.0.1",
		.port = agent_fixture_port(&agent),
		.hub_id = "0123456789abcdef",
		.hub_name = "test",
		.max_queued_bytes = MAX_MESSAGE_BYTES,
	};

	agent_fixture_leave(&agent);
	client = agent_client_create(agent.lws_loop, &options, &events, NULL, NULL);
	assert_lost(ERROR_IO, "cannot connect to deck.example:");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_client");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, a_good_key_is_enough);
	tcase_add_test(tcase, a_code_is_tried_until_it_is_right);
	tcase_add_test(tcase, a_code_that_ended_early_is_no_wrong_one);
	tcase_add_test(tcase, the_owner_may_have_another_code_shown);
	tcase_add_test(tcase, a_status_that_nobody_asked_for_admits_nobody);
	tcase_add_test(tcase, codes_are_for_those_who_are_asked);
	tcase_add_loop_test(tcase, an_answer_of_the_wrong_kind_ends_the_connection, 0,
		(int)(sizeof(strange_answers) / sizeof(strange_answers[0])));
	tcase_add_test(tcase, replies_are_held_to_their_type);
	tcase_add_test(tcase, replies_find_their_request_in_any_order);
	tcase_add_test(tcase, a_refusal_is_known_by_its_code);
	tcase_add_test(tcase, a_greeting_that_is_refused_ends_the_connection);
	tcase_add_test(tcase, a_code_that_is_refused_ends_the_connection);
	tcase_add_test(tcase, what_is_no_message_ends_the_connection);
	tcase_add_loop_test(tcase, what_a_close_means_is_known_by_its_code, 0,
		(int)(sizeof(closes) / sizeof(closes[0])));
	tcase_add_test(tcase, silence_ends_the_connection);
	tcase_add_test(tcase, a_status_that_never_follows_ends_the_connection);
	tcase_add_test(tcase, nobody_there_is_an_error);
	return run_tcase(tcase);
}
