/*
 * ws_server, ws_client and ws_conn together, over loopback, with raw sockets for protocol
 * violations.
 */
#include "ws/ws_server.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "suite.h"
#include "ws/lws_loop.h"
#include "ws/ws_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/tcp.h>
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
	struct strbuf texts;		      /* all of them, a line each */
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
	strbuf_append(&end->texts, text, length);
	strbuf_append_char(&end->texts, '\n');
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
	/* All calls are allowed here, and do nothing. */
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

static unsigned listening_changed_count;

static void on_listening_changed(void *user)
{
	listening_changed_count++;
	loop_stop(user);
}

static struct ws_server *listen_on(uint16_t port)
{
	struct ws_server_options options = {
		.port = port,
		.path = "/ws",
		.limits = limits,
		.allowed_origins = &origins,
		.guest_count_max = 4,
		.guest_count_per_address = 4,
		.guest_wait_ms = 30000,
		.waiting_count_max = 64,
		.events = &events,
		.owner = &server_end,
		.listening_changed = on_listening_changed,
		.user = loop,
	};

	return ws_server_create(lws_loop, &options);
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
	listening_changed_count = 0;
	server = listen_on(0);
	ck_assert_ptr_null(ws_server_problem(server));
}

static void forget(struct end *end)
{
	strbuf_finish(&end->text);
	strbuf_finish(&end->texts);
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

static void stop_soon(void *user)
{
	loop_stop(loop);
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

static struct ws_client *connected_from(const char *host)
{
	struct ws_client *client = connect_client(host, "/ws");

	RUN_UNTIL(client_end.conn != NULL && server_end.conn != NULL);
	return client;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there = fd >= 0 && bind(fd, (const void *)&address, sizeof(address)) == 0;

	close(fd);
	return is_there;
}

START_TEST(test_ipv6)
{
	struct ws_client *client;

	if (!has_ipv6()) {
		return;
	}
	client = connected_from("::1");
	ck_assert_str_eq(ws_conn_address(server_end.conn), "::1");
	ck_assert_str_eq(ws_conn_address(client_end.conn), "::1");
	ws_client_destroy(client);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1001);
}
END_TEST

START_TEST(test_order_and_pending)
{
	struct ws_client *client = connected_client();

	for (int i = 0; i < 50; i++) {
		send_binary(4096, (char)i);
	}
	send_text(client_end.conn, "last");
	RUN_UNTIL(client_end.text_count == 1);
	ck_assert_uint_eq(server_end.binary_count, 50);
	ck_assert_uint_eq(client_end.binary_count, 50);
	ck_assert(is_filled(&client_end.binary, 49));
	/* They came in few reads, and yet each but the last knew of the next. */
	ck_assert_uint_gt(server_end.pending_count, 40);
	send_binary(10, 'x');
	server_end.pending_count = 0;
	RUN_UNTIL(server_end.binary_count == 51);
	ck_assert_uint_eq(server_end.pending_count, 0);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_replaceable)
{
	struct ws_client *client = connected_client();
	struct strbuf text = { 0 };

	server_end.echoes = false;
	for (int i = 0; i < 5; i++) {
		strbuf_appendf(&text, "progress %d", i);
		ws_conn_send_replaceable_take(client_end.conn, 1, &text);
		ck_assert_uint_eq(text.length, 0);
	}
	strbuf_append_text(&text, "slot 0");
	ws_conn_send_replaceable_take(client_end.conn, 0, &text);
	send_text(client_end.conn, "first");
	ck_assert_uint_eq(ws_conn_queued_bytes(client_end.conn), 10 + 6 + 5);
	RUN_UNTIL(server_end.text_count == 3);
	ck_assert_str_eq(strbuf_text(&server_end.texts), "first\nslot 0\nprogress 4\n");
	ck_assert_uint_eq(ws_conn_queued_bytes(client_end.conn), 0);
	ck_assert_uint_eq(client_end.drained_count, 1);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_close_flushes)
{
	struct ws_client *client = connected_client();

	server_end.echoes = false; /* lws cannot answer a close frame in the middle of output */
	for (int i = 0; i < 10; i++) {
		send_binary(1024 * 1024, (char)i);
	}
	ws_conn_close(client_end.conn, 4001, "token_revoked");
	ck_assert(ws_conn_closing(client_end.conn));
	send_text(client_end.conn, "not any more");
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ck_assert_uint_eq(server_end.binary_count, 10);
	ck_assert_uint_eq(server_end.text_count, 0);
	ck_assert_uint_eq(server_end.code, 4001);
	ck_assert_str_eq(server_end.reason, "token_revoked");
	ck_assert_uint_eq(client_end.code, 4001);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_close_in_handler)
{
	struct ws_client *client = connected_client();

	server_end.closes = true;
	send_text(client_end.conn, "close");
	send_text(client_end.conn, "ignored");
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ck_assert_uint_eq(server_end.text_count, 1);
	ck_assert_uint_eq(client_end.text_count, 1); /* the echo left before */
	ck_assert_uint_eq(client_end.code, 4000);
	ck_assert_str_eq(client_end.reason, "as you said");
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_close_while_paused)
{
	struct ws_client *client = connected_client();

	server_end.pauses = true;
	for (int i = 0; i < 20; i++) {
		send_binary(100000, (char)i);
	}
	RUN_UNTIL(server_end.binary_count == 1);
	ws_conn_close(server_end.conn, 4000, "enough");
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ck_assert_uint_eq(server_end.binary_count, 1);
	ck_assert_uint_eq(client_end.code, 4000);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_pause)
{
	struct ws_client *client = connected_client();

	server_end.pauses = true;
	for (int i = 0; i < 100; i++) {
		send_binary(i % 2 == 0 ? 300000 : 30, (char)i);
	}
	for (unsigned i = 0; i < 100; i++) {
		RUN_UNTIL(server_end.binary_count == i + 1);
		ck_assert(is_filled(&server_end.binary, (char)i));
		/* No more arrive while it is paused, whatever is done meanwhile. */
		loop_defer(loop, stop_soon, NULL);
		lws_loop_run(lws_loop);
		ck_assert_uint_eq(server_end.binary_count, i + 1);
		if (i < 99) {
			ck_assert(ws_conn_input_pending(server_end.conn));
		}
		ws_conn_resume(server_end.conn);
	}
	RUN_UNTIL(client_end.binary_count == 100);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_oversize_binary)
{
	struct ws_client *client = connected_client();

	send_binary(MAX_MESSAGE_BYTES + 1, 'a');
	send_binary(10, 'b');
	RUN_UNTIL(client_end.binary_count == 1);
	ck_assert_uint_eq(server_end.oversize_count, 1);
	ck_assert_uint_eq(server_end.oversize.length, MAX_MESSAGE_BYTES);
	ck_assert_uint_eq(server_end.binary_count, 1);
	ck_assert(is_filled(&server_end.binary, 'b'));
	send_binary(3 * MAX_MESSAGE_BYTES, 'c');
	send_binary(11, 'd');
	RUN_UNTIL(client_end.binary_count == 2);
	ck_assert_uint_eq(server_end.oversize_count, 2);
	ck_assert(is_filled(&server_end.binary, 'd'));
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_oversize_text)
{
	struct ws_client *client = connected_client();
	struct strbuf text = { 0 };

	memset(strbuf_extend(&text, MAX_MESSAGE_BYTES + 1), 'x', MAX_MESSAGE_BYTES + 1);
	ws_conn_send_take(client_end.conn, &text);
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ck_assert_uint_eq(server_end.text_count, 0);
	ck_assert_uint_eq(server_end.code, 1009);
	ck_assert_uint_eq(client_end.code, 1009);
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_queue_limit)
{
	struct ws_client *client = connected_client();

	server_end.pauses = true;
	for (unsigned i = 0; i < 17 && !ws_conn_closing(client_end.conn); i++) {
		send_binary(1024 * 1024, 'x');
	}
	ck_assert(ws_conn_closing(client_end.conn));
	RUN_UNTIL(server_end.closed_count == 1 && client_end.closed_count == 1);
	ws_client_destroy(client);
}
END_TEST

static void destroy_in_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct ws_client **client = user;

	ws_client_destroy(*client);
	*client = NULL;
	loop_stop(loop);
}

