/* The link over a real socket: the server of this process routes as control.c does. */
#include "control/ui_link.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_client.h"
#include "ipc/ipc_server.h"
#include "proto/proto_ipc.h"
#include "steam/steam_ui.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define FOR_EVER_MS 3600000

static struct steam_home home;
static struct loop *loop;
static struct ipc_server *server;
static struct ui_link *link_;
static const struct steam_ui *ui;
static unsigned changed_count, line_count;
static struct ipc_client_conn *last_conn;

/* One request's outcome. */
struct outcome {
	unsigned count;
	struct strbuf result;
	struct error err;
};

static struct outcome outcomes[UI_LINK_REQUESTS_MAX + 1];

static void on_line(void *owner, struct ipc_client_conn *conn, const char *line, size_t length)
{
	AUTO(json_free_ptr) cJSON *json = json_parse(line, length, NULL);

	last_conn = conn;
	if (strcmp(line, "attach") == 0) {
		ui_link_attach(link_, conn, "test");
	} else if (strcmp(line, "detach") == 0) {
		ui_link_detach(link_, conn);
	} else if (json == NULL || !ui_link_take_answer(link_, conn, json)) {
		ipc_server_send(conn, "no answer", 9);
	}
	line_count++;
}

static void on_opened(void *owner, struct ipc_client_conn *conn)
{
}

static void on_closed(void *owner, struct ipc_client_conn *conn)
{
	ui_link_detach(link_, conn);
}

static const struct ipc_server_events events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

static void on_changed(void *user)
{
	changed_count++;
}

static void setup(void)
{
	AUTO(free_ptr) char *path = NULL;
	struct error err;

	steam_home_init(&home);
	path = xasprintf("%s/agent.sock", home.path);
	loop = loop_create();
	link_ = ui_link_create(loop);
	ui_link_set_changed(link_, on_changed, NULL);
	ui = ui_link_steam_ui(link_);
	server = ipc_server_create(loop, path, &events, NULL, &err);
	ck_assert_msg(server != NULL, "%s", err.message);
}

static void teardown(void)
{
	ipc_server_destroy(server);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		ui->forget(ui->owner, &outcomes[i]);
		strbuf_finish(&outcomes[i].result);
	}
	ui_link_destroy(link_);
	loop_destroy(loop);
	steam_home_finish(&home);
}

static void tell(struct ipc_client *client, const char *line)
{
	unsigned before = line_count;
	struct error err;

	ck_assert_msg(ipc_client_send(client, line, strlen(line), &err), "%s", err.message);
	while (line_count == before) {
		loop_dispatch(loop);
	}
}

static struct ipc_client *connect_client(void)
{
	struct error err;
	struct ipc_client *client = ipc_client_create(steam_home_path(&home, "agent.sock"), &err);

	ck_assert_msg(client != NULL, "%s", err.message);
	return client;
}

static struct ipc_client *attach(void)
{
	struct ipc_client *client = connect_client();
	unsigned before = changed_count;

	tell(client, "attach");
	while (changed_count == before) {
		loop_dispatch(loop);
	}
	return client;
}

static void on_done(void *user, const cJSON *result, const struct error *err)
{
	struct outcome *outcome = user;

	outcome->count++;
	ck_assert_int_eq(result == NULL, err != NULL);
	if (err != NULL) {
		outcome->err = *err;
	} else {
		json_print(result, &outcome->result);
	}
}

static void ask(unsigned i, int64_t wait_ms)
{
	ui->request(ui->owner, "steam.apply", "{\"a\":1}", wait_ms, on_done, &outcomes[i]);
	ck_assert_uint_eq(outcomes[i].count, 0);
}

/* The next request's id, as JSON text; caller frees. */
static char *expect_request(struct ipc_client *client)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct ipc_message message = { 0 };
	struct error err;
	char *id;

	ck_assert_msg(ipc_client_receive(client, 5000, &line, &err), "%s", err.message);
	ck_assert(json_read_text(&message, ipc_message_fields, line.data, line.length, NULL));
	ck_assert_str_eq(message.jsonrpc, "2.0");
	ck_assert_str_eq(message.method, "steam.apply");
	ck_assert_str_eq(message.params, "{\"a\":1}");
	ck_assert_int_eq(message.id[0], '"');
	id = xstrdup(message.id);
	json_finish(&message, ipc_message_fields);
	return id;
}

