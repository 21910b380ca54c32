#include "discovery/mdns.h"

#include "core/loop.h"
#include "core/xalloc.h"
#include "discovery/avahi_poll.h"
#include "discovery/mdns_daemon.h"
#include "discovery/mdns_embedded.h"
#include "discovery/mdns_service.h"
#include "discovery/network_watch.h"

#include <stdlib.h>

/* A daemon that is restarted (an update, a wake-up) is not replaced in the meantime. */
#define TAKEOVER_GRACE_MS 3000

struct mdns {
	struct loop *loop;
	AvahiPoll poll;
	struct mdns_service service;
	struct mdns_daemon *daemon;
	struct mdns_embedded *embedded; /* NULL while the daemon serves */
	struct loop_timer *turn;	/* news from either: decide, outside Avahi's callbacks */
	struct loop_timer *refresh;
	struct network_watch *network; /* NULL where there is none: the refresh has to do */
	int64_t refresh_ms;
	int64_t takeover_at_ms; /* a lost daemon is waited for until then */
	enum mdns_state state;
	char *detail;
	void (*changed)(void *user, enum mdns_state state);
	void *user;
};

static void on_news(void *user)
{
	struct mdns *mdns = user;

	loop_timer_set(mdns->turn, 0);
}

static bool is_published(const struct mdns *mdns)
{
	return mdns->state == MDNS_DAEMON || mdns->state == MDNS_EMBEDDED;
}

static void restart_refresh(struct mdns *mdns)
{
	if (mdns->refresh_ms > 0 && is_published(mdns)) {
		loop_timer_set(mdns->refresh, mdns->refresh_ms);
	} else {
		loop_timer_stop(mdns->refresh);
	}
}

static void announce(struct mdns *mdns)
{
	mdns->service.seq++;
	mdns_daemon_refresh(mdns->daemon);
	if (mdns->embedded != NULL) {
		mdns_embedded_refresh(mdns->embedded);
	}
	restart_refresh(mdns);
}

static void on_refresh(void *user)
{
	announce(user);
}

/* Those who see us now may not have seen us before, or have forgotten us meanwhile. */
static void on_network(void *user)
{
	struct mdns *mdns = user;

	if (is_published(mdns)) {
		announce(mdns);
	}
}

/* The last thing a turn does: the listener may destroy mdns. Takes detail. */
static void report(struct mdns *mdns, enum mdns_state state, char *detail)
{
	free(mdns->detail);
	mdns->detail = detail;
	if (state == mdns->state) {
		return;
	}
	mdns->state = state;
	restart_refresh(mdns);
	mdns->changed(mdns->user, state);
}

static void report_collision(struct mdns *mdns)
{
	report(mdns, MDNS_FAILED,
		xasprintf("another device on this network already answers as '%s', perhaps a copy "
			  "of this system; give one of them another agent id (trying again)",
			mdns->service.name));
}

static void stop_embedded(struct mdns *mdns)
{
	mdns_embedded_destroy(mdns->embedded);
	mdns->embedded = NULL;
}

static void serve_by_ourselves(struct mdns *mdns)
{
	const char *why = mdns_daemon_error(mdns->daemon)->message;

	if (mdns->embedded == NULL) {
		mdns->embedded = mdns_embedded_create(
			mdns->loop, &mdns->poll, &mdns->service, on_news, mdns);
	}
	switch (mdns_embedded_state(mdns->embedded)) {
	case MDNS_EMBEDDED_STARTING:
		report(mdns, MDNS_STARTING, xasprintf("starting the built-in responder: %s", why));
		break;
	case MDNS_EMBEDDED_PUBLISHED:
		report(mdns, MDNS_EMBEDDED,
			xasprintf("'%s' is published by the built-in responder: %s",
				mdns->service.name, why));
		break;
	case MDNS_EMBEDDED_COLLISION:
		report_collision(mdns);
		break;
	case MDNS_EMBEDDED_BROKEN:
		report(mdns, MDNS_FAILED,
			xasprintf(
				"Hubs cannot discover this device: %s and %s; start avahi-daemon, "
				"or give the Hub this device's address",
				why, mdns_embedded_error(mdns->embedded)->message));
		break;
	}
}

static void on_turn(void *user)
{
	struct mdns *mdns = user;
	int64_t grace_ms;

	switch (mdns_daemon_state(mdns->daemon)) {
	case MDNS_DAEMON_UNDECIDED:
	case MDNS_DAEMON_PUBLISHING:
		if (mdns->embedded == NULL) {
			report(mdns, MDNS_STARTING,
				xstrdup("avahi-daemon is registering the service"));
		}
		break;
	case MDNS_DAEMON_READY:
		stop_embedded(mdns); /* or it would defend the name against the daemon */
		mdns_daemon_publish(mdns->daemon);
		report(mdns, MDNS_STARTING, xstrdup("avahi-daemon is registering the service"));
		break;
	case MDNS_DAEMON_PUBLISHED:
		report(mdns, MDNS_DAEMON,
			xasprintf("'%s' is published by avahi-daemon", mdns->service.name));
		break;
	case MDNS_DAEMON_COLLISION:
		report_collision(mdns);
		break;
	case MDNS_DAEMON_REFUSED:
		serve_by_ourselves(mdns);
		break;
	case MDNS_DAEMON_ABSENT:
		if (mdns->state == MDNS_DAEMON) {
			mdns->takeover_at_ms = loop_now_ms() + TAKEOVER_GRACE_MS;
		}
		grace_ms = mdns->takeover_at_ms - loop_now_ms();
		if (mdns->embedded == NULL && grace_ms > 0) {
			loop_timer_set(mdns->turn, grace_ms);
			report(mdns, MDNS_STARTING,
				xasprintf("waiting for avahi-daemon's return: %s",
					mdns_daemon_error(mdns->daemon)->message));
		} else {
			serve_by_ourselves(mdns);
		}
		break;
	}
}

struct mdns *mdns_create(struct loop *loop, const struct mdns_options *options,
	void (*changed)(void *user, enum mdns_state state), void *user)
{
	struct mdns *mdns = xcalloc(1, sizeof(*mdns));

	mdns->loop = loop;
	avahi_poll_init(&mdns->poll, loop);
	mdns_service_init(&mdns->service, options);
	mdns->refresh_ms = options->refresh_ms;
	mdns->detail = xstrdup("looking for avahi-daemon");
	mdns->changed = changed;
	mdns->user = user;
	mdns->turn = loop_timer_create(loop, on_turn, mdns);
	mdns->refresh = loop_timer_create(loop, on_refresh, mdns);
	mdns->network = network_watch_create(loop, on_network, mdns);
	mdns->daemon = mdns_daemon_create(loop, &mdns->poll, &mdns->service, on_news, mdns);
	return mdns;
}

void mdns_destroy(struct mdns *mdns)
{
	if (mdns == NULL) {
		return;
	}
	mdns_embedded_destroy(mdns->embedded);
	mdns_daemon_destroy(mdns->daemon);
	network_watch_destroy(mdns->network);
	loop_timer_destroy(mdns->turn);
	loop_timer_destroy(mdns->refresh);
	mdns_service_finish(&mdns->service);
	free(mdns->detail);
	free(mdns);
}

void mdns_update(struct mdns *mdns, const struct strvec *txt)
{
	strvec_copy(&mdns->service.txt, txt);
	announce(mdns);
}

enum mdns_state mdns_state(const struct mdns *mdns)
{
	return mdns->state;
}

const char *mdns_detail(const struct mdns *mdns)
{
	return mdns->detail;
}
