#pragma once

#include "cmd/ctl_session.h"
#include "core/json.h"
#include "core/paths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* One run of `capydeck ctl`: what its commands (ctl_games.h and others) share. */
struct ctl {
	struct ctl_session session;
	struct paths_options options;
	struct paths paths;
	bool json;
	bool wait;
	bool follow;
	bool force;
	bool yes;
	int64_t lines;
};

/* A command: args are its own arguments. Prints its result. */
typedef bool ctl_run(struct ctl *ctl, char **args, struct error *err);

/* Calls the method; with --json prints its result, otherwise reads it into out, unless fields NULL.
 */
bool ctl_call(struct ctl *ctl, const char *method, const struct json_field *param_fields,
	const void *params, const struct json_field *fields, void *out, struct error *err);
/* What a method without parameters tells. */
struct ctl_view {
	const char *method;
	const struct json_field *fields;
	size_t bytes; /* of the struct that the fields describe */
	void (*print)(const void *result);
};
bool ctl_show(struct ctl *ctl, const struct ctl_view *view, struct error *err);
/* Reads the result into out, whatever is printed later. */
bool ctl_fetch(struct ctl *ctl, const char *method, const struct json_field *fields, void *out,
	struct error *err);
/* A command without a result of interest: prints done. */
bool ctl_tell(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, const char *done, struct error *err);
/* Prints one line, fit for a terminal: names come from Hubs and from Steam. */
void ctl_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Asks the person at the terminal, if there is one and --yes was not given, to confirm what cannot
 * be undone at once. False with CANCELLED unless they do.
 */
bool ctl_confirm(const struct ctl *ctl, const char *question, struct error *err);
