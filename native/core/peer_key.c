#include "core/peer_key.h"

#include <arpa/inet.h>
#include <string.h>

#define NETWORK_BYTES 8 /* a /64 */

struct peer_key peer_key_of(const char *address)
{
	struct peer_key key = { { 0 } };
	char text[INET6_ADDRSTRLEN] = "";
	size_t length = strcspn(address, "%");
	struct in6_addr v6;
	struct in_addr v4;

	if (length >= sizeof(text)) {
		return key;
	}
	memcpy(text, address, length);
	if (inet_pton(AF_INET, text, &v4) == 1) {
		key.bytes[10] = key.bytes[11] = 0xff;
		memcpy(key.bytes + 12, &v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(key.bytes, &v6, IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof(v6) : NETWORK_BYTES);
	}
	return key;
}

bool peer_key_equal(const struct peer_key *a, const struct peer_key *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
