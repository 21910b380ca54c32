#include "control/control_methods.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "control/control.h"
#include "control/control_games.h"
#include "control/control_steam.h"
#include "control/control_ui.h"
#include "control/control_views.h"
#include "control/log_tail.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "pairing/pairing.h"
#include "proto/proto_ipc.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

#define DONE "{}"

static bool done(struct strbuf *result)
{
	strbuf_append_text(result, DONE);
	return true;
}

/* The answer leaves before the release takes effect. */
static bool call_agent_release(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	return call->options->release(call->options->user, err) && done(result);
}

static bool call_hubs_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_hubs hubs = { 0 };

	control_view_hubs(call->agent, &hubs);
	json_write(result, ipc_hubs_fields, &hubs);
	json_finish(&hubs, ipc_hubs_fields);
	return true;
}

static bool call_hubs_revoke(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_hub_id params = { 0 };
	bool ok = json_read(&params, ipc_hub_id_fields, call->params, err) &&
		  agent_revoke_hub(call->agent, params.hub_id, err);

	json_finish(&params, ipc_hub_id_fields);
	return ok && done(result);
}

static bool call_lockouts_reset(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	pairing_reset_lockouts(agent_pairing(call->agent));
	return done(result);
}

static bool call_log_tail(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_log_request params = { .lines = LOG_TAIL_LINES };
	struct ipc_log log = { 0 };

	if (call->params != NULL &&
		!json_read(&params, ipc_log_request_fields, call->params, err)) {
		return false;
	}
	if (params.lines < 0) {
		return error_set(err, ERROR_INVALID, "'lines' is %lld; it must not be negative",
			(long long)params.lines);
	}
	log_tail_copy(call->log, (size_t)params.lines, &log.lines);
	json_write(result, ipc_log_fields, &log);
	json_finish(&log, ipc_log_fields);
	return true;
}

static bool call_pairing_dismiss(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	return pairing_dismiss(agent_pairing(call->agent), err) && done(result);
}

static bool call_pairing_get(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_pairing pairing = { 0 };

	control_view_pairing(call->agent, &pairing);
	json_write(result, ipc_pairing_fields, &pairing);
	json_finish(&pairing, ipc_pairing_fields);
	return true;
}

static bool call_pairing_reopen(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	return pairing_reopen(agent_pairing(call->agent), err) &&
	       call_pairing_get(call, result, err);
}

/* Appends the setting with its value as it is now. */
static bool write_setting(const struct control_call *call, const char *key, bool restart_needed,
	struct strbuf *result, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf value = { 0 };
	struct ipc_setting setting = { .key = key, .restart_needed = restart_needed };

	if (!config_get(agent_config(call->agent), key, &value, err)) {
		return false;
	}
	setting.value = value.data;
	json_write(result, ipc_setting_fields, &setting);
	return true;
}

static bool call_settings_get(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_setting_change params = { 0 };
	bool ok = json_read(&params, ipc_setting_change_fields, call->params, err) &&
		  write_setting(call, params.key, false, result, err);

	json_finish(&params, ipc_setting_change_fields);
	return ok;
}

static bool call_settings_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_settings settings = { 0 };

	control_view_settings(call->agent, &settings);
	json_write(result, ipc_settings_fields, &settings);
	json_finish(&settings, ipc_settings_fields);
	return true;
}

static bool call_settings_set(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_setting_change params = { 0 };
	/* A string is what a person typed; anything else is the value itself. */
	const char *typed = json_string(json_member(call->params, "value"));
	bool restart_needed = false;
	bool ok = json_read(&params, ipc_setting_change_fields, call->params, err);

	if (ok && params.value == NULL) {
		ok = error_set(err, ERROR_INVALID, "settings.set needs 'value'");
	}
	ok = ok &&
	     agent_set(call->agent, params.key, typed != NULL ? typed : params.value,
		     &restart_needed, err) &&
	     write_setting(call, params.key, restart_needed, result, err);
	json_finish(&params, ipc_setting_change_fields);
	return ok;
}

static bool call_status(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_status status = { 0 };

	control_view_status(call->agent, &status);
	status.agent.role = call->options->role;
	json_write(result, ipc_status_fields, &status);
	json_finish(&status, ipc_status_fields);
	return true;
}

