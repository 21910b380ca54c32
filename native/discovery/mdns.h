#pragma once

#include <stdint.h>

struct error;
struct loop;
struct mdns;
struct mdns_browser;
struct strvec;

/*
 * DNS-SD: publishing one service, and looking for others.
 *
 * Publishing goes through avahi-daemon if it runs and permits it; otherwise through the child
 * capydeck-mdns, with the host name given, which is withdrawn before the daemon is used again.
 * Registers again when the daemon restarts, on a collision and on mdns_update(). An unused TXT key
 * ("seq") changes every refresh_ms, because Hubs forget a device that they have not resolved again
 * for a while.
 */
struct mdns_options {
	const char *type; /* "_capydeploy._tcp" */
	const char *name; /* service instance: the agent id; copied */
	const char *host; /* for capydeck-mdns: "capydeck-<id>"; copied */
	uint16_t port;
	const struct strvec *txt; /* "key=value"; copied */
	int64_t refresh_ms;	  /* 0: never */
};

enum mdns_state {
	MDNS_STARTING,
	MDNS_DAEMON,   /* published by avahi-daemon */
	MDNS_EMBEDDED, /* published by capydeck-mdns */
	MDNS_FAILED,   /* neither works, or the name is taken; keeps trying */
};

struct mdns *mdns_create(struct loop *loop, const struct mdns_options *options,
	void (*changed)(void *user, enum mdns_state state), void *user);
void mdns_destroy(struct mdns *mdns); /* says goodbye on the network; NULL is fine */
void mdns_update(struct mdns *mdns, const struct strvec *txt); /* a rename; copied */
enum mdns_state mdns_state(const struct mdns *mdns);
/*
 * One sentence for `ctl status`: who publishes, or why nothing is published and what to do;
 * borrowed.
 */
const char *mdns_detail(const struct mdns *mdns);

/*
 * A service as found on the network; everything borrowed during the call. One without a port, or
 * with an address that no host can have (unspecified, multicast, broadcast, another host's
 * loopback), is not reported.
 */
struct mdns_found {
	const char *name;
	const char *host;    /* "steamdeck.local" */
	const char *address; /* numeric, IPv4 preferred, with %interface for link-local IPv6 */
	uint16_t port;
	const struct strvec *txt;
};

struct mdns_browser_events {
	void (*found)(void *user, const struct mdns_found *found); /* again when it changes */
	void (*removed)(void *user, const char *name);
	/* What is in the caches has been reported; more may come. Called once. */
	void (*settled)(void *user);
	void (*failed)(void *user, const struct error *err); /* nothing more is found */
};

struct mdns_browser *mdns_browser_create(
	struct loop *loop, const char *type, const struct mdns_browser_events *events, void *user);
void mdns_browser_destroy(struct mdns_browser *browser); /* NULL is fine */