static void destroy_in_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	destroy_in_closed(user, conn, 0, "");
}

static void *remember_client(void *owner, struct ws_conn *conn)
{
	client_end.conn = conn;
	loop_stop(loop);
	return owner;
}

START_TEST(test_destroy_client_in_event)
{
	static const struct ws_events destroying = {
		.opened = remember_client,
		.text = destroy_in_text,
		.closed = destroy_in_closed,
	};
	struct error err = { 0 };
	struct ws_client *client = NULL;
	struct ws_client_options options = {
		.host = "localhost",
		.port = ws_server_port(server),
		.path = "/ws",
		.connect_wait_ms = 10000,
		.limits = limits,
		.events = &destroying,
		.owner = &client,
		.failed = on_failed,
	};

	for (int i = 0; i < 2; i++) {
		client_end.conn = server_end.conn = NULL;
		client = ws_client_create(lws_loop, &options, &err);
		RUN_UNTIL(client_end.conn != NULL && server_end.conn != NULL);
		if (i == 0) {
			send_text(client_end.conn, "echo this");
		} else {
			ws_conn_close(server_end.conn, 1000, "");
		}
		RUN_UNTIL(client == NULL);
		RUN_UNTIL(server_end.closed_count == (unsigned)i + 1);
	}
}
END_TEST

static void *destroy_server_in_opened(void *owner, struct ws_conn *conn)
{
	on_opened(owner, conn);
	ws_server_destroy(server);
	server = NULL;
	loop_stop(loop);
	return owner;
}

START_TEST(test_destroy_server_in_event)
{
	struct ws_events destroying = events;
	struct ws_server_options options = { .path = "/ws",
		.limits = limits,
		.guest_count_max = 8,
		.guest_count_per_address = 8,
		.guest_wait_ms = 30000,
		.waiting_count_max = 64,
		.events = &destroying,
		.owner = &server_end };
	struct ws_client *client;

	destroying.opened = destroy_server_in_opened;
	ws_server_destroy(server);
	server = ws_server_create(lws_loop, &options);
	client = connect_client("127.0.0.1", "/ws");
	RUN_UNTIL(client_end.closed_count == 1 || client_end.failed);
	ck_assert_ptr_null(server);
	server_end.closed_count =
		server_end.opened_count; /* `closed` came before its user was set */
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_destroy_server_says_goodbye)
{
	struct ws_client *client = connected_client();

	ws_server_destroy(server);
	server = NULL;
	ck_assert_uint_eq(server_end.closed_count, 1);
	ck_assert_uint_eq(server_end.code, 1001);
	RUN_UNTIL(client_end.closed_count == 1);
	ck_assert_uint_eq(client_end.code, 1001);
	ws_client_destroy(client);
}
END_TEST

/* A client that was asked for and given up before it was connected. */
START_TEST(test_destroy_client_at_once)
{
	ws_client_destroy(connect_client("127.0.0.1", "/ws"));
	ws_client_destroy(connected_client());
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}
END_TEST

/* --- Raw sockets --- */

static void stop_loop(void *user, uint32_t ready)
{
	loop_stop(loop);
}

