#pragma once

#include "core/json.h"

struct agent_session;
struct agent_ticket;
struct error;
struct loop;
struct loop_timer;

/*
 * A request whose answer comes later. Whoever holds the ticket ends it with exactly one of the
 * _take functions. It keeps the session's memory, not its connection: an answer to a Hub that has
 * gone is dropped. A request that is not answered in time is answered with TIMEOUT by the list,
 * and what comes after that is dropped too. Source: protocol.md "Transport": every request gets a
 * result or an error within 30 s.
 */
struct agent_ticket_list {
	struct agent_ticket *oldest;
	struct agent_ticket *newest;
	struct loop_timer *deadline;
};

void agent_ticket_list_init(struct agent_ticket_list *list, struct loop *loop);
/* Every ticket must have ended: they keep the session that owns the list. */
void agent_ticket_list_finish(struct agent_ticket_list *list);

/* For the request id of that session, whose list it is. */
struct agent_ticket *agent_ticket_create(
	struct agent_ticket_list *list, struct agent_session *session, const char *id);
/* Borrowed while the ticket lives. */
struct agent_session *agent_ticket_session(const struct agent_ticket *ticket);

void agent_ticket_reply_take(struct agent_ticket *ticket, const char *type,
	const struct json_field *fields, const void *payload);
void agent_ticket_fail_take(struct agent_ticket *ticket, const struct error *err);
void agent_ticket_drop_take(struct agent_ticket *ticket); /* it was answered otherwise */
