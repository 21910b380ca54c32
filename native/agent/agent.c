#define LOG_MODULE "agent"

#include "agent/agent.h"

#include "agent/agent_games.h"
#include "agent/agent_network.h"
#include "agent/agent_settings.h"
#include "agent/agent_state.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "hubs/hubs.h"
#include "pairing/pairing.h"
#include "pairing/pairing_overlay.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "steam/steam.h"

#include <stdlib.h>
#include <string.h>

/*
 * The modules in the order in which they are created: each uses those above it, and notifies those
 * below it through the callbacks in this file; agent_games.c does the same for the games'. NULL:
 * not there (yet).
 */
struct agent {
	struct agent_options options;
	struct agent_events events; /* zeroed: no listener */
	void *user;
	struct strvec notices;
	char *complaint; /* about the settings file as it is now; "": none */
	struct agent_state *state;
	struct error held_back; /* why it does not listen yet: an error's message, or "" */
	bool is_announced;

	struct agent_identity identity;
	struct strvec capabilities;
	struct pairing *pairing;
	struct steam *steam;
	struct token_store *tokens;
	struct agent_games games;
	struct hubs *hubs;
	struct agent_settings *settings;
	struct agent_network *network;	 /* NULL: held back */
	struct pairing_overlay *overlay; /* NULL: off */
};

/* --- Events between modules --- */

static void on_status_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.status_changed != NULL) {
		agent->events.status_changed(agent->user);
	}
}

static void on_hub_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.hub_changed != NULL) {
		agent->events.hub_changed(agent->user);
	}
}

static void on_uploads_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.uploads_changed != NULL) {
		agent->events.uploads_changed(agent->user);
	}
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	const struct agent *agent = user;

	hubs_upload_progress(agent->hubs, status);
	if (agent->events.upload_progress != NULL) {
		agent->events.upload_progress(agent->user, status);
	}
}

static void on_game_updated(void *user, const struct upload_installed *installed)
{
	struct agent *agent = user;

	if (agent->events.game_updated != NULL) {
		agent->events.game_updated(agent->user, installed);
	}
}

static void on_games_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.games_changed != NULL) {
		agent->events.games_changed(agent->user);
	}
}

static void on_libraries_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.libraries_changed != NULL) {
		agent->events.libraries_changed(agent->user);
	}
}

static void on_artwork_announced(
	void *user, const char *status, const char *game_name, const char *message)
{
	const struct agent *agent = user;

	hubs_announce_artwork(agent->hubs, status, game_name, message);
}

/* Adds a module's message for the owner; NULL: none. */
static void note_take(struct agent *agent, char *sentence)
{
	if (sentence != NULL) {
		log_warning("%s", sentence);
		strvec_push_take(&agent->notices, sentence);
	}
}

static void on_noted(void *user, char *sentence)
{
	note_take(user, sentence);
	on_status_changed(user);
}

static void on_app_id_changed(
	void *user, const char *account_id, uint32_t reported, uint32_t actual)
{
	struct agent *agent = user;

	agent_games_app_id_changed(&agent->games, account_id, reported, actual);
}

static void on_steam_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events.steam_changed != NULL) {
		agent->events.steam_changed(agent->user);
	}
}

static void on_setting_changed(void *user, const char *key)
{
	const struct agent *agent = user;

	if (agent->events.settings_changed != NULL) {
		agent->events.settings_changed(agent->user, key);
	}
}

static void on_renamed(void *user)
{
	const struct agent *agent = user;

	if (agent->network != NULL) {
		agent_network_rename(agent->network);
	}
}

static bool is_port_fixed(const struct agent *agent)
{
	return agent->options.port != AGENT_PORT_FROM_SETTINGS;
}

