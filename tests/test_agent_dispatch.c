/* A whole agent and Hubs on loopback in one process: every type of message, and who may send it. */
#include "agent/agent.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "pairing/pairing.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_session.h"
#include "proto/proto_steam.h"
#include "proto/proto_upload.h"
#include "steam_home.h"
#include "suite.h"
#include "ws/lws_loop.h"
#include "ws/ws_client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 16

struct hub {
	struct ws_client *client;
	struct ws_conn *conn;
	bool is_closed;
	unsigned close_code;
	char close_reason[128];
	char expected[64]; /* the id whose answer is awaited */
	bool has_answer;
	struct envelope answer;
	struct envelope events[EVENTS_MAX]; /* received, not yet waited for */
	size_t event_count;
};

static struct steam_home home;
static struct paths paths;
static struct config config;
static struct loop *loop;
static struct lws_loop *lws_loop;
static struct worker *worker;
static struct agent *agent;
static struct hub hubs[3];
static unsigned request_count;

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct hub *hub = owner;

	hub->conn = conn;
	loop_stop(loop);
	return hub;
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct hub *hub = user;
	struct envelope message;
	struct error err;

	ck_assert_msg(envelope_read(&message, text, length, &err), "%s", err.message);
	if (strncmp(message.id, "event-", 6) == 0) {
		ck_assert_uint_lt(hub->event_count, EVENTS_MAX);
		hub->events[hub->event_count++] = message;
	} else {
		ck_assert_str_eq(message.id, hub->expected);
		ck_assert(!hub->has_answer);
		hub->has_answer = true;
		hub->answer = message;
	}
	loop_stop(loop);
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	ck_abort_msg("an agent sends no binary messages");
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct hub *hub = user;

	hub->conn = NULL;
	hub->is_closed = true;
	hub->close_code = code;
	snprintf(hub->close_reason, sizeof(hub->close_reason), "%s", reason);
	loop_stop(loop);
}

static void on_failed(void *owner, const struct error *err)
{
	ck_abort_msg("%s", err->message);
}

static const struct ws_events events = {
	.opened = on_opened,
	.text = on_text,
	.binary = on_binary,
	.closed = on_closed,
};

static void start_agent(void)
{
	struct error err = { 0 };

	agent = agent_create(
		&(struct agent_options){
			.loop = loop,
			.lws_loop = lws_loop,
			.worker = worker,
			.paths = &paths,
			.config = &config,
		},
		&err);
	ck_assert_msg(agent != NULL, "%s", err.message);
}

