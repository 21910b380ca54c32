#define LOG_MODULE "agent"

#include "agent/agent_services.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "games/game_artwork.h"
#include "games/game_removal.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "hubs/handle_upload.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "steam/steam.h"
#include "steam/steam_artwork.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

/* --- News --- */

void agent_services_tell_hub_changed(const struct agent_services *services)
{
	if (services->events != NULL && services->events->hub_changed != NULL) {
		services->events->hub_changed(services->user);
	}
}

static void on_uploads_changed(void *user)
{
	struct agent_services *services = user;

	if (services->game_setup != NULL) {
		game_setup_sweep_images(services->game_setup);
	}
	if (services->events != NULL && services->events->uploads_changed != NULL) {
		services->events->uploads_changed(services->user);
	}
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	struct agent_services *services = user;
	struct agent_session *session = services->connected;

	if (session != NULL && strcmp(agent_session_hub(session)->id, status->hub_id) == 0) {
		handle_upload_progress(session, status);
	}
	if (services->events != NULL && services->events->upload_progress != NULL) {
		services->events->upload_progress(services->user, status);
	}
}

static const struct upload_store_events upload_events = {
	.progress = on_upload_progress,
	.changed = on_uploads_changed,
};

static void on_games_changed(void *user)
{
	const struct agent_services *services = user;

	if (services->events != NULL && services->events->games_changed != NULL) {
		services->events->games_changed(services->user);
	}
}

static void on_game_gone(void *user, const struct game *game)
{
	const struct agent_services *services = user;

	game_artwork_discard(services->game_artwork, game);
}

/* Whatever Steam calls a game now, the registry does too: Hubs may use either id. */
static void on_app_id_changed(
	void *user, const char *account_id, uint32_t reported, uint32_t actual)
{
	struct agent_services *services = user;
	const struct game *known = game_registry_find_app(services->games, reported);
	struct error err = { 0 };
	struct game game;

	if (known == NULL || strcmp(known->user_id, account_id) != 0) {
		return;
	}
	game = *known;
	game.app_id = actual;
	if (!game_registry_put(services->games, &game, &err)) {
		log_warning("the new app id of '%s' could not be remembered: %s", game.name,
			err.message);
	}
}

static void on_queue_changed(void *user)
{
	const struct agent_services *services = user;

	if (services->events != NULL && services->events->steam_changed != NULL) {
		services->events->steam_changed(services->user);
	}
}

static const struct steam_events steam_events = {
	.app_id_changed = on_app_id_changed,
	.queue_changed = on_queue_changed,
};

/* --- Opening --- */

/* What a module left for the owner; NULL is nothing. */
static void note_take(struct strvec *notices, char *sentence)
{
	if (sentence != NULL) {
		log_warning("%s", sentence);
		strvec_push_take(notices, sentence);
	}
}

static void open_steam(struct agent_services *services, const struct agent_options *options,
	struct strvec *notices)
{
	char *notice = NULL;

	services->steam = steam_create(options->loop, options->worker,
		&(struct steam_options){
			.home = options->paths->home,
			.steam_dir = options->steam_dir,
			.state_dir = options->paths->state_dir,
			.lws_loop = options->lws_loop,
			.debugger_port = &options->config->steam_debugger_port,
			.ui = options->steam_ui,
		},
		&notice);
	note_take(notices, notice);
	steam_set_events(services->steam, &steam_events, services);
}

static void open_lists(struct agent_services *services, struct strvec *notices)
{
	const struct paths *paths = services->paths;
	AUTO(free_ptr) char *hubs_path = path_join(paths->config_dir, "hubs.json");
	AUTO(free_ptr) char *games_path = path_join(paths->state_dir, "games.json");
	char *notice = NULL;

	services->tokens = token_store_create(hubs_path, &notice);
	note_take(notices, notice);
	services->games = game_registry_create(games_path, &notice);
	note_take(notices, notice);
	game_registry_set_changed(services->games, on_games_changed, services);
}

