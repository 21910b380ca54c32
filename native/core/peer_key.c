#include "core/peer_key.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NETWORK_BYTES 8 /* a /64 */

struct peer_key peer_key_exact(const struct sockaddr *address)
{
	struct peer_key key = { { 0 } };

	if (address->sa_family == AF_INET) {
		key.bytes[10] = key.bytes[11] = 0xff;
		memcpy(key.bytes + 12,
			&((const struct sockaddr_in *)(const void *)address)->sin_addr,
			sizeof(struct in_addr));
	} else if (address->sa_family == AF_INET6) {
		memcpy(key.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
			sizeof(struct in6_addr));
	}
	return key;
}

struct peer_key peer_key_of_socket(const struct sockaddr *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct peer_key key = peer_key_exact(address);

	if (memcmp(key.bytes, mapped, sizeof(mapped)) != 0) {
		memset(key.bytes + NETWORK_BYTES, 0, sizeof(key.bytes) - NETWORK_BYTES);
	}
	return key;
}

/* False: it does not parse. */
static bool parse(const char *address, struct sockaddr_in6 *out)
{
	struct sockaddr_in *v4 = (void *)out;
	char text[INET6_ADDRSTRLEN] = "";
	size_t length = strcspn(address, "%");

	if (length >= sizeof(text)) {
		return false;
	}
	memcpy(text, address, length);
	out->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, text, &out->sin6_addr) == 1) {
		return true;
	}
	v4->sin_family = AF_INET;
	return inet_pton(AF_INET, text, &v4->sin_addr) == 1;
}

struct peer_key peer_key_exact_of(const char *address)
{
	struct sockaddr_in6 parsed = { 0 };

	return parse(address, &parsed) ? peer_key_exact((const void *)&parsed)
				       : (struct peer_key){ { 0 } };
}

struct peer_key peer_key_of(const char *address)
{
	struct sockaddr_in6 parsed = { 0 };

	return parse(address, &parsed) ? peer_key_of_socket((const void *)&parsed)
				       : (struct peer_key){ { 0 } };
}

bool peer_key_equal(const struct peer_key *a, const struct peer_key *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
