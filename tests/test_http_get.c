/* One server that sends what the test wants, byte for byte. */
#include "steam/cef/http_get.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BYTES 100

static struct loop *loop;
static int listener;
static struct loop_watch *listener_watch;
static struct loop_watch *peer_watch;
static int peer = -1;
static uint16_t port;
static const char *says;  /* what it answers */
static size_t says_bytes; /* a reply at a time */
static bool hangs_up;	  /* after it */
static struct strbuf heard;

static struct http_get *get;
static unsigned done_count;
static struct strbuf body;
static struct error err;

static void on_peer(void *user, uint32_t events)
{
	char bytes[1024];
	size_t length = strlen(says);
	ssize_t count;

	if ((events & LOOP_READ) != 0) {
		count = recv(peer, bytes, sizeof(bytes), 0);
		strbuf_append(&heard, bytes, count > 0 ? (size_t)count : 0);
		loop_watch_set(peer_watch, count > 0 ? LOOP_WRITE : 0);
		return;
	}
	if (length == 0) {
		loop_watch_set(peer_watch, 0);
		if (hangs_up) {
			shutdown(peer, SHUT_WR);
		}
		return;
	}
	length = length < says_bytes ? length : says_bytes;
	ck_assert_int_eq(send(peer, says, length, MSG_NOSIGNAL), (ssize_t)length);
	says += length;
}

static void drop_peer(void)
{
	loop_watch_remove(peer_watch);
	peer_watch = NULL;
	if (peer >= 0) {
		close(peer);
		peer = -1;
	}
}

static void on_listener(void *user, uint32_t events)
{
	drop_peer(); /* a peer no longer needed */
	peer = accept(listener, NULL, NULL);
	peer_watch = loop_watch_add(loop, peer, LOOP_READ, on_peer, NULL);
}

static void setup(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (void *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	getsockname(listener, (void *)&address, &size);
	port = ntohs(address.sin_port);
	loop = loop_create();
	listener_watch = loop_watch_add(loop, listener, LOOP_READ, on_listener, NULL);
	hangs_up = false;
	says_bytes = 1000;
	done_count = 0;
	memset(&err, 0, sizeof(err));
}

static void teardown(void)
{
	http_get_destroy(get);
	get = NULL;
	drop_peer();
	loop_watch_remove(listener_watch);
	close(listener);
	loop_destroy(loop);
	strbuf_finish(&body);
	strbuf_finish(&heard);
}

static void on_done(void *user, const char *text, size_t length, const struct error *error)
{
	done_count++;
	strbuf_reset(&body);
	strbuf_append(&body, text, length);
	if (error != NULL) {
		err = *error;
	}
	http_get_destroy(get);
	get = NULL;
	loop_stop(loop);
}

static void fetch(uint16_t from, const char *answer, int64_t wait_ms)
{
	struct http_get_options options = {
		.port = from,
		.path = "/json",
		.wait_ms = wait_ms,
		.max_bytes = MAX_BYTES,
	};

	says = answer;
	get = http_get_create(loop, &options, on_done, NULL);
	ck_assert_uint_eq(done_count, 0);
	loop_run(loop);
	ck_assert_uint_eq(done_count, 1);
}

static void ck_fails(const char *answer, enum error_kind kind, const char *sentence)
{
	fetch(port, answer, 60000);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
}

START_TEST(test_a_document)
{
	char expected[128];

	fetch(port, "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length:  4 \r\n\r\n[ ]\nmore", 60000);
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert_str_eq(body.data, "[ ]\n");
	snprintf(expected, sizeof(expected),
		"GET /json HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", port);
	ck_assert_str_eq(strbuf_text(&heard), expected);
}
END_TEST

START_TEST(test_byte_by_byte)
{
	says_bytes = 1;
	fetch(port, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 60000);
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert_str_eq(body.data, "abc");
}
END_TEST

START_TEST(test_until_the_end)
{
	hangs_up = true;
	fetch(port, "HTTP/1.0 200 OK\r\n\r\nabc", 60000);
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert_str_eq(body.data, "abc");
}
END_TEST

START_TEST(test_cut_off)
{
	hangs_up = true;
	ck_fails("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", ERROR_IO, "closed");
}
END_TEST

START_TEST(test_cut_off_head)
{
	hangs_up = true;
	ck_fails("HTTP/1.1 200 OK\r\n", ERROR_IO, "closed");
}
END_TEST

START_TEST(test_other_status)
{
	ck_fails("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ERROR_IO, "HTTP 404");
}
END_TEST

START_TEST(test_too_long)
{
	ck_fails("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", ERROR_TOO_LARGE, "100 bytes");
}
END_TEST

/* However much of it comes at once. */
START_TEST(test_too_long_a_head)
{
	static const char start[] = "HTTP/1.1 200 OK\r\nX: ", end[] = "\r\n\r\n";
	size_t length = HTTP_GET_HEAD_MAX_BYTES + (size_t)_i;
	AUTO(free_ptr) char *head = xcalloc(1, length + 1);
	struct http_get_head read = { 0 };
	struct error why = { 0 };

	memset(head, 'y', length);
	memcpy(head, start, strlen(start));
	memcpy(head + length - strlen(end), end, strlen(end));
	ck_assert_int_eq(http_get_read_head(&read, head, length - 1, NULL), _i == 0);
	ck_assert_int_eq(http_get_read_head(&read, head, length, &why), _i == 0);
	ck_assert_int_eq(why.kind, _i == 0 ? ERROR_NONE : ERROR_TOO_LARGE);
	ck_assert_uint_eq(read.head_bytes, _i == 0 ? length : 0);
}
END_TEST

START_TEST(test_chunked)
{
	ck_fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ERROR_INVALID, "HTTP/1");
}
END_TEST

START_TEST(test_not_http)
{
	ck_fails("RFB 003.008\r\n\r\n", ERROR_INVALID, "HTTP/1");
}
END_TEST

START_TEST(test_nothing_listens)
{
	loop_watch_remove(listener_watch);
	listener_watch = NULL;
	close(listener);
	ck_fails("", ERROR_IO, "refused");
	listener = socket(AF_INET, SOCK_STREAM, 0); /* for teardown() */
}
END_TEST

START_TEST(test_silence)
{
	fetch(port, "", 1);
	ck_assert_int_eq(err.kind, ERROR_TIMEOUT);
}
END_TEST

START_TEST(test_destroyed_before_its_end)
{
	struct http_get_options options = {
		.port = port, .path = "/", .wait_ms = 60000, .max_bytes = MAX_BYTES
	};

	http_get_destroy(http_get_create(loop, &options, on_done, NULL));
	http_get_destroy(NULL);
	fetch(port, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 60000);
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert_uint_eq(body.length, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("http_get");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_a_document);
	tcase_add_test(tcase, test_byte_by_byte);
	tcase_add_test(tcase, test_until_the_end);
	tcase_add_test(tcase, test_cut_off);
	tcase_add_test(tcase, test_cut_off_head);
	tcase_add_test(tcase, test_other_status);
	tcase_add_test(tcase, test_too_long);
	tcase_add_loop_test(tcase, test_too_long_a_head, 0, 2);
	tcase_add_test(tcase, test_chunked);
	tcase_add_test(tcase, test_not_http);
	tcase_add_test(tcase, test_nothing_listens);
	tcase_add_test(tcase, test_silence);
	tcase_add_test(tcase, test_destroyed_before_its_end);
	return run_tcase(tcase);
}
