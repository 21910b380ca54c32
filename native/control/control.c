#include "control/control.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "control/control_client.h"
#include "control/control_methods.h"
#include "control/control_views.h"
#include "control/log_tail.h"
#include "control/ui_link.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_server.h"
#include "pairing/pairing.h"
#include "proto/proto_ipc.h"
#include "proto/proto_upload.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

#define UPDATED_FILES_SHOWN 20
#define PROGRESS_PERIOD_MS 200

struct control {
	struct loop *loop;
	struct ui_link *ui;

	/* While it is open: */
	struct control_options options;
	struct ipc_server *server; /* NULL: not open */
	struct log_tail *log;
	LIST_HEAD(, control_client) clients;
	struct pairing_listener pairing_listener;
	struct loop_timer *progress; /* runs while progress is waiting to be sent */
};

/* --- Notifications --- */

static bool is_wanted(const struct control *control, enum control_event event)
{
	const struct control_client *client;

	LIST_FOREACH (client, &control->clients, link) {
		if (control_client_wants(client, event)) {
			return true;
		}
	}
	return false;
}

static void notify_clients(const struct control *control, enum control_event event,
	const struct json_field *fields, const void *params)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	const struct control_client *client;

	if (!is_wanted(control, event)) {
		return;
	}
	ipc_write_notification(&line, control_event_name(event), fields, params);
	LIST_FOREACH (client, &control->clients, link) {
		if (control_client_wants(client, event)) {
			ipc_server_send(client->conn, line.data, line.length);
		}
	}
}

static void on_pairing_shown(void *user, const struct pairing_shown *shown)
{
	const struct control *control = user;
	struct ipc_pairing pairing = { 0 };

	control_view_pairing(control->options.agent, &pairing);
	notify_clients(control, CONTROL_EVENT_PAIRING_SHOWN, ipc_pairing_fields, &pairing);
	json_finish(&pairing, ipc_pairing_fields);
}

static void on_pairing_hidden(void *user, enum pairing_end end)
{
	const struct ipc_pairing_hidden hidden = { .reason = pairing_end_text(end) };

	notify_clients(user, CONTROL_EVENT_PAIRING_HIDDEN, ipc_pairing_hidden_fields, &hidden);
}

static void on_pairing_waiting(void *user)
{
	notify_clients(user, CONTROL_EVENT_PAIRING_WAITING, NULL, NULL);
}

static void on_hub_changed(void *user)
{
	const struct control *control = user;
	struct ipc_connected_hub hub = { 0 };

	control_view_connected_hub(control->options.agent, &hub);
	notify_clients(control,
		hub.connected ? CONTROL_EVENT_HUB_CONNECTED : CONTROL_EVENT_HUB_DISCONNECTED,
		ipc_connected_hub_fields, &hub);
	json_finish(&hub, ipc_connected_hub_fields);
}

static void on_uploads_changed(void *user)
{
	notify_clients(user, CONTROL_EVENT_UPLOADS_CHANGED, NULL, NULL);
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	const struct control *control = user;

	if (!loop_timer_running(control->progress) &&
		is_wanted(control, CONTROL_EVENT_UPLOAD_PROGRESS)) {
		loop_timer_set(control->progress, PROGRESS_PERIOD_MS);
	}
}

static void tell_progress(void *user, const struct upload_status *status)
{
	const struct control *control = user;
	struct ipc_upload upload = { 0 };

	if (status->state == UPLOAD_PAUSED) {
		return;
	}
	control_view_upload(status, &upload);
	notify_clients(control, CONTROL_EVENT_UPLOAD_PROGRESS, ipc_upload_fields, &upload);
	json_finish(&upload, ipc_upload_fields);
}

static void on_progress_due(void *user)
{
	const struct control *control = user;

	upload_store_each(agent_uploads(control->options.agent), tell_progress, user);
}

