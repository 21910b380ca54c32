#include "discovery/mdns_lookup.h"

#include "core/error.h"
#include "core/xalloc.h"
#include "discovery/avahi_stack.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <avahi-core/lookup.h>
#include <stdlib.h>

/* Avahi has every lookup twice: in client (the daemon's) and in server (our own). */
struct mdns_lookup {
	char *type;
	struct mdns_lookup_events events;
	void *user;
	AvahiClient *client; /* this … */
	AvahiServiceBrowser *client_browser;
	AvahiServer *server; /* … or that; the other is NULL */
	AvahiSServiceBrowser *server_browser;
};

struct mdns_resolver {
	AvahiServiceResolver *client_resolver;
	AvahiSServiceResolver *server_resolver;
	void (*resolved)(void *user, const struct mdns_resolved *resolved);
	void *user;
};

static void on_browsed(struct mdns_lookup *lookup, AvahiBrowserEvent event, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *name, const char *domain)
{
	switch (event) {
	case AVAHI_BROWSER_NEW:
		lookup->events.appeared(lookup->user, interface, protocol, name, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		lookup->events.disappeared(lookup->user, interface, protocol, name, domain);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		lookup->events.all_for_now(lookup->user);
		break;
	case AVAHI_BROWSER_FAILURE:
		lookup->events.lost(lookup->user);
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
}

static void on_client_browsed(AvahiServiceBrowser *browser, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiBrowserEvent event, const char *name, const char *type,
	const char *domain, AvahiLookupResultFlags flags, void *user)
{
	on_browsed(user, event, interface, protocol, name, domain);
}

static void on_server_browsed(AvahiSServiceBrowser *browser, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiBrowserEvent event, const char *name, const char *type,
	const char *domain, AvahiLookupResultFlags flags, void *user)
{
	on_browsed(user, event, interface, protocol, name, domain);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *user)
{
	struct mdns_lookup *lookup = user;

	if (state == AVAHI_CLIENT_FAILURE) {
		lookup->events.lost(lookup->user);
	}
}

static void ask_daemon(struct mdns_lookup *lookup, const AvahiPoll *poll)
{
	int avahi_error;

	lookup->client = avahi_client_new(poll, 0, on_client, lookup, &avahi_error);
	if (lookup->client == NULL) {
		return;
	}
	lookup->client_browser = avahi_service_browser_new(lookup->client, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, lookup->type, NULL, 0, on_client_browsed, lookup);
	if (lookup->client_browser == NULL) {
		avahi_client_free(lookup->client);
		lookup->client = NULL;
	}
}

/* Sets *avahi_error and leaves server NULL on failure. */
static void ask_network(struct mdns_lookup *lookup, const AvahiPoll *poll, int *avahi_error)
{
	lookup->server = avahi_stack_resolver(poll, avahi_error);
	if (lookup->server == NULL) {
		return;
	}
	lookup->server_browser = avahi_s_service_browser_new(lookup->server, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, lookup->type, NULL, 0, on_server_browsed, lookup);
	if (lookup->server_browser == NULL) {
		*avahi_error = avahi_server_errno(lookup->server);
		avahi_server_free(lookup->server);
		lookup->server = NULL;
	}
}

struct mdns_lookup *mdns_lookup_create(const AvahiPoll *poll, const char *type,
	const struct mdns_lookup_events *events, void *user, struct error *err)
{
	struct mdns_lookup *lookup = xcalloc(1, sizeof(*lookup));
	int avahi_error = AVAHI_OK;

	lookup->type = xstrdup(type);
	lookup->events = *events;
	lookup->user = user;
	ask_daemon(lookup, poll);
	if (lookup->client == NULL) {
		ask_network(lookup, poll, &avahi_error);
	}
	if (lookup->client == NULL && lookup->server == NULL) {
		error_set(err, ERROR_IO,
			"cannot look for '%s' on the network (%s); give the device's address instead",
			type, avahi_strerror(avahi_error));
		mdns_lookup_destroy(lookup);
		return NULL;
	}
	return lookup;
}

void mdns_lookup_destroy(struct mdns_lookup *lookup)
{
	if (lookup == NULL) {
		return;
	}
	if (lookup->client != NULL) {
		avahi_client_free(lookup->client);
	}
	if (lookup->server != NULL) {
		avahi_server_free(lookup->server);
	}
	free(lookup->type);
	free(lookup);
}

static void on_resolved(struct mdns_resolver *resolver, AvahiResolverEvent event,
	const struct mdns_resolved *resolved)
{
	resolver->resolved(resolver->user,
		event == AVAHI_RESOLVER_FOUND && resolved->address != NULL ? resolved : NULL);
}

static void on_client_resolved(AvahiServiceResolver *avahi, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiResolverEvent event, const char *name, const char *type,
	const char *domain, const char *host, const AvahiAddress *address, uint16_t port,
	AvahiStringList *txt, AvahiLookupResultFlags flags, void *user)
{
	on_resolved(user, event, &(struct mdns_resolved){ host, address, port, txt });
}

static void on_server_resolved(AvahiSServiceResolver *avahi, AvahiIfIndex interface,
	AvahiProtocol protocol, AvahiResolverEvent event, const char *name, const char *type,
	const char *domain, const char *host, const AvahiAddress *address, uint16_t port,
	AvahiStringList *txt, AvahiLookupResultFlags flags, void *user)
{
	/* avahi-core parses the record into the opposite order; the daemon turns it round again. */
	AvahiStringList *in_order = avahi_string_list_reverse(avahi_string_list_copy(txt));

	on_resolved(user, event, &(struct mdns_resolved){ host, address, port, in_order });
	avahi_string_list_free(in_order);
}

struct mdns_resolver *mdns_resolver_create(struct mdns_lookup *lookup, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *name, const char *domain,
	void (*resolved)(void *user, const struct mdns_resolved *resolved), void *user)
{
	struct mdns_resolver *resolver = xcalloc(1, sizeof(*resolver));

	resolver->resolved = resolved;
	resolver->user = user;
	if (lookup->client != NULL) {
		resolver->client_resolver =
			avahi_service_resolver_new(lookup->client, interface, protocol, name,
				lookup->type, domain, protocol, 0, on_client_resolved, resolver);
	} else {
		resolver->server_resolver =
			avahi_s_service_resolver_new(lookup->server, interface, protocol, name,
				lookup->type, domain, protocol, 0, on_server_resolved, resolver);
	}
	if (resolver->client_resolver == NULL && resolver->server_resolver == NULL) {
		free(resolver);
		return NULL;
	}
	return resolver;
}

void mdns_resolver_destroy(struct mdns_resolver *resolver)
{
	if (resolver == NULL) {
		return;
	}
	if (resolver->client_resolver != NULL) {
		avahi_service_resolver_free(resolver->client_resolver);
	}
	if (resolver->server_resolver != NULL) {
		avahi_s_service_resolver_free(resolver->server_resolver);
	}
	free(resolver);
}
