#include "discovery/local_addresses.h"

#include "core/strvec.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

static bool to_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET) {
		return inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN) != NULL;
	}
	return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
	       inet_ntop(AF_INET6, &v6->sin6_addr, text, INET6_ADDRSTRLEN) != NULL;
}

static void append_family(
	struct strvec *addresses, const struct ifaddrs *interfaces, sa_family_t family)
{
	char text[INET6_ADDRSTRLEN];

	for (const struct ifaddrs *one = interfaces; one != NULL; one = one->ifa_next) {
		if (one->ifa_addr != NULL && one->ifa_addr->sa_family == family &&
			(one->ifa_flags & IFF_LOOPBACK) == 0 && to_text(one->ifa_addr, text)) {
			strvec_push(addresses, text);
		}
	}
}

void local_addresses(struct strvec *addresses)
{
	struct ifaddrs *interfaces = NULL;

	if (getifaddrs(&interfaces) < 0) {
		return;
	}
	append_family(addresses, interfaces, AF_INET);
	append_family(addresses, interfaces, AF_INET6);
	freeifaddrs(interfaces);
}