static void setup(void)
{
	AUTO(free_ptr) char *settings = NULL;
	AUTO(free_ptr) char *notice = NULL;
	struct error err = { 0 };

	steam_home_init(&home);
	setenv("HOME", home.path, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	ck_assert_msg(paths_init(&paths, NULL, &err), "%s", err.message);
	settings = path_join(paths.config_dir, "settings.json");
	config_load(&config, settings, &notice);
	loop = loop_create();
	lws_loop = lws_loop_create(loop, &err);
	ck_assert_msg(lws_loop != NULL, "%s", err.message);
	worker = worker_create(loop, 2);
	memset(hubs, 0, sizeof(hubs));
	start_agent();
}

static void finish_hub(struct hub *hub)
{
	envelope_finish(&hub->answer);
	for (size_t i = 0; i < hub->event_count; i++) {
		envelope_finish(&hub->events[i]);
	}
	ws_client_destroy(hub->client);
	memset(hub, 0, sizeof(*hub));
}

static void teardown(void)
{
	for (size_t i = 0; i < sizeof(hubs) / sizeof(hubs[0]); i++) {
		finish_hub(&hubs[i]);
	}
	agent_destroy(agent);
	worker_destroy(worker);
	lws_loop_destroy(lws_loop);
	loop_destroy(loop);
	config_finish(&config);
	paths_finish(&paths);
	steam_home_finish(&home);
}

/* --- Actions of a Hub --- */

static void connect_hub(struct hub *hub)
{
	struct error err = { 0 };

	hub->client = ws_client_create(lws_loop,
		&(struct ws_client_options){
			.host = "127.0.0.1",
			.port = agent_port(agent),
			.path = PROTO_ENDPOINT_PATH,
			.connect_wait_ms = 10000,
			.limits = {
				.max_message_bytes = MAX_MESSAGE_BYTES,
				.max_queued_bytes = 2 * MAX_MESSAGE_BYTES,
			},
			.events = &events,
			.owner = hub,
			.failed = on_failed,
		},
		&err);
	ck_assert_msg(hub->client != NULL, "%s", err.message);
	while (hub->conn == NULL) {
		lws_loop_run(lws_loop);
	}
}

static const struct envelope *wait_answer(struct hub *hub)
{
	while (!hub->has_answer) {
		ck_assert_msg(
			!hub->is_closed, "closed with %u %s", hub->close_code, hub->close_reason);
		lws_loop_run(lws_loop);
	}
	return &hub->answer;
}

static void expect_answer(struct hub *hub, const char *id)
{
	envelope_finish(&hub->answer);
	hub->has_answer = false;
	snprintf(hub->expected, sizeof(hub->expected), "%s", id);
}

/* Waits for an event of that type; in place of the answer. */
static const struct envelope *wait_event(struct hub *hub, const char *type)
{
	for (size_t i = 0;; i++) {
		while (i >= hub->event_count) {
			lws_loop_run(lws_loop);
		}
		if (strcmp(hub->events[i].type, type) == 0) {
			envelope_finish(&hub->answer);
			hub->answer = hub->events[i];
			hub->events[i] = hub->events[--hub->event_count];
			return &hub->answer;
		}
	}
}

static const struct envelope *ask_text(struct hub *hub, const char *id, const char *text)
{
	struct strbuf message = { 0 };

	expect_answer(hub, id);
	strbuf_append_text(&message, text);
	ws_conn_send_take(hub->conn, &message);
	return wait_answer(hub);
}

/* payload: JSON; NULL for none. */
static const struct envelope *ask(struct hub *hub, const char *type, const char *payload)
{
	AUTO(free_ptr) char *id = xasprintf("request-%u", ++request_count);
	AUTO(free_ptr)
	char *text = xasprintf("{\"id\":\"%s\",\"type\":\"%s\"%s%s}", id, type,
		payload != NULL ? ",\"payload\":" : "", payload != NULL ? payload : "");

	return ask_text(hub, id, text);
}

static const struct envelope *send_chunk(
	struct hub *hub, const struct upload_chunk *header, const char *data)
{
	struct strbuf message = { 0 };

	expect_answer(hub, header->id);
	chunk_frame_write(&message, header);
	strbuf_append_text(&message, data);
	ws_conn_send_binary_take(hub->conn, &message);
	return wait_answer(hub);
}

static void expect_code(const struct envelope *answer, int code)
{
	ck_assert_msg(answer->error_code == code, "%s %lld '%s', not %d", answer->type,
		(long long)answer->error_code,
		answer->error_message != NULL ? answer->error_message : "", code);
}

static const char *text_of(const struct envelope *answer, const char *key)
{
	const char *text = json_string(json_member(answer->payload, key));

	ck_assert_msg(text != NULL, "%s has no '%s'", answer->type, key);
	return text;
}

static char *hello(const char *hub_id, const char *token)
{
	return xasprintf("{\"name\":\"PC\",\"version\":\"1\",\"hubId\":\"%s\",\"token\":\"%s\"}",
		hub_id, token);
}

/* Connects and pairs; returns the token. */
static char *pair(struct hub *hub, const char *hub_id)
{
	AUTO(free_ptr) char *payload = hello(hub_id, "");
	AUTO(free_ptr) char *confirm = NULL;

	connect_hub(hub);
	ck_assert_str_eq(ask(hub, "hub_connected", payload)->type, "pairing_required");
	confirm = xasprintf("{\"code\":\"%s\"}", pairing_shown(agent_pairing(agent))->code);
	ck_assert_str_eq(ask(hub, "pair_confirm", confirm)->type, "pair_success");
	return xstrdup(text_of(&hub->answer, "token"));
}

static void wait_closed(struct hub *hub, unsigned code)
{
	while (!hub->is_closed) {
		lws_loop_run(lws_loop);
	}
	ck_assert_uint_eq(hub->close_code, code);
}

/* --- The tests --- */

START_TEST(strangers_may_only_say_hello)
{
	static const char *const types[] = { "cancel_upload", "complete_upload", "get_config",
		"get_info", "get_steam_users", "init_upload", "list_shortcuts", "upload_chunk",
		"no_such_type" };
	const struct upload_chunk chunk = { .id = "chunk-1", .upload_id = "u", .file_path = "f" };

	connect_hub(&hubs[0]);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		expect_code(ask(&hubs[0], types[i], "{}"), PROTO_UNAUTHORIZED);
	}
	expect_code(send_chunk(&hubs[0], &chunk, "data"), PROTO_UNAUTHORIZED);
	ck_assert_str_eq(ask(&hubs[0], "ping", NULL)->type, "pong");
	ck_assert_str_eq(ask(&hubs[0], "pair_confirm", "{\"code\":\"1\"}")->type, "pair_failed");
}
END_TEST