static void on_settings_changed(void *user, const char *key)
{
	const struct control *control = user;
	AUTO(strbuf_finish) struct strbuf value = { 0 };
	struct ipc_setting setting = { .key = key };

	if (config_get(agent_config(control->options.agent), key, &value, NULL)) {
		setting.value = value.data;
		notify_clients(
			control, CONTROL_EVENT_SETTINGS_CHANGED, ipc_setting_fields, &setting);
	}
}

static void on_log_line(void *user, const char *text)
{
	const struct ipc_log_line line = { .line = text };

	notify_clients(user, CONTROL_EVENT_LOG_LINE, ipc_log_line_fields, &line);
}

static void on_game_updated(void *user, const struct upload_installed *installed)
{
	const struct upload_changes *changes = installed->changes;
	struct ipc_game_updated updated = { .name = installed->game_name,
		.dir = installed->dir,
		.added = changes->added_count,
		.replaced = changes->replaced_count,
		.kept = changes->kept_count,
		.removed = changes->removed_count,
		.stays = changes->stays_count };

	for (size_t i = 0; i < changes->kept.count && i < UPDATED_FILES_SHOWN; i++) {
		strvec_push(&updated.kept_files, changes->kept.items[i]);
	}
	notify_clients(user, CONTROL_EVENT_GAME_UPDATED, ipc_game_updated_fields, &updated);
	json_finish(&updated, ipc_game_updated_fields);
}

static void on_games_changed(void *user)
{
	notify_clients(user, CONTROL_EVENT_GAMES_CHANGED, NULL, NULL);
}

static void on_libraries_changed(void *user)
{
	notify_clients(user, CONTROL_EVENT_LIBRARIES_CHANGED, NULL, NULL);
}

static void on_steam_changed(void *user)
{
	notify_clients(user, CONTROL_EVENT_STEAM_CHANGED, NULL, NULL);
}

static void on_ui_changed(void *user)
{
	const struct control *control = user;

	steam_ui_changed(agent_steam(control->options.agent));
	on_steam_changed(user);
}

static void on_status_changed(void *user)
{
	notify_clients(user, CONTROL_EVENT_STATUS_CHANGED, NULL, NULL);
}

static const struct agent_events agent_events = {
	.hub_changed = on_hub_changed,
	.uploads_changed = on_uploads_changed,
	.upload_progress = on_upload_progress,
	.settings_changed = on_settings_changed,
	.game_updated = on_game_updated,
	.games_changed = on_games_changed,
	.libraries_changed = on_libraries_changed,
	.steam_changed = on_steam_changed,
	.status_changed = on_status_changed,
};

/* --- Requests --- */

static void start_method(struct control_client *client, const struct control_method *method,
	const struct control_call *call, const char *id)
{
	struct error err = { 0 };
	struct control_ticket *ticket = control_ticket_create(client, id, &err);

	if (ticket == NULL) {
		control_client_refuse(client, id, &err);
	} else if (!method->start(call, ticket, &err)) {
		control_ticket_fail_take(ticket, &err);
	}
}

static void call_method(const struct control *control, struct control_client *client,
	const struct ipc_message *message, const cJSON *params)
{
	const struct control_method *method = control_method_find(message->method);
	const struct control_call call = {
		.agent = control->options.agent,
		.log = control->log,
		.ui = control->ui,
		.client = client,
		.params = params,
		.role = control->options.role,
		.release = control->options.release,
		.user = control->options.user,
	};
	AUTO(strbuf_finish) struct strbuf result = { 0 };
	struct error err = { 0 };

	if (method == NULL) {
		error_set(&err, ERROR_NOT_FOUND, "no method '%s'", message->method);
		control_client_fail(client, message->id, IPC_METHOD_NOT_FOUND, err.message);
	} else if (method->start != NULL) {
		start_method(client, method, &call, message->id);
	} else if (!method->call(&call, &result, &err)) {
		control_client_refuse(client, message->id, &err);
	} else {
		control_client_answer(client, message->id, result.data);
	}
}

