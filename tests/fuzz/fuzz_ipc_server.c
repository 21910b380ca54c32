/*
 * Whatever a local client sends, and however its folder is treated, it gets its own lines back,
 * whole and in order, and nobody else's.
 *
 * An input's lines: "+" connects another client, up to a few; "-" closes the newest one; ">…" sends
 * a line, "~…" a part of one; "l" and "L" send lines of the greatest length and of more; "f" sends
 * without reading; "r" removes the folder, "m" moves it away, "s" replaces the socket by a file,
 * "d" takes the descriptors; "b" tries a second server. After each the server does what it can.
 */
#include "ipc/ipc_server.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "ipc/ipc_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CLIENTS_MAX (IPC_CLIENTS_MAX + 1)
#define STEPS_MAX 48
#define LONG_STEPS_MAX 2   /* of a megabyte each */
#define REPAIR_WAIT_MS 300 /* a little more than the server waits */

struct client {
	int fd;
	size_t number;	      /* it sends "<number> …" */
	struct strbuf output; /* what came back */
};

static struct loop *loop;
static struct ipc_server *server;
static struct client clients[CLIENTS_MAX];
static size_t client_count, open_count;
static size_t next_number;

static void on_opened(void *owner, struct ipc_client_conn *client)
{
	open_count++;
	fuzz_require(ipc_server_user(client) == NULL);
	ipc_server_set_user(client, owner);
}

static void on_line(void *owner, struct ipc_client_conn *client, const char *line, size_t length)
{
	fuzz_require(ipc_server_user(client) == owner && length <= IPC_LINE_MAX_BYTES);
	fuzz_require(memchr(line, '\n', length) == NULL);
	ipc_server_send(client, line, length);
}

static void on_closed(void *owner, struct ipc_client_conn *client)
{
	fuzz_require(open_count-- > 0);
}

static const struct ipc_server_events events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

/* Everything that came back begins with the client's own number. */
static void read_client(struct client *client)
{
	char bytes[64 * 1024];
	ssize_t count;
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	while ((count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		strbuf_append(&client->output, bytes, (size_t)count);
	}
	while (strbuf_take_line(&client->output, &line)) {
		char *end;

		fuzz_require(line.length == 0 ||
			     strtoul(strbuf_text(&line), &end, 10) == client->number);
	}
}

static void serve(void)
{
	for (unsigned turns = 0; turns < 8; turns++) {
		loop_dispatch(loop);
		for (size_t i = 0; i < client_count; i++) {
			read_client(&clients[i]);
		}
	}
}

static void close_client(void)
{
	struct client *client = &clients[--client_count];

	close(client->fd);
	strbuf_finish(&client->output);
}

static void open_client(const char *path)
{
	struct sockaddr_un address;
	struct client *client = &clients[client_count];

	if (client_count == CLIENTS_MAX || !ipc_socket_address(path, &address, NULL)) {
		return;
	}
	client->fd = ipc_socket_connect(&address);
	if (client->fd >= 0) {
		client->number = ++next_number;
		client->output = (struct strbuf){ 0 };
		client_count++;
	}
}

static void send_bytes(const char *bytes, size_t length)
{
	size_t sent = 0;

	for (unsigned idle = 0; client_count > 0 && sent < length && idle < 4;) {
		ssize_t count = send(clients[client_count - 1].fd, bytes + sent, length - sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0 && errno != EAGAIN) {
			return; /* the server has dropped it */
		}
		idle = count > 0 ? 0 : idle + 1;
		sent += count > 0 ? (size_t)count : 0;
		loop_dispatch(loop);
	}
}

static void send_line(const char *text, size_t length, bool whole)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (client_count > 0) {
		strbuf_appendf(&line, "%zu ", clients[client_count - 1].number);
		strbuf_append(&line, text, length);
		if (whole) {
			strbuf_append_char(&line, '\n');
		}
		send_bytes(line.data, line.length);
	}
}

static void send_long(size_t length)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (client_count > 0) {
		/* The end of a part that may have been sent. */
		strbuf_append_char(&line, '\n');
		strbuf_appendf(&line, "%zu ", clients[client_count - 1].number);
		while (line.length < length + 1) {
			strbuf_append_char(&line, 'x');
		}
		strbuf_append_char(&line, '\n');
		send_bytes(line.data, line.length);
	}
}

static void flood(void)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	while (client_count > 0 && line.length < IPC_LINE_MAX_BYTES / 2) {
		strbuf_appendf(&line, "%zu ", clients[client_count - 1].number);
	}
	strbuf_append_char(&line, '\n');
	for (unsigned i = 0; i < 10; i++) {
		send_bytes(line.data, line.length);
	}
}

static void remove_dir(const char *dir)
{
	AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		beneath_remove_tree(fd, ".", NULL);
		rmdir(dir);
	}
}

static void move_dir(const char *dir)
{
	AUTO(free_ptr) char *away = xasprintf("%s-away", dir);

	remove_dir(away);
	rename(dir, away);
}

static void put_file(const char *path)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "we");
	if (file != NULL) {
		fclose(file);
	}
}

/* A client comes while no descriptor is left; it is served once there is one again. */
static void starve(const char *path)
{
	struct rlimit before, none;

	getrlimit(RLIMIT_NOFILE, &before);
	open_client(path);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	loop_dispatch(loop);
	setrlimit(RLIMIT_NOFILE, &before);
	fuzz_clock_skip(1000);
}

static void try_second(const char *path)
{
	struct error err = { 0 };
	struct ipc_server *second = ipc_server_create(loop, path, &events, NULL, &err);

	fuzz_require(second != NULL || err.kind != ERROR_NONE);
	ipc_server_destroy(second);
}

static void take_line(
	const char *dir, const char *path, const char *line, size_t length, unsigned *long_steps)
{
	switch (length > 0 ? line[0] : '\0') {
	case '+':
		open_client(path);
		break;
	case '-':
		if (client_count > 0) {
			close_client();
		}
		break;
	case '>':
	case '~':
		send_line(line + 1, length - 1, line[0] == '>');
		break;
	case 'l':
	case 'L':
	case 'f':
		if ((*long_steps)++ < LONG_STEPS_MAX) {
			line[0] == 'f' ? flood() : send_long(IPC_LINE_MAX_BYTES + (line[0] == 'L'));
		}
		break;
	case 'r':
		remove_dir(dir);
		break;
	case 'm':
		move_dir(dir);
		break;
	case 's':
		put_file(path);
		break;
	case 'd':
		starve(path);
		break;
	case 'b':
		try_second(path);
		break;
	default:
		fuzz_clock_skip(REPAIR_WAIT_MS);
		break;
	}
	serve();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *dir = xasprintf("%s/run", folder);
	AUTO(free_ptr) char *path = xasprintf("%s/agent.sock", dir);
	AUTO(free_ptr) char *long_path = xasprintf("%s/%0200d", dir, 0);
	struct fuzz_lines lines = fuzz_lines_of(data, size);
	unsigned long_steps = 0;
	const char *line;
	size_t length;

	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create();
	next_number = 0;
	fuzz_require(ipc_server_create(loop, long_path, &events, NULL, NULL) == NULL);
	server = ipc_server_create(loop, path, &events, &server, NULL);
	fuzz_require(server != NULL);
	open_client(path);
	for (unsigned i = 0; i < STEPS_MAX && fuzz_next_line(&lines, &line, &length); i++) {
		take_line(dir, path, line, length, &long_steps);
	}
	ipc_server_destroy(server);
	fuzz_require(open_count == 0);
	while (client_count > 0) {
		close_client();
	}
	loop_destroy(loop);
	return 0;
}
