#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

/* Handshake, pairing and description messages. Source: protocol.md §3. */

struct hub_connected {
	const char *name;
	const char *version;
	const char *hub_id;
	const char *token;	  /* NULL or "": none */
	const char *platform;	  /* NULL unless the Hub speaks the desktop app's dialect */
	int64_t protocol_version; /* 0 unless the Hub speaks that dialect */
	cJSON *tree;
};

struct pairing_required {
	const char *code;   /* "" unless pairing.sendCodeToHub is on */
	int64_t expires_in; /* seconds */
	cJSON *tree;
};

struct pair_confirm {
	const char *code;
	cJSON *tree;
};

struct pair_success {
	const char *token;
	cJSON *tree;
};

struct pair_failed {
	const char *reason;
	cJSON *tree;
};

struct agent_status {
	const char *name;
	const char *version;
	const char *platform;
	bool accept_connections;
	bool telemetry_enabled;
	int64_t telemetry_interval; /* seconds */
	bool console_log_enabled;
	int64_t protocol_version;
	struct strvec capabilities;
	cJSON *tree;
};

struct agent_info {
	const char *id;
	const char *name;
	const char *platform;
	const char *version;
	bool accept_connections;
	struct strvec capabilities;
};

struct info_response {
	struct agent_info agent;
	cJSON *tree;
};

struct config_response {
	const char *install_path;
	cJSON *tree;
};

extern const struct json_field hub_connected_fields[];
extern const struct json_field pairing_required_fields[];
extern const struct json_field pair_confirm_fields[];
extern const struct json_field pair_success_fields[];
extern const struct json_field pair_failed_fields[];
extern const struct json_field agent_status_fields[];
extern const struct json_field info_response_fields[];
extern const struct json_field config_response_fields[];

/* Does a Hub with this hello speak the desktop app's dialect? */
bool hub_connected_is_desktop(const struct hub_connected *hello);
