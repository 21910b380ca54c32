#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "ipc/ipc_client.h"
#include "ipc/ipc_server.h"
#include "ipc/ipc_socket.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* A server that sends every line back, in this process; the client of the tests is another. */
struct echo {
	struct loop *loop;
	struct ipc_server *server;
	unsigned open_count, closed_count, line_count;
	unsigned stop_at_closed; /* the loop stops at so many closed clients, … */
	unsigned stop_at_lines;	 /* … or at so many lines; 0: does not */
};

static char root[FOLDER_BYTES];
static char *socket_path;
static struct echo echo;

static void on_opened(void *owner, struct ipc_client_conn *client)
{
	echo.open_count++;
	ipc_server_set_user(client, &echo);
}

static void on_line(void *owner, struct ipc_client_conn *client, const char *line, size_t length)
{
	ck_assert_ptr_eq(ipc_server_user(client), &echo);
	ipc_server_send(client, line, length);
	if (++echo.line_count == echo.stop_at_lines) {
		loop_stop(echo.loop);
	}
}

static void on_closed(void *owner, struct ipc_client_conn *client)
{
	if (++echo.closed_count == echo.stop_at_closed) {
		loop_stop(echo.loop);
	}
}

static const struct ipc_server_events events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

static void setup(void)
{
	struct error err;

	folder_make(root);
	socket_path = xasprintf("%s/run/agent.sock", root);
	echo = (struct echo){ .loop = loop_create() };
	echo.server = ipc_server_create(echo.loop, socket_path, &events, &echo, &err);
	ck_assert_msg(echo.server != NULL, "%s", err.message);
}

static void teardown(void)
{
	ipc_server_destroy(echo.server);
	loop_destroy(echo.loop);
	ck_assert_int_ne(access(socket_path, F_OK), 0);
	free(socket_path);
	folder_remove(root);
}

static struct ipc_client *connect_client(void)
{
	struct error err;
	struct ipc_client *client = ipc_client_create(socket_path, &err);

	ck_assert_msg(client != NULL, "%s", err.message);
	return client;
}

static void send_text(struct ipc_client *client, const char *text)
{
	struct error err;

	ck_assert_msg(ipc_client_send(client, text, strlen(text), &err), "%s", err.message);
}

static void expect_text(struct ipc_client *client, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct error err;

	ck_assert_msg(ipc_client_receive(client, 5000, &line, &err), "%s", err.message);
	ck_assert_str_eq(strbuf_text(&line), expected);
}

START_TEST(test_lines_come_back)
{
	struct ipc_client *client = connect_client();

	send_text(client, "one\ntwo");
	send_text(client, "");
	echo.stop_at_lines = 3;
	loop_run(echo.loop);
	expect_text(client, "one");
	expect_text(client, "two");
	expect_text(client, "");
	ipc_client_destroy(client);
	echo.stop_at_closed = 1;
	loop_run(echo.loop);
}
END_TEST

