#include "proto/fetch_orders.h"

const struct json_field fetch_orders_fields[] = {
	JSON_FIELD(struct fetch_orders, urls, "urls", JSON_STRINGS, JSON_REQUIRED),
	JSON_FIELD(struct fetch_orders, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct fetch_orders, allow_local, "allowLocal", JSON_BOOL, 0),
	JSON_FIELD(struct fetch_orders, deadline_ms, "deadlineMs", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct fetch_orders, max_bytes, "maxBytes", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_TREE(struct fetch_orders, tree),
	JSON_FIELDS_END,
};

const struct json_field fetch_result_fields[] = {
	JSON_FIELD(struct fetch_result, index, "index", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELD(struct fetch_result, error, "error", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct fetch_result, tree),
	JSON_FIELDS_END,
};
