#include "mdns/packet_gate.h"

#include "core/loop.h"
#include "core/peer_key.h"
#include "core/xalloc.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

/* RFC 6762 §17, and the header of RFC 1035. */
#define PACKET_MAX_BYTES 9000
#define PACKET_MIN_BYTES 12
/* Dropped at once: then others of this program's events have their turn. */
#define DROPS_A_TURN 64
#define SENDERS_MAX 128

/* So many may pass now; it fills with time. */
struct bucket {
	double tokens;
	int64_t filled_ms;
};

struct sender {
	struct peer_key key;
	struct bucket bucket;
};

struct packet_gate {
	AvahiPoll poll; /* what Avahi gets */
	const AvahiPoll *inner;
	struct bucket all;
	struct sender senders[SENDERS_MAX];
	unsigned sender_count;
};

/* Avahi leaves this struct to whoever makes the watches; the inner one's is another. */
struct AvahiWatch {
	struct packet_gate *gate;
	void *inner;
	bool is_guarded;
	AvahiWatchCallback callback;
	void *user;
};

static void fill(struct bucket *bucket, double per_second, double most, int64_t now_ms)
{
	bucket->tokens += (double)(now_ms - bucket->filled_ms) * per_second / 1000;
	bucket->filled_ms = now_ms;
	if (bucket->tokens > most) {
		bucket->tokens = most;
	}
}

static struct sender *find_sender(
	struct packet_gate *gate, const struct peer_key *key, int64_t now_ms)
{
	struct sender *oldest = NULL;

	for (unsigned i = 0; i < gate->sender_count; i++) {
		struct sender *sender = &gate->senders[i];

		if (peer_key_equal(&sender->key, key)) {
			return sender;
		}
		if (oldest == NULL || sender->bucket.filled_ms < oldest->bucket.filled_ms) {
			oldest = sender;
		}
	}
	if (gate->sender_count < SENDERS_MAX) {
		oldest = &gate->senders[gate->sender_count++];
	}
	*oldest = (struct sender){
		.key = *key,
		.bucket = { .tokens = PACKET_GATE_SENDER_BURST, .filled_ms = now_ms },
	};
	return oldest;
}

static bool may_pass(struct packet_gate *gate, const struct sockaddr *from, ssize_t length)
{
	const struct peer_key key = peer_key_exact(from);
	int64_t now_ms = loop_now_ms();
	struct sender *sender;

	if (length < PACKET_MIN_BYTES || length > PACKET_MAX_BYTES) {
		return false;
	}
	sender = find_sender(gate, &key, now_ms);
	fill(&sender->bucket, PACKET_GATE_PER_SENDER, PACKET_GATE_SENDER_BURST, now_ms);
	fill(&gate->all, PACKET_GATE_PER_SECOND, PACKET_GATE_BURST, now_ms);
	if (sender->bucket.tokens < 1 || gate->all.tokens < 1) {
		return false;
	}
	sender->bucket.tokens--;
	gate->all.tokens--;
	return true;
}

/* True: the next packet of this socket is for Avahi to read. */
static bool is_next_for_avahi(struct packet_gate *gate, int fd)
{
	for (unsigned i = 0; i < DROPS_A_TURN; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t size = sizeof(from);
		char byte;
		ssize_t length = recvfrom(fd, &byte, sizeof(byte),
			MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT, (void *)&from, &size);

		if (length < 0) {
			return true; /* Avahi reads the error */
		}
		if (may_pass(gate, (const void *)&from, length)) {
			return true;
		}
		length = recv(fd, &byte, sizeof(byte), MSG_DONTWAIT);
		(void)length;
	}
	return false;
}

static void on_event(AvahiWatch *inner, int fd, AvahiWatchEvent events, void *user)
{
	AvahiWatch *watch = user;

	if (watch->is_guarded && (events & AVAHI_WATCH_IN) && !(events & AVAHI_WATCH_HUP) &&
		!is_next_for_avahi(watch->gate, fd)) {
		return;
	}
	watch->callback(watch, fd, events, watch->user);
}

/* Avahi also watches a netlink socket, which only the kernel writes to. */
static bool is_from_network(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       (domain == AF_INET || domain == AF_INET6);
}

static AvahiWatch *watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent events,
	AvahiWatchCallback callback, void *user)
{
	struct packet_gate *gate = api->userdata;
	AvahiWatch *watch = xcalloc(1, sizeof(*watch));

	watch->gate = gate;
	watch->is_guarded = is_from_network(fd);
	watch->callback = callback;
	watch->user = user;
	watch->inner = gate->inner->watch_new(gate->inner, fd, events, on_event, watch);
	if (watch->inner == NULL) {
		free(watch);
		return NULL;
	}
	return watch;
}

static void watch_update(AvahiWatch *watch, AvahiWatchEvent events)
{
	watch->gate->inner->watch_update(watch->inner, events);
}

static AvahiWatchEvent watch_get_events(AvahiWatch *watch)
{
	return watch->gate->inner->watch_get_events(watch->inner);
}

static void watch_free(AvahiWatch *watch)
{
	watch->gate->inner->watch_free(watch->inner);
	free(watch);
}

static AvahiTimeout *timeout_new(
	const AvahiPoll *api, const struct timeval *when, AvahiTimeoutCallback callback, void *user)
{
	const struct packet_gate *gate = api->userdata;

	return gate->inner->timeout_new(gate->inner, when, callback, user);
}

struct packet_gate *packet_gate_create(const AvahiPoll *poll)
{
	struct packet_gate *gate = xcalloc(1, sizeof(*gate));

	gate->inner = poll;
	gate->all = (struct bucket){ .tokens = PACKET_GATE_BURST, .filled_ms = loop_now_ms() };
	gate->poll = (AvahiPoll){
		.userdata = gate,
		.watch_new = watch_new,
		.watch_update = watch_update,
		.watch_get_events = watch_get_events,
		.watch_free = watch_free,
		.timeout_new = timeout_new,
		.timeout_update = poll->timeout_update,
		.timeout_free = poll->timeout_free,
	};
	return gate;
}

void packet_gate_destroy(struct packet_gate *gate)
{
	free(gate);
}

const AvahiPoll *packet_gate_poll(struct packet_gate *gate)
{
	return &gate->poll;
}
