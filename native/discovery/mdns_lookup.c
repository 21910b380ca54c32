#include "discovery/mdns_lookup.h"

#include "core/error.h"
#include "core/list.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/mdns_child.h"
#include "proto/proto_mdns.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The daemon's sightings each have a resolver; the child has its own. */
struct resolver {
	LIST_ENTRY(resolver) link;
	struct mdns_lookup *lookup;
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	char *name;
	AvahiServiceResolver *avahi;
};

struct mdns_lookup {
	char *type;
	const struct mdns_lookup_events *events;
	void *user;
	AvahiClient *client; /* this … */
	AvahiServiceBrowser *browser;
	LIST_HEAD(, resolver) resolvers;
	unsigned resolver_count;
	struct mdns_child *child; /* … or that; the other is NULL */
};

/* --- avahi-daemon --- */

static void on_resolved(AvahiServiceResolver *avahi, AvahiIfIndex interface, AvahiProtocol protocol,
	AvahiResolverEvent event, const char *name, const char *type, const char *domain,
	const char *host, const AvahiAddress *address, uint16_t port, AvahiStringList *list,
	AvahiLookupResultFlags flags, void *user)
{
	const struct resolver *resolver = user;
	struct strvec txt = { 0 };
	struct mdns_sighting sighting = {
		.name = resolver->name,
		.interface = resolver->interface,
		.protocol = resolver->protocol,
	};

	if (event == AVAHI_RESOLVER_FOUND && address != NULL) {
		sighting.host = host;
		sighting.address = *address;
		sighting.port = port;
		sighting.txt = &txt;
		for (AvahiStringList *item = list; item != NULL; item = item->next) {
			strvec_push(&txt, (const char *)item->text);
		}
	}
	resolver->lookup->events->seen(resolver->lookup->user, &sighting);
	strvec_finish(&txt);
}

static void add_resolver(struct mdns_lookup *lookup, AvahiIfIndex interface, AvahiProtocol protocol,
	const char *name, const char *domain)
{
	struct resolver *resolver;

	if (lookup->resolver_count == MDNS_SIGHTINGS_MAX) {
		return;
	}
	resolver = xcalloc(1, sizeof(*resolver));
	resolver->lookup = lookup;
	resolver->interface = interface;
	resolver->protocol = protocol;
	resolver->name = xstrdup(name);
	LIST_INSERT_HEAD(&lookup->resolvers, resolver, link);
	lookup->resolver_count++;
	resolver->avahi = avahi_service_resolver_new(lookup->client, interface, protocol, name,
		lookup->type, domain, protocol, 0, on_resolved, resolver);
}

static void remove_resolver(struct resolver *resolver)
{
	LIST_REMOVE(resolver, link);
	resolver->lookup->resolver_count--;
	if (resolver->avahi != NULL) {
		avahi_service_resolver_free(resolver->avahi);
	}
	free(resolver->name);
	free(resolver);
}

static void remove_resolver_of(struct mdns_lookup *lookup, const struct mdns_sighting *gone)
{
	struct resolver *resolver;

	LIST_FOREACH (resolver, &lookup->resolvers, link) {
		if (resolver->interface == gone->interface &&
			resolver->protocol == gone->protocol &&
			strcmp(resolver->name, gone->name) == 0) {
			remove_resolver(resolver);
			return;
		}
	}
}

