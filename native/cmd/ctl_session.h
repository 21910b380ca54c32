#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct ipc_client;
struct paths;
struct strbuf;

/* The command line's end of the local IPC: calls a method, follows notifications. */
struct ctl_session {
	struct ipc_client *client;
	int64_t last_id;
};

/* Errors: NOT_FOUND (no agent runs), IO. */
bool ctl_session_init(struct ctl_session *session, const struct paths *paths, struct error *err);
void ctl_session_finish(struct ctl_session *session);

/*
 * Calls a method and replaces result by its result's JSON text. fields NULL: no parameters.
 * Notifications that come meanwhile are dropped. Errors: the agent's own words; TIMEOUT, IO.
 */
bool ctl_session_call(struct ctl_session *session, const char *method,
	const struct json_field *fields, const void *params, struct strbuf *result,
	struct error *err);
/* Waits for the next notification of that name and replaces params by its JSON text. */
bool ctl_session_follow(
	struct ctl_session *session, const char *name, struct strbuf *params, struct error *err);
