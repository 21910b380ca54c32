#include "control/control.h"

#include "agent/agent.h"
#include "agent/pairing.h"
#include "agent/upload_store.h"
#include "control/control_methods.h"
#include "control/control_views.h"
#include "control/log_tail.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "net/ipc_server.h"
#include "proto/proto_ipc.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_PERIOD_MS 200

enum event {
	EVENT_HUB_CONNECTED,
	EVENT_HUB_DISCONNECTED,
	EVENT_LOG_LINE,
	EVENT_PAIRING_HIDDEN,
	EVENT_PAIRING_SHOWN,
	EVENT_SETTINGS_CHANGED,
	EVENT_UPLOAD_PROGRESS,
	EVENT_UPLOADS_CHANGED,
	EVENT_COUNT,
};

static const char *const event_names[EVENT_COUNT] = {
	[EVENT_HUB_CONNECTED] = "hub_connected",
	[EVENT_HUB_DISCONNECTED] = "hub_disconnected",
	[EVENT_LOG_LINE] = "log_line",
	[EVENT_PAIRING_HIDDEN] = "pairing_hidden",
	[EVENT_PAIRING_SHOWN] = "pairing_shown",
	[EVENT_SETTINGS_CHANGED] = "settings_changed",
	[EVENT_UPLOAD_PROGRESS] = "upload_progress",
	[EVENT_UPLOADS_CHANGED] = "uploads_changed",
};

#define EVENT_BIT(event) (1u << (event))
#define DEFAULT_EVENTS (~EVENT_BIT(EVENT_LOG_LINE))

struct control_client {
	struct control *control;
	struct ipc_client_conn *conn;
	unsigned events; /* bits */
	struct control_client *next;
};

struct control {
	struct agent *agent;
	struct ipc_server *server;
	struct log_tail *log;
	struct control_client *clients; /* control_client.next */
	struct pairing_listener pairing_listener;
	struct loop_timer *progress; /* runs while progress waits to be told */
};

/* --- Notifications --- */

static bool is_wanted(const struct control *control, enum event event)
{
	for (const struct control_client *client = control->clients; client != NULL;
		client = client->next) {
		if ((client->events & EVENT_BIT(event)) != 0) {
			return true;
		}
	}
	return false;
}

static void notify(const struct control *control, enum event event, const struct json_field *fields,
	const void *params)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (!is_wanted(control, event)) {
		return;
	}
	ipc_write_notification(&line, event_names[event], fields, params);
	for (const struct control_client *client = control->clients; client != NULL;
		client = client->next) {
		if ((client->events & EVENT_BIT(event)) != 0) {
			ipc_server_send(client->conn, line.data, line.length);
		}
	}
}

static void on_pairing_shown(void *user, const struct pairing_view *view)
{
	const struct control *control = user;
	struct ipc_pairing pairing = { 0 };

	control_view_pairing(control->agent, &pairing);
	notify(control, EVENT_PAIRING_SHOWN, ipc_pairing_fields, &pairing);
	json_finish(&pairing, ipc_pairing_fields);
}

static void on_pairing_hidden(void *user, enum pairing_end end)
{
	const struct ipc_pairing_hidden hidden = { .reason = (char *)pairing_end_text(end) };

	notify(user, EVENT_PAIRING_HIDDEN, ipc_pairing_hidden_fields, &hidden);
}

static void on_hub_changed(void *user)
{
	const struct control *control = user;
	struct ipc_connected_hub hub = { 0 };

	control_view_connected_hub(control->agent, &hub);
	notify(control, hub.connected ? EVENT_HUB_CONNECTED : EVENT_HUB_DISCONNECTED,
		ipc_connected_hub_fields, &hub);
	json_finish(&hub, ipc_connected_hub_fields);
}