static bool on_moved(void *user, struct error *err)
{
	const struct agent *agent = user;
	uint16_t port = (uint16_t)agent->options.config->agent_port;

	if (is_port_fixed(agent) || agent->network == NULL ||
		(port == agent_port(agent) && agent_listening_problem(agent) == NULL)) {
		return true;
	}
	return agent_network_move(agent->network, port, err);
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

static char *on_session_language(void *user)
{
	const struct agent *agent = user;

	return steam_language(agent->steam);
}

static void on_listening_changed(void *user)
{
	struct agent *agent = user;

	if (agent->options.listening_changed != NULL) {
		agent->options.listening_changed(agent->options.user);
	}
	on_status_changed(agent);
}

static const struct agent_games_events games_events = {
	.uploads_changed = on_uploads_changed,
	.upload_progress = on_upload_progress,
	.game_updated = on_game_updated,
	.games_changed = on_games_changed,
	.libraries_changed = on_libraries_changed,
	.artwork_announced = on_artwork_announced,
	.noted = on_noted,
};

static const struct steam_events steam_events = {
	.app_id_changed = on_app_id_changed,
	.queue_changed = on_steam_changed,
};

static const struct agent_settings_events settings_events = {
	.changed = on_setting_changed,
	.renamed = on_renamed,
	.moved = on_moved,
	.complained = on_complained,
};

/* --- Creating the modules --- */

static void open_state(struct agent *agent)
{
	agent->state = agent_state_create(&(struct agent_state_options){
		.loop = agent->options.loop,
		.changed = on_status_changed,
		.noted = on_noted,
		.user = agent,
	});
}

static void open_identity(struct agent *agent)
{
	char *notice = NULL;

	agent_identity_init(&agent->identity, agent->options.paths->config_dir, &notice);
	note_take(agent, notice);
	agent_identity_capabilities(&agent->capabilities);
}

static void on_queue_arrived(void *user)
{
	const struct agent *agent = user;

	steam_ui_changed(agent->steam); /* the changes go on */
	on_steam_changed(user);
}

static void open_steam(struct agent *agent)
{
	const struct agent_options *options = &agent->options;
	char *notice = NULL;

	agent->steam = steam_create(options->loop, options->worker,
		&(struct steam_options){
			.home = options->paths->home,
			.steam_dir = options->steam_dir,
			.state_dir = options->paths->state_dir,
			.lws_loop = options->lws_loop,
			.debugger_port = &options->config->steam_debugger_port,
			.ui = options->steam_ui,
		},
		&notice);
	note_take(agent, notice);
	agent_state_watch_link(agent->state, steam_link(agent->steam), on_queue_arrived, agent);
	steam_set_events(agent->steam, &steam_events, agent);
}

static void on_tokens_arrived(void *user)
{
	on_hub_changed(user);
}

static void open_tokens(struct agent *agent)
{
	AUTO(free_ptr) char *path = path_join(agent->options.paths->config_dir, "hubs.json");
	char *notice = NULL;

	agent->tokens = token_store_create(path, &notice);
	note_take(agent, notice);
	agent_state_watch_link(
		agent->state, token_store_link(agent->tokens), on_tokens_arrived, agent);
}

static bool open_games(struct agent *agent, struct error *err)
{
	return agent_games_init(&agent->games,
		&(struct agent_games_options){
			.loop = agent->options.loop,
			.worker = agent->options.worker,
			.paths = agent->options.paths,
			.config = agent->options.config,
			.state = agent->state,
			.steam = agent->steam,
			.events = &games_events,
			.user = agent,
		},
		err);
}

static void open_hubs(struct agent *agent)
{
	const struct config *config = agent->options.config;

	agent->hubs = hubs_create(&(struct hubs_options){
		.loop = agent->options.loop,
		.id = &agent->identity.id,
		.platform = agent->identity.platform,
		.version = agent->identity.version,
		.capabilities = &agent->capabilities,
		.pairing = agent->pairing,
		.tokens = agent->tokens,
		.uploads = agent->games.uploads,
		.registry = agent->games.registry,
		.game_artwork = agent->games.artwork,
		.game_setup = agent->games.setup,
		.game_removal = agent->games.removal,
		.steam = agent->steam,
		.steam_artwork = agent->games.steam_artwork,
		.name = &config->agent_name,
		.accept = &config->connections_accept,
		.send_code_to_hub = &config->pairing_send_code_to_hub,
		.restart_while_playing = &config->steam_restart_while_playing,
		.allow_local_artwork = &config->artwork_local_servers,
		.changed = on_hub_changed,
		.user = agent,
	});
}

static bool open_settings(struct agent *agent, struct error *err)
{
	agent->settings = agent_settings_create(
		&(struct agent_settings_options){
			.loop = agent->options.loop,
			.config = agent->options.config,
			.home = agent->options.paths->home,
			.pairing = agent->pairing,
			.libraries = agent->games.libraries,
			.uploads = agent->games.uploads,
			.trash = agent->games.trash,
			.kept = agent->games.kept,
		},
		&settings_events, agent, err);
	return agent->settings != NULL;
}

/* Where paired Hubs connected from goes first, also after a restart. */
static void trust_known_addresses(struct agent *agent)
{
	for (size_t i = 0; i < token_store_count(agent->tokens); i++) {
		const char *address = token_store_at(agent->tokens, i)->address;

		if (*address != '\0') {
			agent_network_trust(agent->network, address);
		}
	}
}

static void open_network(struct agent *agent)
{
	const struct agent_options *options = &agent->options;
	int64_t port = is_port_fixed(agent) ? options->port : options->config->agent_port;

	agent->held_back = (struct error){ 0 };
	agent->network = agent_network_create(&(struct agent_network_options){
		.loop = options->loop,
		.lws_loop = options->lws_loop,
		.hubs = agent->hubs,
		.identity = &agent->identity,
		.name = &options->config->agent_name,
		.allowed_origins = &options->config->connections_allowed_origins,
		.port = (uint16_t)port,
		.listening_changed = on_listening_changed,
		.changed = on_status_changed,
		.user = agent,
	});
	trust_known_addresses(agent);
}

/* Hubs are served by the owner's settings, under the id that they know: not before both are read.
 */
static bool can_serve(void *part, struct error *err)
{
	struct agent *agent = part;

	if (agent_settings_ready(agent->settings, &agent->held_back) &&
		agent_identity_ready(&agent->identity, &agent->held_back)) {
		return true;
	}
	*err = agent->held_back;
	return false;
}

static void on_can_serve(void *user)
{
	struct agent *agent = user;

	open_network(agent);
	if (agent->is_announced) {
		agent_network_announce(agent->network);
	}
	on_listening_changed(agent);
}

static void open_network_when_ready(struct agent *agent)
{
	struct error err;

	if (can_serve(agent, &err)) {
		open_network(agent);
	} else {
		agent_state_watch(agent->state, can_serve, agent, on_can_serve, agent);
	}
}

/* --- Creating and destroying --- */

struct agent *agent_create(const struct agent_options *options, struct error *err)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));

	agent->options = *options;
	agent->complaint = xstrdup("");
	open_state(agent);
	open_identity(agent);
	agent->pairing = pairing_create(&(struct pairing_options){
		.loop = options->loop,
		.expires_ms = PAIRING_EXPIRES_S * 1000,
	});
	open_steam(agent);
	open_tokens(agent);
	if (!open_games(agent, err)) {
		goto fail;
	}
	open_hubs(agent);
	if (!open_settings(agent, err)) {
		goto fail;
	}
	open_network_when_ready(agent);
	agent_games_resume(&agent->games);
	return agent;