/* rest: "\"result\":…" or "\"error\":…" */
static void answer(struct ipc_client *client, const char *id, const char *rest)
{
	AUTO(free_ptr) char *line = xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%s,%s}", id, rest);

	tell(client, line);
}

static void await_changes(unsigned count)
{
	while (changed_count < count) {
		loop_dispatch(loop);
	}
	ck_assert_uint_eq(changed_count, count);
}

static void await(unsigned i)
{
	while (outcomes[i].count == 0) {
		loop_dispatch(loop);
	}
	ck_assert_uint_eq(outcomes[i].count, 1);
}

static void ck_fails(unsigned i, enum error_kind kind, const char *part)
{
	await(i);
	ck_assert_msg(outcomes[i].err.kind == kind, "%s", outcomes[i].err.message);
	ck_assert_ptr_nonnull(strstr(outcomes[i].err.message, part));
}

START_TEST(test_answer)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *id = NULL;

	await_changes(1);
	ck_assert(ui->attached(ui->owner));
	ask(0, FOR_EVER_MS);
	id = expect_request(client);
	ck_assert_uint_eq(outcomes[0].count, 0);
	answer(client, id, "\"result\":{\"appId\":5}");
	await(0);
	ck_assert_str_eq(outcomes[0].result.data, "{\"appId\":5}");
	answer(client, id, "\"result\":{}"); /* twice: dropped */
	ck_assert_uint_eq(outcomes[0].count, 1);
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_answers_in_any_order)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *first = NULL;
	AUTO(free_ptr) char *second = NULL;

	ask(0, FOR_EVER_MS);
	ask(1, FOR_EVER_MS);
	first = expect_request(client);
	second = expect_request(client);
	ck_assert_str_ne(first, second);
	answer(client, second, "\"result\":{\"appId\":2}");
	answer(client, first, "\"result\":{\"appId\":1}");
	ck_assert_str_eq(outcomes[0].result.data, "{\"appId\":1}");
	ck_assert_str_eq(outcomes[1].result.data, "{\"appId\":2}");
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_nobody_is_attached)
{
	struct ipc_client *client = connect_client();

	ck_assert(!ui->attached(ui->owner));
	ask(0, FOR_EVER_MS);
	ck_fails(0, ERROR_CONFLICT, "not attached");
	tell(client, "detach");
	ck_assert_uint_eq(changed_count, 0);
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_errors_of_the_plugin)
{
	static const struct {
		const char *error;
		enum error_kind kind;
		const char *part;
	} cases[] = {
		{ "{\"code\":-32001,\"message\":\"no shortcut 7\"}", ERROR_NOT_FOUND,
			"no shortcut 7" },
		{ "{\"code\":-32002,\"message\":\"not now\"}", ERROR_CONFLICT, "not now" },
		{ "{\"code\":-32601,\"message\":\"?\"}", ERROR_CONFLICT, "does not know" },
		{ "{\"code\":-32602,\"message\":\"bad\"}", ERROR_INVALID, "bad" },
		{ "{\"code\":-32000,\"message\":\"failed\"}", ERROR_IO, "failed" },
		{ "{\"code\":-32603}", ERROR_IO, "without saying why" },
		{ "{\"code\":1,\"message\":\"a\\u001bb\"}", ERROR_IO, "a?b" },
		{ "\"boom\"", ERROR_IO, "neither" },
		{ "{\"code\":\"x\"}", ERROR_IO, "neither" },
	};
	struct ipc_client *client = attach();

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(free_ptr) char *rest = xasprintf("\"error\":%s", cases[i].error);
		AUTO(free_ptr) char *id = NULL;

		ask(i, FOR_EVER_MS);
		id = expect_request(client);
		answer(client, id, rest);
		ck_fails(i, cases[i].kind, cases[i].part);
	}
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_malformed_answers)
{
	static const char *const wrong[] = { "\"result\":5", "\"result\":[]", "\"result\":null",
		"\"results\":{}", "\"result\":\"x\"" };
	struct ipc_client *client = attach();

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		AUTO(free_ptr) char *id = NULL;

		ask(i, FOR_EVER_MS);
		id = expect_request(client);
		answer(client, id, wrong[i]);
		ck_fails(i, ERROR_IO, "steam.apply");
	}
	ck_assert(ui->attached(ui->owner));
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_not_an_answer)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *id = NULL;
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	ask(0, FOR_EVER_MS);
	id = expect_request(client);
	answer(client, id, "\"method\":\"status\"");
	tell(client, "{\"jsonrpc\":\"2.0\",\"id\":7}");
	tell(client, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}"); /* an answer to nothing */
	ck_assert(ipc_client_receive(client, 5000, &line, NULL));
	ck_assert_str_eq(line.data, "no answer");
	ck_assert(ipc_client_receive(client, 5000, &line, NULL));
	ck_assert_str_eq(line.data, "no answer");
	ck_assert_uint_eq(outcomes[0].count, 0);
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_only_the_one_asked_answers)
{
	struct ipc_client *client = attach();
	struct ipc_client *other = connect_client();
	AUTO(free_ptr) char *id = NULL;

	ask(0, FOR_EVER_MS);
	id = expect_request(client);
	answer(other, id, "\"result\":{\"appId\":6}");
	ck_assert_uint_eq(outcomes[0].count, 0);
	answer(client, id, "\"result\":{\"appId\":5}");
	ck_assert_str_eq(outcomes[0].result.data, "{\"appId\":5}");
	ipc_client_destroy(client);
	ipc_client_destroy(other);
}
END_TEST

