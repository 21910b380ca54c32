/*
 * A hostile LAN in one process: connects to an agent from many addresses, at a rate, and does what
 * strangers may. Its results go to stdout as one line of JSON, after a line "flooding" once every
 * address has been used. scripts/bench and tests/e2e/flood.test.mjs drive it:
 *
 *	bench_flood HOST PORT MODE FIRST_ADDRESS ADDRESS_COUNT PER_SECOND SECONDS
 *
 * MODE raw     connects and says nothing
 *      half    half a request
 *      drip    a request, one byte every tenth of a second
 *      silent  becomes a WebSocket and says nothing
 *      ask     … and asks to pair, under another name each time; holds the connection
 *      guess   … and tries codes
 *      token   … and shows a token that is none
 *      mixed   all of these in turn
 * FIRST_ADDRESS of IPv4: each further address is the next one. Of IPv6: the next /64.
 * It holds HELD_MAX connections at most; an older one is closed for a newer one. SECONDS 0: until
 * its input ends.
 */
#include "core/list.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELD_MAX 2048
#define EVENTS 256
#define DRIP_NS 100000000
#define REQUEST                                                                                    \
	"GET /ws HTTP/1.1\r\nHost: deck\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"          \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static const char *const mode_names[] = {
	"raw",
	"half",
	"drip",
	"silent",
	"ask",
	"guess",
	"token",
	"mixed",
};
enum mode { RAW, HALF, DRIP, SILENT, ASK, GUESS, TOKEN, MIXED };

enum step { CONNECTING, SENDING, UPGRADING, ASKED };

struct stranger {
	TAILQ_ENTRY(stranger) link;
	int fd;
	enum mode mode;
	enum step step;
	size_t sent; /* of the request, by drips */
	int64_t drip_ns;
	unsigned guesses;
};

struct flood {
	int epoll_fd;
	TAILQ_HEAD(, stranger) strangers; /* the oldest first */
	unsigned held;
	struct sockaddr_storage target;
	enum mode mode;
	const char *first_address;
	unsigned address_count;
	uint64_t attempts, connected, upgraded, codes, refused, dropped, paired;
};

static socklen_t size_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

static void parse(const char *text, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
	} else {
		die("'%s' is not an address", text);
	}
}

/* The index-th address of the crowd. */
static void source(const struct flood *flood, unsigned index, struct sockaddr_storage *out)
{
	parse(flood->first_address, 0, out);
	if (out->ss_family == AF_INET) {
		struct sockaddr_in *v4 = (void *)out;

		v4->sin_addr.s_addr = htonl(ntohl(v4->sin_addr.s_addr) + index);
	} else {
		struct sockaddr_in6 *v6 = (void *)out;
		uint32_t network;

		memcpy(&network, v6->sin6_addr.s6_addr + 4, sizeof(network));
		network = htobe32(be32toh(network) + index);
		memcpy(v6->sin6_addr.s6_addr + 4, &network, sizeof(network));
	}
}

static void end(struct flood *flood, struct stranger *stranger)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(stranger->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(stranger->fd);
	TAILQ_REMOVE(&flood->strangers, stranger, link);
	flood->held--;
	free(stranger);
}

static void watch(struct flood *flood, struct stranger *stranger, uint32_t events, int how)
{
	struct epoll_event event = { .events = events, .data.ptr = stranger };

	epoll_ctl(flood->epoll_fd, how, stranger->fd, &event);
}

static void begin(struct flood *flood)
{
	struct stranger *stranger;
	struct sockaddr_storage from;
	int one = 1, fd = socket(flood->target.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return;
	}
	if (flood->held == HELD_MAX) {
		end(flood, TAILQ_FIRST(&flood->strangers));
	}
	source(flood, (unsigned)(flood->attempts % flood->address_count), &from);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const void *)&from, size_of(&from)) < 0) {
		die("bind: %s", strerror(errno));
	}
	if (connect(fd, (const void *)&flood->target, size_of(&flood->target)) < 0 &&
		errno != EINPROGRESS) {
		close(fd);
		flood->attempts++;
		flood->dropped++;
		return;
	}
	stranger = xcalloc(1, sizeof(*stranger));
	stranger->fd = fd;
	stranger->mode = flood->mode == MIXED ? (enum mode)(flood->attempts % MIXED) : flood->mode;
	TAILQ_INSERT_TAIL(&flood->strangers, stranger, link);
	flood->held++;
	flood->attempts++;
	watch(flood, stranger, EPOLLOUT, EPOLL_CTL_ADD);
}

static void send_message(const struct stranger *stranger, const char *text)
{
	unsigned char frame[512] = { 0x81, 0x80 | 126 };
	size_t length = strlen(text);

	frame[2] = (unsigned char)(length >> 8); /* and a mask of zeroes */
	frame[3] = (unsigned char)length;
	memcpy(frame + 8, text, length);
	send(stranger->fd, frame, 8 + length, MSG_NOSIGNAL);
}

static void say_hello(const struct stranger *stranger)
{
	char text[400];
	unsigned number = random_below(1000000);

	snprintf(text, sizeof(text),
		"{\"id\":\"1\",\"type\":\"hub_connected\",\"payload\":{\"name\":\"Crowd %u\","
		"\"version\":\"1\",\"hubId\":\"hub-%u\",\"token\":\"%s\"}}",
		number, number, stranger->mode == TOKEN ? "bm90IGEgdG9rZW4" : "");
	send_message(stranger, text);
}

