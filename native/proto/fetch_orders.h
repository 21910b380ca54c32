#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The wire between the agent and capydeck-fetch, its child that downloads. The orders are one JSON
 * object on the child's standard input. For each download that has ended it writes a result, one
 * JSON object a line, to its standard output; it exits when all have ended.
 */
struct fetch_orders {
	struct strvec urls;
	const char *dir;     /* exists; urls[i] is downloaded to the file "<i>" in it */
	bool allow_local;    /* also the addresses that address_check.h refuses */
	int64_t deadline_ms; /* for all together */
	int64_t max_bytes;   /* for each */
	cJSON *tree;
};
extern const struct json_field fetch_orders_fields[];

struct fetch_result {
	uint32_t index;
	const char *error; /* one sentence; NULL: the whole file is there */
	cJSON *tree;
};
extern const struct json_field fetch_result_fields[];
