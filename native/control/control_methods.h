#pragma once

#include <stdbool.h>

struct control_call;
struct control_ticket;
struct error;
struct strbuf;

/* The methods of the local IPC. Source: control/README.md. */

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
