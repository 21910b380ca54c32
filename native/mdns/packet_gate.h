#pragma once

#include <avahi-common/watch.h>

struct packet_gate;

/*
 * Stands between the sockets and avahi-core: anyone on the network may send to UDP port 5353, and
 * each packet that is parsed costs time and memory. A sender gets PACKET_GATE_PER_SENDER packets a
 * second, all of them together PACKET_GATE_PER_SECOND, after a burst that no household exceeds;
 * what is past that, or no DNS packet by its size, is dropped unread. A spoofed sender is as good
 * as another, so the sum counts.
 */
#define PACKET_GATE_PER_SENDER 40
#define PACKET_GATE_PER_SECOND 300
#define PACKET_GATE_SENDER_BURST 120
#define PACKET_GATE_BURST 600

/* poll is what Avahi would get otherwise; it outlives the gate. */
struct packet_gate *packet_gate_create(const AvahiPoll *poll);
void packet_gate_destroy(
	struct packet_gate *gate); /* after what Avahi made with it; NULL is fine */
const AvahiPoll *packet_gate_poll(struct packet_gate *gate);