static int raw_connect_from(uint32_t host, uint16_t port)
{
	struct sockaddr_in near = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(host) };
	struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	far.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const void *)&near, sizeof(near)), 0);
	ck_assert_int_eq(connect(fd, (const void *)&far, sizeof(far)), 0);
	return fd;
}

static int raw_connect_to(uint16_t port)
{
	return raw_connect_from(INADDR_LOOPBACK, port);
}

static int raw_connect(void)
{
	return raw_connect_to(ws_server_port(server));
}

static void raw_send(int fd, const void *data, size_t length)
{
	const char *left = data;

	while (length > 0) {
		ssize_t sent = send(fd, left, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			left += sent;
			length -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return; /* dropped; the test looks at the outcome */
		} else {
			struct loop_watch *watch =
				loop_watch_add(loop, fd, LOOP_WRITE, stop_loop, NULL);

			lws_loop_run(lws_loop);
			loop_watch_remove(watch);
		}
	}
}

/* Waits, while the server runs, until wanted bytes are there or the end; returns how many. */
static size_t raw_receive(int fd, char *buffer, size_t wanted)
{
	struct loop_watch *watch = loop_watch_add(loop, fd, LOOP_READ, stop_loop, NULL);
	size_t length = 0;

	while (length < wanted) {
		ssize_t got = recv(fd, buffer + length, wanted - length, MSG_DONTWAIT);

		if (got > 0) {
			length += (size_t)got;
		} else if (got == 0 || errno != EAGAIN) {
			break;
		} else {
			lws_loop_run(lws_loop);
		}
	}
	loop_watch_remove(watch);
	return length;
}

#define REQUEST                                                                                    \
	"Host: deck\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                              \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

/* The status of the answer to a request's text; 0: none came. */
static int raw_request(int fd, const char *request)
{
	char answer[2048] = "", *end = answer;
	int status = 0;

	raw_send(fd, request, strlen(request));
	while (end < answer + sizeof(answer) - 1 && strstr(answer, "\r\n\r\n") == NULL &&
		raw_receive(fd, end, 1) == 1) {
		end++;
	}
	return sscanf(answer, "HTTP/1.%*d %d", &status) == 1 ? status : 0;
}

static int raw_websocket(void)
{
	int fd = raw_connect();

	ck_assert_int_eq(raw_request(fd, "GET /ws HTTP/1.1\r\n" REQUEST "\r\n"), 101);
	RUN_UNTIL(server_end.conn != NULL);
	return fd;
}

#define FIN 0x80
#define CONTINUATION 0
#define TEXT 1
#define BINARY 2
#define CLOSE 8
#define PING 9
#define PONG 10

/* A masked frame of up to 65535 bytes. */
static void raw_frame(int fd, unsigned first, const void *payload, size_t length)
{
	static const unsigned char mask[4] = { 1, 2, 3, 4 };
	unsigned char *frame = malloc(length + 8);
	size_t head = 2;

	frame[0] = (unsigned char)first;
	frame[1] = (unsigned char)(0x80 | (length < 126 ? length : 126));
	if (length >= 126) {
		frame[2] = (unsigned char)(length >> 8);
		frame[3] = (unsigned char)length;
		head = 4;
	}
	memcpy(frame + head, mask, 4);
	for (size_t i = 0; i < length; i++) {
		frame[head + 4 + i] = ((const unsigned char *)payload)[i] ^ mask[i % 4];
	}
	raw_send(fd, frame, head + 4 + length);
	free(frame);
}

/* Reads frames up to the close frame and returns its code; 0: the link broke without one. */
static unsigned raw_close_code(int fd)
{
	unsigned char head[2], payload[65536];

	while (raw_receive(fd, (char *)head, 2) == 2) {
		size_t length = head[1];

		if (length == 126 && raw_receive(fd, (char *)payload, 2) == 2) {
			length = (size_t)payload[0] << 8 | payload[1];
		}
		if (raw_receive(fd, (char *)payload, length) != length) {
			return 0;
		}
		if ((head[0] & 15) == CLOSE) {
			return length < 2 ? 1005 : (unsigned)payload[0] << 8 | payload[1];
		}
	}
	return 0;
}

static void expect_closed(int fd, unsigned code)
{
	ck_assert_uint_eq(raw_close_code(fd), code);
	close(fd);
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}

static const struct {
	const char *request;
	int status;
} requests[] = {
	{ "GET /ws HTTP/1.1\r\n" REQUEST "\r\n", 101 },
	{ "GET /ws?query HTTP/1.1\r\n" REQUEST "\r\n", 101 },
	{ "GET /ws HTTP/1.1\r\n" REQUEST "Origin: http://good.example\r\n\r\n", 101 },
	{ "GET /ws HTTP/1.1\r\n" REQUEST "Origin: http://evil.example\r\n\r\n", 403 },
	{ "GET /ws HTTP/1.1\r\n" REQUEST "Origin: null\r\n\r\n", 403 },
	{ "GET / HTTP/1.1\r\n" REQUEST "\r\n", 404 },
	{ "GET /wss HTTP/1.1\r\n" REQUEST "\r\n", 404 },
	{ "GET /ws/ HTTP/1.1\r\n" REQUEST "\r\n", 404 },
	{ "GET /other HTTP/1.1\r\nHost: deck\r\n\r\n", 404 },
	{ "GET /ws HTTP/1.1\r\nHost: deck\r\n\r\n", 426 },
	{ "POST /ws HTTP/1.1\r\nHost: deck\r\nContent-Length: 3\r\n\r\nabc", 404 },
	{ "GET /ws HTTP/1.1\r\nHost: deck\r\nUpgrade: rot13\r\nConnection: Upgrade\r\n\r\n", 403 },
	{ "GET /ws HTTP/1.1\r\nHost: deck\r\nUpgrade: rot13\r\nConnection: Upgrade, "
	  "keep-alive\r\n\r\nGET /ws HTTP/1.1\r\n\r\n",
		403 },
	{ "GET /ws HTTP/1.1\r\nHost: deck\r\nUpgrade: h2c\r\nConnection: Upgrade, "
	  "HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
		0 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403 },
	{ "CONNECT deck:80 HTTP/1.1\r\nHost: deck\r\n\r\n", 0 },
	{ "GET /ws HTTP/1.1\r\nHost: loop\r\n\r\n", 426 },
	{ "GET /ws HTTP/1.1\r\n" REQUEST "Sec-WebSocket-Protocol: capydeck-loop\r\n\r\n", 0 },
	{ "\r\n\r\n", 0 },
	{ "\026\003\001\002\001\001\003\003", 0 }, /* TLS, then its end */
	{ "rubbish\r\n\r\n", 403 },
};

