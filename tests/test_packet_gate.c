#include "core/loop.h"
#include "discovery/avahi_poll.h"
#include "mdns/packet_gate.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static AvahiPoll poll_api;
static struct packet_gate *gate;
static AvahiWatch *watch;
static int receiver, senders[2];
static unsigned read_count[2], odd_count;

static void on_packet(AvahiWatch *watched, int fd, AvahiWatchEvent events, void *user)
{
	char packet[16384];
	ssize_t length = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (length > 0) {
		read_count[packet[0] == 'b']++;
		odd_count += length < 12 || length > 9000;
	}
}

static int bound_to(const char *address)
{
	struct sockaddr_in where = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &where.sin_addr);
	ck_assert_int_eq(bind(fd, (const void *)&where, sizeof(where)), 0);
	return fd;
}

static void setup(void)
{
	struct sockaddr_in where;
	socklen_t size = sizeof(where);
	int bytes = 8 * 1024 * 1024;

	loop = loop_create();
	avahi_poll_init(&poll_api, loop);
	gate = packet_gate_create(&poll_api);
	receiver = bound_to("127.0.0.1");
	setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	getsockname(receiver, (void *)&where, &size);
	senders[0] = bound_to("127.0.0.2");
	senders[1] = bound_to("127.0.0.3");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(connect(senders[i], (const void *)&where, size), 0);
	}
	watch = packet_gate_poll(gate)->watch_new(
		packet_gate_poll(gate), receiver, AVAHI_WATCH_IN, on_packet, NULL);
	read_count[0] = read_count[1] = odd_count = 0;
}

static void teardown(void)
{
	packet_gate_poll(gate)->watch_free(watch);
	packet_gate_destroy(gate);
	loop_destroy(loop);
	close(receiver);
	close(senders[0]);
	close(senders[1]);
}

static void send_packet(int sender, size_t length)
{
	char packet[16384];

	memset(packet, "ab"[sender], sizeof(packet));
	ck_assert_int_eq(send(senders[sender], packet, length, 0), (ssize_t)length);
}

/* Until nothing is left to be read: what has arrived was let through, or dropped. */
static void drain(void)
{
	char byte;

	while (recv(receiver, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0) {
		loop_dispatch(loop);
	}
}

START_TEST(few_packets_pass)
{
	for (int i = 0; i < PACKET_GATE_SENDER_BURST; i++) {
		send_packet(0, 100);
		drain();
	}
	ck_assert_uint_eq(read_count[0], PACKET_GATE_SENDER_BURST);
}
END_TEST

START_TEST(flood_is_dropped_and_others_are_heard)
{
	for (int i = 0; i < 20000; i++) {
		send_packet(0, 100);
		if (i % 100 == 0) {
			drain();
		}
	}
	drain();
	ck_assert_uint_ge(read_count[0], PACKET_GATE_SENDER_BURST);
	ck_assert_uint_lt(read_count[0], 10000);
	send_packet(1, 100);
	drain();
	ck_assert_uint_eq(read_count[1], 1);
}
END_TEST

START_TEST(sizes_that_no_packet_has_are_dropped)
{
	send_packet(0, 1);
	send_packet(0, 11);
	send_packet(0, 9001);
	send_packet(0, 12);
	send_packet(0, 9000);
	drain();
	ck_assert_uint_eq(read_count[0], 2);
	ck_assert_uint_eq(odd_count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("packet_gate");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, few_packets_pass);
	tcase_add_test(tcase, flood_is_dropped_and_others_are_heard);
	tcase_add_test(tcase, sizes_that_no_packet_has_are_dropped);
	return run_tcase(tcase);
}