START_TEST(test_modes_are_private)
{
	struct stat found;
	AUTO(free_ptr) char *dir = xasprintf("%s/run", root);

	ck_assert_int_eq(lstat(socket_path, &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0600);
	ck_assert_int_eq(lstat(dir, &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0700);
}
END_TEST

START_TEST(test_endless_line_is_dropped)
{
	struct sockaddr_un address;
	AUTO(close_fd) int fd = -1;
	char bytes[4096];

	ck_assert(ipc_socket_address(socket_path, &address, NULL));
	fd = ipc_socket_connect(&address);
	ck_assert_int_ge(fd, 0);
	memset(bytes, 'x', sizeof(bytes));
	/* As much as the server accepts. */
	while (echo.closed_count == 0) {
		while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		}
		loop_dispatch(echo.loop);
	}
	ck_assert_uint_eq(echo.line_count, 0);
}
END_TEST

static int connect_raw(void)
{
	struct sockaddr_un address;
	struct error err;
	int fd;

	ck_assert(ipc_socket_address(socket_path, &address, &err));
	fd = ipc_socket_connect(&address);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* length bytes and a line feed, as fast as the server takes them. */
static void send_long_line(int fd, size_t length)
{
	char *line = xcalloc(1, length + 1);
	size_t sent = 0;

	memset(line, 'x', length);
	line[length] = '\n';
	while (sent <= length && echo.closed_count == 0) {
		ssize_t count =
			send(fd, line + sent, length + 1 - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += count > 0 ? (size_t)count : 0;
		loop_dispatch(echo.loop);
	}
	free(line);
}

START_TEST(test_line_limit_is_exact)
{
	int fd = connect_raw();

	echo.stop_at_lines = 1;
	send_long_line(fd, IPC_LINE_MAX_BYTES);
	loop_run(echo.loop);
	ck_assert_uint_eq(echo.line_count, 1);
	echo.stop_at_closed = 1;
	send_long_line(fd, IPC_LINE_MAX_BYTES + 1);
	loop_run(echo.loop);
	ck_assert_uint_eq(echo.line_count, 1);
	close(fd);
}
END_TEST

START_TEST(test_pieces_and_zero_bytes)
{
	char answer[8];
	int fd = connect_raw();

	echo.stop_at_lines = 1;
	ck_assert_int_eq(send(fd, "a\0", 2, 0), 2);
	loop_dispatch(echo.loop);
	ck_assert_int_eq(send(fd, "b\nrest", 6, 0), 6);
	loop_run(echo.loop);
	ck_assert_int_eq(recv(fd, answer, sizeof(answer), 0), 4);
	ck_assert_int_eq(memcmp(answer, "a\0b\n", 4), 0);
	close(fd);
	echo.stop_at_closed = 1;
	loop_run(echo.loop);
	ck_assert_uint_eq(echo.line_count, 1); /* "rest" never became one */
}
END_TEST

/* As `socat` does with a request on its standard input. */
START_TEST(test_answer_after_half_close)
{
	char answer[8];
	int fd = connect_raw();

	echo.stop_at_closed = 1;
	ck_assert_int_eq(send(fd, "ask\n", 4, 0), 4);
	shutdown(fd, SHUT_WR);
	loop_run(echo.loop);
	ck_assert_int_eq(recv(fd, answer, sizeof(answer), 0), 4);
	ck_assert_int_eq(memcmp(answer, "ask\n", 4), 0);
	close(fd);
}
END_TEST

START_TEST(test_slow_reader_is_dropped)
{
	struct sockaddr_un address;
	AUTO(close_fd) int fd = -1;
	char line[8192];

	ck_assert(ipc_socket_address(socket_path, &address, NULL));
	fd = ipc_socket_connect(&address);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (echo.closed_count == 0) {
		while (send(fd, line, sizeof(line), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		}
		loop_dispatch(echo.loop);
	}
	ck_assert_uint_gt(echo.line_count * sizeof(line), IPC_QUEUE_MAX_BYTES);
}
END_TEST

START_TEST(test_too_many_clients_are_turned_away)
{
	struct ipc_client *clients[IPC_CLIENTS_MAX + 1];
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct error err;

	/* One at a time: the queue of connections is shorter than that. */
	for (unsigned i = 0; i <= IPC_CLIENTS_MAX; i++) {
		clients[i] = connect_client();
		loop_dispatch(echo.loop);
	}
	ck_assert_uint_eq(echo.open_count, IPC_CLIENTS_MAX);
	ck_assert(!ipc_client_receive(clients[IPC_CLIENTS_MAX], 5000, &line, &err));
	for (unsigned i = 0; i <= IPC_CLIENTS_MAX; i++) {
		ipc_client_destroy(clients[i]);
	}
	echo.stop_at_closed = IPC_CLIENTS_MAX;
	loop_run(echo.loop);
}
END_TEST

START_TEST(test_second_server_is_refused)
{
	struct error err;

	ck_assert_ptr_null(ipc_server_create(echo.loop, socket_path, &events, &echo, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.message, socket_path));
	ck_assert_int_eq(access(socket_path, F_OK), 0);
}
END_TEST

START_TEST(test_stale_socket_is_replaced)
{
	AUTO(free_ptr) char *path = xasprintf("%s/stale.sock", root);
	struct sockaddr_un address;
	struct ipc_server *server;
	struct error err;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert(ipc_socket_address(path, &address, NULL));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	server = ipc_server_create(echo.loop, path, &events, &echo, &err);
	ck_assert_msg(server != NULL, "%s", err.message);
	ipc_server_destroy(server);
}
END_TEST

START_TEST(test_file_in_the_way_is_kept)
{
	AUTO(free_ptr) char *path = xasprintf("%s/file", root);
	struct error err;

	close(open(path, O_WRONLY | O_CREAT, 0600));
	ck_assert_ptr_null(ipc_server_create(echo.loop, path, &events, &echo, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(test_socket_is_made_anew)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/run", root);
	struct ipc_client *client;

	ck_assert_int_eq(unlink(socket_path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	while (access(socket_path, F_OK) != 0) {
		loop_dispatch(echo.loop);
	}
	client = connect_client();
	send_text(client, "again");
	echo.stop_at_lines = 1;
	loop_run(echo.loop);
	expect_text(client, "again");
	ipc_client_destroy(client);
}
END_TEST

START_TEST(test_nobody_answers)
{
	AUTO(free_ptr) char *path = xasprintf("%s/nobody", root);
	struct error err;

	ck_assert_ptr_null(ipc_client_create(path, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "capydeck agent"));
}
END_TEST

START_TEST(test_path_is_too_long)
{
	char path[200];
	struct error err;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_ptr_null(ipc_client_create(path, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipc");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_lines_come_back);
	tcase_add_test(tcase, test_modes_are_private);
	tcase_add_test(tcase, test_endless_line_is_dropped);
	tcase_add_test(tcase, test_line_limit_is_exact);
	tcase_add_test(tcase, test_pieces_and_zero_bytes);
	tcase_add_test(tcase, test_answer_after_half_close);
	tcase_add_test(tcase, test_slow_reader_is_dropped);
	tcase_add_test(tcase, test_too_many_clients_are_turned_away);
	tcase_add_test(tcase, test_second_server_is_refused);
	tcase_add_test(tcase, test_stale_socket_is_replaced);
	tcase_add_test(tcase, test_file_in_the_way_is_kept);
	tcase_add_test(tcase, test_socket_is_made_anew);
	tcase_add_test(tcase, test_nobody_answers);
	tcase_add_test(tcase, test_path_is_too_long);
	return run_tcase(tcase);
}
