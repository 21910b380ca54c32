#include "overlay/overlay_server.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/strbuf.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define X11_SOCKET "/tmp/.X11-unix/X%u"

/* Wayland's wire: the objects of a connection that only lists the globals. */
#define WL_DISPLAY 1
#define WL_REGISTRY 2
#define WL_CALLBACK 3
#define WL_HEADER_BYTES 8
#define WL_ANSWER_MAX_BYTES (64 * 1024)

/* Who listens there? Connects if it ANSWERS: then the caller owns the descriptor. */
static enum overlay_server reach(const char *path, bool is_abstract, int *fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	*fd = -1;
	if (is_abstract + length >= sizeof(address.sun_path)) {
		return OVERLAY_SERVER_NONE;
	}
	memcpy(address.sun_path + is_abstract, path, length);
	length += offsetof(struct sockaddr_un, sun_path) + is_abstract;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0) {
		return OVERLAY_SERVER_NONE;
	}
	if (connect(*fd, (const struct sockaddr *)&address, (socklen_t)length) < 0) {
		/* EAGAIN: its backlog is full. */
		return errno == EAGAIN ? OVERLAY_SERVER_SILENT : OVERLAY_SERVER_NONE;
	}
	if (getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
		(peer.uid != getuid() && peer.uid != 0)) {
		return OVERLAY_SERVER_FOREIGN;
	}
	return OVERLAY_SERVER_ANSWERS;
}

/* Is there something to read before the time is up? */
static bool is_answered(int fd, int64_t until_ms)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	int64_t left_ms = until_ms - loop_now_ms();

	return poll(&answer, 1, left_ms > 0 ? (int)left_ms : 0) > 0;
}

enum overlay_server overlay_server_greet_x11(const char *name, int wait_ms)
{
	static const unsigned char greeting[12] = { 'l', 0, 11 }; /* byte order, X11 */
	AUTO(close_fd) int abstract = -1, named = -1;
	enum overlay_server server;
	char path[32];
	unsigned number;

	if (sscanf(name, ":%u", &number) != 1) {
		return OVERLAY_SERVER_ANSWERS;
	}
	/* In Xlib's order. */
	snprintf(path, sizeof(path), X11_SOCKET, number);
	server = reach(path, true, &abstract);
	if (server == OVERLAY_SERVER_NONE) {
		server = reach(path, false, &named);
	}
	if (server == OVERLAY_SERVER_ANSWERS) {
		int fd = named >= 0 ? named : abstract;

		send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL);
		server = is_answered(fd, loop_now_ms() + wait_ms) ? OVERLAY_SERVER_ANSWERS
								  : OVERLAY_SERVER_SILENT;
	}
	return server;
}

/* --- Wayland --- */

static uint32_t word_at(const struct strbuf *answer, size_t at)
{
	uint32_t word;

	memcpy(&word, answer->data + at, sizeof(word));
	return word;
}

/*
 * Reads the complete messages. wl_registry.global is name, interface as a string with its length,
 * version; wl_callback.done ends them. Source: wayland.xml.
 */
static bool is_complete(const struct strbuf *answer, bool *has_seat)
{
	static const char seat[] = "wl_seat";
	size_t at = 0;

	while (answer->length - at >= WL_HEADER_BYTES) {
		uint32_t object = word_at(answer, at), size = word_at(answer, at + 4) >> 16;

		if (size < WL_HEADER_BYTES || size > answer->length - at) {
			return false;
		}
		if (object == WL_CALLBACK) {
			return true;
		}
		*has_seat |= object == WL_REGISTRY && size >= 16 + sizeof(seat) &&
			     memcmp(answer->data + at + 16, seat, sizeof(seat)) == 0;
		at += size;
	}
	return false;
}

static enum overlay_server ask_for_seat(int fd, int64_t until_ms)
{
	/* wl_display.get_registry and .sync, each with its new object. */
	static const uint32_t questions[] = {
		WL_DISPLAY, 12 << 16 | 1, WL_REGISTRY, /**/
		WL_DISPLAY, 12 << 16 | 0, WL_CALLBACK, /**/
	};
	AUTO(strbuf_finish) struct strbuf answer = { 0 };
	bool has_seat = false;

	send(fd, questions, sizeof(questions), MSG_NOSIGNAL);
	while (!is_complete(&answer, &has_seat)) {
		char part[4096];
		ssize_t got;

		if (!is_answered(fd, until_ms)) {
			return OVERLAY_SERVER_SILENT;
		}
		got = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (got <= 0 || answer.length > WL_ANSWER_MAX_BYTES) {
			return OVERLAY_SERVER_NONE;
		}
		strbuf_append(&answer, part, (size_t)got);
	}
	return has_seat ? OVERLAY_SERVER_ANSWERS : OVERLAY_SERVER_SEATLESS;
}

enum overlay_server overlay_server_greet_wayland(const char *path, int wait_ms)
{
	AUTO(close_fd) int fd = -1;
	enum overlay_server server = reach(path, false, &fd);

	return server == OVERLAY_SERVER_ANSWERS ? ask_for_seat(fd, loop_now_ms() + wait_ms)
						: server;
}
