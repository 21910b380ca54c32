#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The wire between the agent and its overlay: JSON lines over a socket pair that is the child's
 * standard input. When the agent closes its end, the overlay hides and exits.
 */
struct overlay_order {
	const char *code; /* six digits; an order with another code replaces it in place */
	const char *hub_name;
	int64_t left_ms; /* until it expires */
	int64_t total_ms;
	const char *language; /* a locale; NULL: the session's own */
	bool large_text;
	bool reduced_motion;
	cJSON *tree;
};

/* In an order's place: to be answered at once with OVERLAY_ALIVE. */
struct overlay_ping {
	bool ping; /* true */
	cJSON *tree;
};

struct overlay_report {
	const char *status; /* OVERLAY_SHOWN … */
	const char *reason; /* failed: one sentence */
	cJSON *tree;
};

#define OVERLAY_SHOWN "shown"	      /* an order's first frame is on the screen */
#define OVERLAY_DISMISSED "dismissed" /* by a click */
#define OVERLAY_ALIVE "alive"	      /* the answer to a ping */
#define OVERLAY_FAILED "failed"	      /* the overlay ends */

#define OVERLAY_LINE_MAX_BYTES (64 * 1024)

extern const struct json_field overlay_order_fields[];
extern const struct json_field overlay_ping_fields[];
extern const struct json_field overlay_report_fields[];
