#include "fetch/address_check.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* In bytes; RFC 6052 §2.2 */
#define V4_EMBEDDED_AT 12

struct network {
	uint8_t prefix[16];
	unsigned prefix_bits;
	enum { REFUSED, ALLOWED, EMBEDS_V4 } verdict;
};

/* https://www.iana.org/assignments/iana-ipv4-special-registry; what is not listed is allowed. */
static const struct network v4_networks[] = {
	{ { 0 }, 8, REFUSED },		  /* this network */
	{ { 10 }, 8, REFUSED },		  /* private */
	{ { 100, 64 }, 10, REFUSED },	  /* shared, behind a carrier's NAT */
	{ { 127 }, 8, REFUSED },	  /* loopback */
	{ { 169, 254 }, 16, REFUSED },	  /* link-local; clouds' metadata */
	{ { 172, 16 }, 12, REFUSED },	  /* private */
	{ { 192, 0, 0 }, 24, REFUSED },	  /* protocols' own */
	{ { 192, 88, 99 }, 24, REFUSED }, /* 6to4 relays */
	{ { 192, 168 }, 16, REFUSED },	  /* private */
	{ { 198, 18 }, 15, REFUSED },	  /* benchmarks */
	{ { 224 }, 4, REFUSED },	  /* multicast */
	{ { 240 }, 4, REFUSED },	  /* reserved, broadcast */
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry; what is not listed is refused. */
static const struct network v6_networks[] = {
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, EMBEDS_V4 }, /* NAT64 */
	{ { 0x20, 0x02 }, 16, REFUSED },	       /* 6to4 */
	{ { 0x20, 0x01 }, 23, REFUSED },	       /* protocols' own, Teredo */
	{ { 0x20 }, 3, ALLOWED },		       /* global unicast */
};

static bool same_bits(const uint8_t *one, const uint8_t *other, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(one, other, whole) == 0 &&
	       (rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0);
}

static const struct network *find_network(
	const struct network *networks, size_t count, const uint8_t *address)
{
	for (size_t i = 0; i < count; i++) {
		if (same_bits(networks[i].prefix, address, networks[i].prefix_bits)) {
			return &networks[i];
		}
	}
	return NULL;
}

static bool is_global_v4(const uint8_t *address)
{
	return find_network(v4_networks, sizeof(v4_networks) / sizeof(v4_networks[0]), address) ==
	       NULL;
}

static bool is_global_v6(const uint8_t *address)
{
	const struct network *network =
		find_network(v6_networks, sizeof(v6_networks) / sizeof(v6_networks[0]), address);

	if (network == NULL || network->verdict == REFUSED) {
		return false;
	}
	return network->verdict == ALLOWED || is_global_v4(address + V4_EMBEDDED_AT);
}

/* The bytes as on the wire; NULL for other families. */
static const uint8_t *address_bytes(const struct sockaddr *address, size_t *length)
{
	if (address->sa_family == AF_INET) {
		*length = sizeof(struct in_addr);
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)
			->sin_addr;
	}
	if (address->sa_family == AF_INET6) {
		*length = sizeof(struct in6_addr);
		return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	}
	return NULL;
}

bool address_check_is_global(const struct sockaddr *address)
{
	size_t length = 0;
	const uint8_t *bytes = address_bytes(address, &length);

	if (bytes == NULL) {
		return false;
	}
	return length == sizeof(struct in_addr) ? is_global_v4(bytes) : is_global_v6(bytes);
}

static bool is_in_network(const struct sockaddr *address, const struct ifaddrs *interface)
{
	size_t length = 0;
	const uint8_t *bytes = address_bytes(address, &length);
	const uint8_t *own, *mask;

	if (interface->ifa_addr == NULL || interface->ifa_netmask == NULL ||
		interface->ifa_addr->sa_family != address->sa_family) {
		return false;
	}
	own = address_bytes(interface->ifa_addr, &length);
	mask = (const uint8_t *)interface->ifa_netmask +
	       (own - (const uint8_t *)interface->ifa_addr);
	for (size_t i = 0; i < length; i++) {
		if (((bytes[i] ^ own[i]) & mask[i]) != 0) {
			return false;
		}
	}
	return true;
}

bool address_check_is_foreign(const struct sockaddr *address)
{
	struct ifaddrs *interfaces = NULL;
	bool is_attached = false;

	if (!address_check_is_global(address) || getifaddrs(&interfaces) < 0) {
		return false;
	}
	for (const struct ifaddrs *one = interfaces; one != NULL && !is_attached;
		one = one->ifa_next) {
		is_attached = is_in_network(address, one);
	}
	freeifaddrs(interfaces);
	return !is_attached;
}
