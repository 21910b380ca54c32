#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent;
struct control_client;
struct control_ticket;
struct error;
struct log_tail;
struct strbuf;
struct ui_link;

/* The methods of the local IPC. Source: control/README.md. */

/* What a method works with; borrowed during the call. */
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

/* One JSON-RPC method, with one of the two functions. INVALID means invalid parameters. */
struct control_method {
	const char *name;
	/* Appends its result as JSON. */
	bool (*call)(const struct control_call *call, struct strbuf *result, struct error *err);
	/* Takes the ticket, unless it fails, to answer later. */
	bool (*start)(
		const struct control_call *call, struct control_ticket *ticket, struct error *err);
};

/* NULL: no such method. */
const struct control_method *control_method_find(const char *name);