START_TEST(test_silence)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *late = NULL;
	AUTO(free_ptr) char *id = NULL;

	ask(0, FOR_EVER_MS);
	ask(1, 1);
	ck_fails(1, ERROR_TIMEOUT, "0.001 seconds");
	ck_fails(0, ERROR_CONFLICT, "went away");
	ck_assert(!ui->attached(ui->owner));
	await_changes(2);
	late = expect_request(client);
	answer(client, late, "\"result\":{\"appId\":5}");
	ck_assert_uint_eq(outcomes[0].count, 1);

	tell(client, "attach");
	free(expect_request(client)); /* the second one, which it had not read */
	ck_assert(ui->attached(ui->owner));
	ask(2, FOR_EVER_MS);
	id = expect_request(client);
	answer(client, id, "\"result\":{}");
	await(2);
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_vanishes)
{
	struct ipc_client *client = attach();

	ask(0, FOR_EVER_MS);
	ipc_client_destroy(client);
	ck_fails(0, ERROR_CONFLICT, "went away");
	ck_assert(!ui->attached(ui->owner));
	await_changes(2);
}
END_TEST

START_TEST(test_detaches)
{
	struct ipc_client *client = attach();

	ask(0, FOR_EVER_MS);
	tell(client, "detach");
	ck_fails(0, ERROR_CONFLICT, "went away");
	await_changes(2);
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_the_newest_serves)
{
	struct ipc_client *old = attach();
	struct ipc_client *new = attach();
	AUTO(free_ptr) char *second = NULL;
	AUTO(free_ptr) char *third = NULL;

	ask(0, FOR_EVER_MS);
	free(expect_request(new));
	tell(new, "detach");
	ck_fails(0, ERROR_CONFLICT, "went away");
	ck_assert(ui->attached(ui->owner));
	ask(1, FOR_EVER_MS);
	second = expect_request(old);
	tell(new, "attach");
	answer(old, second, "\"result\":{}"); /* what it was asked it may still answer */
	await(1);
	tell(old, "attach");
	ask(2, FOR_EVER_MS);
	third = expect_request(old);
	answer(old, third, "\"result\":{}");
	await(2);
	ipc_client_destroy(old);
	ipc_client_destroy(new);
}
END_TEST

