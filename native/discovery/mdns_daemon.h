#pragma once

#include "core/error.h"

#include <avahi-common/watch.h>

struct loop;
struct mdns_daemon;
struct mdns_order;

/*
 * Publishing through avahi-daemon, over D-Bus.
 *
 * It follows the daemon as it comes and goes. When the daemon is there and has taken the records,
 * the state is READY and nothing is on the network yet: mdns_daemon_publish() puts it there, once
 * nothing else holds the name. A refusal counts until the daemon restarts; every other failure is
 * retried after a growing pause.
 */
enum mdns_daemon_state {
	MDNS_DAEMON_UNDECIDED,	/* the daemon is busy with its own host name */
	MDNS_DAEMON_ABSENT,	/* no D-Bus, no daemon, or it does not answer */
	MDNS_DAEMON_REFUSED,	/* it runs but refuses to publish for us */
	MDNS_DAEMON_READY,	/* waits for mdns_daemon_publish() */
	MDNS_DAEMON_PUBLISHING, /* the name is being probed */
	MDNS_DAEMON_PUBLISHED,
	MDNS_DAEMON_COLLISION, /* another host holds the name; tries again */
};

/*
 * changed comes from within Avahi: it must not call back into this module. service, as for
 * "publish", is borrowed and outlives it.
 */
struct mdns_daemon *mdns_daemon_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_order *service, void (*changed)(void *user), void *user);
void mdns_daemon_destroy(struct mdns_daemon *daemon); /* withdraws the service; NULL is fine */
enum mdns_daemon_state mdns_daemon_state(const struct mdns_daemon *daemon);
/* Why it is ABSENT or REFUSED; borrowed until the next change. */
const struct error *mdns_daemon_error(const struct mdns_daemon *daemon);
void mdns_daemon_publish(struct mdns_daemon *daemon); /* only when READY */
/* Hands the service's present TXT record to the daemon, if it has the service. */
void mdns_daemon_refresh(struct mdns_daemon *daemon);
