/* ws_server, ws_client and ws_conn together, over loopback, with raw sockets for what is rude. */
#include "net/ws_server.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "net/lws_loop.h"
#include "net/ws_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define MAX_MESSAGE_BYTES (4 * 1024 * 1024)

/* One end of a connection, with what it has seen. Every event ends a turn of the loop. */
struct end {
	struct ws_conn *conn; /* the last one opened; NULL after `closed` */
	unsigned opened_count, closed_count, binary_count, text_count, oversize_count;
	unsigned drained_count;
	unsigned code;
	char reason[128];
	struct strbuf text, binary, oversize; /* the last one */
	size_t part_bytes;		      /* as the last binary_part said */
	unsigned pending_count;		      /* of `binary`: with more behind it */
	bool echoes, pauses, admits, closes;
	bool failed;
	struct error error;
};

static struct loop *loop;
static struct lws_loop *lws_loop;
static struct ws_server *server;
static struct end server_end, client_end;
static struct strvec origins;

static void *on_opened(void *owner, struct ws_conn *conn)
{
	struct end *end = owner;

	end->conn = conn;
	end->opened_count++;
	if (end->admits) {
		ws_conn_set_standing(conn, WS_ADMITTED);
		ws_conn_set_deadline(conn, 0);
	}
	loop_stop(loop);
	return end;
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct end *end = user;
	struct strbuf reply = { 0 };

	end->text_count++;
	strbuf_reset(&end->text);
	strbuf_append(&end->text, text, length);
	if (end->echoes) {
		strbuf_append(&reply, text, length);
		ws_conn_send_take(conn, &reply);
	}
	if (end->closes) {
		ws_conn_close(conn, 4000, "as you said");
		ws_conn_close(conn, 4001, "not again");
	}
	loop_stop(loop);
}

static void on_binary_part(void *user, struct ws_conn *conn, const char *message, size_t length)
{
	struct end *end = user;

	ck_assert_uint_gt(length, 0);
	end->part_bytes = length;
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	struct end *end = user;

	end->binary_count++;
	end->pending_count += ws_conn_input_pending(conn);
	if (message->length > 0) {
		ck_assert_uint_eq(end->part_bytes, message->length);
	}
	end->part_bytes = 0;
	strbuf_reset(&end->binary);
	strbuf_append(&end->binary, strbuf_text(message), message->length);
	if (end->echoes) {
		struct strbuf taken = { 0 };

		strbuf_move(&taken, message);
		ws_conn_send_binary_take(conn, &taken);
	}
	if (end->pauses) {
		ws_conn_pause(conn);
	}
	loop_stop(loop);
}

static void on_oversize(void *user, struct ws_conn *conn, const char *start, size_t length)
{
	struct end *end = user;

	end->oversize_count++;
	strbuf_reset(&end->oversize);
	strbuf_append(&end->oversize, start, length);
	loop_stop(loop);
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct end *end = user;
	struct strbuf late = { 0 };

	end->closed_count++;
	end->code = code;
	snprintf(end->reason, sizeof(end->reason), "%s", reason);
	/* All of it is allowed here, and does nothing. */
	strbuf_append_text(&late, "too late");
	ws_conn_send_take(conn, &late);
	ws_conn_close(conn, 1000, "");
	ws_conn_pause(conn);
	ws_conn_resume(conn);
	ws_conn_set_deadline(conn, 1);
	if (end->conn == conn) {
		end->conn = NULL;
	}
	loop_stop(loop);
}

static void on_drained(void *user, struct ws_conn *conn)
{
	struct end *end = user;

	end->drained_count++;
	loop_stop(loop);
}

static const struct ws_events events = {
	.opened = on_opened,
	.text = on_text,
	.binary_part = on_binary_part,
	.binary = on_binary,
	.binary_oversize = on_oversize,
	.closed = on_closed,
	.drained = on_drained,
};

static void on_failed(void *owner, const struct error *err)
{
	struct end *end = owner;

	end->failed = true;
	end->error = *err;
	loop_stop(loop);
}

#define RUN_UNTIL(condition)                                                                       \
	do {                                                                                       \
		while (!(condition)) {                                                             \
			lws_loop_run(lws_loop);                                                    \
		}                                                                                  \
	} while (0)

