#pragma once

#include <avahi-core/core.h>

struct loop;
struct host_addresses;

/*
 * This host's addresses as records of a server made by avahi_stack_publisher(), each on its own
 * interface, kept up to date as interfaces come and go; IPv6 ones once the IPv4 ones are announced,
 * since Hubs take the first address that they hear of. Loopback and point-to-point interfaces are
 * left out.
 *
 * avahi-core could do this itself, but then it also claims the reverse names
 * ("1.0.168.192.in-addr.arpa"), which an avahi-daemon on the same host claims too: both would find
 * their host name taken and rename themselves endlessly (Avahi 0.8).
 *
 * collided: another host has the name. Called from within Avahi: it must not free the server. NULL
 * with errno if the kernel cannot be asked.
 */
struct host_addresses *host_addresses_create(
	struct loop *loop, AvahiServer *server, void (*collided)(void *user), void *user);
void host_addresses_destroy(struct host_addresses *addresses); /* before the server; NULL is fine */
