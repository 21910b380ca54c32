#include "control/control_client.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "ipc/ipc_server.h"
#include "proto/proto_ipc.h"

#include <stdlib.h>
#include <string.h>

#define EVENT_BIT(event) (1u << (event))
#define DEFAULT_EVENTS (~EVENT_BIT(CONTROL_EVENT_LOG_LINE))

struct control_ticket {
	LIST_ENTRY(control_ticket) link;
	struct control_client *client; /* NULL: it has disconnected */
	char *id;		       /* NULL: a notification */
};

void control_client_init(struct control_client *client, struct ipc_client_conn *conn)
{
	*client = (struct control_client){ .conn = conn };
}

void control_client_finish(struct control_client *client)
{
	struct control_ticket *ticket;

	while ((ticket = LIST_FIRST(&client->tickets)) != NULL) {
		LIST_REMOVE(ticket, link);
		ticket->client = NULL;
	}
	*client = (struct control_client){ .conn = NULL };
}

/* --- Notifications --- */

static const char *const events[CONTROL_EVENT_COUNT] = {
	[CONTROL_EVENT_GAMES_CHANGED] = "games_changed",
	[CONTROL_EVENT_GAME_UPDATED] = "game_updated",
	[CONTROL_EVENT_LIBRARIES_CHANGED] = "libraries_changed",
	[CONTROL_EVENT_HUB_CONNECTED] = "hub_connected",
	[CONTROL_EVENT_HUB_DISCONNECTED] = "hub_disconnected",
	[CONTROL_EVENT_LOG_LINE] = "log_line",
	[CONTROL_EVENT_PAIRING_HIDDEN] = "pairing_hidden",
	[CONTROL_EVENT_PAIRING_SHOWN] = "pairing_shown",
	[CONTROL_EVENT_PAIRING_WAITING] = "pairing_waiting",
	[CONTROL_EVENT_SETTINGS_CHANGED] = "settings_changed",
	[CONTROL_EVENT_STATUS_CHANGED] = "status_changed",
	[CONTROL_EVENT_STEAM_CHANGED] = "steam_changed",
	[CONTROL_EVENT_UPLOAD_PROGRESS] = "upload_progress",
	[CONTROL_EVENT_UPLOADS_CHANGED] = "uploads_changed",
};

const char *control_event_name(enum control_event event)
{
	return events[event];
}

static bool find_event(const char *name, enum control_event *event)
{
	for (unsigned i = 0; i < CONTROL_EVENT_COUNT; i++) {
		if (strcmp(events[i], name) == 0) {
			*event = i;
			return true;
		}
	}
	return false;
}

bool control_client_wants(const struct control_client *client, enum control_event event)
{
	return (client->events & EVENT_BIT(event)) != 0;
}

bool control_client_subscribe(
	struct control_client *client, const struct strvec *wanted, struct error *err)
{
	unsigned bits = wanted->count == 0 ? DEFAULT_EVENTS : 0;

	for (size_t i = 0; i < wanted->count; i++) {
		enum control_event event;

		if (!find_event(wanted->items[i], &event)) {
			return error_set(
				err, ERROR_INVALID, "no notification '%s'", wanted->items[i]);
		}
		bits |= EVENT_BIT(event);
	}
	client->events = bits;
	return true;
}

void control_client_events(const struct control_client *client, struct strvec *names)
{
	strvec_finish(names);
	for (unsigned event = 0; event < CONTROL_EVENT_COUNT; event++) {
		if ((client->events & EVENT_BIT(event)) != 0) {
			strvec_push(names, control_event_name(event));
		}
	}
}

/* --- Answers --- */

void control_client_answer(struct control_client *client, const char *id, const char *result)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (id != NULL) {
		ipc_write_result(&line, id, result);
		ipc_server_send(client->conn, line.data, line.length);
	}
}

void control_client_fail(
	struct control_client *client, const char *id, int code, const char *message)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (id != NULL) {
		ipc_write_error(&line, id, code, message);
		ipc_server_send(client->conn, line.data, line.length);
	}
}

void control_client_refuse(struct control_client *client, const char *id, const struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (id != NULL) {
		ipc_write_refusal(&line, id, err);
		ipc_server_send(client->conn, line.data, line.length);
	}
}

struct control_ticket *control_ticket_create(
	struct control_client *client, const char *id, struct error *err)
{
	struct control_ticket *ticket;

	if (client->ticket_count >= CONTROL_TICKETS_MAX) {
		error_set(err, ERROR_CONFLICT, "%d calls of this client are still unanswered",
			CONTROL_TICKETS_MAX);
		return NULL;
	}
	ticket = xcalloc(1, sizeof(*ticket));
	ticket->client = client;
	ticket->id = xstrdup_or_null(id);
	LIST_INSERT_HEAD(&client->tickets, ticket, link);
	client->ticket_count++;
	return ticket;
}

static void end_ticket_take(struct control_ticket *ticket)
{
	if (ticket->client != NULL) {
		LIST_REMOVE(ticket, link);
		ticket->client->ticket_count--;
	}
	free(ticket->id);
	free(ticket);
}

void control_ticket_reply_take(
	struct control_ticket *ticket, const struct json_field *fields, const void *result)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (ticket->client != NULL) {
		json_write(&text, fields, result);
		control_client_answer(ticket->client, ticket->id, text.data);
	}
	end_ticket_take(ticket);
}

void control_ticket_fail_take(struct control_ticket *ticket, const struct error *err)
{
	if (ticket->client != NULL) {
		control_client_refuse(ticket->client, ticket->id, err);
	}
	end_ticket_take(ticket);
}
