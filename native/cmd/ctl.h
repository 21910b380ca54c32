#pragma once

#include "core/json.h"
#include "core/paths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct ipc_client;
struct strbuf;

/* One run of `capydeck ctl`: its end of the local IPC, and its options. */
struct ctl {
	struct ipc_client *client; /* NULL: not open */
	int64_t last_id;
	struct paths_options options;
	struct paths paths;
	bool json;
	bool wait;
	bool follow;
	bool force;
	bool yes;
	int64_t lines;
};

/* Finds the agent. Errors: NOT_FOUND (no agent is running), IO. */
bool ctl_open(struct ctl *ctl, struct error *err);
void ctl_close(struct ctl *ctl);

/*
 * Calls a method and replaces result with the JSON text of its result. fields NULL: no parameters.
 * Notifications received meanwhile are dropped. Errors: the agent's own; TIMEOUT, IO.
 */
bool ctl_request(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, struct strbuf *result, struct error *err);
/* Waits for the next notification of that name and replaces params with its JSON text. */
bool ctl_follow(struct ctl *ctl, const char *name, struct strbuf *params, struct error *err);

/* Calls the method; with --json prints its result, otherwise reads it into out, unless fields NULL.
 */
bool ctl_call(struct ctl *ctl, const char *method, const struct json_field *param_fields,
	const void *params, const struct json_field *fields, void *out, struct error *err);
/* The result of a method without parameters. */
struct ctl_listing {
	const char *method;
	const struct json_field *fields;
	size_t bytes; /* of the struct that the fields describe */
	void (*print)(const void *result);
};
bool ctl_show(struct ctl *ctl, const struct ctl_listing *listing, struct error *err);
/* Reads the result into out, whatever is printed later. */
bool ctl_fetch(struct ctl *ctl, const char *method, const struct json_field *fields, void *out,
	struct error *err);
/* A command without a result of interest: prints done. */
bool ctl_tell(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, const char *done, struct error *err);
/* Prints one line, made safe for a terminal: names come from Hubs and from Steam. */
void ctl_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Asks for confirmation of something that cannot be undone at once, if on a terminal and without
 * --yes. False with CANCELLED if refused.
 */
bool ctl_confirm(const struct ctl *ctl, const char *question, struct error *err);
