#define LOG_MODULE "agent"

#include "agent/agent.h"

#include "agent/agent_announcer.h"
#include "agent/agent_identity.h"
#include "agent/agent_services.h"
#include "agent/agent_settings.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/network_watch.h"
#include "games/game_removal.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "pairing/pairing.h"
#include "pairing/pairing_overlay.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "steam/steam.h"
#include "ws/ws_server.h"

#include <stdlib.h>
#include <string.h>

#define GUESTS_MAX 8
#define GUESTS_PER_ADDRESS_MAX 2
#define GUEST_WAIT_MS (30 * 1000)
#define QUEUED_MAX_BYTES (16u * 1024 * 1024)
/* Whoever has not paired has little to say; a binary header still fits, and so can be answered. */
#define GUEST_MESSAGE_MAX_BYTES (CHUNK_PREFIX_BYTES + CHUNK_HEADER_MAX_BYTES)
#define GUEST_QUEUED_MAX_BYTES (256 * 1024)

struct agent {
	struct agent_options options;
	struct agent_identity identity;
	struct strvec notices;
	char *complaint; /* about the settings' file as it is now; "": none */
	struct agent_settings *settings;
	struct agent_services services;
	struct ws_server *server;
	bool announces;			   /* while it listens */
	struct agent_announcer *announcer; /* NULL: not announced */
	struct network_watch *network;	   /* NULL: the kernel cannot be asked */
	struct pairing_overlay *overlay;   /* NULL: off */
};

static void on_status_changed(void *user)
{
	const struct agent_services *services = &((struct agent *)user)->services;

	if (services->events != NULL && services->events->status_changed != NULL) {
		services->events->status_changed(services->user);
	}
}

void agent_add_notice(struct agent *agent, const char *sentence)
{
	log_warning("%s", sentence);
	strvec_push(&agent->notices, sentence);
	on_status_changed(agent);
}

static void announce_if_listening(struct agent *agent)
{
	if (agent->announces && agent_listening_problem(agent) == NULL) {
		agent->announcer =
			agent_announcer_create(agent->options.loop, agent->options.config,
				&agent->identity, agent_port(agent), on_status_changed, agent);
	}
}

static void tell_listening(const struct agent *agent)
{
	const char *problem = agent_listening_problem(agent);

	if (problem != NULL) {
		log_warning("%s; trying again every few seconds", problem);
	} else {
		log_info("listening on port %u", agent_port(agent));
	}
}

static void on_listening_changed(void *user)
{
	struct agent *agent = user;

	tell_listening(agent);
	agent_announcer_destroy(TAKE_PTR(agent->announcer));
	announce_if_listening(agent);
	if (agent->options.listening_changed != NULL) {
		agent->options.listening_changed(agent->options.user);
	}
	on_status_changed(agent);
}

static void listen_for_hubs(struct agent *agent)
{
	int64_t port = agent->options.port;
	const struct ws_server_options options = {
		.port = (uint16_t)(port != AGENT_PORT_FROM_SETTINGS
					   ? port
					   : agent->options.config->agent_port),
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
		.allowed_origins = &agent->options.config->connections_allowed_origins,
		.guest_count_max = GUESTS_MAX,
		.guest_count_per_address = GUESTS_PER_ADDRESS_MAX,
		.guest_wait_ms = GUEST_WAIT_MS,
		.events = &agent_session_events,
		.owner = &agent->services,
		.listening_changed = on_listening_changed,
		.user = agent,
	};

	agent->server = ws_server_create(agent->options.lws_loop, &options);
	tell_listening(agent);
}

void agent_announce(struct agent *agent)
{
	agent->announces = true;
	announce_if_listening(agent);
}

/* --- Settings --- */

static void on_setting_changed(void *user, const char *key)
{
	const struct agent_services *services = &((struct agent *)user)->services;

	if (services->events != NULL && services->events->settings_changed != NULL) {
		services->events->settings_changed(services->user, key);
	}
}

static void on_renamed(void *user)
{
	struct agent *agent = user;

	agent_announcer_update(agent->announcer);
}

static bool is_port_fixed(const struct agent *agent)
{
	return agent->options.port != AGENT_PORT_FROM_SETTINGS;
}

static bool on_moved(void *user, struct error *err)
{
	struct agent *agent = user;
	uint16_t port = (uint16_t)agent->options.config->agent_port;

	if (is_port_fixed(agent) ||
		(port == agent_port(agent) && agent_listening_problem(agent) == NULL)) {
		return true;
	}
	return ws_server_move(agent->server, port, err);
}

static void on_complained(void *user, const char *sentence)
{
	struct agent *agent = user;

	sentence = sentence != NULL ? sentence : "";
	if (strcmp(sentence, agent->complaint) == 0) {
		return;
	}
	if (*sentence != '\0') {
		log_warning("%s", sentence);
	}
	free(agent->complaint);
	agent->complaint = xstrdup(sentence);
	on_status_changed(agent);
}

static const struct agent_settings_events settings_events = {
	.changed = on_setting_changed,
	.renamed = on_renamed,
	.moved = on_moved,
	.complained = on_complained,
};