static void on_browsed(AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
	AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
	AvahiLookupResultFlags flags, void *user)
{
	struct mdns_lookup *lookup = user;
	const struct mdns_sighting gone = {
		.name = name,
		.interface = interface,
		.protocol = protocol,
	};

	switch (event) {
	case AVAHI_BROWSER_NEW:
		add_resolver(lookup, interface, protocol, name, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		remove_resolver_of(lookup, &gone);
		lookup->events->gone(lookup->user, &gone);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		lookup->events->all_for_now(lookup->user);
		break;
	case AVAHI_BROWSER_FAILURE:
		lookup->events->lost(lookup->user, NULL);
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
}

static void on_client(AvahiClient *client, AvahiClientState state, void *user)
{
	struct mdns_lookup *lookup = user;

	if (state == AVAHI_CLIENT_FAILURE) {
		lookup->events->lost(lookup->user, NULL);
	}
}

static bool ask_daemon(struct mdns_lookup *lookup, const AvahiPoll *poll)
{
	int avahi_error;

	lookup->client = avahi_client_new(poll, 0, on_client, lookup, &avahi_error);
	if (lookup->client == NULL) {
		return false;
	}
	lookup->browser = avahi_service_browser_new(lookup->client, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, lookup->type, NULL, 0, on_browsed, lookup);
	if (lookup->browser == NULL) {
		avahi_client_free(lookup->client);
		lookup->client = NULL;
		return false;
	}
	return true;
}

/* --- capydeck-mdns --- */

/* False: the report makes no sense. */
static bool read_sighting(const struct mdns_report *report, struct mdns_sighting *sighting)
{
	bool is_ipv6 = report->family != NULL && strcmp(report->family, MDNS_IPV6) == 0;

	*sighting = (struct mdns_sighting){
		.name = report->name,
		.interface = (AvahiIfIndex)report->interface,
		.protocol = is_ipv6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET,
	};
	if (report->address == NULL || *report->address == '\0') {
		return report->name != NULL;
	}
	sighting->host = report->host;
	sighting->port = (uint16_t)report->port;
	sighting->txt = &report->txt;
	return report->name != NULL && report->host != NULL && report->port <= UINT16_MAX &&
	       avahi_address_parse(report->address, sighting->protocol, &sighting->address) != NULL;
}

static void on_reported(void *user, const struct mdns_report *report)
{
	const struct mdns_lookup *lookup = user;
	struct mdns_sighting sighting;

	if (strcmp(report->event, MDNS_ALL_FOR_NOW) == 0) {
		lookup->events->all_for_now(lookup->user);
	} else if (!read_sighting(report, &sighting)) {
		return;
	} else if (strcmp(report->event, MDNS_SEEN) == 0) {
		lookup->events->seen(lookup->user, &sighting);
	} else if (strcmp(report->event, MDNS_GONE) == 0) {
		lookup->events->gone(lookup->user, &sighting);
	}
}

static void report_no_responder(const struct mdns_lookup *lookup, const struct error *why)
{
	struct error err;

	error_set_because(&err, why,
		"cannot look for devices: %s; give the device's address instead", why->message);
	lookup->events->lost(lookup->user, &err);
}

static void on_ended(void *user, const struct error *why)
{
	const struct mdns_lookup *lookup = user;

	if (why->kind == ERROR_CANCELLED) {
		lookup->events->lost(lookup->user, NULL);
	} else {
		report_no_responder(lookup, why);
	}
}

static const struct mdns_child_events child_events = {
	.reported = on_reported,
	.ended = on_ended,
};

static void ask_child(struct mdns_lookup *lookup, struct loop *loop)
{
	struct error err = { 0 };

	lookup->child = mdns_child_create(loop, 0, &child_events, lookup, &err);
	if (lookup->child == NULL) {
		report_no_responder(lookup, &err);
		return;
	}
	mdns_child_send(
		lookup->child, &(struct mdns_order){ .verb = MDNS_BROWSE, .type = lookup->type });
}

/* --- Interface --- */

struct mdns_lookup *mdns_lookup_create(struct loop *loop, const AvahiPoll *poll, const char *type,
	const struct mdns_lookup_events *events, void *user)
{
	struct mdns_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->type = xstrdup(type);
	lookup->events = events;
	lookup->user = user;
	if (!ask_daemon(lookup, poll)) {
		ask_child(lookup, loop);
	}
	return lookup;
}

void mdns_lookup_destroy(struct mdns_lookup *lookup)
{
	if (lookup == NULL) {
		return;
	}
	while (!LIST_EMPTY(&lookup->resolvers)) {
		remove_resolver(LIST_FIRST(&lookup->resolvers));
	}
	if (lookup->client != NULL) {
		avahi_client_free(lookup->client);
	}
	mdns_child_destroy(lookup->child);
	free(lookup->type);
	free(lookup);
}
