#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steam users and shortcuts. Source: protocol.md §4. */

struct steam_user_message {
	const char *id; /* SteamID64, or the 32-bit account id for desktop Hubs */
	const char *name;
};

struct steam_users_response {
	struct steam_user_message *users;
	size_t users_count;
	cJSON *tree;
};

struct list_shortcuts {
	const char *user_id; /* digits in either form; NULL: the most recent login */
	cJSON *tree;
};

struct shortcut_message {
	uint32_t app_id;
	const char *name;
	const char *exe;
	const char *start_dir;
	const char *launch_options;
	struct strvec tags;
	int64_t last_played; /* Unix time; 0: never */
};

struct shortcuts_response {
	struct shortcut_message *shortcuts;
	size_t shortcuts_count;
	cJSON *tree;
};

/* Artwork as URLs: https, http or data. */
struct artwork_urls {
	const char *grid;
	const char *banner;
	const char *hero;
	const char *logo;
	const char *icon;
};

/* The `shortcut` of create_shortcut and complete_upload. */
struct shortcut_config {
	const char *name;
	const char *exe;
	const char *start_dir;
	const char *launch_options;
	struct strvec tags;
	struct artwork_urls artwork;
	cJSON *tree;
};

struct create_shortcut {
	const char *user_id; /* as in list_shortcuts */
	struct shortcut_config shortcut;
	cJSON *tree;
};

struct delete_shortcut {
	const char *user_id;
	uint32_t app_id; /* 0: the desktop Hub names it by `name` instead */
	const char *name;
	bool restart_steam;
	cJSON *tree;
};

struct delete_game {
	uint32_t app_id;
};

struct delete_game_response {
	const char *status; /* "deleted" */
	const char *game_name;
	bool steam_restarted;
	const char *message; /* extension: why the shortcut is still visible */
	cJSON *tree;
};

struct apply_artwork {
	const char *user_id;
	uint32_t app_id;
	struct artwork_urls artwork;
	cJSON *tree;
};

struct artwork_failure {
	const char *type; /* "grid", "banner", "hero", "logo", "icon" */
	const char *error;
};

struct artwork_response {
	struct strvec applied; /* types */
	struct artwork_failure *failed;
	size_t failed_count;
	cJSON *tree;
};

struct steam_response {
	bool success;
	const char *message;
	cJSON *tree;
};

extern const struct json_field steam_users_response_fields[];
extern const struct json_field list_shortcuts_fields[];
extern const struct json_field shortcuts_response_fields[];
extern const struct json_field shortcut_config_fields[];
extern const struct json_field create_shortcut_fields[];
extern const struct json_field delete_shortcut_fields[];
extern const struct json_field delete_game_fields[];
extern const struct json_field delete_game_response_fields[];
extern const struct json_field apply_artwork_fields[];
extern const struct json_field artwork_response_fields[];
extern const struct json_field steam_response_fields[];
