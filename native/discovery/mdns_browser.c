#include "core/error.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/avahi_poll.h"
#include "discovery/mdns.h"
#include "discovery/mdns_lookup.h"
#include "proto/proto_mdns.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/*
 * From Avahi's "all for now", a second after the first query: a responder that has just announced
 * itself may hold its answer back for a second (RFC 6762 §6), and then everything is resolved.
 */
#define SETTLE_MS 1000
#define LOOK_AGAIN_MS 1000
/*
 * How long an IPv6 address waits for an IPv4 one: the answers over the two come apart, by a second
 * where one is held back, and Hubs keep the first that they get.
 */
#define PREFER_MS 2500

/* A service as seen on one interface with one protocol. */
struct sighting {
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	struct service *service;
	char *host; /* NULL: not resolved, or nowhere to connect to; nothing below is known */
	AvahiAddress address;
	uint16_t port;
	struct strvec txt;
	LIST_ENTRY(sighting) link;
};

/* A service by its name; many sightings are one service. */
struct service {
	struct mdns_browser *browser;
	char *name;
	LIST_HEAD(, sighting) sightings;
	bool changed;		     /* since it was last looked at for news */
	struct loop_timer *patience; /* runs while an IPv4 address is waited for */
	/* What was last reported; host is NULL before. */
	char *host;
	char *address;
	uint16_t port;
	struct strvec txt;
	LIST_ENTRY(service) link;
};

struct mdns_browser {
	struct loop *loop;
	AvahiPoll poll;
	char *type;
	struct mdns_browser_events events;
	void *user;
	struct mdns_lookup *lookup;
	LIST_HEAD(, service) services;
	unsigned sighting_count;
	struct loop_timer *start;  /* makes the lookup */
	struct loop_timer *turn;   /* reports one piece of news, outside Avahi's callbacks */
	struct loop_timer *settle; /* ends the wait for answers */
	bool all_for_now;
	bool settled;
	struct error failure; /* to be reported, or zeroed */
};

static void free_sighting(struct sighting *sighting)
{
	LIST_REMOVE(sighting, link);
	sighting->service->browser->sighting_count--;
	free(sighting->host);
	strvec_finish(&sighting->txt);
	free(sighting);
}

static void forget_sightings(struct service *service)
{
	while (!LIST_EMPTY(&service->sightings)) {
		free_sighting(LIST_FIRST(&service->sightings));
	}
}

static void free_service(struct service *service)
{
	LIST_REMOVE(service, link);
	loop_timer_destroy(service->patience);
	forget_sightings(service);
	free(service->name);
	free(service->host);
	free(service->address);
	strvec_finish(&service->txt);
	free(service);
}

static void note_change(struct service *service)
{
	service->changed = true;
	loop_timer_set(service->browser->turn, 0);
}

static void on_patience(void *user)
{
	note_change(user);
}

static struct service *find_service(struct mdns_browser *browser, const char *name)
{
	struct service *service;

	LIST_FOREACH (service, &browser->services, link) {
		if (strcmp(service->name, name) == 0) {
			break;
		}
	}
	return service;
}

static struct service *add_service(struct mdns_browser *browser, const char *name)
{
	struct service *service = xcalloc(1, sizeof(*service));

	service->browser = browser;
	service->name = xstrdup(name);
	service->patience = loop_timer_create(browser->loop, on_patience, service);
	loop_timer_set(service->patience, PREFER_MS);
	LIST_INSERT_HEAD(&browser->services, service, link);
	return service;
}

/* service: NULL has none. */
static struct sighting *find_sighting(struct service *service, const struct mdns_sighting *seen)
{
	struct sighting *sighting = service != NULL ? LIST_FIRST(&service->sightings) : NULL;

	while (sighting != NULL &&
		(sighting->interface != seen->interface || sighting->protocol != seen->protocol)) {
		sighting = LIST_NEXT(sighting, link);
	}
	return sighting;
}

/* NULL: too many services. */
static struct sighting *find_or_add(struct mdns_browser *browser, const struct mdns_sighting *seen)
{
	struct service *service = find_service(browser, seen->name);
	struct sighting *sighting = find_sighting(service, seen);

	if (sighting != NULL || browser->sighting_count == MDNS_SIGHTINGS_MAX) {
		return sighting;
	}
	if (service == NULL) {
		service = add_service(browser, seen->name);
	}
	sighting = xcalloc(1, sizeof(*sighting));
	sighting->interface = seen->interface;
	sighting->protocol = seen->protocol;
	sighting->service = service;
	LIST_INSERT_HEAD(&service->sightings, sighting, link);
	browser->sighting_count++;
	return sighting;
}

/* --- What a stranger on the network may claim --- */

static bool is_loopback_interface(AvahiIfIndex interface)
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned)interface, name) != NULL && strcmp(name, "lo") == 0;
}

