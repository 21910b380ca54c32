#include "control/control_views.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "discovery/mdns.h"
#include "discovery/network_watch.h"
#include "hubs/agent_hub.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/proto_ipc.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <string.h>

static const char *upload_state_text(enum upload_state state)
{
	switch (state) {
	case UPLOAD_RECEIVING:
		return "receiving";
	case UPLOAD_PAUSED:
		return "paused";
	case UPLOAD_COMPLETING:
		return "completing";
	}
	return "";
}

static const char *mdns_state_text(enum mdns_state state)
{
	switch (state) {
	case MDNS_STARTING:
		return "starting";
	case MDNS_DAEMON:
		return "daemon";
	case MDNS_EMBEDDED:
		return "embedded";
	case MDNS_FAILED:
		return "failed";
	}
	return "";
}

void control_view_connected_hub(const struct agent *agent, struct ipc_connected_hub *hub)
{
	const struct agent_hub *connected = agent_connected_hub(agent);

	if (connected == NULL) {
		return;
	}
	*hub = (struct ipc_connected_hub){
		.connected = true,
		.hub_id = connected->id,
		.name = connected->name,
		.version = connected->version,
		.platform = connected->platform,
		.address = agent_connected_address(agent),
		.connected_at = connected->connected_at,
	};
}

void control_view_pairing(const struct agent *agent, struct ipc_pairing *pairing)
{
	const struct pairing_shown *shown = pairing_shown(agent_pairing(agent));

	if (shown == NULL) {
		return;
	}
	*pairing = (struct ipc_pairing){
		.active = true,
		.code = shown->code,
		.hub_name = shown->hub_name,
		.expires_in_seconds = pairing_seconds_left(agent_pairing(agent)),
	};
}

void control_view_waiting(const struct agent *agent, struct ipc_waiting_hubs *hubs)
{
	struct pairing_waiting waiting[PAIRING_WAITING_MAX];
	int64_t now_ms = loop_now_ms();

	hubs->hubs_count = pairing_waiting(agent_pairing(agent), waiting);
	hubs->hubs = xcalloc(hubs->hubs_count + 1, sizeof(*hubs->hubs));
	for (size_t i = 0; i < hubs->hubs_count; i++) {
		hubs->hubs[i] = (struct ipc_waiting_hub){
			.name = waiting[i].hub_name,
			.address = waiting[i].address,
			.known = waiting[i].is_trusted,
			.asked_seconds_ago = (now_ms - waiting[i].asked_ms) / 1000,
		};
	}
}

void control_view_hubs(const struct agent *agent, struct ipc_hubs *hubs)
{
	const struct token_store *tokens = agent_tokens(agent);
	const struct agent_hub *connected = agent_connected_hub(agent);

	hubs->hubs_count = token_store_count(tokens);
	hubs->hubs = xcalloc(hubs->hubs_count + 1, sizeof(*hubs->hubs));
	for (size_t i = 0; i < hubs->hubs_count; i++) {
		const struct paired_hub *hub = token_store_at(tokens, i);

		hubs->hubs[i] = (struct ipc_hub){
			.hub_id = hub->hub_id,
			.name = hub->name,
			.platform = hub->platform,
			.paired_at = hub->paired_at,
			.last_seen = hub->last_seen,
			.connected = connected != NULL && strcmp(connected->id, hub->hub_id) == 0,
		};
	}
}

void control_view_upload(const struct upload_status *status, struct ipc_upload *upload)
{
	*upload = (struct ipc_upload){
		.upload_id = status->upload_id,
		.hub_id = status->hub_id,
		.game_name = status->game_name,
		.dir = status->dir,
		.state = upload_state_text(status->state),
		.problem = status->problem,
		.total_bytes = status->total_bytes,
		.transferred_bytes = status->transferred_bytes,
		.bytes_per_second = status->bytes_per_second,
		.current_file = status->current_file,
		.started_at = status->started_at,
		.updated_at = status->updated_at,
		.expires_in_seconds = status->expires_in_seconds,
	};
}