START_TEST(test_requests)
{
	int fd = raw_connect();

	if (requests[_i].status == 0) {
		/* No answer comes; the peer gives up. */
		raw_send(fd, requests[_i].request, strlen(requests[_i].request));
		shutdown(fd, SHUT_WR);
		ck_assert_int_eq(raw_request(fd, ""), 0);
	} else {
		ck_assert_int_eq(raw_request(fd, requests[_i].request), requests[_i].status);
	}
	if (requests[_i].status == 101) {
		RUN_UNTIL(server_end.opened_count == 1);
	} else {
		ck_assert_uint_eq(server_end.opened_count, 0);
	}
	close(fd);
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
	ws_client_destroy(connected_client()); /* and it still serves */
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}
END_TEST

START_TEST(test_request_in_pieces)
{
	static const char request[] = "GET /ws HTTP/1.1\r\n" REQUEST "\r\n\201\202\0\0\0\0hi";
	char answer[1024];
	int fd = raw_connect();

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		raw_send(fd, request + i, 1);
		loop_defer(loop, stop_soon, NULL);
		lws_loop_run(lws_loop);
	}
	RUN_UNTIL(server_end.text_count == 1);
	ck_assert_str_eq(strbuf_text(&server_end.text), "hi");
	ck_assert_uint_gt(raw_receive(fd, answer, 100), 0);
	close(fd);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1006);
}
END_TEST

START_TEST(test_endless_request)
{
	int fd = raw_connect();
	char lines[4096];

	memset(lines, 'a', sizeof(lines));
	raw_send(fd, "GET /ws HTTP/1.1\r\n", 18);
	for (int i = 0; i < 256; i++) {
		raw_send(fd, lines, sizeof(lines));
	}
	ck_assert_int_eq(raw_request(fd, ""), 0);
	close(fd);
}
END_TEST

START_TEST(test_fragments_with_pings_between)
{
	char answer[64];
	int fd = raw_websocket();

	raw_frame(fd, BINARY, "ab", 2);
	raw_frame(fd, FIN | PING, "ping", 4);
	raw_frame(fd, CONTINUATION, "", 0);
	raw_frame(fd, FIN | PONG, "unasked", 7);
	raw_frame(fd, CONTINUATION, "cd", 2);
	raw_frame(fd, FIN | CONTINUATION, "", 0);
	raw_frame(fd, TEXT, "\303", 1); /* cut within a character */
	raw_frame(fd, FIN | PING, "", 0);
	raw_frame(fd, FIN | CONTINUATION, "\244", 1);
	RUN_UNTIL(server_end.text_count == 1);
	ck_assert_uint_eq(server_end.binary_count, 1);
	ck_assert_str_eq(strbuf_text(&server_end.binary), "abcd");
	ck_assert_str_eq(strbuf_text(&server_end.text), "\303\244");
	ck_assert_uint_eq(raw_receive(fd, answer, 6), 6); /* pong, or the echo of four bytes */
	raw_frame(fd, FIN | CLOSE, "\017\240bye", 5);
	ck_assert_uint_eq(raw_close_code(fd), 4000);
	close(fd);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 4000);
	ck_assert_str_eq(server_end.reason, "bye");
}
END_TEST

static unsigned data_segments(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	return info.tcpi_data_segs_in;
}

START_TEST(test_answers_share_a_segment)
{
	int fd = raw_websocket();
	unsigned before = data_segments(fd);
	struct strbuf latest = { 0 };
	char frames[9 * 8 + 1] = "";

	for (int i = 0; i < 8; i++) {
		send_text(server_end.conn, "answer");
	}
	strbuf_append_text(&latest, "latest");
	ws_conn_send_replaceable_take(server_end.conn, 0, &latest);
	ck_assert_uint_eq(raw_receive(fd, frames, 9 * 8), 9 * 8);
	ck_assert_str_eq(frames + 8 * 8, "\x81\x06latest");
	ck_assert_uint_eq(data_segments(fd) - before, 1);
	close(fd);
}
END_TEST

START_TEST(test_unmasked)
{
	int fd = raw_websocket();

	/* libwebsockets accepts it, and so do we: it does no harm. */
	raw_send(fd, "\201\002hi", 4);
	RUN_UNTIL(server_end.text_count == 1);
	ck_assert_str_eq(strbuf_text(&server_end.text), "hi");
	close(fd);
	RUN_UNTIL(server_end.closed_count == 1);
}
END_TEST