/* Of 169.254.0.0/16, which is on every link, whether or not we have an address of it. */
static bool is_no_link_local_host(uint32_t address)
{
	uint32_t rest = ntohl(address) & 0xffff;

	return ntohl(address) >> 16 == 0xa9fe && (rest == 0 || rest == 0xffff);
}

/* The first or the last address of one of our networks: that network's own, or everybody's. */
static bool is_no_host(uint32_t address)
{
	struct ifaddrs *interfaces;
	bool found = false;

	if (getifaddrs(&interfaces) < 0) {
		return false;
	}
	for (const struct ifaddrs *each = interfaces; each != NULL; each = each->ifa_next) {
		const struct sockaddr_in *own = (const void *)each->ifa_addr;
		const struct sockaddr_in *mask = (const void *)each->ifa_netmask;
		uint32_t rest;

		if (own == NULL || mask == NULL || own->sin_family != AF_INET) {
			continue;
		}
		rest = ~ntohl(mask->sin_addr.s_addr);
		found = found ||
			(rest > 1 &&
				((own->sin_addr.s_addr ^ address) & mask->sin_addr.s_addr) == 0 &&
				((ntohl(address) & rest) == 0 || (ntohl(address) & rest) == rest));
	}
	freeifaddrs(interfaces);
	return found;
}

static bool is_usable_ipv4(uint32_t address, AvahiIfIndex interface)
{
	unsigned first = ntohl(address) >> 24;

	if (first == 127) {
		return is_loopback_interface(interface);
	}
	/* "This network", multicast, reserved, broadcast. */
	return first != 0 && first < 224 && !is_no_link_local_host(address) && !is_no_host(address);
}

static bool is_usable_ipv6(const struct in6_addr *address, AvahiIfIndex interface)
{
	if (IN6_IS_ADDR_LOOPBACK(address)) {
		return is_loopback_interface(interface);
	}
	return !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_MULTICAST(address) &&
	       !IN6_IS_ADDR_V4MAPPED(address) && !IN6_IS_ADDR_V4COMPAT(address);
}

/* Can one connect there at all? Another host's loopback address would be ours. */
static bool is_usable(const struct mdns_sighting *seen)
{
	struct in6_addr address;

	if (seen->port == 0) {
		return false;
	}
	if (seen->address.proto == AVAHI_PROTO_INET) {
		return is_usable_ipv4(seen->address.data.ipv4.address, seen->interface);
	}
	memcpy(&address, seen->address.data.ipv6.address, sizeof(address));
	return is_usable_ipv6(&address, seen->interface);
}

static void on_seen(void *user, const struct mdns_sighting *seen)
{
	struct sighting *sighting = find_or_add(user, seen);

	if (sighting == NULL) {
		return;
	}
	free(sighting->host);
	sighting->host = seen->host != NULL && is_usable(seen) ? xstrdup(seen->host) : NULL;
	if (sighting->host != NULL) {
		sighting->address = seen->address;
		sighting->port = seen->port;
		strvec_copy(&sighting->txt, seen->txt);
	}
	note_change(sighting->service);
}

static void on_gone(void *user, const struct mdns_sighting *gone)
{
	struct service *service = find_service(user, gone->name);
	struct sighting *sighting = find_sighting(service, gone);

	if (sighting != NULL) {
		free_sighting(sighting);
		note_change(service);
	}
}

static void on_all_for_now(void *user)
{
	struct mdns_browser *browser = user;

	browser->all_for_now = true;
	loop_timer_set(browser->settle, SETTLE_MS);
}

static void on_lost(void *user, const struct error *why)
{
	struct mdns_browser *browser = user;

	if (why != NULL) {
		browser->failure = *why;
		loop_timer_set(browser->turn, 0);
		return;
	}
	loop_timer_set(browser->start, LOOK_AGAIN_MS);
}

/* --- News --- */

static bool is_loopback(const AvahiAddress *address)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	return address->proto == AVAHI_PROTO_INET
		       ? ((const uint8_t *)&address->data.ipv4.address)[0] == 127
		       : memcmp(address->data.ipv6.address, loopback, sizeof(loopback)) == 0;
}

