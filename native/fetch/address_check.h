#pragma once

#include <stdbool.h>

struct sockaddr;

/*
 * May an untrusted URL lead to this address? Only to the internet: globally reachable by IANA's
 * special-purpose registries, and outside every network that this device is attached to, since its
 * own addresses and its neighbours' may be public ones. NAT64 addresses count as the IPv4 address
 * in them; mapped ones and 6to4, which servers no longer need, are refused. The unused networks for
 * documentation pass. Other families than IPv4 and IPv6: false.
 */
bool address_check_is_foreign(const struct sockaddr *address);

/*
 * Only the first check, without looking at the system: not loopback, private, link-local, multicast
 * …
 */
bool address_check_is_global(const struct sockaddr *address);
