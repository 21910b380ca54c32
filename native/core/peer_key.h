#pragma once

#include <stdbool.h>

/*
 * Whom limits on strangers apply to: an IPv4 address (also one written as ::ffff:a.b.c.d), or the
 * /64 that an IPv6 address lies in, because one machine has as many of those as it likes.
 */
struct peer_key {
	unsigned char bytes[16];
};

/* address: numeric, "%interface" is ignored. What does not parse has one key of its own. */
struct peer_key peer_key_of(const char *address);
bool peer_key_equal(const struct peer_key *a, const struct peer_key *b);
