#include "proto/proto_steam.h"

static const struct json_field steam_user_fields[] = {
	JSON_FIELD(struct steam_user_message, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct steam_user_message, name, "name", JSON_STRING, 0),
	JSON_FIELDS_END,
};

const struct json_field steam_users_response_fields[] = {
	JSON_FIELD_ARRAY(struct steam_users_response, users, "users", steam_user_fields, 0),
	JSON_FIELD_TREE(struct steam_users_response, tree),
	JSON_FIELDS_END,
};

const struct json_field list_shortcuts_fields[] = {
	JSON_FIELD(struct list_shortcuts, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct list_shortcuts, tree),
	JSON_FIELDS_END,
};

static const struct json_field shortcut_fields[] = {
	JSON_FIELD(struct shortcut_message, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct shortcut_message, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct shortcut_message, exe, "exe", JSON_STRING, 0),
	JSON_FIELD(struct shortcut_message, start_dir, "startDir", JSON_STRING, 0),
	JSON_FIELD(struct shortcut_message, launch_options, "launchOptions", JSON_STRING,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_message, tags, "tags", JSON_TAGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_message, last_played, "lastPlayed", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

const struct json_field shortcuts_response_fields[] = {
	JSON_FIELD_ARRAY(struct shortcuts_response, shortcuts, "shortcuts", shortcut_fields, 0),
	JSON_FIELD_TREE(struct shortcuts_response, tree),
	JSON_FIELDS_END,
};

static const struct json_field artwork_fields[] = {
	JSON_FIELD(struct artwork_urls, grid, "grid", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct artwork_urls, banner, "banner", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct artwork_urls, hero, "hero", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct artwork_urls, logo, "logo", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct artwork_urls, icon, "icon", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

const struct json_field shortcut_config_fields[] = {
	JSON_FIELD(struct shortcut_config, name, "name", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_config, exe, "exe", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_config, start_dir, "startDir", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_config, launch_options, "launchOptions", JSON_STRING,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_config, tags, "tags", JSON_TAGS, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(
		struct shortcut_config, artwork, "artwork", artwork_fields, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct shortcut_config, tree),
	JSON_FIELDS_END,
};

const struct json_field create_shortcut_fields[] = {
	JSON_FIELD(struct create_shortcut, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(struct create_shortcut, shortcut, "shortcut", shortcut_config_fields,
		JSON_REQUIRED),
	JSON_FIELD_TREE(struct create_shortcut, tree),
	JSON_FIELDS_END,
};

const struct json_field delete_shortcut_fields[] = {
	JSON_FIELD(struct delete_shortcut, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct delete_shortcut, app_id, "appId", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct delete_shortcut, name, "name", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct delete_shortcut, restart_steam, "restartSteam", JSON_BOOL, 0),
	JSON_FIELD_TREE(struct delete_shortcut, tree),
	JSON_FIELDS_END,
};

const struct json_field delete_game_fields[] = {
	JSON_FIELD(struct delete_game, app_id, "appId", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELDS_END,
};

const struct json_field delete_game_response_fields[] = {
	JSON_FIELD(struct delete_game_response, status, "status", JSON_STRING, 0),
	JSON_FIELD(struct delete_game_response, game_name, "gameName", JSON_STRING, 0),
	JSON_FIELD(struct delete_game_response, steam_restarted, "steamRestarted", JSON_BOOL, 0),
	JSON_FIELD(struct delete_game_response, message, "message", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct delete_game_response, tree),
	JSON_FIELDS_END,
};

const struct json_field apply_artwork_fields[] = {
	JSON_FIELD(struct apply_artwork, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct apply_artwork, app_id, "appId", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELD_OBJECT(struct apply_artwork, artwork, "artwork", artwork_fields, JSON_REQUIRED),
	JSON_FIELD_TREE(struct apply_artwork, tree),
	JSON_FIELDS_END,
};

static const struct json_field artwork_failure_fields[] = {
	JSON_FIELD(struct artwork_failure, type, "type", JSON_STRING, 0),
	JSON_FIELD(struct artwork_failure, error, "error", JSON_STRING, 0),
	JSON_FIELDS_END,
};

const struct json_field artwork_response_fields[] = {
	JSON_FIELD(struct artwork_response, applied, "applied", JSON_STRINGS, 0),
	JSON_FIELD_ARRAY(struct artwork_response, failed, "failed", artwork_failure_fields, 0),
	JSON_FIELD_TREE(struct artwork_response, tree),
	JSON_FIELDS_END,
};

const struct json_field steam_response_fields[] = {
	JSON_FIELD(struct steam_response, success, "success", JSON_BOOL, 0),
	JSON_FIELD(struct steam_response, message, "message", JSON_STRING, 0),
	JSON_FIELD_TREE(struct steam_response, tree),
	JSON_FIELDS_END,
};
