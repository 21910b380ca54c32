#include "discovery/mdns.h"

#include "core/loop.h"
#include "core/random.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/avahi_poll.h"
#include "discovery/mdns_daemon.h"
#include "discovery/mdns_responder.h"
#include "discovery/network_watch.h"
#include "proto/proto_mdns.h"

#include <stdlib.h>

/* A daemon that is being restarted (an update, a wake-up) is not replaced meanwhile. */
#define TAKEOVER_GRACE_MS 3000
#define SEQ_START_LIMIT 1000000

struct mdns {
	struct loop *loop;
	AvahiPoll poll;
	char *type, *name, *host;
	struct mdns_order service; /* of these; its verb is unused */
	struct strvec txt;	   /* without "seq" */
	uint32_t seq;
	struct mdns_daemon *daemon;
	struct mdns_responder *responder; /* NULL while the daemon serves */
	struct loop_timer *turn;	  /* news from either: decide, outside Avahi's callbacks */
	struct loop_timer *refresh;
	struct network_watch *network; /* NULL if unavailable: then only the refresh helps */
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

/* The TXT record with a key that changes with every refresh. */
static void make_txt(struct mdns *mdns)
{
	strvec_copy(&mdns->service.txt, &mdns->txt);
	strvec_push_take(&mdns->service.txt, xasprintf("seq=%u", mdns->seq));
}

static void announce(struct mdns *mdns)
{
	mdns->seq++;
	make_txt(mdns);
	mdns_daemon_refresh(mdns->daemon);
	if (mdns->responder != NULL) {
		mdns_responder_refresh(mdns->responder);
	}
	restart_refresh(mdns);
}

static void on_refresh(void *user)
{
	announce(user);
}

/* Hubs that can see us now may not know us yet, or may have forgotten us. */
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
		xasprintf("another device on this network already uses the name '%s' (perhaps a "
			  "copy of this system); give one of them another agent id; retrying",
			mdns->name));
}

static void stop_responder(struct mdns *mdns)
{
	mdns_responder_destroy(mdns->responder);
	mdns->responder = NULL;
}

static void serve_by_ourselves(struct mdns *mdns)
{
	const char *why = mdns_daemon_error(mdns->daemon)->message;

	if (mdns->responder == NULL) {
		mdns->responder = mdns_responder_create(mdns->loop, &mdns->service, on_news, mdns);
	}
	switch (mdns_responder_state(mdns->responder)) {
	case MDNS_RESPONDER_STARTING:
		report(mdns, MDNS_STARTING, xasprintf("starting capydeck-mdns: %s", why));
		break;
	case MDNS_RESPONDER_PUBLISHED:
		report(mdns, MDNS_EMBEDDED,
			xasprintf("'%s' is published by capydeck-mdns: %s", mdns->name, why));
		break;
	case MDNS_RESPONDER_COLLISION:
		report_collision(mdns);
		break;
	case MDNS_RESPONDER_BROKEN:
		report(mdns, MDNS_FAILED,
			xasprintf(
				"Hubs cannot discover this device: %s and %s; start avahi-daemon, "
				"or give the Hub this device's address",
				why, mdns_responder_error(mdns->responder)->message));
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
		if (mdns->responder == NULL) {
			report(mdns, MDNS_STARTING,
				xstrdup("avahi-daemon is registering the service"));
		}
		break;
	case MDNS_DAEMON_READY:
		stop_responder(mdns); /* or it would defend the name against the daemon */
		mdns_daemon_publish(mdns->daemon);
		report(mdns, MDNS_STARTING, xstrdup("avahi-daemon is registering the service"));
		break;
	case MDNS_DAEMON_PUBLISHED:
		report(mdns, MDNS_DAEMON,
			xasprintf("'%s' is published by avahi-daemon", mdns->name));
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
		if (mdns->responder == NULL && grace_ms > 0) {
			loop_timer_set(mdns->turn, grace_ms);
			report(mdns, MDNS_STARTING,
				xasprintf("waiting for avahi-daemon to come back: %s",
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
	mdns->type = xstrdup(options->type);
	mdns->name = xstrdup(options->name); /* never changed: see "A taken name" in mdns.md */
	mdns->host = xstrdup(options->host);
	mdns->service = (struct mdns_order){
		.type = mdns->type,
		.name = mdns->name,
		.host = mdns->host,
		.port = options->port,
	};
	strvec_copy(&mdns->txt, options->txt);
	/* Not from 0, or a Hub would take the agent's restart for the record it already has. */
	mdns->seq = random_below(SEQ_START_LIMIT);
	make_txt(mdns);
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
	mdns_responder_destroy(mdns->responder);
	mdns_daemon_destroy(mdns->daemon);
	network_watch_destroy(mdns->network);
	loop_timer_destroy(mdns->turn);
	loop_timer_destroy(mdns->refresh);
	strvec_finish(&mdns->service.txt);
	free(mdns->type);
	free(mdns->name);
	free(mdns->host);
	strvec_finish(&mdns->txt);
	free(mdns->detail);
	free(mdns);
}

void mdns_update(struct mdns *mdns, const struct strvec *txt)
{
	strvec_copy(&mdns->txt, txt);
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
