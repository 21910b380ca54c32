#define LOG_MODULE "session"

#include "hubs/hubs.h"

#include "core/error.h"
#include "core/log.h"
#include "core/xalloc.h"
#include "hubs/agent_dispatch.h"
#include "hubs/agent_session.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "upload/upload_store.h"
#include "ws/ws_server.h"

#include <stdlib.h>
#include <string.h>

struct hubs {
	struct hubs_options options;
	struct agent_dispatch dispatch;
	struct agent_session_options sessions;
	struct agent_session *connected; /* the paired one; NULL: none */
	bool stopping;
};

/* --- Events of sessions --- */

static void on_text(void *user, struct agent_session *session, const char *text, size_t length)
{
	const struct hubs *hubs = user;

	agent_dispatch_text(&hubs->dispatch, session, text, length);
}

static void on_binary_part(
	void *user, struct agent_session *session, const char *message, size_t length)
{
	const struct hubs *hubs = user;

	agent_dispatch_binary_part(&hubs->dispatch, session, message, length);
}

static void on_binary(void *user, struct agent_session *session, struct strbuf *message)
{
	const struct hubs *hubs = user;

	agent_dispatch_binary(&hubs->dispatch, session, message);
}

static void on_binary_oversize(
	void *user, struct agent_session *session, const char *start, size_t length)
{
	const struct hubs *hubs = user;

	agent_dispatch_oversize(&hubs->dispatch, session, start, length);
}

static void on_entered(void *user, struct agent_session *session)
{
	struct hubs *hubs = user;
	const struct agent_hub *hub = agent_session_hub(session);
	struct error err = { 0 };

	if (hubs->connected != NULL) {
		agent_session_expel(
			hubs->connected, WS_CLOSE_NORMAL, "replaced by a newer connection");
	}
	hubs->connected = session;
	token_store_note_address(hubs->options.tokens, hub->id, agent_session_address(session));
	if (!token_store_seen(hubs->options.tokens, hub->id, hub->name, &err)) {
		log_warning("%s", err.message);
	}
	log_info("Hub '%s' %s is connected from %s", hub->name, hub->version,
		agent_session_address(session));
	hubs->options.changed(hubs->options.user);
}

/* Its uploads pause, and another Hub may connect. */
static void on_left(void *user, struct agent_session *session)
{
	struct hubs *hubs = user;
	const struct agent_hub *hub = agent_session_hub(session);
	struct error err = { 0 };

	hubs->connected = NULL;
	upload_store_hub_gone(hubs->options.uploads, hub->id);
	/* A revoked Hub is no longer listed; that is fine. */
	if (!token_store_seen(hubs->options.tokens, hub->id, NULL, &err) &&
		err.kind != ERROR_NOT_FOUND) {
		log_warning("%s", err.message);
	}
	log_info("Hub '%s' has disconnected", hub->name);
	hubs->options.changed(hubs->options.user);
}

static void on_closed(void *user, struct agent_session *session)
{
	const struct hubs *hubs = user;

	pairing_abandon(hubs->options.pairing, session);
}

static bool is_uploading(void *user, const struct agent_session *session)
{
	const struct hubs *hubs = user;
	const struct upload_filter filter = { .hub_id = agent_session_hub(session)->id };

	return upload_store_find(hubs->options.uploads, &filter, &(struct upload_status){ 0 });
}

static size_t in_flight_bytes(void *user)
{
	const struct hubs *hubs = user;

	return upload_store_in_flight_bytes(hubs->options.uploads);
}

static const struct agent_session_events session_events = {
	.text = on_text,
	.binary_part = on_binary_part,
	.binary = on_binary,
	.binary_oversize = on_binary_oversize,
	.entered = on_entered,
	.left = on_left,
	.closed = on_closed,
	.is_uploading = is_uploading,
	.in_flight_bytes = in_flight_bytes,
};

/* --- Creating and destroying --- */

static void connect_handlers(struct hubs *hubs)
{
	const struct hubs_options *options = &hubs->options;

	hubs->dispatch = (struct agent_dispatch){
		.session = {
			.id = options->id,
			.platform = options->platform,
			.version = options->version,
			.capabilities = options->capabilities,
			.pairing = options->pairing,
			.tokens = options->tokens,
			.uploads = options->uploads,
			.connected = &hubs->connected,
			.name = options->name,
			.accept = options->accept,
			.send_code_to_hub = options->send_code_to_hub,
		},
		.steam = {
			.steam = options->steam,
			.registry = options->registry,
			.artwork = options->game_artwork,
			.removal = options->game_removal,
			.setup = options->game_setup,
			.restart_while_playing = options->restart_while_playing,
			.stopping = &hubs->stopping,
		},
		.artwork = {
			.steam = options->steam,
			.registry = options->registry,
			.steam_artwork = options->steam_artwork,
			.game_artwork = options->game_artwork,
			.uploads = options->uploads,
			.allow_local = options->allow_local_artwork,
		},
		.upload = {
			.uploads = options->uploads,
			.setup = options->game_setup,
			.artwork = options->game_artwork,
		},
	};
}

struct hubs *hubs_create(const struct hubs_options *options)
{
	struct hubs *hubs = xcalloc(1, sizeof(*hubs));

	hubs->options = *options;
	hubs->sessions = (struct agent_session_options){
		.loop = options->loop,
		.events = &session_events,
		.user = hubs,
	};
	connect_handlers(hubs);
	return hubs;
}

void hubs_stop(struct hubs *hubs)
{
	if (hubs != NULL) {
		hubs->stopping = true;
	}
}

void hubs_destroy(struct hubs *hubs)
{
	free(hubs);
}

void hubs_serve(struct hubs *hubs, struct ws_server_options *server)
{
	server->events = &agent_session_ws_events;
	server->owner = &hubs->sessions;
}

const struct agent_hub *hubs_connected(const struct hubs *hubs)
{
	return hubs->connected != NULL ? agent_session_hub(hubs->connected) : NULL;
}

const char *hubs_connected_address(const struct hubs *hubs)
{
	return hubs->connected != NULL ? agent_session_address(hubs->connected) : "";
}

static bool is_connected(const struct hubs *hubs, const char *hub_id)
{
	const struct agent_hub *hub = hubs_connected(hubs);

	return hub != NULL && strcmp(hub->id, hub_id) == 0;
}

void hubs_expel(struct hubs *hubs, const char *hub_id)
{
	if (is_connected(hubs, hub_id)) {
		agent_session_expel(hubs->connected, CLOSE_TOKEN_REVOKED, "token_revoked");
	}
}

/* --- Events for the connected Hub --- */

void hubs_upload_progress(struct hubs *hubs, const struct upload_status *status)
{
	if (is_connected(hubs, status->hub_id)) {
		handle_upload_progress(hubs->connected, status);
	}
}

void hubs_announce_artwork(
	struct hubs *hubs, const char *status, const char *game_name, const char *message)
{
	if (hubs->connected != NULL) {
		agent_session_announce(hubs->connected, "artwork", status, game_name, message);
	}
}
