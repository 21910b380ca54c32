#include "discovery/mdns_responder.h"

#include "core/backoff.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "discovery/mdns_child.h"
#include "proto/proto_mdns.h"

#include <stdlib.h>
#include <string.h>

/* RFC 6762 §9 asks for five seconds between the probes for a name in dispute. */
#define RETRY_FIRST_MS 5000
#define RETRY_MAX_MS (60 * 1000)

struct mdns_responder {
	struct loop *loop;
	const struct mdns_order *service;
	enum mdns_responder_state state;
	struct error error;
	struct mdns_child *child; /* NULL: could not be started */
	struct loop_timer *retry; /* starts over with a new child */
	struct backoff backoff;
	void (*changed)(void *user);
	void *user;
};

static void set_state(struct mdns_responder *responder, enum mdns_responder_state state)
{
	responder->state = state;
	responder->changed(responder->user);
}

static void retry_later(struct mdns_responder *responder)
{
	loop_timer_set(responder->retry,
		backoff_next_ms(&responder->backoff, RETRY_FIRST_MS, RETRY_MAX_MS));
}

static void on_reported(void *user, const struct mdns_report *report)
{
	struct mdns_responder *responder = user;

	if (strcmp(report->event, MDNS_COLLISION) == 0) {
		set_state(responder, MDNS_RESPONDER_COLLISION);
	} else if (strcmp(report->event, MDNS_PUBLISHED) == 0 &&
		   responder->state == MDNS_RESPONDER_STARTING) {
		set_state(responder, MDNS_RESPONDER_PUBLISHED);
	}
}

static void on_ended(void *user, const struct error *why)
{
	struct mdns_responder *responder = user;

	retry_later(responder);
	if (responder->state != MDNS_RESPONDER_COLLISION) {
		responder->error = *why;
		set_state(responder, MDNS_RESPONDER_BROKEN);
	}
}

static const struct mdns_child_events child_events = {
	.reported = on_reported,
	.ended = on_ended,
};

static void send_order(struct mdns_responder *responder, const char *verb)
{
	struct mdns_order order = *responder->service;

	order.verb = verb;
	mdns_child_send(responder->child, &order);
}

static void start_anew(void *user)
{
	struct mdns_responder *responder = user;

	mdns_child_destroy(responder->child);
	responder->child =
		mdns_child_create(responder->loop, 0, &child_events, responder, &responder->error);
	if (responder->child == NULL) {
		retry_later(responder);
		set_state(responder, MDNS_RESPONDER_BROKEN);
		return;
	}
	send_order(responder, MDNS_PUBLISH);
	set_state(responder, MDNS_RESPONDER_STARTING);
}

struct mdns_responder *mdns_responder_create(struct loop *loop, const struct mdns_order *service,
	void (*changed)(void *user), void *user)
{
	struct mdns_responder *responder = xcalloc(1, sizeof(*responder));

	responder->loop = loop;
	responder->service = service;
	responder->changed = changed;
	responder->user = user;
	responder->retry = loop_timer_create(loop, start_anew, responder);
	start_anew(responder);
	return responder;
}

void mdns_responder_destroy(struct mdns_responder *responder)
{
	if (responder == NULL) {
		return;
	}
	mdns_child_destroy(responder->child);
	loop_timer_destroy(responder->retry);
	free(responder);
}

enum mdns_responder_state mdns_responder_state(const struct mdns_responder *responder)
{
	return responder->state;
}

const struct error *mdns_responder_error(const struct mdns_responder *responder)
{
	return &responder->error;
}

void mdns_responder_refresh(struct mdns_responder *responder)
{
	switch (responder->state) {
	case MDNS_RESPONDER_PUBLISHED:
		/*
		 * It has run for a while. Not as soon as it is published: it may be crashing on a
		 * packet that is sent repeatedly.
		 */
		responder->backoff = (struct backoff){ 0 };
		send_order(responder, MDNS_UPDATE);
		break;
	case MDNS_RESPONDER_STARTING:
		send_order(responder, MDNS_UPDATE);
		break;
	case MDNS_RESPONDER_COLLISION:
	case MDNS_RESPONDER_BROKEN:
		break;
	}
}