static const struct {
	const char *name;
	unsigned char bytes[24];
	size_t length;
	unsigned code; /* 0: dropped without a close frame */
} offences[] = {
	{ "length 2^63", { FIN | BINARY, 0xff, 0x80 }, 14, 0 },
	{ "length 2^64 - 1", { FIN | TEXT, 0xff, 255, 255, 255, 255, 255, 255, 255, 255 }, 14, 0 },
	{ "opcode 3", { FIN | 3, 0x80, 0, 0, 0, 0 }, 6, 1002 },
	{ "opcode 11", { FIN | 11, 0x80, 0, 0, 0, 0 }, 6, 1002 },
	{ "reserved bit", { FIN | 0x40 | TEXT, 0x81, 0, 0, 0, 0, 'x' }, 7, 1002 },
	{ "fragmented ping", { PING, 0x80, 0, 0, 0, 0 }, 6, 1002 },
	{ "long ping", { FIN | PING, 0xfe, 0, 126, 0, 0, 0, 0 }, 8, 0 },
	{ "continuation of nothing", { FIN | CONTINUATION, 0x81, 0, 0, 0, 0, 'x' }, 7, 1002 },
	{ "text in a message", { BINARY, 0x81, 0, 0, 0, 0, 'x', FIN | TEXT, 0x80, 0, 0, 0, 0 }, 13,
		1002 },
	{ "bad UTF-8", { FIN | TEXT, 0x82, 0, 0, 0, 0, 0xc3, 0x28 }, 8, 1007 },
	{ "half a character", { FIN | TEXT, 0x81, 0, 0, 0, 0, 0xc3 }, 7, 1007 },
	{ "surrogate", { FIN | TEXT, 0x83, 0, 0, 0, 0, 0xed, 0xa0, 0x80 }, 9, 1007 },
};

START_TEST(test_offences)
{
	int fd = raw_websocket();

	raw_send(fd, offences[_i].bytes, offences[_i].length);
	expect_closed(fd, offences[_i].code);
	ck_assert_uint_eq(server_end.code, offences[_i].code == 0 ? 1006 : offences[_i].code);
	ck_assert_uint_eq(server_end.text_count + server_end.binary_count, 0);
}
END_TEST

/* libwebsockets does not notice an unfinished character before an empty last fragment. */
START_TEST(test_half_a_character_and_nothing)
{
	int fd = raw_websocket();

	raw_frame(fd, TEXT, "\303", 1);
	raw_frame(fd, FIN | CONTINUATION, "", 0);
	expect_closed(fd, 1007);
	ck_assert_uint_eq(server_end.text_count, 0);
}
END_TEST

START_TEST(test_gone_in_a_message)
{
	int fd = raw_websocket();

	/* It announces 2^40 bytes and sends three; no memory is allocated in advance. */
	raw_send(fd, "\202\377\0\0\001\0\0\0\0\0\0\0\0\0abc", 17);
	shutdown(fd, SHUT_WR);
	expect_closed(fd, 0);
	ck_assert_uint_eq(server_end.code, 1006);
	ck_assert_uint_eq(server_end.binary_count, 0);
}
END_TEST

START_TEST(test_last_message_counts)
{
	struct linger abort = { .l_onoff = 1 };
	int fd = raw_websocket();

	server_end.echoes = false;
	raw_frame(fd, FIN | BINARY, "done", 4);
	shutdown(fd, SHUT_WR);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.binary_count, 1);
	close(fd);
	server_end.conn = NULL;
	fd = raw_websocket();
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(fd);
	RUN_UNTIL(server_end.closed_count == 2);
	ck_assert_uint_eq(server_end.code, 1006);
}
END_TEST

/* --- Guests --- */

static unsigned count_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 4096; fd++) {
		struct pollfd probe = { .fd = fd };

		count += poll(&probe, 1, 0) == 0 || (probe.revents & POLLNVAL) == 0;
	}
	return count;
}

START_TEST(test_thousand_idle_sockets)
{
	struct rlimit files;
	struct ws_client *client;
	int fds[1000];
	unsigned before;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &files);
	server_end.admits = true;
	client = connected_client();
	before = count_fds();
	for (unsigned i = 0; i < 1000; i++) {
		fds[i] = raw_connect();
		if (i % 3 == 0) {
			raw_send(fds[i], "GET /ws HT", 10);
		}
		if (i % 100 == 0) {
			send_binary(1024 * 1024, (char)i);
		}
		if (i % 10 == 0) {
			loop_defer(loop, stop_soon, NULL);
			lws_loop_run(lws_loop);
		}
	}
	RUN_UNTIL(client_end.binary_count == 10);
	send_text(client_end.conn, "still here");
	RUN_UNTIL(client_end.text_count == 1);
	ck_assert_uint_eq(server_end.closed_count, 0);
	ck_assert_uint_eq(server_end.opened_count, 1);
	/* All but the newest few are already gone, and the rest follow soon. */
	ck_assert_int_eq(raw_request(fds[0], ""), 0);
	ck_assert_int_eq(raw_request(fds[900], ""), 0);
	ck_assert_uint_le(count_fds(), before + 1000 + 64);
	for (unsigned i = 0; i < 1000; i++) {
		close(fds[i]);
	}
	ws_client_destroy(client);
}
END_TEST

START_TEST(test_eviction)
{
	struct ws_client *client;
	struct ws_conn *held;
	int fds[5];

	fds[0] = raw_websocket();
	held = server_end.conn;
	ws_conn_set_standing(held, WS_HELD);
	for (int i = 1; i < 5; i++) {
		server_end.conn = NULL;
		fds[i] = raw_websocket();
	}
	/* Four may be there: the second came first of those that can be evicted. */
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(raw_close_code(fds[1]), 0);
	ck_assert_uint_eq(server_end.code, 1013);
	/* One that is admitted counts no more, so that there is room for another. */
	ws_conn_set_standing(held, WS_ADMITTED);
	client = connect_client("127.0.0.1", "/ws");
	RUN_UNTIL(client_end.opened_count == 1);
	ck_assert_uint_eq(server_end.closed_count, 1);
	for (int i = 0; i < 5; i++) {
		close(fds[i]);
	}
	RUN_UNTIL(server_end.closed_count == 5);
	ws_client_destroy(client);
}
END_TEST

