#include "discovery/mdns_daemon.h"

#include "core/backoff.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "proto/proto_mdns.h"

#include <assert.h>
#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-common/strlst.h>
#include <stdlib.h>

/* A daemon that is restarted comes back within a second. */
#define RECONNECT_MS 1000
/* Without D-Bus nothing reports its start: look again now and then. */
#define NO_DBUS_RETRY_MS 30000
/* RFC 6762 §9 asks for five seconds between the probes for a name in dispute. */
#define COLLISION_RETRY_MS 5000
#define RETRY_MAX_MS (5 * 60 * 1000)

struct mdns_daemon {
	const AvahiPoll *poll;
	const struct mdns_order *service;
	enum mdns_daemon_state state;
	struct error error;
	AvahiClient *client;	  /* NULL: D-Bus could not be reached */
	AvahiEntryGroup *group;	  /* the client's */
	struct loop_timer *retry; /* starts over with a new client */
	struct backoff backoff;
	void (*changed)(void *user);
	void *user;
};

static void set_state(struct mdns_daemon *daemon, enum mdns_daemon_state state)
{
	daemon->state = state;
	daemon->changed(daemon->user);
}

static void retry_after(struct mdns_daemon *daemon, int64_t first_ms)
{
	loop_timer_set(daemon->retry, backoff_next_ms(&daemon->backoff, first_ms, RETRY_MAX_MS));
}

static void on_collision(struct mdns_daemon *daemon)
{
	retry_after(daemon, COLLISION_RETRY_MS);
	set_state(daemon, MDNS_DAEMON_COLLISION);
}

static void on_failure(struct mdns_daemon *daemon, int avahi_error)
{
	switch (avahi_error) {
	case AVAHI_ERR_COLLISION: /* another program of this host, at the same daemon */
		on_collision(daemon);
		return;
	case AVAHI_ERR_NOT_PERMITTED:
	case AVAHI_ERR_ACCESS_DENIED:
		/* It reads its configuration only when it starts, and that is reported to us. */
		error_set(&daemon->error, ERROR_BLOCKED,
			"avahi-daemon refuses to publish services for programs (%s)",
			avahi_strerror(avahi_error));
		daemon->backoff = (struct backoff){ 0 };
		set_state(daemon, MDNS_DAEMON_REFUSED);
		return;
	case AVAHI_ERR_DISCONNECTED:
		error_set(&daemon->error, ERROR_NOT_FOUND, "avahi-daemon went away");
		retry_after(daemon, RECONNECT_MS);
		break;
	default:
		error_set(&daemon->error, ERROR_IO, "avahi-daemon failed (%s)",
			avahi_strerror(avahi_error));
		retry_after(daemon, NO_DBUS_RETRY_MS);
		break;
	}
	set_state(daemon, MDNS_DAEMON_ABSENT);
}

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *user)
{
	struct mdns_daemon *daemon = user;

	switch (state) {
	case AVAHI_ENTRY_GROUP_ESTABLISHED:
		daemon->backoff = (struct backoff){ 0 };
		set_state(daemon, MDNS_DAEMON_PUBLISHED);
		break;
	case AVAHI_ENTRY_GROUP_COLLISION:
		on_collision(daemon);
		break;
	case AVAHI_ENTRY_GROUP_FAILURE:
		on_failure(daemon, avahi_client_errno(daemon->client));
		break;
	case AVAHI_ENTRY_GROUP_UNCOMMITED:
	case AVAHI_ENTRY_GROUP_REGISTERING:
		break;
	}
}

/* For avahi_string_list_free(). */
static AvahiStringList *make_txt(const struct mdns_order *service)
{
	AvahiStringList *list = NULL;

	for (size_t i = 0; i < service->txt.count; i++) {
		list = avahi_string_list_add(list, service->txt.items[i]);
	}
	return list;
}

/* Gives the daemon the records without a commit, which is enough to learn whether it refuses. */
static void prepare(struct mdns_daemon *daemon)
{
	const struct mdns_order *service = daemon->service;
	AvahiStringList *txt;
	int result;

	if (daemon->group == NULL) {
		daemon->group = avahi_entry_group_new(daemon->client, on_group, daemon);
	}
	if (daemon->group == NULL) {
		on_failure(daemon, avahi_client_errno(daemon->client));
		return;
	}
	txt = make_txt(service);
	result = avahi_entry_group_add_service_strlst(daemon->group, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, 0, service->name, service->type, NULL, NULL,
		(uint16_t)service->port, txt);
	avahi_string_list_free(txt);
	if (result < 0) {
		on_failure(daemon, result);
		return;
	}
	set_state(daemon, MDNS_DAEMON_READY);
}

