#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steam users and shortcuts. Source: protocol.md "Operations". */

struct steam_user_message {
	char *id; /* SteamID64, or the 32-bit account id for desktop Hubs */
	char *name;
};

struct steam_users_response {
	struct steam_user_message *users;
	size_t users_count;
};

struct list_shortcuts {
	char *user_id; /* digits in either form; NULL: the most recent login */
};

struct shortcut_message {
	uint32_t app_id;
	char *name;
	char *exe;
	char *start_dir;
	char *launch_options;
	struct strvec tags;
	int64_t last_played; /* Unix time; 0: never */
};

struct shortcuts_response {
	struct shortcut_message *shortcuts;
	size_t shortcuts_count;
};

/* Artwork as URLs: https, http or data. */
struct artwork_urls {
	char *grid;
	char *banner;
	char *hero;
	char *logo;
	char *icon;
};

/* The `shortcut` of create_shortcut and complete_upload. */
struct shortcut_config {
	char *name;
	char *exe;
	char *start_dir;
	char *launch_options;
	struct strvec tags;
	struct artwork_urls artwork;
};

struct create_shortcut {
	char *user_id; /* as in list_shortcuts */
	struct shortcut_config shortcut;
};

struct delete_shortcut {
	char *user_id;
	uint32_t app_id; /* 0: the desktop Hub names it by `name` instead */
	char *name;
	bool restart_steam;
};

struct delete_game {
	uint32_t app_id;
};

struct delete_game_response {
	char *status; /* "deleted" */
	char *game_name;
	bool steam_restarted;
	char *message; /* extension: why the shortcut is still to be seen */
};

struct apply_artwork {
	char *user_id;
	uint32_t app_id;
	struct artwork_urls artwork;
};

struct artwork_failure {
	char *type; /* "grid", "banner", "hero", "logo", "icon" */
	char *error;
};

struct artwork_response {
	struct strvec applied; /* types */
	struct artwork_failure *failed;
	size_t failed_count;
};

struct steam_response {
	bool success;
	char *message;
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
