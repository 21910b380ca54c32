#pragma once

#include <stdbool.h>

struct sockaddr;

/*
 * By what limits on unauthenticated peers count: an IPv4 address (also one written as
 * ::ffff:a.b.c.d), or the /64 of an IPv6 address, because one machine can use any address in it.
 */
struct peer_key {
	unsigned char bytes[16];
};

/* address: numeric, "%interface" is ignored. All addresses that do not parse share one key. */
struct peer_key peer_key_of(const char *address);
/* The same from a socket's address; other families share the key of what does not parse. */
struct peer_key peer_key_of_socket(const struct sockaddr *address);
/* Of this very address: of IPv6 all of it, for what belongs to one machine of a network. */
struct peer_key peer_key_exact(const struct sockaddr *address);
struct peer_key peer_key_exact_of(const char *address);
bool peer_key_equal(const struct peer_key *a, const struct peer_key *b);