START_TEST(every_type_finds_its_handler)
{
	static const struct {
		const char *type;
		const char *payload;
		const char *answer; /* NULL: an error … */
		int code;	    /* … with that code */
	} rows[] = {
		{ "cancel_upload", "{\"uploadId\":\"none\"}", NULL, PROTO_NOT_FOUND },
		{ "complete_upload", "{\"uploadId\":\"none\"}", NULL, PROTO_NOT_FOUND },
		{ "create_shortcut", "{}", NULL, PROTO_BAD_REQUEST },
		{ "create_shortcut", "{\"shortcut\":{\"name\":\"a\",\"exe\":\"/a\"}}", NULL,
			PROTO_NOT_FOUND },
		{ "delete_game", "{}", NULL, PROTO_BAD_REQUEST },
		{ "delete_game", "{\"appId\":7}", NULL, PROTO_NOT_FOUND },
		{ "delete_shortcut", "{}", NULL, PROTO_BAD_REQUEST },
		{ "delete_shortcut", "{\"appId\":7}", NULL, PROTO_NOT_FOUND },
		{ "get_config", NULL, "config_response", 0 },
		{ "get_info", NULL, "info_response", 0 },
		{ "get_steam_users", NULL, "steam_users_response", 0 },
		{ "hub_connected", "{\"hubId\":\"hub-a\"}", "agent_status", 0 },
		{ "init_upload", "{}", NULL, PROTO_BAD_REQUEST },
		{ "list_shortcuts", "{}", NULL, PROTO_NOT_FOUND },
		{ "no_such_type", NULL, NULL, PROTO_NOT_IMPLEMENTED },
		{ "pair_confirm", "{\"code\":\"1\"}", NULL, PROTO_BAD_REQUEST },
		{ "ping", NULL, "pong", 0 },
		{ "restart_steam", NULL, "steam_response", 0 },
		{ "upload_chunk", "{\"uploadId\":\"none\",\"filePath\":\"a\",\"data\":\"\"}", NULL,
			PROTO_NOT_FOUND },
	};
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct envelope *answer = ask(&hubs[0], rows[i].type, rows[i].payload);

		if (rows[i].answer != NULL) {
			ck_assert_str_eq(answer->type, rows[i].answer);
		} else {
			ck_assert_str_eq(answer->type, "error");
			expect_code(answer, rows[i].code);
		}
	}
}
END_TEST

START_TEST(malformed_messages_are_answered)
{
	connect_hub(&hubs[0]);
	expect_code(ask_text(&hubs[0], "", "nonsense"), PROTO_BAD_REQUEST);
	expect_code(ask_text(&hubs[0], "", "[]"), PROTO_BAD_REQUEST);
	expect_code(ask_text(&hubs[0], "x1", "{\"id\":\"x1\"}"), PROTO_BAD_REQUEST);
	expect_code(ask_text(&hubs[0], "", "{\"id\":7,\"type\":\"ping\"}"), PROTO_BAD_REQUEST);
	expect_code(ask(&hubs[0], "hub_connected", "{\"name\":\"x\"}"), PROTO_BAD_REQUEST);
	expect_code(ask(&hubs[0], "hub_connected", "{\"hubId\":\"\"}"), PROTO_BAD_REQUEST);
	expect_code(ask(&hubs[0], "hub_connected", "{\"hubId\":\"a\\nb\"}"), PROTO_BAD_REQUEST);
	expect_code(ask(&hubs[0], "hub_connected", NULL), PROTO_BAD_REQUEST);
	expect_code(ask(&hubs[0], "pair_confirm", "[]"), PROTO_BAD_REQUEST);
	ck_assert_str_eq(ask(&hubs[0], "ping", NULL)->type, "pong");
}
END_TEST