static bool call_subscribe(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_subscription params = { 0 };
	bool ok = (call->params == NULL ||
			  json_read(&params, ipc_subscription_fields, call->params, err)) &&
		  control_client_subscribe(call->client, &params.events, err);

	if (ok) {
		control_client_events(call->client, &params.events);
		json_write(result, ipc_subscription_fields, &params);
	}
	json_finish(&params, ipc_subscription_fields);
	return ok;
}

static bool call_uploads_discard(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_upload_id params = { 0 };
	bool ok = json_read(&params, ipc_upload_id_fields, call->params, err) &&
		  upload_store_discard(agent_uploads(call->agent), params.upload_id, err);

	json_finish(&params, ipc_upload_id_fields);
	return ok && done(result);
}

static bool call_uploads_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_uploads uploads = { 0 };

	control_view_uploads(call->agent, &uploads);
	json_write(result, ipc_uploads_fields, &uploads);
	json_finish(&uploads, ipc_uploads_fields);
	return true;
}

static const struct control_method methods[] = {
	/* Sorted by name. */
	{ "agent.release", .call = call_agent_release },
	{ "file.read", .call = control_ui_read_file },
	{ "games.delete", .start = control_games_delete },
	{ "games.discard", .call = control_games_discard },
	{ "games.list", .call = control_games_list },
	{ "games.restore", .start = control_games_restore },
	{ "games.trash", .call = control_games_trash },
	{ "hubs.list", .call = call_hubs_list },
	{ "hubs.revoke", .call = call_hubs_revoke },
	{ "lockouts.reset", .call = call_lockouts_reset },
	{ "log.tail", .call = call_log_tail },
	{ "pairing.dismiss", .call = call_pairing_dismiss },
	{ "pairing.get", .call = call_pairing_get },
	{ "pairing.reopen", .call = call_pairing_reopen },
	{ "settings.get", .call = call_settings_get },
	{ "settings.list", .call = call_settings_list },
	{ "settings.set", .call = call_settings_set },
	{ "status", .call = call_status },
	{ "steam.restart", .start = control_steam_restart },
	{ "subscribe", .call = call_subscribe },
	{ "ui.attach", .call = control_ui_attach },
	{ "ui.detach", .call = control_ui_detach },
	{ "uploads.discard", .call = call_uploads_discard },
	{ "uploads.list", .call = call_uploads_list },
};

static const char *const events[CONTROL_EVENT_COUNT] = {
	[CONTROL_EVENT_GAMES_CHANGED] = "games_changed",
	[CONTROL_EVENT_HUB_CONNECTED] = "hub_connected",
	[CONTROL_EVENT_HUB_DISCONNECTED] = "hub_disconnected",
	[CONTROL_EVENT_LOG_LINE] = "log_line",
	[CONTROL_EVENT_PAIRING_HIDDEN] = "pairing_hidden",
	[CONTROL_EVENT_PAIRING_SHOWN] = "pairing_shown",
	[CONTROL_EVENT_SETTINGS_CHANGED] = "settings_changed",
	[CONTROL_EVENT_STATUS_CHANGED] = "status_changed",
	[CONTROL_EVENT_STEAM_CHANGED] = "steam_changed",
	[CONTROL_EVENT_UPLOAD_PROGRESS] = "upload_progress",
	[CONTROL_EVENT_UPLOADS_CHANGED] = "uploads_changed",
};

/* What steam/steam_driver_ui.c asks for. */
static const char *const requests[] = { "steam.apply", "steam.restart", "steam.show_artwork" };

static int compare_name(const void *name, const void *method)
{
	return strcmp(name, ((const struct control_method *)method)->name);
}

const struct control_method *control_method_find(const char *name)
{
	return bsearch(name, methods, sizeof(methods) / sizeof(methods[0]), sizeof(methods[0]),
		compare_name);
}

const char *control_event_name(enum control_event event)
{
	return events[event];
}

bool control_event_find(const char *name, enum control_event *event)
{
	for (unsigned i = 0; i < CONTROL_EVENT_COUNT; i++) {
		if (strcmp(events[i], name) == 0) {
			*event = i;
			return true;
		}
	}
	return false;
}

bool control_request_exists(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(requests[i], name) == 0) {
			return true;
		}
	}
	return false;
}