/* Those with the most sockets go first, and none goes for an address that holds fewer. */
START_TEST(test_eviction_by_address)
{
	int fds[4], other;

	for (int i = 0; i < 4; i++) {
		server_end.conn = NULL;
		fds[i] = raw_websocket();
	}
	other = raw_connect_from(INADDR_LOOPBACK + 1, ws_server_port(server));
	ck_assert_int_eq(raw_request(other, "GET /ws HTTP/1.1\r\n" REQUEST "\r\n"), 101);
	ck_assert_uint_eq(raw_close_code(fds[0]), 0);
	RUN_UNTIL(server_end.closed_count == 1);
	raw_frame(fds[1], FIN | TEXT, "here", 4);
	RUN_UNTIL(server_end.text_count == 1);
	for (int i = 0; i < 4; i++) {
		close(fds[i]);
	}
	close(other);
	RUN_UNTIL(server_end.closed_count == 5);
}
END_TEST

/* --- Those who wait to be let in --- */

#define UPGRADE "GET /ws HTTP/1.1\r\n" REQUEST "\r\n"

static bool is_closed(int fd)
{
	struct pollfd probe = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&probe, 1, 0) > 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static bool is_answered(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A crowd that connects and says nothing takes no place from who says what it wants. */
START_TEST(test_silent_crowd)
{
	int fds[300], owner;

	for (unsigned i = 0; i < 300; i++) {
		fds[i] = raw_connect_from(INADDR_LOOPBACK + 0x100 + i, ws_server_port(server));
	}
	owner = raw_connect();
	ck_assert_int_eq(raw_request(owner, UPGRADE), 101);
	/* All but as many as may wait are gone. */
	RUN_UNTIL(is_closed(fds[300 - 64 - 1]));
	ck_assert(!is_closed(fds[299]));
	for (unsigned i = 0; i < 300; i++) {
		close(fds[i]);
	}
	close(owner);
	RUN_UNTIL(server_end.closed_count == 1);
}
END_TEST

/* While a crowd asks again and again, who has not had a turn yet has the next one. */
START_TEST(test_turns_of_a_crowd)
{
	enum { CROWD = 40 };
	int fds[CROWD], again[CROWD], owner;
	unsigned answered_count = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = raw_connect_from(INADDR_LOOPBACK + 0x100 + i, ws_server_port(server));
		ck_assert_int_eq(raw_request(fds[i], UPGRADE), 101);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		again[i] = raw_connect_from(INADDR_LOOPBACK + 0x100 + i, ws_server_port(server));
		raw_send(again[i], UPGRADE, strlen(UPGRADE));
	}
	owner = raw_connect();
	raw_send(owner, UPGRADE, strlen(UPGRADE));
	RUN_UNTIL(is_answered(owner));
	for (unsigned i = 0; i < CROWD; i++) {
		answered_count += is_answered(again[i]);
	}
	/* Those that came in before it had the places that were free at once. */
	ck_assert_uint_lt(answered_count, CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		close(fds[i]);
		close(again[i]);
	}
	close(owner);
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}
END_TEST

/* A machine that was authenticated before does not wait, and is not evicted for the crowd. */
START_TEST(test_trusted_goes_first)
{
	enum { CROWD = 40 };
	int fds[CROWD], known;

	ws_server_trust(server, "127.0.0.1");
	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = raw_connect_from(INADDR_LOOPBACK + 0x100 + i, ws_server_port(server));
		raw_send(fds[i], UPGRADE, strlen(UPGRADE));
	}
	known = raw_connect();
	raw_send(known, UPGRADE, strlen(UPGRADE));
	RUN_UNTIL(is_answered(known));
	ck_assert(!is_answered(fds[CROWD - 1]));
	for (unsigned i = 0; i < CROWD; i++) {
		close(fds[i]);
	}
	close(known);
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}
END_TEST

/* Who has been refused makes room at once, who has just come in only after a moment. */
START_TEST(test_refused_go_first)
{
	struct ws_conn *refused = NULL;
	int fds[4], other;

	fds[0] = raw_websocket();
	for (int i = 1; i < 4; i++) {
		server_end.conn = NULL;
		fds[i] = raw_connect_from(INADDR_LOOPBACK + (uint32_t)i, ws_server_port(server));
		ck_assert_int_eq(raw_request(fds[i], UPGRADE), 101);
		RUN_UNTIL(server_end.conn != NULL);
		if (i == 2) {
			refused = server_end.conn;
		}
	}
	ws_conn_set_standing(refused, WS_REFUSED);
	other = raw_connect_from(INADDR_LOOPBACK + 9, ws_server_port(server));
	ck_assert_int_eq(raw_request(other, UPGRADE), 101);
	ck_assert_uint_eq(raw_close_code(fds[2]), 0);
	RUN_UNTIL(server_end.closed_count == 1);
	for (int i = 0; i < 4; i++) {
		close(fds[i]);
	}
	close(other);
	RUN_UNTIL(server_end.closed_count == 5);
}
END_TEST

/*
 * A host that said nothing has a short moment the next time, and after that the whole again, as it
 * may be a slow one. What never was a guest says nothing about its host.
 */
