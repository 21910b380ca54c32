#include "mdns/responder.h"

#include "core/strvec.h"
#include "core/xalloc.h"
#include "mdns/avahi_stack.h"
#include "mdns/host_addresses.h"
#include "proto/proto_mdns.h"

#include <avahi-common/error.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>
#include <stdbool.h>
#include <stdlib.h>

struct responder {
	struct loop *loop;
	char *type;
	char *name;
	uint16_t port;
	struct strvec txt;
	bool is_published;
	bool is_outdated; /* txt has changed since it was handed to Avahi */
	AvahiServer *server;
	AvahiSEntryGroup *group; /* freed with the server */
	struct host_addresses *addresses;
	const struct responder_events *events;
	void *user;
};

static void on_collision(void *user)
{
	const struct responder *responder = user;

	responder->events->collided(responder->user);
}

static void fail(const struct responder *responder, int avahi_error)
{
	responder->events->failed(responder->user, avahi_error);
}

static AvahiStringList *make_txt(struct responder *responder)
{
	AvahiStringList *list = NULL;

	for (size_t i = 0; i < responder->txt.count; i++) {
		list = avahi_string_list_add(list, responder->txt.items[i]);
	}
	responder->is_outdated = false;
	return list;
}

static void apply_update(struct responder *responder)
{
	AvahiStringList *txt = make_txt(responder);
	int result = avahi_server_update_service_txt_strlst(responder->server, responder->group,
		AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, responder->name, responder->type, NULL,
		txt);

	avahi_string_list_free(txt);
	if (result < 0) {
		fail(responder, result);
	} else {
		responder->events->published(responder->user);
	}
}

static void on_group(
	AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *user)
{
	struct responder *responder = user;

	switch (state) {
	case AVAHI_ENTRY_GROUP_ESTABLISHED:
		responder->is_published = true;
		if (responder->is_outdated) {
			apply_update(responder);
		} else {
			responder->events->published(responder->user);
		}
		break;
	case AVAHI_ENTRY_GROUP_COLLISION:
		responder->is_published = false;
		on_collision(responder);
		break;
	case AVAHI_ENTRY_GROUP_FAILURE:
		responder->is_published = false;
		fail(responder, avahi_server_errno(server));
		break;
	case AVAHI_ENTRY_GROUP_UNCOMMITED:
	case AVAHI_ENTRY_GROUP_REGISTERING:
		break;
	}
}

static void publish(struct responder *responder, AvahiServer *server)
{
	AvahiStringList *txt;
	int result;

	responder->addresses =
		host_addresses_create(responder->loop, server, on_collision, responder);
	if (responder->addresses == NULL) {
		fail(responder, AVAHI_ERR_OS);
		return;
	}
	responder->group = avahi_s_entry_group_new(server, on_group, responder);
	if (responder->group == NULL) {
		fail(responder, avahi_server_errno(server));
		return;
	}
	txt = make_txt(responder);
	result = avahi_server_add_service_strlst(server, responder->group, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, 0, responder->name, responder->type, NULL, NULL,
		responder->port, txt);
	avahi_string_list_free(txt);
	if (result >= 0) {
		result = avahi_s_entry_group_commit(responder->group);
	}
	if (result < 0) {
		fail(responder, result);
	}
}

static void on_server(AvahiServer *server, AvahiServerState state, void *user)
{
	struct responder *responder = user;

	responder->server = server; /* the first call comes from within avahi_server_new() */
	switch (state) {
	case AVAHI_SERVER_RUNNING:
		publish(responder, server);
		break;
	case AVAHI_SERVER_COLLISION:
		on_collision(responder);
		break;
	case AVAHI_SERVER_FAILURE:
		fail(responder, avahi_server_errno(server));
		break;
	case AVAHI_SERVER_INVALID:
	case AVAHI_SERVER_REGISTERING:
		break;
	}
}

struct responder *responder_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_order *order, const struct responder_events *events, void *user)
{
	struct responder *responder = xcalloc(1, sizeof(*responder));
	int avahi_error = 0;

	responder->loop = loop;
	responder->type = xstrdup(order->type);
	responder->name = xstrdup(order->name);
	responder->port = (uint16_t)order->port;
	strvec_copy(&responder->txt, &order->txt);
	responder->events = events;
	responder->user = user;
	responder->server =
		avahi_stack_publisher(poll, order->host, on_server, responder, &avahi_error);
	if (responder->server == NULL) {
		fail(responder, avahi_error);
	}
	return responder;
}

void responder_destroy(struct responder *responder)
{
	if (responder == NULL) {
		return;
	}
	host_addresses_destroy(responder->addresses);
	if (responder->server != NULL) {
		avahi_server_free(responder->server);
	}
	free(responder->type);
	free(responder->name);
	strvec_finish(&responder->txt);
	free(responder);
}

void responder_update(struct responder *responder, const struct strvec *txt)
{
	strvec_copy(&responder->txt, txt);
	responder->is_outdated = true;
	if (responder->is_published) {
		apply_update(responder);
	}
}
