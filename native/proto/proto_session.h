#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

/* Handshake, pairing and description messages. Source: protocol.md "Handshake and pairing". */

struct hub_connected {
	char *name;
	char *version;
	char *hub_id;
	char *token;		  /* NULL or "": none */
	char *platform;		  /* NULL unless the Hub speaks the desktop app's dialect … */
	int64_t protocol_version; /* … and so is this 0 */
};

struct pairing_required {
	char *code;	    /* "" unless the owner lets the code travel */
	int64_t expires_in; /* seconds */
};

struct pair_confirm {
	char *code;
};

struct pair_success {
	char *token;
};

struct pair_failed {
	char *reason;
};

struct agent_status {
	char *name;
	char *version;
	char *platform;
	bool accept_connections;
	bool telemetry_enabled;
	int64_t telemetry_interval; /* seconds */
	bool console_log_enabled;
	int64_t protocol_version;
	struct strvec capabilities;
};

struct agent_info {
	char *id;
	char *name;
	char *platform;
	char *version;
	bool accept_connections;
	struct strvec capabilities;
};

struct info_response {
	struct agent_info agent;
};

struct config_response {
	char *install_path;
};

extern const struct json_field hub_connected_fields[];
extern const struct json_field pairing_required_fields[];
extern const struct json_field pair_confirm_fields[];
extern const struct json_field pair_success_fields[];
extern const struct json_field pair_failed_fields[];
extern const struct json_field agent_status_fields[];
extern const struct json_field info_response_fields[];
extern const struct json_field config_response_fields[];

/* Does a Hub that says hello so speak the desktop app's dialect? */
bool hub_connected_is_desktop(const struct hub_connected *hello);
