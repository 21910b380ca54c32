#include "mdns/host_addresses.h"

#include "core/loop.h"
#include "core/xalloc.h"
#include "discovery/network_watch.h"

#include <avahi-core/publish.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A host with more addresses than this is found by the first of them. */
#define ADDRESSES_MAX 64
/* How long IPv6 waits for IPv4 to be announced. */
#define IPV4_WAIT_MS 3000

struct record {
	AvahiIfIndex interface;
	AvahiAddress address;
	AvahiSEntryGroup *group;
	bool is_established;
	bool present; /* scratch of update() */
};

struct host_addresses {
	AvahiServer *server;
	void (*collided)(void *user);
	void *user;
	struct network_watch *network;
	struct loop_timer *turn;  /* update(), outside Avahi's callbacks */
	int64_t waiting_since_ms; /* for IPv4 to be announced; 0: not */
	struct record records[ADDRESSES_MAX];
	size_t count;
};

static void on_group(
	AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *user)
{
	struct host_addresses *addresses = user;

	if (state == AVAHI_ENTRY_GROUP_COLLISION) {
		addresses->collided(addresses->user);
	} else if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) {
		for (size_t i = 0; i < addresses->count; i++) {
			addresses->records[i].is_established |=
				addresses->records[i].group == group;
		}
		loop_timer_set(addresses->turn, 0);
	}
}

/* False for addresses that are useless to others. */
static bool read_address(const struct ifaddrs *from, struct record *record)
{
	const unsigned needed = IFF_UP | IFF_MULTICAST, barred = IFF_LOOPBACK | IFF_POINTOPOINT;

	if (from->ifa_addr == NULL || (from->ifa_flags & (needed | barred)) != needed) {
		return false;
	}
	*record = (struct record){ .interface = (AvahiIfIndex)if_nametoindex(from->ifa_name) };
	switch (from->ifa_addr->sa_family) {
	case AF_INET:
		record->address.proto = AVAHI_PROTO_INET;
		record->address.data.ipv4.address =
			((const struct sockaddr_in *)from->ifa_addr)->sin_addr.s_addr;
		break;
	case AF_INET6:
		record->address.proto = AVAHI_PROTO_INET6;
		memcpy(record->address.data.ipv6.address,
			&((const struct sockaddr_in6 *)from->ifa_addr)->sin6_addr,
			sizeof(record->address.data.ipv6.address));
		break;
	default:
		return false;
	}
	return record->interface > 0;
}

static struct record *find(struct host_addresses *addresses, const struct record *like)
{
	for (size_t i = 0; i < addresses->count; i++) {
		struct record *record = &addresses->records[i];

		if (record->interface == like->interface &&
			avahi_address_cmp(&record->address, &like->address) == 0) {
			return record;
		}
	}
	return NULL;
}

static void add(struct host_addresses *addresses, const struct record *like)
{
	struct record *record = &addresses->records[addresses->count];

	*record = *like;
	record->group = avahi_s_entry_group_new(addresses->server, on_group, addresses);
	if (record->group == NULL) {
		return;
	}
	if (avahi_server_add_address(addresses->server, record->group, record->interface,
		    AVAHI_PROTO_UNSPEC, AVAHI_PUBLISH_NO_REVERSE, NULL, &record->address) < 0 ||
		avahi_s_entry_group_commit(record->group) < 0) {
		avahi_s_entry_group_free(record->group);
		return;
	}
	addresses->count++;
}

/* Adds those of one family that are new, and notes which are still there. */
static void add_family(
	struct host_addresses *addresses, const struct ifaddrs *interfaces, AvahiProtocol protocol)
{
	for (const struct ifaddrs *each = interfaces; each != NULL; each = each->ifa_next) {
		struct record found, *known;

		if (!read_address(each, &found) || found.address.proto != protocol) {
			continue;
		}
		found.present = true;
		known = find(addresses, &found);
		if (known != NULL) {
			known->present = true;
		} else if (addresses->count < ADDRESSES_MAX) {
			add(addresses, &found);
		}
	}
}

static bool is_ipv4_announced(const struct host_addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		const struct record *record = &addresses->records[i];

		if (record->address.proto == AVAHI_PROTO_INET && !record->is_established) {
			return false;
		}
	}
	return true;
}

static bool must_wait(struct host_addresses *addresses)
{
	int64_t now_ms = loop_now_ms();

	if (is_ipv4_announced(addresses)) {
		addresses->waiting_since_ms = 0;
	} else if (addresses->waiting_since_ms == 0) {
		addresses->waiting_since_ms = now_ms;
	}
	return addresses->waiting_since_ms != 0 &&
	       now_ms - addresses->waiting_since_ms < IPV4_WAIT_MS;
}

static void mark_ipv6_present(struct host_addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		addresses->records[i].present |=
			addresses->records[i].address.proto == AVAHI_PROTO_INET6;
	}
}

/* IPv4 first: Hubs take the first address that they hear of. */
static void update(void *user)
{
	struct host_addresses *addresses = user;
	struct ifaddrs *interfaces;

	if (getifaddrs(&interfaces) < 0) {
		return; /* out of memory or descriptors: the next change retries */
	}
	for (size_t i = 0; i < addresses->count; i++) {
		addresses->records[i].present = false;
	}
	add_family(addresses, interfaces, AVAHI_PROTO_INET);
	if (must_wait(addresses)) {
		mark_ipv6_present(addresses);
		loop_timer_set(addresses->turn, IPV4_WAIT_MS);
	} else {
		add_family(addresses, interfaces, AVAHI_PROTO_INET6);
	}
	for (size_t i = addresses->count; i > 0; i--) {
		struct record *record = &addresses->records[i - 1];

		if (!record->present) {
			avahi_s_entry_group_free(record->group);
			*record = addresses->records[--addresses->count];
		}
	}
	freeifaddrs(interfaces);
}

struct host_addresses *host_addresses_create(
	struct loop *loop, AvahiServer *server, void (*collided)(void *user), void *user)
{
	struct host_addresses *addresses = xcalloc(1, sizeof(*addresses));

	addresses->server = server;
	addresses->collided = collided;
	addresses->user = user;
	addresses->turn = loop_timer_create(loop, update, addresses);
	addresses->network = network_watch_create(loop, update, addresses);
	if (addresses->network == NULL) {
		loop_timer_destroy(addresses->turn);
		free(addresses);
		return NULL;
	}
	update(addresses);
	return addresses;
}

void host_addresses_destroy(struct host_addresses *addresses)
{
	if (addresses == NULL) {
		return;
	}
	network_watch_destroy(addresses->network);
	loop_timer_destroy(addresses->turn);
	free(addresses);
}
