#include "core/tcp_socket.h"

#include "core/cleanup.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS (60 * 1000) /* bounds a hang */

/* A socket that has a port of 127.0.0.1. */
static int bound(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const void *)&address, size), 0);
	getsockname(fd, (void *)&address, &size);
	*port = ntohs(address.sin_port);
	return fd;
}

START_TEST(who_listens_answers)
{
	uint16_t port;
	AUTO(close_fd) int fd = bound(&port);

	ck_assert(!tcp_socket_local_answers(port, WAIT_MS));
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert(tcp_socket_local_answers(port, WAIT_MS));
}
END_TEST

START_TEST(the_kernel_tells_of_a_connection)
{
	uint16_t port;
	AUTO(close_fd) int listener = bound(&port);
	AUTO(close_fd) int client = -1;
	AUTO(close_fd) int server = -1;
	struct pollfd readable;

	ck_assert_int_eq(listen(listener, 1), 0);
	client = tcp_socket_connect_local(port);
	server = accept(listener, NULL, NULL);
	ck_assert_int_ge(server, 0);
	ck_assert(!tcp_socket_input_pending(server));
	ck_assert_int_eq(write(client, "abc", 3), 3);
	readable = (struct pollfd){ .fd = server, .events = POLLIN };
	ck_assert_int_eq(poll(&readable, 1, WAIT_MS), 1);
	ck_assert(tcp_socket_input_pending(server));
	ck_assert_int_lt(tcp_socket_silent_ms(server), WAIT_MS);
	ck_assert_uint_ge(tcp_socket_acked_bytes(client), 3);
}
END_TEST

static void expect_address(int family, const char *text, const char *expected)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char address[TCP_SOCKET_ADDRESS_BYTES];

	if (family == AF_INET) {
		ck_assert_int_eq(inet_pton(AF_INET, text, &v4.sin_addr), 1);
		tcp_socket_address((const void *)&v4, address);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) {
			v6.sin6_scope_id = if_nametoindex("lo");
		}
		tcp_socket_address((const void *)&v6, address);
	}
	ck_assert_str_eq(address, expected);
}

START_TEST(addresses_are_written_as_people_read_them)
{
	expect_address(AF_INET, "10.0.0.1", "10.0.0.1");
	expect_address(AF_INET6, "::ffff:10.0.0.1", "10.0.0.1");
	expect_address(AF_INET6, "2001:db8::1", "2001:db8::1");
	expect_address(AF_INET6, "fe80::1", "fe80::1%lo");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tcp_socket");

	tcase_add_test(tcase, who_listens_answers);
	tcase_add_test(tcase, the_kernel_tells_of_a_connection);
	tcase_add_test(tcase, addresses_are_written_as_people_read_them);
	return run_tcase(tcase);
}