START_TEST(code_stays_on_the_device)
{
	AUTO(free_ptr) char *payload = hello("hub-a", "");

	connect_hub(&hubs[0]);
	ask(&hubs[0], "hub_connected", payload);
	ck_assert_str_eq(text_of(&hubs[0].answer, "code"), "");
	config.pairing_send_code_to_hub = true;
	ask(&hubs[0], "hub_connected", payload);
	ck_assert_str_eq(
		text_of(&hubs[0].answer, "code"), pairing_shown(agent_pairing(agent))->code);
}
END_TEST

START_TEST(status_follows_pairing_as_an_event)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");

	ck_assert_str_eq(
		text_of(wait_event(&hubs[0], "agent_status"), "version"), CAPYDECK_VERSION);
}
END_TEST

START_TEST(token_opens_and_replaces)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	AUTO(free_ptr) char *payload = hello("hub-a", token);

	connect_hub(&hubs[1]);
	ck_assert_str_eq(ask(&hubs[1], "hub_connected", payload)->type, "agent_status");
	wait_closed(&hubs[0], 1000);
	ck_assert_str_eq(ask(&hubs[1], "get_info", NULL)->type, "info_response");
	ck_assert_ptr_nonnull(agent_connected_hub(agent));
}
END_TEST

START_TEST(one_hub_at_a_time)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	AUTO(free_ptr) char *payload = hello("hub-b", "");

	connect_hub(&hubs[1]);
	expect_code(ask(&hubs[1], "hub_connected", payload), PROTO_CONFLICT);
	ck_assert_ptr_null(pairing_shown(agent_pairing(agent)));
}
END_TEST

START_TEST(other_hubs_do_not_get_the_screen)
{
	AUTO(free_ptr) char *first = hello("hub-a", "");
	AUTO(free_ptr) char *second = hello("hub-b", "");

	connect_hub(&hubs[0]);
	connect_hub(&hubs[1]);
	ask(&hubs[0], "hub_connected", first);
	expect_code(ask(&hubs[1], "hub_connected", second), PROTO_LOCKED_OUT);
}
END_TEST

START_TEST(dismissed_code_is_told)
{
	AUTO(free_ptr) char *payload = hello("hub-a", "");

	connect_hub(&hubs[0]);
	ask(&hubs[0], "hub_connected", payload);
	ck_assert(pairing_dismiss(agent_pairing(agent), NULL));
	ck_assert_str_eq(
		text_of(wait_event(&hubs[0], "pair_failed"), "reason"), "dismissed on the device");
	ck_assert(pairing_reopen(agent_pairing(agent), NULL));
	wait_event(&hubs[0], "pairing_required");
}
END_TEST

START_TEST(blocked_connections_are_closed)
{
	AUTO(free_ptr) char *payload = hello("hub-a", "");

	config.connections_accept = false;
	connect_hub(&hubs[0]);
	expect_code(ask(&hubs[0], "hub_connected", payload), PROTO_BLOCKED);
	wait_closed(&hubs[0], 1008);
}
END_TEST

START_TEST(newer_protocols_are_refused)
{
	connect_hub(&hubs[0]);
	expect_code(ask(&hubs[0], "hub_connected", "{\"hubId\":\"a\",\"protocolVersion\":2}"),
		PROTO_BLOCKED);
	ck_assert_ptr_nonnull(strstr(hubs[0].answer.error_message, "version 1"));
}
END_TEST

START_TEST(revoked_hub_is_told_to_forget)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	struct error err = { 0 };

	ck_assert_msg(agent_revoke_hub(agent, "hub-a", &err), "%s", err.message);
	ck_assert_ptr_null(agent_connected_hub(agent));
	wait_closed(&hubs[0], CLOSE_TOKEN_REVOKED);
	ck_assert_str_eq(hubs[0].close_reason, "token_revoked");
}
END_TEST