START_TEST(test_silent_guest_has_its_time_again)
{
	enum { HELD = 3, ROUNDS = 5, WHOLE_MS = 200 };
	const uint32_t slow = INADDR_LOOPBACK + 1, others = INADDR_LOOPBACK + 2;
	int64_t before_ms = 0;
	int held[HELD], stray = raw_connect_from(slow, ws_server_port(server));

	ck_assert_int_eq(raw_request(stray, "\x16"), 0);
	close(stray);
	for (uint32_t i = 0; i < HELD; i++) {
		server_end.conn = NULL;
		held[i] = raw_websocket();
		ws_conn_set_standing(server_end.conn, WS_HELD);
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		int64_t begun_ms = loop_now_ms(), stay_ms;
		int silent = raw_connect_from(slow, ws_server_port(server)), other;

		ck_assert_int_eq(raw_request(silent, UPGRADE), 101);
		other = raw_connect_from(others + round, ws_server_port(server));
		ck_assert_int_eq(raw_request(other, UPGRADE), 101);
		RUN_UNTIL(server_end.closed_count == 2 * round + 1);
		stay_ms = loop_now_ms() - begun_ms;
		ck_assert(stay_ms >= WHOLE_MS || before_ms >= WHOLE_MS);
		before_ms = stay_ms;
		close(silent);
		close(other);
		RUN_UNTIL(server_end.closed_count == 2 * round + 2);
	}
	for (unsigned i = 0; i < HELD; i++) {
		close(held[i]);
	}
	RUN_UNTIL(server_end.closed_count == server_end.opened_count);
}
END_TEST

/* Waited for in vain, and still long enough for whatever has to happen before. */
#define SOON_MS 2000

static struct ws_server *listen_impatiently(void)
{
	struct ws_server_options options = { .path = "/ws",
		.limits = limits,
		.guest_count_max = 8,
		.guest_count_per_address = 8,
		.guest_wait_ms = SOON_MS,
		.waiting_count_max = 64,
		.events = &events,
		.owner = &server_end };

	ws_server_destroy(server);
	server = ws_server_create(lws_loop, &options);
	return server;
}

START_TEST(test_guest_deadline)
{
	int silent, slow, idle;

	listen_impatiently();
	silent = raw_connect();
	slow = raw_connect();
	raw_send(slow, "GET /ws HTTP/1.1\r\nHost:", 23);
	idle = raw_websocket();
	ck_assert_int_eq(raw_request(silent, ""), 0);
	ck_assert_int_eq(raw_request(slow, " deck\r\n"), 0);
	close(silent);
	close(slow);
	ck_assert_uint_eq(raw_close_code(idle), 1008);
	close(idle);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1008);
}
END_TEST

/* --- Time --- */

START_TEST(test_silent_peer)
{
	char frame[2];
	int fd;

	limits.ping_period_ms = 20;
	limits.pong_wait_ms = SOON_MS;
	listen_impatiently();
	server_end.admits = true;
	fd = raw_websocket();
	ck_assert_uint_eq(raw_receive(fd, frame, 2), 2);
	ck_assert_int_eq((unsigned char)frame[0], FIN | PING);
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1006);
	close(fd);
}
END_TEST

static void resume_later(void *user)
{
	server_end.pauses = false;
	ws_conn_resume(server_end.conn);
}

/* Its clock stands still while we do not read, and any byte is a sign of life. */
START_TEST(test_paused_peer_is_not_silent)
{
	struct loop_timer *timer = loop_timer_create(loop, resume_later, NULL);
	int fd;

	limits.ping_period_ms = 0;
	limits.pong_wait_ms = SOON_MS;
	listen_impatiently();
	server_end.admits = server_end.pauses = true;
	server_end.echoes = false;
	fd = raw_websocket();
	raw_frame(fd, FIN | BINARY, "one", 3);
	raw_frame(fd, FIN | BINARY, "two", 3);
	RUN_UNTIL(server_end.binary_count == 1);
	loop_timer_set(timer, SOON_MS + SOON_MS / 2);
	RUN_UNTIL(server_end.binary_count == 2);
	ck_assert_uint_eq(server_end.closed_count, 0);
	RUN_UNTIL(server_end.closed_count == 1);
	loop_timer_destroy(timer);
	close(fd);
}
END_TEST

START_TEST(test_peer_that_takes_nothing)
{
	int fd;

	limits.write_wait_ms = 200;
	listen_impatiently();
	server_end.admits = true;
	fd = raw_websocket();
	for (int i = 0; i < 10; i++) {
		struct strbuf message = { 0 };

		memset(strbuf_extend(&message, 1024 * 1024), 'x', 1024 * 1024);
		ws_conn_send_binary_take(server_end.conn, &message);
	}
	RUN_UNTIL(server_end.closed_count == 1);
	ck_assert_uint_eq(server_end.code, 1006);
	close(fd);
}
END_TEST

/* --- Addresses and failures --- */

static void expect_used(const char *message, uint16_t port)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "port %u is in use by '", port);
	ck_assert_msg(strstr(message, expected) != NULL, "%s", message);
	snprintf(expected, sizeof(expected), "(pid %d)", (int)getpid());
	ck_assert_msg(strstr(message, expected) != NULL, "%s", message);
}

START_TEST(test_port_used)
{
	uint16_t port = ws_server_port(server);
	struct ws_server *second = listen_on(port);

	expect_used(ws_server_problem(second), port);
	ck_assert_uint_eq(ws_server_port(second), port);
	ck_assert_uint_eq(listening_changed_count, 0);
	ws_server_destroy(server);
	server = second;
	RUN_UNTIL(listening_changed_count == 1);
	ck_assert_ptr_null(ws_server_problem(server));
	ck_assert_uint_eq(ws_server_port(server), port);
	ws_client_destroy(connected_client());
}
END_TEST

