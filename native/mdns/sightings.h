#pragma once

#include <avahi-common/watch.h>

struct mdns_report;
struct sightings;

/*
 * Looks for services of one type and resolves each as often as it is seen: on every interface,
 * with every protocol. What the network can make it store is capped.
 */
struct sightings_events {
	/* seen, gone and allForNow; the report is borrowed. */
	void (*reported)(void *user, struct mdns_report *report);
	void (*failed)(void *user, int avahi_error);
};

/* The events come from within Avahi: they must not destroy it. */
struct sightings *sightings_create(
	const AvahiPoll *poll, const char *type, const struct sightings_events *events, void *user);
void sightings_destroy(struct sightings *sightings); /* NULL is fine */
