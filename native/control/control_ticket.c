#include "control/control_ticket.h"

#include "control/control_error.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_server.h"
#include "proto/proto_ipc.h"

#include <stdlib.h>

struct control_ticket {
	struct control_ticket *next;
	struct control_tickets *tickets; /* NULL: the client has gone */
	struct ipc_client_conn *conn;
	char *id; /* NULL: no answer is wanted */
};

struct control_ticket *control_ticket_create(struct control_tickets *tickets,
	struct ipc_client_conn *conn, const char *id, struct error *err)
{
	struct control_ticket *ticket;

	if (tickets->count >= CONTROL_TICKETS_MAX) {
		error_set(err, ERROR_CONFLICT, "%d calls of this client are not answered yet",
			CONTROL_TICKETS_MAX);
		return NULL;
	}
	ticket = xcalloc(1, sizeof(*ticket));
	*ticket = (struct control_ticket){
		.next = tickets->first,
		.tickets = tickets,
		.conn = conn,
		.id = xstrdup_or_null(id),
	};
	tickets->first = ticket;
	tickets->count++;
	return ticket;
}

void control_tickets_abandon(struct control_tickets *tickets)
{
	while (tickets->first != NULL) {
		struct control_ticket *ticket = tickets->first;

		tickets->first = ticket->next;
		ticket->tickets = NULL;
	}
	tickets->count = 0;
}

static void unlink_ticket(const struct control_ticket *ticket)
{
	struct control_ticket **link = &ticket->tickets->first;

	while (*link != ticket) {
		link = &(*link)->next;
	}
	*link = ticket->next;
	ticket->tickets->count--;
}

static void end_take(struct control_ticket *ticket)
{
	if (ticket->tickets != NULL) {
		unlink_ticket(ticket);
	}
	free(ticket->id);
	free(ticket);
}

static bool is_awaited(const struct control_ticket *ticket)
{
	return ticket->tickets != NULL && ticket->id != NULL;
}

void control_ticket_reply_take(
	struct control_ticket *ticket, const struct json_field *fields, const void *result)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (is_awaited(ticket)) {
		json_write(&text, fields, result);
		ipc_write_result(&line, ticket->id, text.data);
		ipc_server_send(ticket->conn, line.data, line.length);
	}
	end_take(ticket);
}

void control_ticket_fail_take(struct control_ticket *ticket, const struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (is_awaited(ticket)) {
		ipc_write_error(&line, ticket->id, control_error_code(err->kind), err->message);
		ipc_server_send(ticket->conn, line.data, line.length);
	}
	end_take(ticket);
}
