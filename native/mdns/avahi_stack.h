#pragma once

#include <avahi-core/core.h>

/*
 * An mDNS stack of our own (avahi-core): on IPv4 and IPv6, on every interface, sharing UDP port
 * 5353 with other stacks. What the network can make it store is capped. NULL and *avahi_error on
 * failure.
 */

/* Its records are for "<host>.local"; publishes nothing by itself and looks nothing up. */
AvahiServer *avahi_stack_publisher(const AvahiPoll *poll, const char *host,
	AvahiServerCallback changed, void *user, int *avahi_error);
/* Publishes nothing; for lookups. */
AvahiServer *avahi_stack_resolver(const AvahiPoll *poll, int *avahi_error);