static bool check_message(const struct ipc_message *message, const cJSON *params, struct error *err)
{
	if (message->jsonrpc == NULL || strcmp(message->jsonrpc, "2.0") != 0) {
		return error_set(err, ERROR_INVALID, "'jsonrpc' must be \"2.0\"");
	}
	if (message->method == NULL) {
		return error_set(err, ERROR_INVALID, "a request needs 'method'");
	}
	if (message->id != NULL && strchr("{[tf", message->id[0]) != NULL) {
		return error_set(err, ERROR_INVALID, "'id' must be a string or a number");
	}
	if (params != NULL && !json_is_object(params)) {
		return error_set(err, ERROR_INVALID, "'params' must be an object");
	}
	return true;
}

static void on_line(void *owner, struct ipc_client_conn *conn, const char *text, size_t length)
{
	const struct control *control = owner;
	struct control_client *client = ipc_server_user(conn);
	AUTO(json_free_ptr) cJSON *json = NULL;
	struct ipc_message message = { 0 };
	const cJSON *params;
	struct error err = { 0 };

	json = json_parse(text, length, &err);
	if (json == NULL) {
		control_client_fail(client, "null", IPC_PARSE_ERROR, err.message);
		return;
	}
	if (ui_link_take_answer(control->ui, conn, json)) {
		return;
	}
	params = json_member(json, "params");
	if (!json_read(&message, ipc_message_fields, json, &err) ||
		!check_message(&message, params, &err)) {
		control_client_fail(client, message.id != NULL ? message.id : "null",
			IPC_INVALID_REQUEST, err.message);
	} else {
		call_method(control, client, &message, params);
	}
	json_finish(&message, ipc_message_fields);
}

/* --- Clients --- */

static void on_opened(void *owner, struct ipc_client_conn *conn)
{
	struct control *control = owner;
	struct control_client *client = xcalloc(1, sizeof(*client));

	control_client_init(client, conn);
	LIST_INSERT_HEAD(&control->clients, client, link);
	ipc_server_set_user(conn, client);
}

static void on_closed(void *owner, struct ipc_client_conn *conn)
{
	struct control *control = owner;
	struct control_client *client = ipc_server_user(conn);

	LIST_REMOVE(client, link);
	control_client_finish(client);
	free(client);
	ui_link_detach(control->ui, conn);
}

static const struct ipc_server_events server_events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

struct control *control_create(struct loop *loop)
{
	struct control *control = xcalloc(1, sizeof(*control));

	control->loop = loop;
	control->ui = ui_link_create(loop);
	return control;
}

const struct steam_ui *control_steam_ui(const struct control *control)
{
	return ui_link_steam_ui(control->ui);
}

bool control_open(struct control *control, const struct control_options *options, struct error *err)
{
	control->options = *options;
	control->server = ipc_server_create(
		control->loop, options->socket_path, &server_events, control, err);
	if (control->server == NULL) {
		return false;
	}
	control->progress = loop_timer_create(control->loop, on_progress_due, control);
	control->log = log_tail_create(control->loop, on_log_line, control);
	control->pairing_listener = (struct pairing_listener){
		.show = on_pairing_shown,
		.hide = on_pairing_hidden,
		.waiting = on_pairing_waiting,
		.user = control,
	};
	pairing_listen(agent_pairing(options->agent), &control->pairing_listener);
	agent_set_events(options->agent, &agent_events, control);
	ui_link_set_changed(control->ui, on_ui_changed, control);
	return true;
}

void control_close(struct control *control)
{
	if (control == NULL || control->server == NULL) {
		return;
	}
	agent_set_events(control->options.agent, NULL, NULL);
	ui_link_set_changed(control->ui, NULL, NULL);
	pairing_unlisten(agent_pairing(control->options.agent), &control->pairing_listener);
	ipc_server_destroy(TAKE_PTR(control->server));
	log_tail_destroy(TAKE_PTR(control->log));
	loop_timer_destroy(TAKE_PTR(control->progress));
}

void control_destroy(struct control *control)
{
	if (control == NULL) {
		return;
	}
	control_close(control);
	ui_link_destroy(control->ui);
	free(control);
}