static bool open_settings(struct agent *agent, struct error *err)
{
	agent->settings = agent_settings_create(
		&agent->services, agent->options.config, &settings_events, agent, err);
	return agent->settings != NULL;
}

/* --- The whole --- */

static bool open_identity(struct agent *agent, struct error *err)
{
	AUTO(free_ptr) char *notice = NULL;
	bool ok = agent_identity_init(
		&agent->identity, agent->options.paths->config_dir, &notice, err);

	if (notice != NULL) {
		agent_add_notice(agent, notice);
	}
	agent->services.identity = &agent->identity;
	return ok;
}

struct agent *agent_create(const struct agent_options *options, struct error *err)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));
	struct agent_services *services = &agent->services;

	agent->options = *options;
	agent->complaint = xstrdup("");
	if (!open_identity(agent, err) ||
		!agent_services_open(services, options, &agent->notices, err) ||
		!open_settings(agent, err)) {
		agent_destroy(agent);
		return NULL;
	}
	listen_for_hubs(agent);
	agent->network = network_watch_create(options->loop, on_status_changed, agent);
	game_removal_resume(services->game_removal);
	game_setup_resume(services->game_setup);
	return agent;
}

void agent_destroy(struct agent *agent)
{
	if (agent == NULL) {
		return;
	}
	agent->services.events = NULL;
	agent->services.stopping = true;
	agent_settings_destroy(agent->settings);
	agent_announcer_destroy(agent->announcer);
	network_watch_destroy(agent->network);
	ws_server_destroy(agent->server);
	pairing_overlay_destroy(agent->overlay);
	agent_services_close(&agent->services);
	agent_identity_finish(&agent->identity);
	strvec_finish(&agent->notices);
	free(agent->complaint);
	free(agent);
}

void agent_set_events(struct agent *agent, const struct agent_events *events, void *user)
{
	agent->services.events = events;
	agent->services.user = user;
}

void agent_show_codes(struct agent *agent)
{
	const struct config *config = agent->options.config;
	AUTO(free_ptr) char *program = path_beside_program("capydeck-overlay");

	agent->overlay = pairing_overlay_create(&(struct pairing_overlay_options){
		.loop = agent->options.loop,
		.pairing = agent->services.pairing,
		.program = program,
		.home = agent->options.paths->home,
		.language = &config->overlay_language,
		.large_text = &config->overlay_large_text,
		.reduced_motion = &config->overlay_reduced_motion,
	});
}

/* --- The owner's changes --- */

bool agent_revoke_hub(struct agent *agent, const char *hub_id, struct error *err)
{
	struct agent_session *session = agent->services.connected;

	if (!token_store_revoke(agent->services.tokens, hub_id, err)) {
		return false;
	}
	log_info("Hub '%s' is revoked", hub_id);
	if (session != NULL && strcmp(agent_session_hub(session)->id, hub_id) == 0) {
		agent_session_expel(session, CLOSE_TOKEN_REVOKED, "token_revoked");
	}
	return true;
}

bool agent_set(struct agent *agent, const char *key, const char *value, bool *restart_needed,
	struct error *err)
{
	*restart_needed = strcmp(key, "agent.port") == 0 && is_port_fixed(agent);
	return agent_settings_set(agent->settings, key, value, err);
}

/* --- Views --- */

uint16_t agent_port(const struct agent *agent)
{
	return ws_server_port(agent->server);
}

const char *agent_listening_problem(const struct agent *agent)
{
	return ws_server_problem(agent->server);
}

const struct agent_hub *agent_connected_hub(const struct agent *agent)
{
	const struct agent_session *session = agent->services.connected;

	return session != NULL ? agent_session_hub(session) : NULL;
}

const char *agent_connected_address(const struct agent *agent)
{
	const struct agent_session *session = agent->services.connected;

	return session != NULL ? agent_session_address(session) : "";
}

void agent_notices(const struct agent *agent, struct strvec *notices)
{
	strvec_copy(notices, &agent->notices);
	if (*agent->complaint != '\0') {
		strvec_push(notices, agent->complaint);
	}
}

const char *agent_overlay_state(const struct agent *agent, struct strbuf *detail)
{
	return agent->overlay != NULL ? pairing_overlay_state(agent->overlay, detail) : "off";
}

struct agent_services *agent_services(struct agent *agent)
{
	return &agent->services;
}

const struct config *agent_config(const struct agent *agent)
{
	return agent->options.config;
}

const struct agent_identity *agent_identity(const struct agent *agent)
{
	return &agent->identity;
}

struct game_registry *agent_games(const struct agent *agent)
{
	return agent->services.games;
}

const struct mdns *agent_mdns(const struct agent *agent)
{
	return agent->announcer != NULL ? agent_announcer_mdns(agent->announcer) : NULL;
}

struct pairing *agent_pairing(const struct agent *agent)
{
	return agent->services.pairing;
}

const char *agent_steam_driver(const struct agent *agent, struct strbuf *detail)
{
	steam_describe(agent->services.steam, detail);
	return steam_driver_name(agent->services.steam);
}

struct token_store *agent_tokens(const struct agent *agent)
{
	return agent->services.tokens;
}

struct upload_store *agent_uploads(const struct agent *agent)
{
	return agent->services.uploads;
}
