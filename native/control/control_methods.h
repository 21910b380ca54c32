#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent;
struct control_client;
struct error;
struct log_tail;
struct strbuf;

/* What a method works with; borrowed during the call. */
struct control_call {
	struct agent *agent;
	struct log_tail *log;
	struct control_client *client; /* who calls */
	const cJSON *params;	       /* an object; NULL: none given */
};

/*
 * One JSON-RPC method of the local IPC: appends its result as JSON. Errors: INVALID is the
 * caller's parameters. Source: control/README.md.
 */
struct control_method {
	const char *name;
	bool (*call)(const struct control_call *call, struct strbuf *result, struct error *err);
};

/* NULL: there is none of that name. */
const struct control_method *control_method_find(const char *name);
