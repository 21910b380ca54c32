#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent;
struct control_client;
struct control_options;
struct control_ticket;
struct error;
struct ipc_client_conn;
struct log_tail;
struct strbuf;
struct ui_link;

/*
 * All names of the local IPC: methods that clients call, notifications that they get, requests to
 * the game-mode plugin. Source: control/README.md.
 */

/* What a method works with; borrowed during the call. */
struct control_call {
	const struct control_options *options;
	struct agent *agent;
	struct log_tail *log;
	struct ui_link *ui;
	struct control_client *client; /* who calls */
	struct ipc_client_conn *conn;  /* its connection */
	const cJSON *params;	       /* an object; NULL: none given */
};

/* One JSON-RPC method. It has one of the two functions. Errors: INVALID is the caller's parameters.
 */
struct control_method {
	const char *name;
	/* Appends its result as JSON. */
	bool (*call)(const struct control_call *call, struct strbuf *result, struct error *err);
	/* Takes the ticket, unless it fails, and answers later. */
	bool (*start)(
		const struct control_call *call, struct control_ticket *ticket, struct error *err);
};

/* NULL: there is none of that name. */
const struct control_method *control_method_find(const char *name);

enum control_event {
	CONTROL_EVENT_GAMES_CHANGED,
	CONTROL_EVENT_HUB_CONNECTED,
	CONTROL_EVENT_HUB_DISCONNECTED,
	CONTROL_EVENT_LOG_LINE,
	CONTROL_EVENT_PAIRING_HIDDEN,
	CONTROL_EVENT_PAIRING_SHOWN,
	CONTROL_EVENT_SETTINGS_CHANGED,
	CONTROL_EVENT_STATUS_CHANGED,
	CONTROL_EVENT_STEAM_CHANGED,
	CONTROL_EVENT_UPLOAD_PROGRESS,
	CONTROL_EVENT_UPLOADS_CHANGED,
	CONTROL_EVENT_COUNT,
};

const char *control_event_name(enum control_event event);
bool control_event_find(const char *name, enum control_event *event);

/* Is that a request the plugin may get? */
bool control_request_exists(const char *name);
