#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the agent and capydeck-fetch, its child that downloads, say to each other. The orders are
 * the child's standard input, one JSON object. Each download that has ended is one result, a JSON
 * object and a line feed, on its standard output; the child exits when all have.
 */
struct fetch_orders {
	struct strvec urls;
	const char *dir;     /* exists; the download of urls[i] is the file "<i>" in it */
	bool allow_local;    /* addresses that address_check.h refuses, too */
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
