#include "control/control_methods.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "control/control_client.h"
#include "control/control_plugin.h"
#include "control/control_views.h"
#include "control/log_tail.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "games/game_removal.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/proto_ipc.h"
#include "steam/steam.h"
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
	return call->release(call->user, err) && done(result);
}

static bool call_hubs_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_hubs hubs = { 0 };

	if (!state_link_ready(token_store_link(agent_tokens(call->agent)), err)) {
		return false;
	}
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

static bool call_pairing_pick(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_hub_address params = { 0 };
	bool ok = json_read(&params, ipc_hub_address_fields, call->params, err) &&
		  agent_pick_hub(call->agent, params.address, err);

	json_finish(&params, ipc_hub_address_fields);
	return ok && done(result);
}

static bool call_pairing_waiting(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_waiting_hubs hubs = { 0 };

	control_view_waiting(call->agent, &hubs);
	json_write(result, ipc_waiting_hubs_fields, &hubs);
	json_finish(&hubs, ipc_waiting_hubs_fields);
	return true;
}

static bool call_pairing_reopen(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	return pairing_reopen(agent_pairing(call->agent), err) &&
	       call_pairing_get(call, result, err);
}

/* Appends the setting with its current value. */
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
	/* A string is what a user typed; anything else is the value itself. */
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
	status.agent.role = call->role;
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

/* --- Games, Steam, the plugin --- */

static bool call_games_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_games games = { 0 };

	if (!state_link_ready(game_registry_link(agent_registry(call->agent)), err)) {
		return false;
	}
	control_view_games(call->agent, &games);
	json_write(result, ipc_games_fields, &games);
	json_finish(&games, ipc_games_fields);
	return true;
}

static bool call_libraries_forget(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_library_id params = { 0 };
	bool ok = json_read(&params, ipc_library_id_fields, call->params, err) &&
		  agent_forget_library(call->agent, params.id, err);

	json_finish(&params, ipc_library_id_fields);
	return ok && done(result);
}

static bool call_libraries_may_forget(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_library_id params = { 0 };
	bool ok = json_read(&params, ipc_library_id_fields, call->params, err) &&
		  agent_may_forget_library(call->agent, params.id, err);

	json_finish(&params, ipc_library_id_fields);
	return ok && done(result);
}

static bool call_libraries_list(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_libraries libraries = { 0 };

	control_view_libraries(call->agent, &libraries);
	json_write(result, ipc_libraries_fields, &libraries);
	json_finish(&libraries, ipc_libraries_fields);
	return true;
}

static bool call_games_trash(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_trash trash = { 0 };

	if (!state_link_ready(game_trash_link(agent_trash(call->agent)), err)) {
		return false;
	}
	control_view_trash(call->agent, &trash);
	json_write(result, ipc_trash_fields, &trash);
	json_finish(&trash, ipc_trash_fields);
	return true;
}

static bool call_games_discard(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	bool ok = json_read(&params, ipc_trash_id_fields, call->params, err) &&
		  game_trash_discard(agent_trash(call->agent), params.id, err);

	json_finish(&params, ipc_trash_id_fields);
	return ok && done(result);
}

static bool call_games_kept(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	struct ipc_kept_list kept = { 0 };

	/* Only what is of a registered game is listed. */
	if (!state_link_ready(game_registry_link(agent_registry(call->agent)), err)) {
		return false;
	}
	kept_files_list(agent_kept(call->agent), &list);
	control_view_kept(&list, &kept);
	json_write(result, ipc_kept_list_fields, &kept);
	json_finish(&kept, ipc_kept_list_fields);
	return true;
}

static bool call_games_kept_restore(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_kept_ref params = { 0 };
	AUTO(free_ptr) char *name = NULL;
	size_t count = 0;
	bool ok = json_read(&params, ipc_kept_ref_fields, call->params, err) &&
		  game_versions_restore(agent_versions(call->agent), params.id,
			  json_is_given(params.path) ? params.path : NULL, &count, &name, err);

	json_finish(&params, ipc_kept_ref_fields);
	if (ok) {
		const struct ipc_kept_restored restored = { .name = name, .count = (int64_t)count };

		json_write(result, ipc_kept_restored_fields, &restored);
	}
	return ok;
}

static bool call_games_kept_discard(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_kept_ref params = { 0 };
	bool ok = json_read(&params, ipc_kept_ref_fields, call->params, err) &&
		  kept_files_discard(agent_kept(call->agent), params.id, err);

	json_finish(&params, ipc_kept_ref_fields);
	return ok && done(result);
}

static void answer_moved_take(struct control_ticket *ticket, const struct json_field *fields,
	const struct game_removed *removed, const struct error *err)
{
	if (err != NULL) {
		control_ticket_fail_take(ticket, err);
	} else {
		const struct ipc_game_moved result = {
			.name = removed->game_name,
			.trash_id = removed->trash_id,
			.note = removed->note,
			.prefix = removed->prefix,
		};

		control_ticket_reply_take(ticket, fields, &result);
	}
}

