#define LOG_MODULE "agent"

#include "agent/agent.h"

#include "agent/agent_announcer.h"
#include "agent/agent_identity.h"
#include "agent/agent_session.h"
#include "agent/agent_settings.h"
#include "agent/game_artwork.h"
#include "agent/game_registry.h"
#include "agent/game_removal.h"
#include "agent/game_setup.h"
#include "agent/game_trash.h"
#include "agent/guess_limiter.h"
#include "agent/handle_upload.h"
#include "agent/pairing.h"
#include "agent/pairing_overlay.h"
#include "agent/token_store.h"
#include "agent/upload_store.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "net/ws_server.h"
#include "proto/proto_constants.h"
#include "steam/steam.h"
#include "steam/steam_artwork.h"

#include <stdlib.h>
#include <string.h>

#define GUESTS_MAX 8
#define GUESTS_PER_ADDRESS_MAX 2
#define GUEST_WAIT_MS (30 * 1000)
#define QUEUED_MAX_BYTES (16u * 1024 * 1024)
/* Whoever has not paired has little to say; a binary header still fits, and so can be answered. */
#define GUEST_MESSAGE_MAX_BYTES (CHUNK_PREFIX_BYTES + CHUNK_HEADER_MAX_BYTES)
#define GUEST_QUEUED_MAX_BYTES (256 * 1024)
#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

struct agent {
	struct agent_options options;
	const struct agent_events *events;
	void *user;
	struct agent_identity identity;
	struct strvec notices;
	char *complaint; /* about the settings' file as it is now; "": none */
	struct agent_settings *settings;
	struct agent_services services;
	struct ws_server *server;
	struct agent_announcer *announcer; /* NULL: not announced */
	struct pairing_overlay *overlay;   /* NULL: off */
};

static void on_hub_changed(void *user)
{
	struct agent *agent = user;

	if (agent->events != NULL && agent->events->hub_changed != NULL) {
		agent->events->hub_changed(agent->user);
	}
}

static void on_uploads_changed(void *user)
{
	struct agent *agent = user;

	if (agent->services.game_artwork != NULL) {
		game_artwork_sweep(&agent->services);
	}
	if (agent->events != NULL && agent->events->uploads_changed != NULL) {
		agent->events->uploads_changed(agent->user);
	}
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	struct agent *agent = user;
	struct agent_session *session = agent->services.connected;

	if (session != NULL && strcmp(agent_session_hub(session)->id, status->hub_id) == 0) {
		handle_upload_progress(session, status);
	}
	if (agent->events != NULL && agent->events->upload_progress != NULL) {
		agent->events->upload_progress(agent->user, status);
	}
}

static void on_games_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events != NULL && agent->events->games_changed != NULL) {
		agent->events->games_changed(agent->user);
	}
}

static const struct upload_store_events upload_events = {
	.progress = on_upload_progress,
	.changed = on_uploads_changed,
};

void agent_add_notice(struct agent *agent, const char *sentence)
{
	log_warning("%s", sentence);
	strvec_push(&agent->notices, sentence);
}

/* Takes a notice that a module left; NULL is none. */
static void note_take(struct agent *agent, char *sentence)
{
	if (sentence != NULL) {
		agent_add_notice(agent, sentence);
		free(sentence);
	}
}

static void on_game_gone(void *user, const struct game *game)
{
	struct agent *agent = user;

	game_artwork_discard(&agent->services, game);
}

static void open_trash(struct agent *agent)
{
	char *notice = NULL;

	agent->services.trash = game_trash_create(
		&(struct game_trash_options){
			.loop = agent->options.loop,
			.worker = agent->options.worker,
			.state_dir = agent->options.paths->state_dir,
			.registry = agent->services.games,
			.expire_after_ms = agent->options.config->games_trash_days * DAY_MS,
			.gone = on_game_gone,
			.user = agent,
		},
		&notice);
	note_take(agent, notice);
}

static bool load(struct agent *agent, struct error *err)
{
	const struct paths *paths = agent->options.paths;
	AUTO(free_ptr) char *hubs_path = path_join(paths->config_dir, "hubs.json");
	AUTO(free_ptr) char *games_path = path_join(paths->state_dir, "games.json");
	char *notice = NULL;
	bool ok;

	ok = agent_identity_init(&agent->identity, paths->config_dir, &notice, err);
	note_take(agent, notice);
	if (!ok) {
		return false;
	}
	agent->services.tokens = token_store_create(hubs_path, &notice);
	note_take(agent, notice);
	agent->services.games = game_registry_create(games_path, &notice);
	note_take(agent, notice);
	game_registry_set_changed(agent->services.games, on_games_changed, agent);
	open_trash(agent); /* what is in there is not installed, whatever a crash left */
	return true;
}

static bool open_uploads(struct agent *agent, struct error *err)
{
	const struct config *config = agent->options.config;
	const struct paths *paths = agent->options.paths;
	AUTO(free_ptr) char *library = path_expand_home(config->library_path, paths->home);
	const struct upload_store_options options = {
		.loop = agent->options.loop,
		.worker = agent->options.worker,
		.registry = agent->services.games,
		.home = paths->home,
		.state_dir = paths->state_dir,
		.library_dir = library,
		.library_extra = &config->library_extra,
		.expire_after_ms = config->uploads_expire_days * DAY_MS,
	};

	agent->services.uploads = upload_store_create(&options, &upload_events, agent, err);
	return agent->services.uploads != NULL;
}

