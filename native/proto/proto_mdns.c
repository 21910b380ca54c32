#include "proto/proto_mdns.h"

const struct json_field mdns_order_fields[] = {
	JSON_FIELD(struct mdns_order, verb, "verb", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct mdns_order, type, "type", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_order, name, "name", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_order, host, "host", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_order, port, "port", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_order, txt, "txt", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct mdns_order, tree),
	JSON_FIELDS_END,
};

const struct json_field mdns_report_fields[] = {
	JSON_FIELD(struct mdns_report, event, "event", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct mdns_report, error, "error", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, interface, "interface", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, family, "family", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, name, "name", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, host, "host", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, address, "address", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, port, "port", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct mdns_report, txt, "txt", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct mdns_report, tree),
	JSON_FIELDS_END,
};