static bool is_link_local(const AvahiAddress *address)
{
	const uint8_t *bytes = address->data.data;

	return address->proto == AVAHI_PROTO_INET ? bytes[0] == 169 && bytes[1] == 254
						  : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/* Smaller is better: IPv4, then what works beyond the link; this host's own loopback last. */
static int rank(const struct sighting *sighting)
{
	return (is_loopback(&sighting->address) ? 4 : 0) +
	       (sighting->address.proto == AVAHI_PROTO_INET6 ? 2 : 0) +
	       (is_link_local(&sighting->address) ? 1 : 0);
}

static const struct sighting *best_sighting(const struct service *service)
{
	const struct sighting *each, *best = NULL;

	LIST_FOREACH (each, &service->sightings, link) {
		if (each->host != NULL && (best == NULL || rank(each) < rank(best))) {
			best = each;
		}
	}
	return best;
}

static char *format_address(const struct sighting *sighting)
{
	char text[AVAHI_ADDRESS_STR_MAX];
	char name[IF_NAMESIZE];

	avahi_address_snprint(text, sizeof(text), &sighting->address);
	if (sighting->address.proto == AVAHI_PROTO_INET6 && is_link_local(&sighting->address) &&
		if_indextoname((unsigned)sighting->interface, name) != NULL) {
		return xasprintf("%s%%%s", text, name);
	}
	return xstrdup(text);
}

static bool is_patient(const struct mdns_browser *browser)
{
	return !browser->all_for_now || loop_timer_running(browser->settle);
}

/* At first an IPv6 address is held back, since an IPv4 one may follow. */
static bool is_waiting(const struct service *service)
{
	const struct sighting *best = best_sighting(service);

	return (is_patient(service->browser) || loop_timer_running(service->patience)) &&
	       (best == NULL || best->address.proto != AVAHI_PROTO_INET);
}

/* Takes over what is known now; false if that is what was reported before. */
static bool take_news(struct service *service)
{
	const struct sighting *best = best_sighting(service);
	char *address;

	service->changed = false;
	if (best == NULL) {
		return false;
	}
	address = format_address(best);
	if (service->host != NULL && strcmp(service->host, best->host) == 0 &&
		strcmp(service->address, address) == 0 && service->port == best->port &&
		strvec_equal(&service->txt, &best->txt)) {
		free(address);
		return false;
	}
	free(service->host);
	free(service->address);
	service->host = xstrdup(best->host);
	service->address = address;
	service->port = best->port;
	strvec_copy(&service->txt, &best->txt);
	return true;
}

static void report_removed(struct mdns_browser *browser, struct service *service)
{
	char *name = service->host != NULL ? xstrdup(service->name) : NULL;

	free_service(service);
	if (name != NULL) {
		browser->events.removed(browser->user, name);
		free(name);
	}
}

static void report_found(struct service *service)
{
	struct mdns_browser *browser = service->browser;

	browser->events.found(browser->user, &(struct mdns_found){ .name = service->name,
						     .host = service->host,
						     .address = service->address,
						     .port = service->port,
						     .txt = &service->txt });
}

/* Reports one thing and then returns: the listener may destroy the browser. */
static void on_turn(void *user)
{
	struct mdns_browser *browser = user;
	struct service *service;

	LIST_FOREACH (service, &browser->services, link) {
		if (LIST_EMPTY(&service->sightings)) {
			loop_timer_set(browser->turn, 0);
			report_removed(browser, service);
			return;
		}
		if (service->changed && !is_waiting(service) && take_news(service)) {
			loop_timer_set(browser->turn, 0);
			report_found(service);
			return;
		}
	}
	if (browser->failure.kind != ERROR_NONE) {
		struct error failure = browser->failure;

		browser->failure = (struct error){ 0 };
		browser->events.failed(browser->user, &failure);
		return;
	}
	if (!browser->settled && !is_patient(browser)) {
		browser->settled = true;
		browser->events.settled(browser->user);
	}
}

static void on_start(void *user)
{
	struct mdns_browser *browser = user;
	struct service *service;
	static const struct mdns_lookup_events events = {
		.seen = on_seen,
		.gone = on_gone,
		.all_for_now = on_all_for_now,
		.lost = on_lost,
	};

	LIST_FOREACH (service, &browser->services, link) {
		forget_sightings(service);
		note_change(service);
	}
	mdns_lookup_destroy(browser->lookup);
	browser->lookup =
		mdns_lookup_create(browser->loop, &browser->poll, browser->type, &events, browser);
}

struct mdns_browser *mdns_browser_create(
	struct loop *loop, const char *type, const struct mdns_browser_events *events, void *user)
{
	struct mdns_browser *browser = xcalloc(1, sizeof(*browser));

	browser->loop = loop;
	avahi_poll_init(&browser->poll, loop);
	browser->type = xstrdup(type);
	browser->events = *events;
	browser->user = user;
	browser->start = loop_timer_create(loop, on_start, browser);
	browser->turn = loop_timer_create(loop, on_turn, browser);
	browser->settle = loop_timer_create(loop, on_turn, browser);
	loop_timer_set(browser->start, 0);
	return browser;
}

void mdns_browser_destroy(struct mdns_browser *browser)
{
	if (browser == NULL) {
		return;
	}
	while (!LIST_EMPTY(&browser->services)) {
		free_service(LIST_FIRST(&browser->services));
	}
	mdns_lookup_destroy(browser->lookup);
	loop_timer_destroy(browser->start);
	loop_timer_destroy(browser->turn);
	loop_timer_destroy(browser->settle);
	free(browser->type);
	free(browser);
}
