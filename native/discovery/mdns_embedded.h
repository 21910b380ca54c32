#pragma once

#include "core/error.h"

#include <avahi-common/watch.h>

struct loop;
struct mdns_embedded;
struct mdns_service;

/*
 * Publishing without avahi-daemon: an mDNS responder of our own (avahi-core), with a host name of
 * its own that points at every address of this host. It shares UDP port 5353 with others. Fails
 * and collides like mdns_daemon.h, and tries again after a growing pause.
 */
enum mdns_embedded_state {
	MDNS_EMBEDDED_STARTING,
	MDNS_EMBEDDED_PUBLISHED,
	MDNS_EMBEDDED_COLLISION,
	MDNS_EMBEDDED_BROKEN, /* no socket, no network … */
};

/* As mdns_daemon_create(). */
struct mdns_embedded *mdns_embedded_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_service *service, void (*changed)(void *user), void *user);
void mdns_embedded_destroy(struct mdns_embedded *embedded); /* says goodbye; NULL is fine */
enum mdns_embedded_state mdns_embedded_state(const struct mdns_embedded *embedded);
/* Why it is BROKEN; borrowed until the next change. */
const struct error *mdns_embedded_error(const struct mdns_embedded *embedded);
/* Announces the service's present TXT record, if it is published. */
void mdns_embedded_refresh(struct mdns_embedded *embedded);
