#pragma once

#include <stdbool.h>

struct sockaddr;

/*
 * May a stranger's URL lead to this address? Only where it belongs to somebody on the internet:
 * globally reachable by IANA's special-purpose registries, and outside every network that this
 * device is attached to: its own addresses and its neighbours' may well be public ones. NAT64's are
 * what the IPv4 address in them is; mapped ones and 6to4, which no server of today needs, are
 * refused. The networks for documentation, which are nobody's, pass. Other families than IPv4 and
 * IPv6: false.
 */
bool address_check_is_foreign(const struct sockaddr *address);

/* The first half alone, which asks no system: not loopback, private, link-local, multicast … */
bool address_check_is_global(const struct sockaddr *address);
