#pragma once

#include "core/json.h"

#include <stddef.h>

struct control_ticket;
struct error;
struct ipc_client_conn;

/*
 * A call whose answer comes later. Whoever holds the ticket ends it with exactly one of the _take
 * functions, even when the client, or the whole local IPC, has gone meanwhile: then the answer is
 * dropped.
 */
#define CONTROL_TICKETS_MAX 16 /* of one client */

/* One client's. Zeroed is empty. */
struct control_tickets {
	struct control_ticket *first;
	size_t count;
};

/*
 * id: the call's, as JSON text; NULL: it wants no answer. NULL on error: CONFLICT (too many wait).
 */
struct control_ticket *control_ticket_create(struct control_tickets *tickets,
	struct ipc_client_conn *conn, const char *id, struct error *err);
/* The client goes; its tickets live on by themselves. */
void control_tickets_abandon(struct control_tickets *tickets);

void control_ticket_reply_take(
	struct control_ticket *ticket, const struct json_field *fields, const void *result);
void control_ticket_fail_take(struct control_ticket *ticket, const struct error *err);
