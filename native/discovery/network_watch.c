#include "discovery/network_watch.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#define SETTLE_MS 100
/* A time that is never reached; later ones overflow in the kernel. */
#define NEVER_S (INT64_C(1) << 32)

struct network_watch {
	int netlink_fd;
	int clock_fd;
	struct loop_watch *netlink_watch;
	struct loop_watch *clock_watch;
	struct loop_timer *settle;
	struct strvec known; /* links and addresses */
	bool woke;
	void (*changed)(void *user);
	void *user;
};

static void describe(const struct ifaddrs *entry, struct strvec *network)
{
	const struct sockaddr_in *v4 = (const void *)entry->ifa_addr;
	const struct sockaddr_in6 *v6 = (const void *)entry->ifa_addr;
	char address[INET6_ADDRSTRLEN] = "";

	if (entry->ifa_addr != NULL && entry->ifa_addr->sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, address, sizeof(address));
	} else if (entry->ifa_addr != NULL && entry->ifa_addr->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof(address));
	}
	strvec_push_take(network,
		xasprintf("%s %x %s", entry->ifa_name,
			entry->ifa_flags & (IFF_UP | IFF_RUNNING | IFF_MULTICAST), address));
}

static void read_network(struct strvec *network)
{
	struct ifaddrs *entries = NULL;

	if (getifaddrs(&entries) < 0) {
		return; /* out of memory or descriptors: the next change retries */
	}
	for (const struct ifaddrs *each = entries; each != NULL; each = each->ifa_next) {
		describe(each, network);
	}
	freeifaddrs(entries);
}

static void on_settled(void *user)
{
	struct network_watch *watch = user;
	AUTO(strvec_finish) struct strvec network = { 0 };
	bool news = watch->woke;

	read_network(&network);
	news = news || !strvec_equal(&network, &watch->known);
	strvec_copy(&watch->known, &network);
	watch->woke = false;
	if (news) {
		watch->changed(watch->user);
	}
}

static void on_netlink(void *user, uint32_t events)
{
	struct network_watch *watch = user;
	char message[8192];

	/* The content is looked up later; an overrun (ENOBUFS) counts as a change too. */
	while (recv(watch->netlink_fd, message, sizeof(message), MSG_DONTWAIT) > 0) {
	}
	loop_timer_set(watch->settle, SETTLE_MS);
}

static bool arm_clock(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = NEVER_S } };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

static void on_clock(void *user, uint32_t events)
{
	struct network_watch *watch = user;
	uint64_t expirations;

	if (read(watch->clock_fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED) {
		watch->woke = true;
		loop_timer_set(watch->settle, SETTLE_MS);
	}
	arm_clock(watch->clock_fd);
}

static int open_netlink(void)
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	AUTO(close_fd)
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0) {
		return -1;
	}
	return TAKE_FD(fd);
}

struct network_watch *network_watch_create(
	struct loop *loop, void (*changed)(void *user), void *user)
{
	AUTO(close_fd) int netlink_fd = open_netlink();
	AUTO(close_fd)
	int clock_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct network_watch *watch;

	if (netlink_fd < 0 || clock_fd < 0 || !arm_clock(clock_fd)) {
		return NULL;
	}
	watch = xcalloc(1, sizeof(*watch));
	watch->changed = changed;
	watch->user = user;
	watch->netlink_fd = TAKE_FD(netlink_fd);
	watch->clock_fd = TAKE_FD(clock_fd);
	watch->netlink_watch =
		loop_watch_add(loop, watch->netlink_fd, LOOP_READ, on_netlink, watch);
	watch->clock_watch = loop_watch_add(loop, watch->clock_fd, LOOP_READ, on_clock, watch);
	watch->settle = loop_timer_create(loop, on_settled, watch);
	read_network(&watch->known);
	return watch;
}

void network_watch_destroy(struct network_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	loop_watch_remove(watch->netlink_watch);
	loop_watch_remove(watch->clock_watch);
	loop_timer_destroy(watch->settle);
	close_fd(&watch->netlink_fd);
	close_fd(&watch->clock_fd);
	strvec_finish(&watch->known);
	free(watch);
}

/* --- Addresses --- */

static bool reachable_to_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET) {
		return inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN) != NULL;
	}
	return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
	       inet_ntop(AF_INET6, &v6->sin6_addr, text, INET6_ADDRSTRLEN) != NULL;
}

static void append_family(
	struct strvec *addresses, const struct ifaddrs *interfaces, sa_family_t family)
{
	char text[INET6_ADDRSTRLEN];

	for (const struct ifaddrs *one = interfaces; one != NULL; one = one->ifa_next) {
		if (one->ifa_addr != NULL && one->ifa_addr->sa_family == family &&
			(one->ifa_flags & IFF_LOOPBACK) == 0 &&
			reachable_to_text(one->ifa_addr, text)) {
			strvec_push(addresses, text);
		}
	}
}

void network_watch_addresses(struct strvec *addresses)
{
	struct ifaddrs *interfaces = NULL;

	if (getifaddrs(&interfaces) < 0) {
		return;
	}
	append_family(addresses, interfaces, AF_INET);
	append_family(addresses, interfaces, AF_INET6);
	freeifaddrs(interfaces);
}
