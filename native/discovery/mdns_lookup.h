#pragma once

#include <avahi-common/address.h>
#include <avahi-common/watch.h>
#include <stdint.h>

struct error;
struct loop;
struct mdns_lookup;
struct strvec;

/* A service as seen on one interface with one protocol; everything borrowed during the call. */
struct mdns_sighting {
	const char *name;
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	/* Where it is: */
	const char *host; /* NULL: it does not resolve at present, and nothing below is set */
	AvahiAddress address;
	uint16_t port;
	const struct strvec *txt;
};

/*
 * Looks for services of one type and resolves each sighting, through avahi-daemon if it runs, else
 * capydeck-mdns. The events must not destroy the lookup.
 */
struct mdns_lookup_events {
	void (*seen)(void *user, const struct mdns_sighting *sighting); /* again when it changes */
	void (*gone)(void *user, const struct mdns_sighting *sighting);
	void (*all_for_now)(void *user);
	/*
	 * Nothing more is reported. why NULL: the responder has gone, and another lookup may find a
	 * new one. Errors: IO, NOT_FOUND: neither responder is available.
	 */
	void (*lost)(void *user, const struct error *why);
};

/* poll: of the loop; both outlive it. lost() may come from within. */
struct mdns_lookup *mdns_lookup_create(struct loop *loop, const AvahiPoll *poll, const char *type,
	const struct mdns_lookup_events *events, void *user);
void mdns_lookup_destroy(struct mdns_lookup *lookup); /* NULL is fine */
