#include "discovery/mdns_embedded.h"

#include "core/loop.h"
#include "core/xalloc.h"
#include "discovery/avahi_stack.h"
#include "discovery/mdns_addresses.h"
#include "discovery/mdns_service.h"

#include <avahi-common/error.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>
#include <stdlib.h>

/* The usual reason is a network that is not up yet. */
#define FAILURE_RETRY_MS 30000

struct mdns_embedded {
	struct loop *loop;
	const AvahiPoll *poll;
	const struct mdns_service *service;
	enum mdns_embedded_state state;
	struct error error;
	AvahiServer *server;
	AvahiSEntryGroup *group;
	struct mdns_addresses *addresses;
	struct loop_timer *retry; /* starts over with a new server */
	int64_t retry_ms;
	void (*changed)(void *user);
	void *user;
};

static void set_state(struct mdns_embedded *embedded, enum mdns_embedded_state state)
{
	embedded->state = state;
	embedded->changed(embedded->user);
}

static void retry_after(struct mdns_embedded *embedded, int64_t first_ms)
{
	loop_timer_set(embedded->retry, mdns_retry_delay_ms(&embedded->retry_ms, first_ms));
}

/* Of the service or the host: the names come from one id, so that they collide together. */
static void on_collision(void *user)
{
	struct mdns_embedded *embedded = user;

	retry_after(embedded, MDNS_COLLISION_RETRY_MS);
	set_state(embedded, MDNS_EMBEDDED_COLLISION);
}

static void on_failure(struct mdns_embedded *embedded, int avahi_error)
{
	error_set(&embedded->error, ERROR_IO, "the built-in responder failed (%s)",
		avahi_strerror(avahi_error));
	retry_after(embedded, FAILURE_RETRY_MS);
	set_state(embedded, MDNS_EMBEDDED_BROKEN);
}

static void on_group(
	AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *user)
{
	struct mdns_embedded *embedded = user;

	switch (state) {
	case AVAHI_ENTRY_GROUP_ESTABLISHED:
		embedded->retry_ms = 0;
		set_state(embedded, MDNS_EMBEDDED_PUBLISHED);
		break;
	case AVAHI_ENTRY_GROUP_COLLISION:
		on_collision(embedded);
		break;
	case AVAHI_ENTRY_GROUP_FAILURE:
		on_failure(embedded, avahi_server_errno(server));
		break;
	case AVAHI_ENTRY_GROUP_UNCOMMITED:
	case AVAHI_ENTRY_GROUP_REGISTERING:
		break;
	}
}

static void publish(struct mdns_embedded *embedded, AvahiServer *server)
{
	const struct mdns_service *service = embedded->service;
	AvahiStringList *txt;
	int result;

	embedded->addresses = mdns_addresses_create(embedded->loop, server, on_collision, embedded);
	if (embedded->addresses == NULL) {
		on_failure(embedded, AVAHI_ERR_OS);
		return;
	}
	embedded->group = avahi_s_entry_group_new(server, on_group, embedded);
	if (embedded->group == NULL) {
		on_failure(embedded, avahi_server_errno(server));
		return;
	}
	txt = mdns_service_txt(service);
	result = avahi_server_add_service_strlst(server, embedded->group, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, 0, service->name, service->type, NULL, NULL, service->port,
		txt);
	avahi_string_list_free(txt);
	if (result >= 0) {
		result = avahi_s_entry_group_commit(embedded->group);
	}
	if (result < 0) {
		on_failure(embedded, result);
	}
}

static void on_server(AvahiServer *server, AvahiServerState state, void *user)
{
	struct mdns_embedded *embedded = user;

	embedded->server = server; /* the first call comes from within avahi_server_new() */
	switch (state) {
	case AVAHI_SERVER_RUNNING:
		publish(embedded, server);
		break;
	case AVAHI_SERVER_COLLISION:
		on_collision(embedded);
		break;
	case AVAHI_SERVER_FAILURE:
		on_failure(embedded, avahi_server_errno(server));
		break;
	case AVAHI_SERVER_INVALID:
	case AVAHI_SERVER_REGISTERING:
		break;
	}
}

static void stop(struct mdns_embedded *embedded)
{
	mdns_addresses_destroy(embedded->addresses);
	embedded->addresses = NULL;
	if (embedded->server != NULL) {
		avahi_server_free(embedded->server);
	}
	embedded->server = NULL;
	embedded->group = NULL;
}

static void start_anew(void *user)
{
	struct mdns_embedded *embedded = user;
	int avahi_error = 0;

	stop(embedded);
	embedded->server = avahi_stack_publisher(
		embedded->poll, embedded->service->host, on_server, embedded, &avahi_error);
	if (embedded->server == NULL) {
		on_failure(embedded, avahi_error);
	}
}

struct mdns_embedded *mdns_embedded_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_service *service, void (*changed)(void *user), void *user)
{
	struct mdns_embedded *embedded = xcalloc(1, sizeof(*embedded));

	embedded->loop = loop;
	embedded->poll = poll;
	embedded->service = service;
	embedded->changed = changed;
	embedded->user = user;
	embedded->retry = loop_timer_create(loop, start_anew, embedded);
	start_anew(embedded);
	return embedded;
}

void mdns_embedded_destroy(struct mdns_embedded *embedded)
{
	if (embedded == NULL) {
		return;
	}
	stop(embedded);
	loop_timer_destroy(embedded->retry);
	free(embedded);
}

enum mdns_embedded_state mdns_embedded_state(const struct mdns_embedded *embedded)
{
	return embedded->state;
}

const struct error *mdns_embedded_error(const struct mdns_embedded *embedded)
{
	return &embedded->error;
}

void mdns_embedded_refresh(struct mdns_embedded *embedded)
{
	const struct mdns_service *service = embedded->service;
	AvahiStringList *txt;
	int result;

	if (embedded->state != MDNS_EMBEDDED_PUBLISHED) {
		return;
	}
	txt = mdns_service_txt(service);
	result = avahi_server_update_service_txt_strlst(embedded->server, embedded->group,
		AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, service->name, service->type, NULL, txt);
	avahi_string_list_free(txt);
	if (result < 0) {
		on_failure(embedded, result);
	}
}
