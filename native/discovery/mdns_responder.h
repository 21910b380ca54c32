#pragma once

#include "core/error.h"

#include <stdbool.h>

struct loop;
struct mdns_order;
struct mdns_responder;

/*
 * Publishing without avahi-daemon: by capydeck-mdns, with a host name of its own that points at
 * every address of this host. It shares UDP port 5353 with others. It is restarted after a growing
 * pause, whatever ended it.
 */
enum mdns_responder_state {
	MDNS_RESPONDER_STARTING,
	MDNS_RESPONDER_PUBLISHED,
	MDNS_RESPONDER_COLLISION, /* another host holds the name */
	MDNS_RESPONDER_BROKEN,	  /* no program, no socket, no network … */
};

/* As mdns_daemon_create(). */
struct mdns_responder *mdns_responder_create(struct loop *loop, const struct mdns_order *service,
	void (*changed)(void *user), void *user);
/* Says goodbye, as mdns_child_destroy(); NULL is fine. */
void mdns_responder_destroy(struct mdns_responder *responder);
enum mdns_responder_state mdns_responder_state(const struct mdns_responder *responder);
/* Why it is BROKEN; borrowed until the next change. */
const struct error *mdns_responder_error(const struct mdns_responder *responder);
/* Announces the service's present TXT record, if it runs. */
void mdns_responder_refresh(struct mdns_responder *responder);