static void add_upload(void *user, const struct upload_status *status)
{
	struct ipc_uploads *uploads = user;

	uploads->uploads =
		xrealloc(uploads->uploads, uploads->uploads_count + 1, sizeof(*uploads->uploads));
	control_view_upload(status, &uploads->uploads[uploads->uploads_count++]);
}

void control_view_uploads(const struct agent *agent, struct ipc_uploads *uploads)
{
	upload_store_each(agent_uploads(agent), add_upload, uploads);
}

void control_view_games(const struct agent *agent, struct ipc_games *games)
{
	const struct game_registry *registry = agent_registry(agent);

	games->games_count = game_registry_count(registry);
	games->games = xcalloc(games->games_count + 1, sizeof(*games->games));
	for (size_t i = 0; i < games->games_count; i++) {
		const struct game *game = game_registry_at(registry, i);

		games->games[i] = (struct ipc_game){
			.dir = game->dir,
			.name = game->name,
			.hub_id = game->hub_id,
			.executable = game->executable,
			.app_id = game->app_id,
			.user_id = game->user_id,
			.size_bytes = game->size_bytes,
			.file_count = game->file_count,
			.installed_at = game->installed_at,
			.problem = game->problem,
		};
	}
}

static const char *presence_text(enum library_presence presence)
{
	switch (presence) {
	case LIBRARY_PRESENT:
		return "present";
	case LIBRARY_UNUSED:
		return "unused";
	case LIBRARY_AWAY:
		return "away";
	case LIBRARY_UNREADABLE:
		return "unreadable";
	}
	return "";
}

void control_view_libraries(const struct agent *agent, struct ipc_libraries *view)
{
	struct libraries *libraries = agent_libraries(agent);

	libraries_measure(libraries);
	view->libraries = xcalloc(libraries_count(libraries) + 1, sizeof(*view->libraries));
	for (size_t i = 0; i < libraries_count(libraries); i++) {
		const struct library *library = libraries_at(libraries, i);
		struct library_held held = library->held;

		/* One that is elsewhere is listed there; but the default is always listed. */
		if (library->is_repeated && !library->is_default) {
			continue;
		}
		if (library->is_repeated) {
			held = (struct library_held){ 0 };
		}
		view->libraries[view->libraries_count++] = (struct ipc_library){
			.place = library->place,
			.id = library->id,
			.name = library->name,
			.state = presence_text(library->presence),
			.is_default = library->is_default,
			.present = library->presence == LIBRARY_PRESENT ||
				   library->presence == LIBRARY_UNUSED,
			.writable = library->writable,
			.executable = library->executable,
			.free_bytes = library->free_bytes,
			.total_bytes = library->total_bytes,
			.games = held.games,
			.uploads = held.uploads,
			.deleted_games = held.deleted,
			.problem = library->problem,
		};
	}
}

void control_view_trash(struct agent *agent, struct ipc_trash *trash)
{
	const struct game_trash *games = agent_trash(agent);

	trash->games_count = game_trash_count(games);
	trash->games = xcalloc(trash->games_count + 1, sizeof(*trash->games));
	for (size_t i = 0; i < trash->games_count; i++) {
		const struct trashed_game *game = game_trash_at(games, i);

		trash->games[i] = (struct ipc_trashed_game){
			.id = game->id,
			.name = game->game.name,
			.dir = game->game.dir,
			.app_id = game->game.app_id,
			.size_bytes = game->game.size_bytes,
			.deleted_at = game->deleted_at,
			.expires_in_seconds = game_trash_expires_in_s(games, game),
		};
	}
}

static void view_kept_files(const struct kept_place *place, struct ipc_kept *kept)
{
	kept->files_count = place->record.player_count;
	kept->files = xcalloc(kept->files_count + 1, sizeof(*kept->files));
	for (size_t i = 0; i < kept->files_count; i++) {
		kept->files[i] = (struct ipc_kept_file){ .path = place->record.player[i].path,
			.size_bytes = place->record.player[i].size_bytes };
	}
}