static void withdraw(struct mdns_daemon *daemon)
{
	if (daemon->group != NULL) {
		avahi_entry_group_reset(daemon->group);
	}
}

static void on_client(AvahiClient *client, AvahiClientState state, void *user)
{
	struct mdns_daemon *daemon = user;

	daemon->client = client; /* the first call comes from within avahi_client_new() */
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		prepare(daemon);
		break;
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_COLLISION:
		/* The host gets a new name: our record would keep pointing to the old one. */
		withdraw(daemon);
		set_state(daemon, MDNS_DAEMON_UNDECIDED);
		break;
	case AVAHI_CLIENT_CONNECTING:
		error_set(&daemon->error, ERROR_NOT_FOUND, "avahi-daemon is not running");
		set_state(daemon, MDNS_DAEMON_ABSENT);
		break;
	case AVAHI_CLIENT_FAILURE:
		on_failure(daemon, avahi_client_errno(client));
		break;
	}
}

static void disconnect(struct mdns_daemon *daemon)
{
	if (daemon->client != NULL) {
		avahi_client_free(daemon->client);
	}
	daemon->client = NULL;
	daemon->group = NULL;
}

static void connect_anew(void *user)
{
	struct mdns_daemon *daemon = user;
	int avahi_error = 0;

	disconnect(daemon);
	daemon->client = avahi_client_new(
		daemon->poll, AVAHI_CLIENT_NO_FAIL, on_client, daemon, &avahi_error);
	if (daemon->client == NULL) {
		daemon->group = NULL;
		error_set(&daemon->error, ERROR_NOT_FOUND, "avahi-daemon cannot be reached (%s)",
			avahi_strerror(avahi_error));
		retry_after(daemon, NO_DBUS_RETRY_MS);
		set_state(daemon, MDNS_DAEMON_ABSENT);
	}
}

struct mdns_daemon *mdns_daemon_create(struct loop *loop, const AvahiPoll *poll,
	const struct mdns_order *service, void (*changed)(void *user), void *user)
{
	struct mdns_daemon *daemon = xcalloc(1, sizeof(*daemon));

	daemon->poll = poll;
	daemon->service = service;
	daemon->changed = changed;
	daemon->user = user;
	daemon->retry = loop_timer_create(loop, connect_anew, daemon);
	/* Not now: D-Bus calls block, and the caller has other things to start first. */
	loop_timer_set(daemon->retry, 0);
	return daemon;
}

void mdns_daemon_destroy(struct mdns_daemon *daemon)
{
	if (daemon == NULL) {
		return;
	}
	disconnect(daemon);
	loop_timer_destroy(daemon->retry);
	free(daemon);
}

enum mdns_daemon_state mdns_daemon_state(const struct mdns_daemon *daemon)
{
	return daemon->state;
}

const struct error *mdns_daemon_error(const struct mdns_daemon *daemon)
{
	return &daemon->error;
}

void mdns_daemon_publish(struct mdns_daemon *daemon)
{
	int result;

	assert(daemon->state == MDNS_DAEMON_READY);
	daemon->state = MDNS_DAEMON_PUBLISHING;
	result = avahi_entry_group_commit(daemon->group);
	if (result < 0) {
		on_failure(daemon, result);
	}
}

void mdns_daemon_refresh(struct mdns_daemon *daemon)
{
	const struct mdns_order *service = daemon->service;
	AvahiStringList *txt;
	int result;

	if (daemon->state != MDNS_DAEMON_READY && daemon->state != MDNS_DAEMON_PUBLISHING &&
		daemon->state != MDNS_DAEMON_PUBLISHED) {
		return;
	}
	txt = make_txt(service);
	result = avahi_entry_group_update_service_txt_strlst(daemon->group, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, 0, service->name, service->type, NULL, txt);
	avahi_string_list_free(txt);
	if (result < 0) {
		on_failure(daemon, result);
	}
}