static void on_uploads_changed(void *user)
{
	notify(user, EVENT_UPLOADS_CHANGED, NULL, NULL);
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	const struct control *control = user;

	if (!loop_timer_running(control->progress) && is_wanted(control, EVENT_UPLOAD_PROGRESS)) {
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
	notify(control, EVENT_UPLOAD_PROGRESS, ipc_upload_fields, &upload);
	json_finish(&upload, ipc_upload_fields);
}

static void on_progress_due(void *user)
{
	const struct control *control = user;

	upload_store_each(agent_uploads(control->agent), tell_progress, user);
}

static void on_settings_changed(void *user, const char *key)
{
	const struct control *control = user;
	AUTO(strbuf_finish) struct strbuf value = { 0 };
	struct ipc_setting setting = { .key = (char *)key };

	if (config_get(agent_config(control->agent), key, &value, NULL)) {
		setting.value = value.data;
		notify(control, EVENT_SETTINGS_CHANGED, ipc_setting_fields, &setting);
	}
}

static void on_log_line(void *user, const char *text)
{
	const struct ipc_log_line line = { .line = (char *)text };

	notify(user, EVENT_LOG_LINE, ipc_log_line_fields, &line);
}

static const struct agent_events agent_events = {
	.hub_changed = on_hub_changed,
	.uploads_changed = on_uploads_changed,
	.upload_progress = on_upload_progress,
	.settings_changed = on_settings_changed,
};

bool control_client_subscribe(
	struct control_client *client, const struct strvec *events, struct error *err)
{
	unsigned bits = events->count == 0 ? DEFAULT_EVENTS : 0;

	for (size_t i = 0; i < events->count; i++) {
		unsigned event = 0;

		while (event < EVENT_COUNT && strcmp(event_names[event], events->items[i]) != 0) {
			event++;
		}
		if (event == EVENT_COUNT) {
			return error_set(
				err, ERROR_INVALID, "no notification '%s'", events->items[i]);
		}
		bits |= EVENT_BIT(event);
	}
	client->events = bits;
	return true;
}

void control_client_events(const struct control_client *client, struct strvec *names)
{
	strvec_finish(names);
	for (unsigned event = 0; event < EVENT_COUNT; event++) {
		if ((client->events & EVENT_BIT(event)) != 0) {
			strvec_push(names, event_names[event]);
		}
	}
}

/* --- Requests --- */

static int ipc_code(enum error_kind kind)
{
	switch (kind) {
	case ERROR_INVALID:
		return IPC_INVALID_PARAMS;
	case ERROR_NOT_FOUND:
		return IPC_NOT_FOUND;
	case ERROR_CONFLICT:
		return IPC_CONFLICT;
	case ERROR_NO_SPACE:
		return IPC_NO_SPACE;
	case ERROR_NONE:
	case ERROR_UNAUTHORIZED:
	case ERROR_BLOCKED:
	case ERROR_TOO_LARGE:
	case ERROR_LOCKED_OUT:
	case ERROR_NOT_IMPLEMENTED:
	case ERROR_IO:
	case ERROR_TIMEOUT:
	case ERROR_CANCELLED:
		break;
	}
	return IPC_FAILED;
}

/* id NULL: a notification, which is not answered. */
static void answer_error(struct control_client *client, const char *id, int code, const char *text)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (id != NULL) {
		ipc_write_error(&line, id, code, text);
		ipc_server_send(client->conn, line.data, line.length);
	}
}

static void call_method(
	struct control_client *client, const struct ipc_message *message, const cJSON *params)
{
	const struct control_method *method = control_method_find(message->method);
	const struct control_call call = {
		.agent = client->control->agent,
		.log = client->control->log,
		.client = client,
		.params = params,
	};
	AUTO(strbuf_finish) struct strbuf result = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct error err = { 0 };

	if (method == NULL) {
		error_set(&err, ERROR_NOT_FOUND, "no method '%s'", message->method);
		answer_error(client, message->id, IPC_METHOD_NOT_FOUND, err.message);
	} else if (!method->call(&call, &result, &err)) {
		answer_error(client, message->id, ipc_code(err.kind), err.message);
	} else if (message->id != NULL) {
		ipc_write_result(&line, message->id, result.data);
		ipc_server_send(client->conn, line.data, line.length);
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
	struct control_client *client = ipc_server_user(conn);
	AUTO(json_free_ptr) cJSON *json = NULL;
	struct ipc_message message = { 0 };
	const cJSON *params;
	struct error err = { 0 };

	json = json_parse(text, length, &err);
	if (json == NULL) {
		answer_error(client, "null", IPC_PARSE_ERROR, err.message);
		return;
	}
	params = json_member(json, "params");
	if (!json_read(&message, ipc_message_fields, json, &err) ||
		!check_message(&message, params, &err)) {
		answer_error(client, message.id != NULL ? message.id : "null", IPC_INVALID_REQUEST,
			err.message);
	} else {
		call_method(client, &message, params);
	}
	json_finish(&message, ipc_message_fields);
}

/* --- Clients --- */

static void on_opened(void *owner, struct ipc_client_conn *conn)
{
	struct control *control = owner;
	struct control_client *client = xcalloc(1, sizeof(*client));

	client->control = control;
	client->conn = conn;
	client->next = control->clients;
	control->clients = client;
	ipc_server_set_user(conn, client);
}

static void on_closed(void *owner, struct ipc_client_conn *conn)
{
	struct control *control = owner;
	struct control_client *client = ipc_server_user(conn);
	struct control_client **link = &control->clients;

	while (*link != client) {
		link = &(*link)->next;
	}
	*link = client->next;
	free(client);
}

static const struct ipc_server_events server_events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

struct control *control_create(const struct control_options *options, struct error *err)
{
	struct control *control = xcalloc(1, sizeof(*control));
	AUTO(free_ptr) char *path = path_join(options->runtime_dir, IPC_SOCKET_NAME);

	control->agent = options->agent;
	control->progress = loop_timer_create(options->loop, on_progress_due, control);
	control->log = log_tail_create(options->loop, on_log_line, control);
	control->pairing_listener = (struct pairing_listener){
		.show = on_pairing_shown,
		.hide = on_pairing_hidden,
		.user = control,
	};
	pairing_listen(agent_pairing(control->agent), &control->pairing_listener);
	agent_set_events(control->agent, &agent_events, control);
	control->server = ipc_server_create(options->loop, path, &server_events, control, err);
	if (control->server == NULL) {
		control_destroy(control);
		return NULL;
	}
	return control;
}

void control_destroy(struct control *control)
{
	if (control == NULL) {
		return;
	}
	agent_set_events(control->agent, NULL, NULL);
	pairing_unlisten(agent_pairing(control->agent), &control->pairing_listener);
	ipc_server_destroy(control->server);
	log_tail_destroy(control->log);
	loop_timer_destroy(control->progress);
	free(control);
}
