/*
 * Whatever an X server or a Wayland compositor answers, it is told apart what it is, in time, and
 * nothing is read past the end of what came. The first byte says who is asked: 'x', or a
 * compositor.
 */
#include "overlay/overlay_server.h"

#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 20

static const uint8_t *answer;
static size_t answer_bytes;

/* One whose answer ends in "~" has not said all. */
static bool on_connection(int fd)
{
	if (answer_bytes > 0) {
		fuzz_require(send(fd, answer, answer_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) ==
			     (ssize_t)answer_bytes);
	}
	return answer_bytes == 0 || answer[answer_bytes - 1] != '~';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_x11 = size > 0 && data[0] == 'x';
	enum overlay_server server;

	if (size > 100 * 1024) {
		return 0; /* more than a socket takes at once */
	}
	answer = size > 0 ? data + 1 : data;
	answer_bytes = size > 0 ? size - 1 : 0;
	fuzz_connect_to(on_connection);
	server = is_x11 ? overlay_server_greet_x11(":7", WAIT_MS)
			: overlay_server_greet_wayland("/wayland-7", WAIT_MS);
	fuzz_hang_up();
	/* An X server is known by any answer, also by hanging up: Xlib finds out the rest. */
	fuzz_require(!is_x11 || server == OVERLAY_SERVER_ANSWERS ||
		     (server == OVERLAY_SERVER_SILENT && answer_bytes == 0));
	fuzz_require(server != OVERLAY_SERVER_FOREIGN);
	/* Names that are no local display are Xlib's. */
	fuzz_require(overlay_server_greet_x11("far:0", WAIT_MS) == OVERLAY_SERVER_ANSWERS);
	return 0;
}