static void on_deleted(void *user, const struct game_removed *removed, const struct error *err)
{
	answer_moved_take(user, ipc_game_deleted_fields, removed, err);
}

static void on_restored(void *user, const struct game_removed *removed, const struct error *err)
{
	answer_moved_take(user, ipc_game_restored_fields, removed, err);
}

static bool call_games_delete(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_game_ref params = { 0 };
	bool ok = json_read(&params, ipc_game_ref_fields, call->params, err);

	if (ok && (params.app_id == 0) == (params.dir == NULL)) {
		ok = error_set(err, ERROR_INVALID, "games.delete needs either 'appId' or 'dir'");
	}
	if (ok) {
		game_removal_start(agent_removal(call->agent),
			&(struct game_removal_request){
				.app_id = params.app_id, .dir = params.dir },
			on_deleted, ticket);
	}
	json_finish(&params, ipc_game_ref_fields);
	return ok;
}

static bool call_games_restore(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	bool ok = json_read(&params, ipc_trash_id_fields, call->params, err);

	if (ok) {
		game_removal_restore(agent_removal(call->agent), params.id, on_restored, ticket);
	}
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}

static void on_rolled_back(
	void *user, const struct game_rolled_back *rolled_back, const struct error *err)
{
	if (err != NULL) {
		control_ticket_fail_take(user, err);
	} else {
		const struct ipc_game_moved result = {
			.name = rolled_back->name,
			.note = rolled_back->note,
		};

		control_ticket_reply_take(user, ipc_game_restored_fields, &result);
	}
}

static bool call_games_rollback(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_game_ref params = { 0 };
	bool ok = json_read(&params, ipc_game_ref_fields, call->params, err);

	if (ok && params.dir == NULL) {
		ok = error_set(err, ERROR_INVALID, "games.rollback needs 'dir'");
	}
	if (ok) {
		game_versions_rollback(
			agent_versions(call->agent), params.dir, on_rolled_back, ticket);
	}
	json_finish(&params, ipc_game_ref_fields);
	return ok;
}

static void on_restarted(void *user, const char *message, const struct error *err)
{
	const struct ipc_restarted result = { .message = message };

	if (err != NULL) {
		control_ticket_fail_take(user, err);
	} else {
		control_ticket_reply_take(user, ipc_restarted_fields, &result);
	}
}

static bool call_steam_restart(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_restart params = {
		.force = agent_config(call->agent)->steam_restart_while_playing,
	};

	if (!json_read(&params, ipc_restart_fields, call->params, err)) {
		return false;
	}
	steam_restart_client(agent_steam(call->agent), params.force, on_restarted, ticket);
	return true;
}

/* --- The table --- */

static const struct control_method methods[] = {
	/* Sorted by name. */
	{ "agent.release", .call = call_agent_release },
	{ "file.read", .call = control_plugin_read_file },
	{ "games.artwork", .call = control_plugin_artwork },
	{ "games.delete", .start = call_games_delete },
	{ "games.discard", .call = call_games_discard },
	{ "games.kept", .call = call_games_kept },
	{ "games.kept.discard", .call = call_games_kept_discard },
	{ "games.kept.restore", .call = call_games_kept_restore },
	{ "games.list", .call = call_games_list },
	{ "games.restore", .start = call_games_restore },
	{ "games.rollback", .start = call_games_rollback },
	{ "games.trash", .call = call_games_trash },
	{ "hubs.list", .call = call_hubs_list },
	{ "hubs.revoke", .call = call_hubs_revoke },
	{ "libraries.forget", .call = call_libraries_forget },
	{ "libraries.list", .call = call_libraries_list },
	{ "libraries.may_forget", .call = call_libraries_may_forget },
	{ "lockouts.reset", .call = call_lockouts_reset },
	{ "log.tail", .call = call_log_tail },
	{ "pairing.dismiss", .call = call_pairing_dismiss },
	{ "pairing.get", .call = call_pairing_get },
	{ "pairing.pick", .call = call_pairing_pick },
	{ "pairing.reopen", .call = call_pairing_reopen },
	{ "pairing.waiting", .call = call_pairing_waiting },
	{ "settings.get", .call = call_settings_get },
	{ "settings.list", .call = call_settings_list },
	{ "settings.set", .call = call_settings_set },
	{ "status", .call = call_status },
	{ "steam.restart", .start = call_steam_restart },
	{ "subscribe", .call = call_subscribe },
	{ "ui.attach", .call = control_plugin_attach },
	{ "ui.detach", .call = control_plugin_detach },
	{ "uploads.discard", .call = call_uploads_discard },
	{ "uploads.list", .call = call_uploads_list },
};

static int compare_name(const void *name, const void *method)
{
	return strcmp(name, ((const struct control_method *)method)->name);
}

const struct control_method *control_method_find(const char *name)
{
	return bsearch(name, methods, sizeof(methods) / sizeof(methods[0]), sizeof(methods[0]),
		compare_name);
}
