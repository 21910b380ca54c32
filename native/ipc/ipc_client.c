#include "ipc/ipc_client.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_server.h"
#include "ipc/ipc_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_BYTES 65536
#define SEND_WAIT_MS 10000

struct ipc_client {
	int fd;
	struct strbuf input; /* what follows the line that was returned last */
};

static bool refuse(const char *socket_path, struct error *err)
{
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) {
		return error_set(err, ERROR_NOT_FOUND,
			"no agent is running (nothing listens on '%s'); start one with 'capydeck agent'",
			socket_path);
	}
	return error_set_errno(err, "cannot reach the agent at '%s'", socket_path);
}

struct ipc_client *ipc_client_create(const char *socket_path, struct error *err)
{
	struct sockaddr_un address;
	struct ipc_client *client;
	int fd;

	if (!ipc_socket_address(socket_path, &address, err)) {
		return NULL;
	}
	fd = ipc_socket_connect(&address);
	if (fd < 0) {
		refuse(socket_path, err);
		return NULL;
	}
	client = xcalloc(1, sizeof(*client));
	client->fd = fd;
	return client;
}

void ipc_client_destroy(struct ipc_client *client)
{
	if (client == NULL) {
		return;
	}
	close(client->fd);
	strbuf_finish(&client->input);
	free(client);
}

/* deadline_ms: of loop_now_ms(), or −1. */
static bool wait_for(int fd, short events, int64_t deadline_ms, struct error *err)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - loop_now_ms();
		int ready;

		if (deadline_ms >= 0 && left_ms < 0) {
			left_ms = 0;
		}
		ready = poll(&poll_fd, 1, (int)left_ms);
		if (ready > 0) {
			return true;
		}
		if (ready == 0) {
			return error_set(err, ERROR_TIMEOUT,
				"the agent did not answer in time; see its log");
		}
		if (errno != EINTR) {
			return error_set_errno(err, "cannot wait for the agent");
		}
	}
}

bool ipc_client_send(struct ipc_client *client, const char *line, size_t length, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf message = { 0 };
	int64_t deadline_ms = loop_now_ms() + SEND_WAIT_MS;
	size_t sent = 0;

	strbuf_append(&message, line, length);
	strbuf_append_char(&message, '\n');
	while (sent < message.length) {
		ssize_t count;

		if (!wait_for(client->fd, POLLOUT, deadline_ms, err)) {
			return false;
		}
		count = send(client->fd, message.data + sent, message.length - sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count >= 0) {
			sent += (size_t)count;
		} else if (errno != EAGAIN && errno != EINTR) {
			return error_set_errno(err, "cannot write to the agent");
		}
	}
	return true;
}

bool ipc_client_receive(
	struct ipc_client *client, int64_t wait_ms, struct strbuf *line, struct error *err)
{
	int64_t deadline_ms = wait_ms < 0 ? -1 : loop_now_ms() + wait_ms;

	while (!strbuf_take_line(&client->input, line)) {
		char bytes[READ_BYTES];
		ssize_t count;

		if (client->input.length > IPC_LINE_MAX_BYTES) {
			return error_set(err, ERROR_TOO_LARGE,
				"the agent's answer is longer than %d bytes", IPC_LINE_MAX_BYTES);
		}
		if (!wait_for(client->fd, POLLIN, deadline_ms, err)) {
			return false;
		}
		count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (count > 0) {
			strbuf_append(&client->input, bytes, (size_t)count);
		} else if (count == 0 || errno == ECONNRESET) {
			return error_set(err, ERROR_IO, "the agent closed the connection");
		} else if (errno != EAGAIN && errno != EINTR) {
			return error_set_errno(err, "cannot read from the agent");
		}
	}
	return true;
}