START_TEST(test_limit)
{
	struct ipc_client *client = attach();

	for (unsigned i = 0; i <= UI_LINK_REQUESTS_MAX; i++) {
		ask(i, FOR_EVER_MS);
	}
	ck_fails(UI_LINK_REQUESTS_MAX, ERROR_CONFLICT, "16 unanswered requests");
	for (unsigned i = 0; i < UI_LINK_REQUESTS_MAX; i++) {
		free(expect_request(client));
		ck_assert_uint_eq(outcomes[i].count, 0);
	}
	ck_assert(ui->attached(ui->owner));
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_too_long_for_a_line)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *params = xcalloc(1, IPC_LINE_MAX_BYTES + 1);

	memset(params, ' ', IPC_LINE_MAX_BYTES);
	ui->request(ui->owner, "steam.apply", params, FOR_EVER_MS, on_done, &outcomes[0]);
	ck_fails(0, ERROR_CONFLICT, "more than");
	ck_assert(ui->attached(ui->owner));
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_forget)
{
	struct ipc_client *client = attach();
	AUTO(free_ptr) char *id = NULL;

	ask(0, FOR_EVER_MS);
	ask(1, FOR_EVER_MS);
	ui->forget(ui->owner, &outcomes[0]);
	id = expect_request(client);
	answer(client, id, "\"result\":{}");
	ck_assert_uint_eq(outcomes[0].count, 0);
	ipc_client_destroy(client);
	ck_fails(1, ERROR_CONFLICT, "went away");
	ck_assert_uint_eq(outcomes[0].count, 0);
	ask(2, FOR_EVER_MS); /* fails with the next turn … */
	ui->forget(ui->owner, &outcomes[2]);
	ask(3, FOR_EVER_MS);
	ck_fails(3, ERROR_CONFLICT, "not attached");
	ck_assert_uint_eq(outcomes[2].count, 0); /* … which it does not see */
}
END_TEST

START_TEST(test_file)
{
	struct ipc_client *client = attach();
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	AUTO(free_ptr) char *image = xcalloc(1, UI_LINK_PART_MAX_BYTES + 1);
	AUTO(free_ptr) char *id = NULL;
	int64_t number, bytes, total;
	struct error err;

	memset(image, 'x', UI_LINK_PART_MAX_BYTES + 1);
	steam_home_write(&home, "image", image, UI_LINK_PART_MAX_BYTES + 1);
	number = ui->offer_file(ui->owner, steam_home_path(&home, "image"), &bytes, &err);
	ck_assert_int_ne(number, 0);
	ck_assert_int_eq(bytes, UI_LINK_PART_MAX_BYTES + 1);

	ck_assert(!ui_link_read_file(link_, last_conn, number, 0, &data, &total, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ask(0, FOR_EVER_MS);
	id = expect_request(client);
	ck_assert(!ui_link_read_file(link_, NULL, number, 0, &data, &total, &err));
	ck_assert(ui_link_read_file(link_, last_conn, number, 0, &data, &total, &err));
	ck_assert_uint_eq(data.length, UI_LINK_PART_MAX_BYTES);
	ck_assert_int_eq(total, bytes);
	ck_assert(ui_link_read_file(
		link_, last_conn, number, UI_LINK_PART_MAX_BYTES, &data, &total, &err));
	ck_assert_mem_eq(data.data, image, UI_LINK_PART_MAX_BYTES + 1);
	ui->withdraw_file(ui->owner, number);
	ck_assert(!ui_link_read_file(link_, last_conn, number, 0, &data, &total, &err));
	ck_assert_int_eq(ui->offer_file(ui->owner, "/nonexistent", &bytes, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ipc_client_destroy(client);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ui_link");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_answer);
	tcase_add_test(tcase, test_answers_in_any_order);
	tcase_add_test(tcase, test_nobody_is_attached);
	tcase_add_test(tcase, test_errors_of_the_plugin);
	tcase_add_test(tcase, test_malformed_answers);
	tcase_add_test(tcase, test_not_an_answer);
	tcase_add_test(tcase, test_only_the_one_asked_answers);
	tcase_add_test(tcase, test_silence);
	tcase_add_test(tcase, test_vanishes);
	tcase_add_test(tcase, test_detaches);
	tcase_add_test(tcase, test_the_newest_serves);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_too_long_for_a_line);
	tcase_add_test(tcase, test_forget);
	tcase_add_test(tcase, test_file);
	return run_tcase(tcase);
}
