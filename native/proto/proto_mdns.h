#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdint.h>

/*
 * The wire between the agent, or push, and capydeck-mdns, which speaks mDNS for them where no
 * avahi-daemon runs: JSON lines over a socket pair that is the child's standard input and
 * output. It publishes one service or looks for services. When its input ends, it says goodbye on
 * the network and exits; it also exits, after a last report, when it cannot go on. It is pinged,
 * and killed if it makes no report for 30 s.
 */
struct mdns_order {
	const char *verb;  /* MDNS_PUBLISH … */
	const char *type;  /* publish, browse: "_capydeploy._tcp" */
	const char *name;  /* publish: the service instance */
	const char *host;  /* publish: its records are for "<host>.local" */
	uint32_t port;	   /* publish */
	struct strvec txt; /* publish, update: "key=value" */
	cJSON *tree;
};

#define MDNS_PUBLISH "publish" /* once */
#define MDNS_UPDATE "update"   /* the published service has another TXT record */
#define MDNS_BROWSE "browse"   /* once */
#define MDNS_PING "ping"       /* answer with MDNS_PONG */

struct mdns_report {
	const char *event; /* MDNS_PUBLISHED … */
	const char *error; /* failed: one sentence */
	/* seen, gone: a service as one interface and protocol show it. */
	uint32_t interface; /* the system's index */
	const char *family; /* MDNS_IPV4 or MDNS_IPV6 */
	const char *name;
	/* seen: where it is; without an address it does not resolve at present. */
	const char *host; /* "steamdeck.local" */
	const char *address;
	uint32_t port;
	struct strvec txt;
	cJSON *tree;
};

#define MDNS_PUBLISHED "published"
#define MDNS_COLLISION "collision" /* another host has the name; the child exits */
#define MDNS_CANNOT "failed"	   /* the child exits */
#define MDNS_SEEN "seen"	   /* again when it changes */
#define MDNS_GONE "gone"
#define MDNS_PONG "pong"
#define MDNS_ALL_FOR_NOW "allForNow" /* all immediate answers have been reported */

#define MDNS_IPV4 "ipv4"
#define MDNS_IPV6 "ipv6"

/* A longer report is never sent; a child that sends one is stopped. */
#define MDNS_LINE_MAX_BYTES (64 * 1024)
/* Limits on what the network can make either side store. */
#define MDNS_SIGHTINGS_MAX 512

extern const struct json_field mdns_order_fields[];
extern const struct json_field mdns_report_fields[];