void control_view_kept(const struct kept_list *list, struct ipc_kept_list *kept)
{
	kept->kept_count = list->places_count;
	kept->kept = xcalloc(kept->kept_count + 1, sizeof(*kept->kept));
	for (size_t i = 0; i < kept->kept_count; i++) {
		const struct kept_place *place = &list->places[i];

		kept->kept[i] = (struct ipc_kept){ .id = place->id,
			.name = place->record.game_name,
			.dir = place->record.dir,
			.kept_at = place->record.kept_at,
			.size_bytes = place->player_bytes,
			.expires_in_seconds = place->expires_in_s,
			.previous_files = place->record.previous_files,
			.previous_bytes = place->record.previous_bytes };
		view_kept_files(place, &kept->kept[i]);
	}
}

void control_view_settings(const struct agent *agent, struct ipc_settings *settings)
{
	const char *key, *help;

	for (unsigned i = 0; config_describe(i, &key, &help); i++) {
		AUTO(strbuf_finish) struct strbuf value = { 0 };

		config_get(agent_config(agent), key, &value, NULL);
		settings->settings =
			xrealloc(settings->settings, i + 1, sizeof(*settings->settings));
		settings->settings[i] = (struct ipc_setting){
			.key = key,
			.value = json_keep(&settings->tree, strbuf_text(&value)),
			.help = help,
		};
		settings->settings_count = i + 1;
	}
}

static const char *describe_mdns(const struct agent *agent, const struct mdns *mdns)
{
	if (mdns != NULL) {
		return mdns_detail(mdns);
	}
	return agent_listening_problem(agent) != NULL
		       ? "not announced while the port is not available"
		       : "not announced on the network (--no-mdns)";
}

static void view_services(struct agent *agent, struct ipc_status *status)
{
	const struct mdns *mdns = agent_mdns(agent);
	AUTO(strbuf_finish) struct strbuf overlay_detail = { 0 }, steam_detail = { 0 };

	status->mdns.state = mdns != NULL ? mdns_state_text(mdns_state(mdns)) : "off";
	status->mdns.detail = describe_mdns(agent, mdns);
	status->overlay.state = agent_overlay_state(agent, &overlay_detail);
	status->overlay.detail = json_keep(&status->tree, strbuf_text(&overlay_detail));
	status->steam.state = agent_steam_driver(agent, &steam_detail);
	status->steam.detail = json_keep(&status->tree, strbuf_text(&steam_detail));
	status->steam.queued = (int64_t)steam_queued_count(agent_steam(agent));
	steam_queued_names(agent_steam(agent), &status->steam.games);
}

void control_view_status(struct agent *agent, struct ipc_status *status)
{
	const struct agent_identity *identity = agent_identity(agent);
	const char *problem = agent_listening_problem(agent);
	struct ipc_uploads uploads = { 0 };
	struct ipc_libraries libraries = { 0 };

	status->agent = (struct ipc_agent){
		.id = identity->id,
		.name = agent_config(agent)->agent_name,
		.version = identity->version,
		.platform = identity->platform,
		.port = agent_port(agent),
		.listening = problem == NULL,
		.problem = problem != NULL ? problem : "",
		.accept_connections = agent_config(agent)->connections_accept,
	};
	network_watch_addresses(&status->agent.addresses);
	control_view_connected_hub(agent, &status->hub);
	control_view_pairing(agent, &status->pairing);
	status->pairing_listeners = pairing_listener_count(agent_pairing(agent));
	status->locked_out = pairing_lockout_count(agent_pairing(agent));
	status->paired_hubs = (int64_t)token_store_count(agent_tokens(agent));
	status->games = (int64_t)game_registry_count(agent_registry(agent));
	view_services(agent, status);
	control_view_uploads(agent, &uploads);
	status->uploads = uploads.uploads;
	status->uploads_count = uploads.uploads_count;
	control_view_libraries(agent, &libraries);
	status->libraries = libraries.libraries;
	status->libraries_count = libraries.libraries_count;
	agent_notices(agent, &status->notices);
}