fail:
	agent_destroy(agent);
	return NULL;
}

/*
 * Connections first; then the modules that still have work to end, whose answers are dropped; then
 * the modules that they notify.
 */
void agent_destroy(struct agent *agent)
{
	if (agent == NULL) {
		return;
	}
	agent_set_events(agent, NULL, NULL);
	agent_state_destroy(TAKE_PTR(agent->state));
	agent_settings_destroy(agent->settings);
	hubs_stop(agent->hubs);
	agent_games_stop(&agent->games);
	agent_network_destroy(agent->network);
	pairing_overlay_destroy(agent->overlay);
	agent_games_end_work(&agent->games);
	steam_destroy(agent->steam);
	pairing_destroy(agent->pairing);
	hubs_destroy(agent->hubs);
	agent_games_finish(&agent->games);
	token_store_destroy(agent->tokens);
	agent_identity_finish(&agent->identity);
	strvec_finish(&agent->capabilities);
	strvec_finish(&agent->notices);
	free(agent->complaint);
	free(agent);
}

void agent_set_events(struct agent *agent, const struct agent_events *events, void *user)
{
	agent->events = events != NULL ? *events : (struct agent_events){ 0 };
	agent->user = user;
}

void agent_announce(struct agent *agent)
{
	agent->is_announced = true;
	if (agent->network != NULL) {
		agent_network_announce(agent->network);
	}
}

