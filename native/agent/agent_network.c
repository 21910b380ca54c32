#define LOG_MODULE "agent"

#include "agent/agent_network.h"

#include "agent/agent_identity.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/mdns.h"
#include "discovery/network_watch.h"
#include "hubs/hubs.h"
#include "proto/proto_constants.h"
#include "ws/ws_server.h"

#include <stdlib.h>

#define GUESTS_MAX 8
#define GUESTS_PER_ADDRESS_MAX 2
#define GUEST_WAIT_MS (30 * 1000)
#define WAITING_MAX 256
/* Fewer that were turned away are a port scan, or somebody's mistake. */
#define CROWD_COUNT 100
#define QUEUED_MAX_BYTES (16u * 1024 * 1024)
/*
 * An unpaired peer needs only short messages; a binary header still fits, so that it can be
 * answered.
 */
#define GUEST_MESSAGE_MAX_BYTES (CHUNK_PREFIX_BYTES + CHUNK_HEADER_MAX_BYTES)
#define GUEST_QUEUED_MAX_BYTES (256 * 1024)
/* Desktop Hubs forget an agent that they have not resolved again for 120 s. */
#define REFRESH_MS (60 * 1000)

struct agent_network {
	struct agent_network_options options;
	struct ws_server *server;
	struct network_watch *addresses; /* NULL: the kernel cannot be asked */
	bool is_announced;		 /* while it listens */
	struct mdns *mdns;		 /* NULL: not announced now */
};

/* --- Announcing --- */

static void fill_txt(const struct agent_network *network, struct strvec *txt)
{
	const struct agent_identity *identity = network->options.identity;

	strvec_push_take(txt, xasprintf("id=%s", identity->id));
	strvec_push_take(txt, xasprintf("name=%s", *network->options.name));
	strvec_push_take(txt, xasprintf("version=%s", identity->version));
	strvec_push_take(txt, xasprintf("platform=%s", identity->platform));
}

static void on_mdns_changed(void *user, enum mdns_state state)
{
	const struct agent_network *network = user;

	if (state == MDNS_FAILED) {
		log_warning("%s", mdns_detail(network->mdns));
	} else {
		log_info("%s", mdns_detail(network->mdns));
	}
	network->options.changed(network->options.user);
}

static void announce_if_listening(struct agent_network *network)
{
	const char *id = network->options.identity->id;
	AUTO(free_ptr) char *host = xasprintf("capydeck-%s", id);
	AUTO(strvec_finish) struct strvec txt = { 0 };

	if (!network->is_announced || agent_network_problem(network) != NULL) {
		return;
	}
	fill_txt(network, &txt);
	network->mdns = mdns_create(network->options.loop,
		&(struct mdns_options){
			.type = PROTO_SERVICE_TYPE,
			.name = id,
			.host = host,
			.port = agent_network_port(network),
			.txt = &txt,
			.refresh_ms = REFRESH_MS,
		},
		on_mdns_changed, network);
}

void agent_network_announce(struct agent_network *network)
{
	network->is_announced = true;
	announce_if_listening(network);
}

void agent_network_rename(struct agent_network *network)
{
	AUTO(strvec_finish) struct strvec txt = { 0 };

	if (network->mdns != NULL) {
		fill_txt(network, &txt);
		mdns_update(network->mdns, &txt);
	}
}

/* --- Listening --- */

static void log_listening(const struct agent_network *network)
{
	const char *problem = agent_network_problem(network);

	if (problem != NULL) {
		log_warning("%s; trying again every few seconds", problem);
	} else {
		log_info("listening on port %u", agent_network_port(network));
	}
}

static void on_listening_changed(void *user)
{
	struct agent_network *network = user;

	log_listening(network);
	mdns_destroy(TAKE_PTR(network->mdns));
	announce_if_listening(network);
	network->options.listening_changed(network->options.user);
}

static void on_crowded(void *user, unsigned dropped_count)
{
	if (dropped_count >= CROWD_COUNT) {
		log_warning("turned away %u connections of strangers: somebody on this network "
			    "connects again and again; paired Hubs go first",
			dropped_count);
	}
}

static void open_server(struct agent_network *network)
{
	struct ws_server_options options = {
		.port = network->options.port,
		.path = PROTO_ENDPOINT_PATH,
		.limits = {
			.ping_period_ms = PING_PERIOD_MS,
			.pong_wait_ms = PONG_WAIT_MS,
			.write_wait_ms = WRITE_WAIT_MS,
			.max_message_bytes = MAX_MESSAGE_BYTES,
			.max_queued_bytes = QUEUED_MAX_BYTES,
			.guest_message_bytes = GUEST_MESSAGE_MAX_BYTES,
			.guest_queued_bytes = GUEST_QUEUED_MAX_BYTES,
		},
		.allowed_origins = network->options.allowed_origins,
		.guest_count_max = GUESTS_MAX,
		.guest_count_per_address = GUESTS_PER_ADDRESS_MAX,
		.guest_wait_ms = GUEST_WAIT_MS,
		.waiting_count_max = WAITING_MAX,
		.listening_changed = on_listening_changed,
		.crowded = on_crowded,
		.user = network,
	};

	hubs_serve(network->options.hubs, &options);
	network->server = ws_server_create(network->options.lws_loop, &options);
	log_listening(network);
}

bool agent_network_move(struct agent_network *network, uint16_t port, struct error *err)
{
	return ws_server_move(network->server, port, err);
}

void agent_network_trust(struct agent_network *network, const char *address)
{
	ws_server_trust(network->server, address);
}

uint16_t agent_network_port(const struct agent_network *network)
{
	return ws_server_port(network->server);
}

const char *agent_network_problem(const struct agent_network *network)
{
	return ws_server_problem(network->server);
}

const struct mdns *agent_network_mdns(const struct agent_network *network)
{
	return network->mdns;
}

/* --- Creating and destroying --- */

struct agent_network *agent_network_create(const struct agent_network_options *options)
{
	struct agent_network *network = xcalloc(1, sizeof(*network));

	network->options = *options;
	open_server(network);
	network->addresses = network_watch_create(options->loop, options->changed, options->user);
	return network;
}

void agent_network_destroy(struct agent_network *network)
{
	if (network == NULL) {
		return;
	}
	mdns_destroy(network->mdns);
	network_watch_destroy(network->addresses);
	ws_server_destroy(network->server);
	free(network);
}