START_TEST(test_move)
{
	uint16_t port = ws_server_port(server), free_port;
	struct ws_server *second = listen_on(port), *third = listen_on(0);
	struct error err = { 0 };

	free_port = ws_server_port(third);
	ck_assert(!ws_server_move(second, free_port, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	expect_used(err.message, free_port);
	ck_assert_str_eq(err.reason, "port_taken");
	expect_used(ws_server_problem(second), port);
	ck_assert(!ws_server_move(third, port, &err));
	ck_assert_uint_eq(ws_server_port(third), free_port);
	ck_assert_ptr_null(ws_server_problem(third));
	ck_assert_uint_eq(listening_changed_count, 0);

	ws_server_destroy(third);
	ck_assert(ws_server_move(second, free_port, &err));
	ck_assert_ptr_null(ws_server_problem(second));
	ck_assert_uint_eq(ws_server_port(second), free_port);
	ck_assert_uint_eq(listening_changed_count, 1);
	ws_server_destroy(second);
}
END_TEST

START_TEST(test_port_is_free_again)
{
	uint16_t port = ws_server_port(server);
	struct ws_client *client = connected_client();

	/* The server ends first, so that its side of the connection lingers. */
	ws_server_destroy(server);
	server = listen_on(port);
	ck_assert_ptr_null(ws_server_problem(server));
	RUN_UNTIL(client_end.closed_count == 1);
	ws_client_destroy(client);
}
END_TEST

static void expect_failure(struct ws_client *client, enum error_kind kind, const char *words)
{
	RUN_UNTIL(client_end.failed);
	ck_assert_msg(client_end.error.kind == kind, "%s", client_end.error.message);
	ck_assert_msg(
		strstr(client_end.error.message, words) != NULL, "%s", client_end.error.message);
	ck_assert_uint_eq(client_end.opened_count + client_end.closed_count, 0);
	ws_client_destroy(client);
}

START_TEST(test_client_gets_404)
{
	expect_failure(connect_client("localhost", "/other"), ERROR_NOT_FOUND, "404");
}
END_TEST

static struct ws_client *connect_elsewhere(
	const char *host, uint16_t port, int64_t wait_ms, struct error *err)
{
	struct ws_client_options options = {
		.host = host,
		.port = port,
		.path = "/ws",
		.connect_wait_ms = wait_ms,
		.limits = limits,
		.events = &events,
		.owner = &client_end,
		.failed = on_failed,
	};

	return ws_client_create(lws_loop, &options, err);
}

START_TEST(test_client_is_refused)
{
	uint16_t port = ws_server_port(server);
	struct error err = { 0 };
	char place[32];

	ws_server_destroy(server);
	server = NULL;
	snprintf(place, sizeof(place), "127.0.0.1:%u", port);
	expect_failure(connect_elsewhere("127.0.0.1", port, 10000, &err), ERROR_IO, place);
	client_end.failed = false;
	snprintf(place, sizeof(place), "[::1]:%u", port);
	expect_failure(connect_elsewhere("::1", port, 10000, &err), ERROR_IO, place);
}
END_TEST

START_TEST(test_client_meets_silence)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct error err = { 0 };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	getsockname(fd, (void *)&address, &size);
	expect_failure(connect_elsewhere("127.0.0.1", ntohs(address.sin_port), 100, &err),
		ERROR_TIMEOUT, "no answer");
	close(fd);
}
END_TEST

START_TEST(test_client_knows_no_such_host)
{
	struct error err = { 0 };

	ck_assert_ptr_null(connect_elsewhere("no.such.host.invalid", 1, 100, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_msg(strstr(err.message, "no.such.host.invalid") != NULL, "%s", err.message);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < count; i++) {
		tcase_add_test(tcase, tests[i]);
	}
	suite_add_tcase(suite, tcase);
}

#define ADD(suite, name, ...)                                                                      \
	do {                                                                                       \
		const TTest *const tests[] = { __VA_ARGS__ };                                      \
		add(suite, name, tests, sizeof(tests) / sizeof(tests[0]));                         \
	} while (0)

int main(void)
{
	Suite *suite = suite_create("ws_server");
	TCase *rude = tcase_create("rude");

	ADD(suite, "messages", test_echo, test_ipv6, test_order_and_pending, test_replaceable,
		test_pause, test_oversize_binary, test_oversize_text, test_queue_limit);
	ADD(suite, "ends", test_close_flushes, test_close_in_handler, test_close_while_paused,
		test_destroy_client_in_event, test_destroy_server_in_event,
		test_destroy_server_says_goodbye, test_destroy_client_at_once);
	ADD(suite, "raw", test_request_in_pieces, test_endless_request,
		test_fragments_with_pings_between, test_answers_share_a_segment, test_unmasked,
		test_half_a_character_and_nothing, test_gone_in_a_message,
		test_last_message_counts);
	ADD(suite, "strangers", test_thousand_idle_sockets, test_eviction, test_eviction_by_address,
		test_silent_crowd, test_turns_of_a_crowd, test_trusted_goes_first,
		test_refused_go_first, test_silent_guest_has_its_time_again, test_guest_deadline);
	ADD(suite, "time", test_silent_peer, test_paused_peer_is_not_silent,
		test_peer_that_takes_nothing);
	ADD(suite, "places", test_port_used, test_move, test_port_is_free_again,
		test_client_gets_404, test_client_is_refused, test_client_meets_silence,
		test_client_knows_no_such_host);
	tcase_add_checked_fixture(rude, set_up, tear_down);
	tcase_set_timeout(rude, 60);
	tcase_add_loop_test(rude, test_requests, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_loop_test(rude, test_offences, 0, sizeof(offences) / sizeof(offences[0]));
	suite_add_tcase(suite, rude);
	return run_suite(suite);
}
