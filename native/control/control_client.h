#pragma once

#include "core/json.h"
#include "core/list.h"

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct control_ticket;
struct error;
struct ipc_client_conn;
struct log_tail;
struct strvec;
struct ui_link;

/* Notifications. Source: control/README.md. */
enum control_event {
	CONTROL_EVENT_GAMES_CHANGED,
	CONTROL_EVENT_GAME_UPDATED,
	CONTROL_EVENT_HUB_CONNECTED,
	CONTROL_EVENT_HUB_DISCONNECTED,
	CONTROL_EVENT_LIBRARIES_CHANGED,
	CONTROL_EVENT_LOG_LINE,
	CONTROL_EVENT_PAIRING_HIDDEN,
	CONTROL_EVENT_PAIRING_SHOWN,
	CONTROL_EVENT_PAIRING_WAITING,
	CONTROL_EVENT_SETTINGS_CHANGED,
	CONTROL_EVENT_STATUS_CHANGED,
	CONTROL_EVENT_STEAM_CHANGED,
	CONTROL_EVENT_UPLOAD_PROGRESS,
	CONTROL_EVENT_UPLOADS_CHANGED,
	CONTROL_EVENT_COUNT,
};

/* One client of the local IPC: its subscriptions and its unanswered calls. */
struct control_client {
	LIST_ENTRY(control_client) link; /* its owner's */
	struct ipc_client_conn *conn;
	unsigned events; /* bits: 1 << enum control_event */
	LIST_HEAD(, control_ticket) tickets;
	size_t ticket_count;
};

void control_client_init(struct control_client *client, struct ipc_client_conn *conn);
/* It has disconnected; its tickets live on by themselves. */
void control_client_finish(struct control_client *client);

bool control_client_wants(const struct control_client *client, enum control_event event);
/* For the method `subscribe`. events: names; none: all but log_line. Errors: INVALID. */
bool control_client_subscribe(
	struct control_client *client, const struct strvec *events, struct error *err);
/* Replaces names with its subscriptions. */
void control_client_events(const struct control_client *client, struct strvec *names);
const char *control_event_name(enum control_event event);

/* What a method of this IPC works with; borrowed during the call. */
struct control_call {
	struct agent *agent;
	struct log_tail *log;
	struct ui_link *ui;
	struct control_client *client; /* the caller */
	const cJSON *params;	       /* an object; NULL: none given */
	const char *role;	       /* who started the agent */
	/* Another agent asks this one to hand over. Errors: CONFLICT (none is waiting). */
	bool (*release)(void *user, struct error *err);
	void *user;
};

/* id: the call's, as JSON text; NULL: it is not answered. result: JSON text. */
void control_client_answer(struct control_client *client, const char *id, const char *result);
void control_client_fail(
	struct control_client *client, const char *id, int code, const char *message);
void control_client_refuse(struct control_client *client, const char *id, const struct error *err);

/*
 * A call whose answer comes later. The ticket's holder ends it with exactly one of the _take
 * functions, even if the client, or the whole local IPC, is gone by then: the answer is then
 * dropped.
 */
#define CONTROL_TICKETS_MAX 16 /* of one client */

/* NULL on error: CONFLICT (too many are waiting). */
struct control_ticket *control_ticket_create(
	struct control_client *client, const char *id, struct error *err);
void control_ticket_reply_take(
	struct control_ticket *ticket, const struct json_field *fields, const void *result);
void control_ticket_fail_take(struct control_ticket *ticket, const struct error *err);
