#pragma once

#include <stdint.h>

struct error;
struct loop;
struct mdns_child;
struct mdns_order;
struct mdns_report;

/*
 * capydeck-mdns, the program beside ours that speaks mDNS where no avahi-daemon does: what it reads
 * from the network is parsed outside this process. Their wire is proto/proto_mdns.h.
 */
struct mdns_child_events {
	/* All but "failed", which ends it; the report is borrowed. Must not destroy the child. */
	void (*reported)(void *user, const struct mdns_report *report);
	/*
	 * It has ended; destroy it. Errors: IO (it said that it cannot go on), CANCELLED (it
	 * crashed, or was killed for what it said or for not answering).
	 */
	void (*ended)(void *user, const struct error *why);
};

/*
 * Starts it. ping_ms: time between pings, 0: the default of child_lines. NULL on error: NOT_FOUND
 * (the program is missing), IO.
 */
struct mdns_child *mdns_child_create(struct loop *loop, int64_t ping_ms,
	const struct mdns_child_events *events, void *user, struct error *err);
void mdns_child_send(struct mdns_child *child, const struct mdns_order *order);
/* Ends it after it has said goodbye on the network; blocks for a second at most. NULL is fine. */
void mdns_child_destroy(struct mdns_child *child);