void agent_show_codes(struct agent *agent)
{
	const struct config *config = agent->options.config;
	AUTO(free_ptr) char *program = path_beside_program("capydeck-overlay");

	agent->overlay = pairing_overlay_create(&(struct pairing_overlay_options){
		.loop = agent->options.loop,
		.pairing = agent->pairing,
		.program = program,
		.language = &config->overlay_language,
		.large_text = &config->overlay_large_text,
		.reduced_motion = &config->overlay_reduced_motion,
		.session_language = on_session_language,
		.user = agent,
	});
}

/* --- Changes by the owner --- */

void agent_add_notice(struct agent *agent, const char *sentence)
{
	note_take(agent, xstrdup(sentence));
	on_status_changed(agent);
}

bool agent_pick_hub(struct agent *agent, const char *address, struct error *err)
{
	if (!pairing_pick(agent->pairing, address, err)) {
		return false;
	}
	log_info("the next pairing code is for the Hub at %s", address);
	agent_network_trust(agent->network, address);
	return true;
}

bool agent_revoke_hub(struct agent *agent, const char *hub_id, struct error *err)
{
	if (!token_store_revoke(agent->tokens, hub_id, err)) {
		return false;
	}
	log_info("revoked Hub '%s'", hub_id);
	hubs_expel(agent->hubs, hub_id);
	return true;
}

bool agent_forget_library(struct agent *agent, const char *id, struct error *err)
{
	return agent_games_forget_library(&agent->games, id, err);
}

bool agent_may_forget_library(const struct agent *agent, const char *id, struct error *err)
{
	return agent_games_may_forget_library(&agent->games, id, err);
}

bool agent_set(struct agent *agent, const char *key, const char *value, bool *restart_needed,
	struct error *err)
{
	*restart_needed = strcmp(key, "agent.port") == 0 && is_port_fixed(agent);
	return agent_settings_set(agent->settings, key, value, err);
}

/* --- State --- */

uint16_t agent_port(const struct agent *agent)
{
	if (agent->network != NULL) {
		return agent_network_port(agent->network);
	}
	return (uint16_t)(is_port_fixed(agent) ? agent->options.port
					       : agent->options.config->agent_port);
}

const char *agent_listening_problem(const struct agent *agent)
{
	return agent->network != NULL ? agent_network_problem(agent->network)
				      : agent->held_back.message;
}

const struct agent_hub *agent_connected_hub(const struct agent *agent)
{
	return hubs_connected(agent->hubs);
}

const char *agent_connected_address(const struct agent *agent)
{
	return hubs_connected_address(agent->hubs);
}

void agent_notices(const struct agent *agent, struct strvec *notices)
{
	strvec_copy(notices, &agent->notices);
	if (*agent->complaint != '\0') {
		strvec_push(notices, agent->complaint);
	}
	agent_state_notices(agent->state, notices);
}

const char *agent_overlay_state(const struct agent *agent, struct strbuf *detail)
{
	return agent->overlay != NULL ? pairing_overlay_state(agent->overlay, detail) : "off";
}

const char *agent_steam_driver(const struct agent *agent, struct strbuf *detail)
{
	steam_describe(agent->steam, detail);
	return steam_driver_name(agent->steam);
}

const struct config *agent_config(const struct agent *agent)
{
	return agent->options.config;
}

const struct agent_identity *agent_identity(const struct agent *agent)
{
	return &agent->identity;
}

struct game_registry *agent_registry(const struct agent *agent)
{
	return agent->games.registry;
}

struct libraries *agent_libraries(const struct agent *agent)
{
	return agent->games.libraries;
}

const struct mdns *agent_mdns(const struct agent *agent)
{
	return agent->network != NULL ? agent_network_mdns(agent->network) : NULL;
}

struct pairing *agent_pairing(const struct agent *agent)
{
	return agent->pairing;
}

struct game_removal *agent_removal(const struct agent *agent)
{
	return agent->games.removal;
}

struct steam *agent_steam(const struct agent *agent)
{
	return agent->steam;
}

struct token_store *agent_tokens(const struct agent *agent)
{
	return agent->tokens;
}

struct game_trash *agent_trash(const struct agent *agent)
{
	return agent->games.trash;
}

struct kept_files *agent_kept(const struct agent *agent)
{
	return agent->games.kept;
}

struct game_versions *agent_versions(const struct agent *agent)
{
	return agent->games.versions;
}

struct upload_store *agent_uploads(const struct agent *agent)
{
	return agent->games.uploads;
}