static void open_trash(struct agent_services *services, struct strvec *notices)
{
	char *notice = NULL;

	services->trash = game_trash_create(
		&(struct game_trash_options){
			.loop = services->loop,
			.worker = services->worker,
			.state_dir = services->paths->state_dir,
			.registry = services->games,
			.expire_after_ms = services->config->games_trash_days * DAY_MS,
			.gone = on_game_gone,
			.user = services,
		},
		&notice);
	note_take(notices, notice);
}

static bool open_uploads(struct agent_services *services, struct error *err)
{
	const struct config *config = services->config;
	const struct paths *paths = services->paths;
	AUTO(free_ptr) char *library = path_expand_home(config->library_path, paths->home);
	const struct upload_store_options options = {
		.loop = services->loop,
		.worker = services->worker,
		.registry = services->games,
		.home = paths->home,
		.state_dir = paths->state_dir,
		.library_dir = library,
		.library_extra = &config->library_extra,
		.expire_after_ms = config->uploads_expire_days * DAY_MS,
	};

	services->uploads = upload_store_create(&options, &upload_events, services, err);
	return services->uploads != NULL;
}

static void on_artwork_announced(
	void *user, const char *status, const char *game_name, const char *message)
{
	const struct agent_services *services = user;

	if (services->connected != NULL) {
		agent_session_announce(services->connected, "artwork", status, game_name, message);
	}
}

static void open_games(struct agent_services *services)
{
	AUTO(free_ptr) char *downloads = path_join(services->paths->state_dir, "downloads");

	services->artwork = steam_artwork_create(services->loop, services->steam, downloads);
	services->game_artwork = game_artwork_create(&(struct game_artwork_options){
		.loop = services->loop,
		.worker = services->worker,
		.state_dir = services->paths->state_dir,
		.registry = services->games,
		.trash = services->trash,
		.steam = services->steam,
		.steam_artwork = services->artwork,
		.allow_local = &services->config->artwork_local_servers,
		.announce = on_artwork_announced,
		.user = services,
	});
	services->game_setup = game_setup_create(&(struct game_setup_options){
		.registry = services->games,
		.uploads = services->uploads,
		.steam = services->steam,
		.artwork = services->game_artwork,
		.compat_tool = &services->config->steam_compat_tool,
	});
	services->game_removal = game_removal_create(&(struct game_removal_options){
		.registry = services->games,
		.trash = services->trash,
		.uploads = services->uploads,
		.steam = services->steam,
		.setup = services->game_setup,
	});
	game_setup_sweep_images(services->game_setup);
}

bool agent_services_open(struct agent_services *services, const struct agent_options *options,
	struct strvec *notices, struct error *err)
{
	services->loop = options->loop;
	services->worker = options->worker;
	services->paths = options->paths;
	services->config = options->config;
	services->pairing = pairing_create(&(struct pairing_options){
		.loop = options->loop,
		.expires_ms = PAIRING_EXPIRES_S * 1000,
	});
	open_steam(services, options, notices);
	open_lists(services, notices);
	open_trash(
		services, notices); /* what is in there is not installed, whatever a crash left */
	if (!open_uploads(services, err)) {
		return false;
	}
	open_games(services);
	return true;
}

void agent_services_close(struct agent_services *services)
{
	game_setup_stop(services->game_setup);
	upload_store_destroy(services->uploads);
	game_artwork_stop(services->game_artwork);
	steam_artwork_destroy(services->artwork);
	steam_destroy(services->steam);
	game_removal_destroy(services->game_removal);
	game_setup_destroy(services->game_setup);
	game_artwork_destroy(services->game_artwork);
	pairing_destroy(services->pairing);
	game_trash_destroy(services->trash);
	game_registry_destroy(services->games);
	token_store_destroy(services->tokens);
}