/* Sends a game of one file, half as text and half as a binary message; returns the upload's id. */
static char *send_game(struct hub *hub)
{
	AUTO(free_ptr) char *chunk = NULL;
	struct upload_chunk header = { .id = "chunk-1", .file_path = "bin/game", .offset = 5 };
	char *upload_id;

	ask(hub, "init_upload",
		"{\"config\":{\"gameName\":\"Celeste\",\"executable\":\"bin/game\"},"
		"\"totalSize\":10,\"files\":[{\"relativePath\":\"bin/game\",\"size\":10}]}");
	upload_id = xstrdup(text_of(&hub->answer, "uploadId"));
	chunk = xasprintf("{\"uploadId\":\"%s\",\"filePath\":\"bin/game\",\"offset\":0,"
			  "\"data\":\"aGVsbG8=\"}",
		upload_id);
	ck_assert_str_eq(ask(hub, "upload_chunk", chunk)->type, "upload_chunk_response");
	header.upload_id = upload_id;
	ck_assert_str_eq(send_chunk(hub, &header, "world")->type, "upload_chunk_response");
	return upload_id;
}

START_TEST(game_is_installed_without_steam)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	AUTO(free_ptr) char *upload_id = send_game(&hubs[0]);
	AUTO(strbuf_finish) struct strbuf content = { 0 };
	AUTO(free_ptr)
	char *complete = xasprintf("{\"uploadId\":\"%s\",\"createShortcut\":true,"
				   "\"shortcut\":{\"name\":\"Celeste\",\"exe\":\"bin/game\"}}",
		upload_id);

	ck_assert_str_eq(ask(&hubs[0], "complete_upload", complete)->type, "operation_result");
	ck_assert_ptr_null(json_member(hubs[0].answer.payload, "appId"));
	text_of(&hubs[0].answer, "message");
	steam_home_read(&home, "Games/Celeste/bin/game", &content);
	ck_assert_str_eq(content.data, "helloworld");
	while (strcmp(text_of(wait_event(&hubs[0], "operation_event"), "status"), "complete") !=
		0) {
		ck_assert_str_eq(text_of(&hubs[0].answer, "status"), "start");
	}
}
END_TEST

START_TEST(start_folder_stays_in_the_game)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	AUTO(free_ptr) char *upload_id = send_game(&hubs[0]);
	AUTO(free_ptr)
	char *complete = xasprintf("{\"uploadId\":\"%s\",\"createShortcut\":true,"
				   "\"shortcut\":{\"startDir\":\"..\\\\..\"}}",
		upload_id);

	expect_code(ask(&hubs[0], "complete_upload", complete), PROTO_BAD_REQUEST);
}
END_TEST

static void on_uploads_changed(void *user)
{
	loop_stop(loop);
}

START_TEST(hub_may_leave_before_its_answer)
{
	static const struct agent_events agent_events = { .uploads_changed = on_uploads_changed };
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	AUTO(free_ptr) char *upload_id = send_game(&hubs[0]);
	struct strbuf complete = { 0 };

	strbuf_appendf(&complete,
		"{\"id\":\"late\",\"type\":\"complete_upload\",\"payload\":{\"uploadId\":\"%s\"}}",
		upload_id);
	agent_set_events(agent, &agent_events, NULL);
	ws_conn_send_take(hubs[0].conn, &complete);
	ws_conn_close(hubs[0].conn, 1000, "");
	wait_closed(&hubs[0], 1000);
	while (!steam_home_exists(&home, "Games/Celeste/bin/game")) {
		lws_loop_run(lws_loop);
	}
}
END_TEST

START_TEST(images_are_declined_and_do_no_harm)
{
	const struct upload_chunk image = { .id = "image-1", .artwork_type = "hero", .app_id = 7 };
	const struct envelope *answer;
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");

	answer = send_chunk(&hubs[0], &image, "\x89PNG");
	ck_assert_str_eq(answer->type, "artwork_image_response");
	ck_assert_str_eq(text_of(answer, "artworkType"), "hero");
	text_of(answer, "error");
}
END_TEST

START_TEST(chunks_that_make_no_sense_are_refused)
{
	AUTO(free_ptr) char *token = pair(&hubs[0], "hub-a");
	struct strbuf garbage = { 0 };
	struct upload_chunk header = { .id = "c-1", .file_path = "f" };

	expect_code(send_chunk(&hubs[0], &header, "x"), PROTO_BAD_REQUEST);
	header.upload_id = "none";
	expect_code(send_chunk(&hubs[0], &header, "x"), PROTO_NOT_FOUND);
	header.offset = -1;
	expect_code(send_chunk(&hubs[0], &header, "x"), PROTO_BAD_REQUEST);
	expect_answer(&hubs[0], "");
	strbuf_append(&garbage, "\xff\xff\xff\xff", 4);
	ws_conn_send_binary_take(hubs[0].conn, &garbage);
	expect_code(wait_answer(&hubs[0]), PROTO_BAD_REQUEST);
}
END_TEST

