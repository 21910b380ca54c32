#include "mdns/sightings.h"

#include "core/list.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "mdns/avahi_stack.h"
#include "proto/proto_mdns.h"

#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-core/core.h>
#include <avahi-core/lookup.h>
#include <stdlib.h>
#include <string.h>

struct sighting {
	LIST_ENTRY(sighting) link;
	struct sightings *sightings;
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	char *name;
	AvahiSServiceResolver *resolver;
};

struct sightings {
	char *type;
	AvahiServer *server;
	AvahiSServiceBrowser *browser;
	LIST_HEAD(, sighting) items;
	unsigned count;
	const struct sightings_events *events;
	void *user;
};

static struct mdns_report make_report(const char *event, const struct sighting *sighting)
{
	return (struct mdns_report){
		.event = event,
		.interface = (uint32_t)sighting->interface,
		.family = sighting->protocol == AVAHI_PROTO_INET6 ? MDNS_IPV6 : MDNS_IPV4,
		.name = sighting->name,
	};
}

static void tell(const struct sightings *sightings, struct mdns_report *report)
{
	sightings->events->reported(sightings->user, report);
}

static void on_resolved(AvahiSServiceResolver *resolver, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiResolverEvent event, const char *name, const char *type,
	const char *domain, const char *host, const AvahiAddress *address, uint16_t port,
	AvahiStringList *txt, AvahiLookupResultFlags flags, void *user)
{
	const struct sighting *sighting = user;
	struct mdns_report report = make_report(MDNS_SEEN, sighting);
	char text[AVAHI_ADDRESS_STR_MAX];
	AvahiStringList *in_order;

	if (event != AVAHI_RESOLVER_FOUND || address == NULL) {
		tell(sighting->sightings, &report);
		return;
	}
	avahi_address_snprint(text, sizeof(text), address);
	report.host = host;
	report.address = text;
	report.port = port;
	/* avahi-core parses the record into the opposite order. */
	in_order = avahi_string_list_reverse(avahi_string_list_copy(txt));
	for (AvahiStringList *item = in_order; item != NULL; item = item->next) {
		strvec_push(&report.txt, (const char *)item->text);
	}
	avahi_string_list_free(in_order);
	tell(sighting->sightings, &report);
	strvec_finish(&report.txt);
}

static void forget(struct sighting *sighting)
{
	LIST_REMOVE(sighting, link);
	sighting->sightings->count--;
	if (sighting->resolver != NULL) {
		avahi_s_service_resolver_free(sighting->resolver);
	}
	free(sighting->name);
	free(sighting);
}

static void add(struct sightings *sightings, AvahiIfIndex interface, AvahiProtocol protocol,
	const char *name, const char *domain)
{
	struct sighting *sighting;

	if (sightings->count == MDNS_SIGHTINGS_MAX) {
		return;
	}
	sighting = xcalloc(1, sizeof(*sighting));
	sighting->sightings = sightings;
	sighting->interface = interface;
	sighting->protocol = protocol;
	sighting->name = xstrdup(name);
	LIST_INSERT_HEAD(&sightings->items, sighting, link);
	sightings->count++;
	sighting->resolver = avahi_s_service_resolver_new(sightings->server, interface, protocol,
		name, sightings->type, domain, protocol, 0, on_resolved, sighting);
}

static void remove_one(struct sightings *sightings, AvahiIfIndex interface, AvahiProtocol protocol,
	const char *name)
{
	struct sighting *sighting;

	LIST_FOREACH (sighting, &sightings->items, link) {
		if (sighting->interface == interface && sighting->protocol == protocol &&
			strcmp(sighting->name, name) == 0) {
			struct mdns_report report = make_report(MDNS_GONE, sighting);

			tell(sightings, &report);
			forget(sighting);
			return;
		}
	}
}

static void on_browsed(AvahiSServiceBrowser *browser, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiBrowserEvent event, const char *name, const char *type,
	const char *domain, AvahiLookupResultFlags flags, void *user)
{
	struct sightings *sightings = user;
	struct mdns_report all_for_now = { .event = MDNS_ALL_FOR_NOW };

	switch (event) {
	case AVAHI_BROWSER_NEW:
		add(sightings, interface, protocol, name, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		remove_one(sightings, interface, protocol, name);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		tell(sightings, &all_for_now);
		break;
	case AVAHI_BROWSER_FAILURE:
		sightings->events->failed(sightings->user, avahi_server_errno(sightings->server));
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
}

struct sightings *sightings_create(
	const AvahiPoll *poll, const char *type, const struct sightings_events *events, void *user)
{
	struct sightings *sightings = xcalloc(1, sizeof(*sightings));
	int avahi_error = 0;

	sightings->type = xstrdup(type);
	sightings->events = events;
	sightings->user = user;
	sightings->server = avahi_stack_resolver(poll, &avahi_error);
	if (sightings->server != NULL) {
		sightings->browser = avahi_s_service_browser_new(sightings->server, AVAHI_IF_UNSPEC,
			AVAHI_PROTO_UNSPEC, type, NULL, 0, on_browsed, sightings);
		avahi_error = avahi_server_errno(sightings->server);
	}
	if (sightings->browser == NULL) {
		events->failed(user, avahi_error);
	}
	return sightings;
}

void sightings_destroy(struct sightings *sightings)
{
	if (sightings == NULL) {
		return;
	}
	while (!LIST_EMPTY(&sightings->items)) {
		forget(LIST_FIRST(&sightings->items));
	}
	if (sightings->server != NULL) {
		avahi_server_free(sightings->server);
	}
	free(sightings->type);
	free(sightings);
}