static void guess(struct stranger *stranger)
{
	char text[200];

	stranger->guesses++;
	snprintf(text, sizeof(text),
		"{\"id\":\"2\",\"type\":\"pair_confirm\",\"payload\":{\"code\":\"%06u\"}}",
		random_below(1000000));
	send_message(stranger, text);
}

static void on_connected(struct flood *flood, struct stranger *stranger)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(stranger->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		flood->dropped++;
		end(flood, stranger);
		return;
	}
	flood->connected++;
	stranger->step = stranger->mode == DRIP ? SENDING : UPGRADING;
	if (stranger->mode == HALF) {
		send(stranger->fd, REQUEST, 40, MSG_NOSIGNAL);
	} else if (stranger->mode > DRIP) {
		send(stranger->fd, REQUEST, sizeof(REQUEST) - 1, MSG_NOSIGNAL);
	}
	watch(flood, stranger, EPOLLIN, EPOLL_CTL_MOD);
}

static void on_answer(struct flood *flood, struct stranger *stranger, const char *answer)
{
	if (stranger->step == UPGRADING && strstr(answer, " 101 ") != NULL) {
		flood->upgraded++;
		stranger->step = ASKED;
		if (stranger->mode >= ASK) {
			say_hello(stranger);
		}
	}
	flood->refused += strstr(answer, "\"error\"") != NULL;
	flood->paired += strstr(answer, "pair_success") != NULL;
	if (strstr(answer, "pairing_required") != NULL) {
		flood->codes++;
	} else if (strstr(answer, "pair_failed") == NULL) {
		return;
	}
	if (stranger->mode == GUESS && stranger->guesses < 3) {
		guess(stranger);
	}
}

static void on_event(struct flood *flood, struct stranger *stranger)
{
	char answer[4096];
	ssize_t length;

	if (stranger->step == CONNECTING) {
		on_connected(flood, stranger);
		return;
	}
	length = recv(stranger->fd, answer, sizeof(answer) - 1, 0);
	if (length > 0) {
		for (ssize_t i = 0; i < length; i++) {
			answer[i] = answer[i] == '\0' ? ' ' : answer[i];
		}
		answer[length] = '\0';
		on_answer(flood, stranger, answer);
	} else if (length == 0 || errno != EAGAIN) {
		flood->dropped++;
		end(flood, stranger);
	}
}

static void drip(struct flood *flood)
{
	static const char request[] = REQUEST;
	struct stranger *stranger;
	int64_t now = now_ns();

	TAILQ_FOREACH (stranger, &flood->strangers, link) {
		if (stranger->step == SENDING && now - stranger->drip_ns > DRIP_NS &&
			stranger->sent < sizeof(REQUEST) - 3) {
			stranger->drip_ns = now;
			send(stranger->fd, &request[stranger->sent++], 1, MSG_NOSIGNAL);
		}
	}
}

static bool is_input_open(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	return poll(&input, 1, 0) == 0 || read(STDIN_FILENO, &byte, 1) > 0;
}

static void run(struct flood *flood, double per_second, double seconds)
{
	int64_t start = now_ns(), now;
	bool is_told = false;

	while (now = now_ns(),
		seconds > 0 ? (double)(now - start) < seconds * 1e9 : is_input_open()) {
		double due = (double)(now - start) / 1e9 * per_second;
		struct epoll_event events[EVENTS];
		int count;

		for (unsigned burst = 0; (double)flood->attempts < due && burst < 64; burst++) {
			begin(flood);
		}
		if (!is_told && flood->attempts >= flood->address_count) {
			is_told = true;
			printf("flooding\n");
			fflush(stdout);
		}
		drip(flood);
		count = epoll_wait(flood->epoll_fd, events, EVENTS, 2);
		for (int i = 0; i < count; i++) {
			on_event(flood, events[i].data.ptr);
		}
	}
	printf("{\"seconds\":%.2f,\"attempts\":%llu,\"connected\":%llu,\"upgraded\":%llu,"
	       "\"codes\":%llu,\"refused\":%llu,\"dropped\":%llu,\"paired\":%llu}\n",
		(double)(now - start) / 1e9, (unsigned long long)flood->attempts,
		(unsigned long long)flood->connected, (unsigned long long)flood->upgraded,
		(unsigned long long)flood->codes, (unsigned long long)flood->refused,
		(unsigned long long)flood->dropped, (unsigned long long)flood->paired);
}

int main(int argc, char **argv)
{
	struct flood flood = { .epoll_fd = epoll_create1(0) };
	struct rlimit files = { .rlim_cur = HELD_MAX + 64 };

	if (argc != 8) {
		die("usage: bench_flood HOST PORT MODE FIRST_ADDRESS ADDRESS_COUNT PER_SECOND SECONDS");
	}
	while (flood.mode < MIXED && strcmp(mode_names[flood.mode], argv[3]) != 0) {
		flood.mode++;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	TAILQ_INIT(&flood.strangers);
	parse(argv[1], (unsigned)atoi(argv[2]), &flood.target);
	flood.first_address = argv[4];
	flood.address_count = (unsigned)atoi(argv[5]);
	run(&flood, atof(argv[6]), atof(argv[7]));
	while (!TAILQ_EMPTY(&flood.strangers)) {
		end(&flood, TAILQ_FIRST(&flood.strangers));
	}
	return 0;
}
