#include "hubs/agent_ticket.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "hubs/agent_session.h"
#include "proto/proto_constants.h"

#include <assert.h>
#include <stdlib.h>

/* Leaves the answer time to travel before the Hub gives up. */
#define ANSWER_WITHIN_MS (REQUEST_TIMEOUT_MS - 1500)

struct agent_ticket {
	struct agent_session *session;
	struct agent_ticket_list *list;
	char *id; /* NULL once the deadline has answered */
	int64_t due_ms;
	struct agent_ticket *older;
	struct agent_ticket *newer;
};

static void wait_for_oldest(struct agent_ticket_list *list)
{
	int64_t delay_ms;

	if (list->oldest == NULL || loop_timer_running(list->deadline)) {
		return;
	}
	delay_ms = list->oldest->due_ms - loop_now_ms();
	loop_timer_set(list->deadline, delay_ms > 0 ? delay_ms : 0);
}

static void unlink_ticket(struct agent_ticket *ticket)
{
	struct agent_ticket_list *list = ticket->list;

	*(ticket->older != NULL ? &ticket->older->newer : &list->oldest) = ticket->newer;
	*(ticket->newer != NULL ? &ticket->newer->older : &list->newest) = ticket->older;
	ticket->older = ticket->newer = NULL;
}

/* The timer is not moved for every ticket that ends: it looks anew when it fires. */
static void on_deadline(void *user)
{
	struct agent_ticket_list *list = user;

	while (list->oldest != NULL && list->oldest->due_ms <= loop_now_ms()) {
		struct agent_ticket *ticket = list->oldest;
		struct error err;

		error_set(&err, ERROR_TIMEOUT, "not done within %d seconds; it may still be done",
			REQUEST_TIMEOUT_MS / 1000);
		agent_session_fail(ticket->session, ticket->id, &err);
		free(ticket->id);
		ticket->id = NULL;
		unlink_ticket(ticket);
	}
	wait_for_oldest(list);
}

void agent_ticket_list_init(struct agent_ticket_list *list, struct loop *loop)
{
	*list = (struct agent_ticket_list){ .oldest = NULL };
	list->deadline = loop_timer_create(loop, on_deadline, list);
}

void agent_ticket_list_finish(struct agent_ticket_list *list)
{
	assert(list->oldest == NULL);
	loop_timer_destroy(list->deadline);
	list->deadline = NULL;
}

struct agent_ticket *agent_ticket_create(
	struct agent_ticket_list *list, struct agent_session *session, const char *id)
{
	struct agent_ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->session = agent_session_ref(session);
	ticket->list = list;
	ticket->id = xstrdup(id);
	ticket->due_ms = loop_now_ms() + ANSWER_WITHIN_MS;
	ticket->older = list->newest;
	*(list->newest != NULL ? &list->newest->newer : &list->oldest) = ticket;
	list->newest = ticket;
	wait_for_oldest(list);
	return ticket;
}

struct agent_session *agent_ticket_session(const struct agent_ticket *ticket)
{
	return ticket->session;
}

void agent_ticket_drop_take(struct agent_ticket *ticket)
{
	if (ticket->id != NULL) {
		unlink_ticket(ticket);
	}
	free(ticket->id);
	agent_session_unref(ticket->session);
	free(ticket);
}

void agent_ticket_reply_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload)
{
	if (ticket->id != NULL) {
		agent_session_send(ticket->session, ticket->id, type, fields, payload);
	}
	agent_ticket_drop_take(ticket);
}

void agent_ticket_fail_take(struct agent_ticket *ticket, const struct error *err)
{
	if (ticket->id != NULL) {
		agent_session_fail(ticket->session, ticket->id, err);
	}
	agent_ticket_drop_take(ticket);
}
