#include "proto/proto_overlay.h"

const struct json_field overlay_order_fields[] = {
	JSON_FIELD(struct overlay_order, code, "code", JSON_SECRET, JSON_REQUIRED),
	JSON_FIELD(struct overlay_order, hub_name, "hubName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct overlay_order, left_ms, "leftMs", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct overlay_order, total_ms, "totalMs", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct overlay_order, language, "language", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct overlay_order, large_text, "largeText", JSON_BOOL, 0),
	JSON_FIELD(struct overlay_order, reduced_motion, "reducedMotion", JSON_BOOL, 0),
	JSON_FIELD_TREE(struct overlay_order, tree),
	JSON_FIELDS_END,
};

const struct json_field overlay_ping_fields[] = {
	JSON_FIELD(struct overlay_ping, ping, "ping", JSON_BOOL, JSON_REQUIRED),
	JSON_FIELD_TREE(struct overlay_ping, tree),
	JSON_FIELDS_END,
};

const struct json_field overlay_report_fields[] = {
	JSON_FIELD(struct overlay_report, status, "status", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct overlay_report, reason, "reason", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct overlay_report, tree),
	JSON_FIELDS_END,
};