static struct ws_limits limits = {
	.ping_period_ms = 5000,
	.pong_wait_ms = 15000,
	.write_wait_ms = 10000,
	.max_message_bytes = MAX_MESSAGE_BYTES,
	.max_queued_bytes = 16 * 1024 * 1024,
};

static struct ws_server *listen_on(uint16_t port, struct error *err)
{
	struct ws_server_options options = {
		.port = port,
		.path = "/ws",
		.limits = limits,
		.allowed_origins = &origins,
		.guest_count_max = 4,
		.guest_count_per_address = 4,
		.guest_wait_ms = 30000,
		.events = &events,
		.owner = &server_end,
	};

	return ws_server_create(lws_loop, &options, err);
}

static void set_up(void)
{
	struct error err = { 0 };

	server_end = client_end = (struct end){ 0 };
	server_end.echoes = true;
	strvec_push(&origins, "http://good.example");
	loop = loop_create();
	lws_loop = lws_loop_create(loop, &err);
	ck_assert_msg(lws_loop != NULL, "%s", err.message);
	server = listen_on(0, &err);
	ck_assert_msg(server != NULL, "%s", err.message);
}

static void forget(struct end *end)
{
	strbuf_finish(&end->text);
	strbuf_finish(&end->binary);
	strbuf_finish(&end->oversize);
}

static void tear_down(void)
{
	ws_server_destroy(server);
	lws_loop_destroy(lws_loop);
	loop_destroy(loop);
	strvec_finish(&origins);
	forget(&server_end);
	forget(&client_end);
	ck_assert_uint_eq(server_end.opened_count, server_end.closed_count);
}

static struct ws_client *connect_client(const char *host, const char *path)
{
	struct error err = { 0 };
	struct ws_client_options options = {
		.host = host,
		.port = ws_server_port(server),
		.path = path,
		.connect_wait_ms = 10000,
		.limits = limits,
		.events = &events,
		.owner = &client_end,
		.failed = on_failed,
	};
	struct ws_client *client = ws_client_create(lws_loop, &options, &err);

	ck_assert_msg(client != NULL, "%s", err.message);
	return client;
}

static struct ws_client *connected_client(void)
{
	struct ws_client *client = connect_client("127.0.0.1", "/ws");

	RUN_UNTIL(client_end.conn != NULL && server_end.conn != NULL);
	return client;
}

static void send_binary(size_t length, char fill)
{
	struct strbuf message = { 0 };

	memset(strbuf_extend(&message, length), fill, length);
	ws_conn_send_binary_take(client_end.conn, &message);
}

static bool is_filled(const struct strbuf *message, char fill)
{
	for (size_t i = 0; i < message->length; i++) {
		if (message->data[i] != fill) {
			return false;
		}
	}
	return true;
}

static void send_text(struct ws_conn *conn, const char *text)
{
	struct strbuf message = { 0 };

	strbuf_append_text(&message, text);
	ws_conn_send_take(conn, &message);
}

START_TEST(test_echo)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 127, 65535, 65536, 262144, 1048576,
		MAX_MESSAGE_BYTES };
	struct ws_client *client = connected_client();

	send_text(client_end.conn, "h\303\244llo");
	RUN_UNTIL(client_end.text_count == 1);
	ck_assert_str_eq(strbuf_text(&client_end.text), "h\303\244llo");
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		send_binary(lengths[i], (char)('a' + i));
		RUN_UNTIL(client_end.binary_count == i + 1);
		ck_assert_uint_eq(client_end.binary.length, lengths[i]);
		ck_assert(is_filled(&client_end.binary, (char)('a' + i)));
	}
	ck_assert_str_eq(ws_conn_address(server_end.conn), "127.0.0.1");
	ws_conn_close(client_end.conn, 1000, "done");
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1000);
	ck_assert_str_eq(server_end.reason, "done");
	ck_assert_uint_eq(client_end.code, 1000);
	ws_client_destroy(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ws_server");
	TCase *messages = tcase_create("messages");
	SRunner *runner;
	int failures;

	tcase_add_checked_fixture(messages, set_up, tear_down);
	tcase_set_timeout(messages, 30);
	tcase_add_test(messages, test_echo);
	suite_add_tcase(suite, messages);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures != 0;
}