static void open_artwork(struct agent *agent)
{
	struct agent_services *services = &agent->services;
	AUTO(free_ptr) char *downloads = path_join(services->paths->state_dir, "downloads");

	services->artwork = steam_artwork_create(services->loop, services->steam, downloads);
	services->game_artwork = game_artwork_create(services);
	game_artwork_sweep(services);
}

static bool listen_for_hubs(struct agent *agent, struct error *err)
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
	};

	agent->server = ws_server_create(agent->options.lws_loop, &options, err);
	return agent->server != NULL;
}

/* Whatever Steam calls a game now, the registry does too: Hubs may use either id. */
static void on_app_id_changed(
	void *user, const char *account_id, uint32_t reported, uint32_t actual)
{
	struct agent *agent = user;
	const struct game *known = game_registry_find_app(agent->services.games, reported);
	struct error err = { 0 };
	struct game game;

	if (known == NULL || strcmp(known->user_id, account_id) != 0) {
		return;
	}
	game = *known;
	game.app_id = actual;
	if (!game_registry_put(agent->services.games, &game, &err)) {
		log_warning("the new app id of '%s' could not be remembered: %s", game.name,
			err.message);
	}
}

static void on_queue_changed(void *user)
{
	const struct agent *agent = user;

	if (agent->events != NULL && agent->events->steam_changed != NULL) {
		agent->events->steam_changed(agent->user);
	}
}

static const struct steam_events steam_events = {
	.app_id_changed = on_app_id_changed,
	.queue_changed = on_queue_changed,
};

static void open_steam(struct agent *agent)
{
	const struct agent_options *options = &agent->options;
	char *notice = NULL;

	agent->services.steam = steam_create(options->loop, options->worker,
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
	steam_set_events(agent->services.steam, &steam_events, agent);
}

void agent_announce(struct agent *agent)
{
	agent->announcer = agent_announcer_create(agent->options.loop, agent->options.config,
		&agent->identity, ws_server_port(agent->server));
}

/* --- Settings --- */

static void on_setting_changed(void *user, const char *key)
{
	const struct agent *agent = user;

	if (agent->events != NULL && agent->events->settings_changed != NULL) {
		agent->events->settings_changed(agent->user, key);
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

	if (is_port_fixed(agent) || port == agent_port(agent)) {
		return true;
	}
	if (!ws_server_move(agent->server, port, err)) {
		return false;
	}
	log_info("listening on port %u now", port);
	if (agent->announcer != NULL) {
		agent_announcer_destroy(TAKE_PTR(agent->announcer));
		agent_announce(agent);
	}
	return true;
}

static void on_complained(void *user, const char *sentence)
{
	struct agent *agent = user;

	if (sentence != NULL && strcmp(sentence, agent->complaint) != 0) {
		log_warning("%s", sentence);
	}
	free(agent->complaint);
	agent->complaint = xstrdup(sentence != NULL ? sentence : "");
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

struct agent *agent_create(const struct agent_options *options, struct error *err)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));
	struct agent_services *services = &agent->services;

	agent->options = *options;
	agent->complaint = xstrdup("");
	services->loop = options->loop;
	services->config = options->config;
	services->identity = &agent->identity;
	services->hub_changed = on_hub_changed;
	services->user = agent;
	services->limiter = guess_limiter_create();
	services->pairing = pairing_create(&(struct pairing_options){
		.loop = options->loop,
		.limiter = services->limiter,
		.expires_ms = PAIRING_EXPIRES_S * 1000,
	});
	services->worker = options->worker;
	services->paths = options->paths;
	open_steam(agent);
	if (!load(agent, err) || !open_uploads(agent, err) || !open_settings(agent, err) ||
		!listen_for_hubs(agent, err)) {
		agent_destroy(agent);
		return NULL;
	}
	open_artwork(agent);
	game_removal_resume(services);
	game_setup_resume(services);
	return agent;
}

void agent_destroy(struct agent *agent)
{
	if (agent == NULL) {
		return;
	}
	agent->events = NULL;
	agent->services.stopping = true;
	agent_settings_destroy(agent->settings);
	agent_announcer_destroy(agent->announcer);
	ws_server_destroy(agent->server);
	upload_store_destroy(agent->services.uploads);
	game_artwork_destroy(agent->services.game_artwork);
	steam_artwork_destroy(agent->services.artwork);
	steam_destroy(agent->services.steam);
	pairing_overlay_destroy(agent->overlay);
	pairing_destroy(agent->services.pairing);
	guess_limiter_destroy(agent->services.limiter);
	game_trash_destroy(agent->services.trash);
	game_registry_destroy(agent->services.games);
	token_store_destroy(agent->services.tokens);
	agent_identity_finish(&agent->identity);
	strvec_finish(&agent->notices);
	free(agent->complaint);
	free(agent);
}

void agent_set_events(struct agent *agent, const struct agent_events *events, void *user)
{
	agent->events = events;
	agent->user = user;
}

void agent_show_codes(struct agent *agent)
{
	AUTO(free_ptr) char *program = path_beside_program("capydeck-overlay");

	agent->overlay = pairing_overlay_create(&(struct pairing_overlay_options){
		.loop = agent->options.loop,
		.pairing = agent->services.pairing,
		.config = agent->options.config,
		.program = program,
		.home = agent->options.paths->home,
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

struct guess_limiter *agent_limiter(const struct agent *agent)
{
	return agent->services.limiter;
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
