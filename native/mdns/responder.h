#pragma once

#include <avahi-common/watch.h>

struct loop;
struct mdns_order;
struct responder;
struct strvec;

/*
 * Publishes one service, with a host name of its own that points at every address of this host.
 * One attempt: on a collision or a failure its records count as withdrawn, and its owner destroys
 * it.
 */
struct responder_events {
	void (*published)(void *user); /* also after each update */
	void (*collided)(void *user);  /* another host has the service's name, or the host's */
	void (*failed)(void *user, int avahi_error);
};

/* The events come from within Avahi: they must not destroy it. order is copied. */
struct responder *responder_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_order *order, const struct responder_events *events, void *user);
void responder_destroy(struct responder *responder); /* says goodbye; NULL is fine */
void responder_update(struct responder *responder, const struct strvec *txt); /* copied */
