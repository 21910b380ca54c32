#include "proto/proto_session.h"

#include <stddef.h>

const struct json_field hub_connected_fields[] = {
	JSON_FIELD(struct hub_connected, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct hub_connected, version, "version", JSON_STRING, 0),
	JSON_FIELD(struct hub_connected, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct hub_connected, token, "token", JSON_SECRET, JSON_OMIT_EMPTY),
	JSON_FIELD(struct hub_connected, platform, "platform", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct hub_connected, protocol_version, "protocolVersion", JSON_INT64,
		JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct hub_connected, tree),
	JSON_FIELDS_END,
};

const struct json_field pairing_required_fields[] = {
	JSON_FIELD(struct pairing_required, code, "code", JSON_SECRET, 0),
	JSON_FIELD(struct pairing_required, expires_in, "expiresIn", JSON_INT64, 0),
	JSON_FIELD_TREE(struct pairing_required, tree),
	JSON_FIELDS_END,
};

const struct json_field pair_confirm_fields[] = {
	JSON_FIELD(struct pair_confirm, code, "code", JSON_SECRET, JSON_REQUIRED),
	JSON_FIELD_TREE(struct pair_confirm, tree),
	JSON_FIELDS_END,
};

const struct json_field pair_success_fields[] = {
	JSON_FIELD(struct pair_success, token, "token", JSON_SECRET, JSON_REQUIRED),
	JSON_FIELD_TREE(struct pair_success, tree),
	JSON_FIELDS_END,
};

const struct json_field pair_failed_fields[] = {
	JSON_FIELD(struct pair_failed, reason, "reason", JSON_STRING, 0),
	JSON_FIELD_TREE(struct pair_failed, tree),
	JSON_FIELDS_END,
};

const struct json_field agent_status_fields[] = {
	JSON_FIELD(struct agent_status, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct agent_status, version, "version", JSON_STRING, 0),
	JSON_FIELD(struct agent_status, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct agent_status, accept_connections, "acceptConnections", JSON_BOOL, 0),
	JSON_FIELD(struct agent_status, telemetry_enabled, "telemetryEnabled", JSON_BOOL, 0),
	JSON_FIELD(struct agent_status, telemetry_interval, "telemetryInterval", JSON_INT64, 0),
	JSON_FIELD(struct agent_status, console_log_enabled, "consoleLogEnabled", JSON_BOOL, 0),
	JSON_FIELD(struct agent_status, protocol_version, "protocolVersion", JSON_INT64, 0),
	JSON_FIELD(struct agent_status, capabilities, "capabilities", JSON_STRINGS, 0),
	JSON_FIELD_TREE(struct agent_status, tree),
	JSON_FIELDS_END,
};

static const struct json_field agent_info_fields[] = {
	JSON_FIELD(struct agent_info, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct agent_info, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct agent_info, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct agent_info, version, "version", JSON_STRING, 0),
	JSON_FIELD(struct agent_info, accept_connections, "acceptConnections", JSON_BOOL, 0),
	JSON_FIELD(struct agent_info, capabilities, "capabilities", JSON_STRINGS, 0),
	JSON_FIELDS_END,
};

const struct json_field info_response_fields[] = {
	JSON_FIELD_OBJECT(struct info_response, agent, "agent", agent_info_fields, JSON_REQUIRED),
	JSON_FIELD_TREE(struct info_response, tree),
	JSON_FIELDS_END,
};

const struct json_field config_response_fields[] = {
	JSON_FIELD(struct config_response, install_path, "installPath", JSON_STRING, 0),
	JSON_FIELD_TREE(struct config_response, tree),
	JSON_FIELDS_END,
};

bool hub_connected_is_desktop(const struct hub_connected *hello)
{
	return hello->platform != NULL || hello->protocol_version != 0;
}
