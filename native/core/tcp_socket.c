#include "core/tcp_socket.h"

#include "core/cleanup.h"
#include "core/xalloc.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int tcp_socket_connect_local(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) },
	};
	AUTO(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connect(fd, (const void *)&address, sizeof(address)) != 0 &&
			      errno != EINPROGRESS)) {
		return -1;
	}
	return TAKE_FD(fd);
}

bool tcp_socket_local_answers(uint16_t port, int wait_ms)
{
	AUTO(close_fd) int fd = tcp_socket_connect_local(port);
	struct pollfd connecting = { .fd = fd, .events = POLLOUT };

	return fd >= 0 && (poll(&connecting, 1, wait_ms) == 0 ||
				  (connecting.revents & (POLLERR | POLLHUP)) == 0);
}

static struct tcp_info get_info(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	return info;
}

int64_t tcp_socket_silent_ms(int fd)
{
	return get_info(fd).tcpi_last_data_recv;
}

uint64_t tcp_socket_acked_bytes(int fd)
{
	return get_info(fd).tcpi_bytes_acked;
}

bool tcp_socket_input_pending(int fd)
{
	int bytes = 0;

	return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

char *tcp_socket_host_port(const char *host, uint16_t port)
{
	return xasprintf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}

void tcp_socket_cork(int fd, bool corked)
{
	int value = corked;

	/* If it fails, bytes are sent uncorked. */
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
}

void tcp_socket_address(const struct sockaddr *peer, char out[TCP_SOCKET_ADDRESS_BYTES])
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	socklen_t size = sizeof(v4);

	if (peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)peer;

		size = sizeof(*v6);
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			memcpy(&v4.sin_addr, &v6->sin6_addr.s6_addr[12], sizeof(v4.sin_addr));
			peer = (const void *)&v4;
			size = sizeof(v4);
		}
	}
	if (getnameinfo(peer, size, out, TCP_SOCKET_ADDRESS_BYTES, NULL, 0, NI_NUMERICHOST) != 0) {
		snprintf(out, TCP_SOCKET_ADDRESS_BYTES, "unknown");
	}
}