START_TEST(steam_ids_follow_the_dialect)
{
	AUTO(free_ptr) char *token = NULL;
	AUTO(free_ptr) char *payload = NULL;
	struct steam_users_response users = { 0 };

	steam_home_write_text(&home, ".local/share/Steam/config/loginusers.vdf",
		"\"users\"\n{\n\"76561198012345678\"\n{\n\"PersonaName\" \"Gamer\"\n"
		"\"MostRecent\" \"1\"\n}\n}\n");
	steam_home_mkdir(&home, ".local/share/Steam/userdata/52079950");
	token = pair(&hubs[0], "hub-a");
	ask(&hubs[0], "get_steam_users", NULL);
	ck_assert(json_read(&users, steam_users_response_fields, hubs[0].answer.payload, NULL));
	ck_assert_uint_eq(users.users_count, 1);
	ck_assert_str_eq(users.users[0].id, "76561198012345678");
	json_finish(&users, steam_users_response_fields);

	payload =
		xasprintf("{\"hubId\":\"hub-a\",\"token\":\"%s\",\"platform\":\"windows\"}", token);
	connect_hub(&hubs[1]);
	ask(&hubs[1], "hub_connected", payload);
	ask(&hubs[1], "get_steam_users", NULL);
	ck_assert(json_read(&users, steam_users_response_fields, hubs[1].answer.payload, NULL));
	ck_assert_str_eq(users.users[0].id, "52079950");
	json_finish(&users, steam_users_response_fields);
	ck_assert_str_eq(ask(&hubs[1], "list_shortcuts", "{\"userId\":76561198012345678}")->type,
		"shortcuts_response");
}
END_TEST

START_TEST(settings_are_kept_and_applied)
{
	bool restart_needed = true;
	struct error err = { 0 };
	AUTO(strbuf_finish) struct strbuf file = { 0 };

	ck_assert_msg(
		agent_set(agent, "agent.name", "Deck", &restart_needed, &err), "%s", err.message);
	ck_assert(!restart_needed);
	ck_assert(agent_set(agent, "agent.port", "9998", &restart_needed, NULL));
	ck_assert(restart_needed);
	ck_assert(!agent_set(agent, "agent.port", "0", &restart_needed, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(!agent_set(agent, "no.such", "0", &restart_needed, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_str_eq(config.agent_name, "Deck");
	steam_home_read(&home, ".config/capydeck/settings.json", &file);
	ck_assert_ptr_nonnull(strstr(file.data, "\"Deck\""));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("messages");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, strangers_may_only_say_hello);
	tcase_add_test(tcase, every_type_finds_its_handler);
	tcase_add_test(tcase, malformed_messages_are_answered);
	tcase_add_test(tcase, code_stays_on_the_device);
	tcase_add_test(tcase, status_follows_pairing_as_an_event);
	tcase_add_test(tcase, token_opens_and_replaces);
	tcase_add_test(tcase, one_hub_at_a_time);
	tcase_add_test(tcase, other_hubs_do_not_get_the_screen);
	tcase_add_test(tcase, dismissed_code_is_told);
	tcase_add_test(tcase, blocked_connections_are_closed);
	tcase_add_test(tcase, newer_protocols_are_refused);
	tcase_add_test(tcase, revoked_hub_is_told_to_forget);
	tcase_add_test(tcase, game_is_installed_without_steam);
	tcase_add_test(tcase, start_folder_stays_in_the_game);
	tcase_add_test(tcase, hub_may_leave_before_its_answer);
	tcase_add_test(tcase, images_are_declined_and_do_no_harm);
	tcase_add_test(tcase, chunks_that_make_no_sense_are_refused);
	tcase_add_test(tcase, steam_ids_follow_the_dialect);
	tcase_add_test(tcase, settings_are_kept_and_applied);
	return run_tcase(tcase);
}
