#pragma once

#include "core/strvec.h"

#include <avahi-common/strlst.h>
#include <stdint.h>

struct mdns_options;

/*
 * The one service that mdns.c publishes, as its two ways of publishing (mdns_daemon.c,
 * mdns_embedded.c) read it; all strings owned.
 */
struct mdns_service {
	char *type;
	char *name; /* the agent id: never altered, not on a collision either (discovery/mdns.md) */
	char *host;
	uint16_t port;
	struct strvec txt;
	uint32_t seq; /* the TXT key that changes with every refresh */
};

void mdns_service_init(struct mdns_service *service, const struct mdns_options *options);
void mdns_service_finish(struct mdns_service *service);
/* The TXT record with seq; for avahi_string_list_free(). */
AvahiStringList *mdns_service_txt(const struct mdns_service *service);

/* RFC 6762 §9 asks for five seconds between the probes for a name in dispute. */
#define MDNS_COLLISION_RETRY_MS 5000

/*
 * The growing pause between two tries: first_ms, or twice the last one if that is longer, up to
 * five minutes. *last_ms is the caller's memory of it; set it to 0 when things work.
 */
int64_t mdns_retry_delay_ms(int64_t *last_ms, int64_t first_ms);
