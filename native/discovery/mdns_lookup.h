#pragma once

#include <avahi-common/address.h>
#include <avahi-common/defs.h>
#include <avahi-common/strlst.h>
#include <avahi-common/watch.h>
#include <stdint.h>

struct error;
struct mdns_lookup;
struct mdns_resolver;

/*
 * Avahi's lookups without the question of who answers: avahi-daemon if it runs, else a stack of
 * our own. Callbacks come from within Avahi: they may start and destroy resolvers, but must not
 * destroy the lookup. A lookup that is lost (the daemon went away) reports nothing more.
 */
struct mdns_lookup_events {
	void (*appeared)(void *user, AvahiIfIndex interface, AvahiProtocol protocol,
		const char *name, const char *domain);
	void (*disappeared)(void *user, AvahiIfIndex interface, AvahiProtocol protocol,
		const char *name, const char *domain);
	void (*all_for_now)(void *user);
	void (*lost)(void *user);
};

/* NULL where neither can be had. */
struct mdns_lookup *mdns_lookup_create(const AvahiPoll *poll, const char *type,
	const struct mdns_lookup_events *events, void *user, struct error *err);
void mdns_lookup_destroy(struct mdns_lookup *lookup); /* after its resolvers; NULL is fine */

/* What a service resolves to; borrowed. */
struct mdns_resolved {
	const char *host;
	const AvahiAddress *address;
	uint16_t port;
	AvahiStringList *txt;
};

/*
 * Resolves a service that appeared, to an address of the protocol it appeared with. Called anew
 * with every change; with NULL when it did not resolve in time.
 */
struct mdns_resolver *mdns_resolver_create(struct mdns_lookup *lookup, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *name, const char *domain,
	void (*resolved)(void *user, const struct mdns_resolved *resolved), void *user);
void mdns_resolver_destroy(struct mdns_resolver *resolver); /* NULL is fine */
