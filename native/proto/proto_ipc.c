#include "proto/proto_ipc.h"

#include "core/cleanup.h"
#include "core/strbuf.h"

#include <stddef.h>

/* Every other kind is IPC_FAILED, every other code ERROR_IO. */
static const struct {
	enum error_kind kind;
	int code;
} codes[] = {
	{ ERROR_INVALID, IPC_INVALID_PARAMS },
	{ ERROR_NOT_FOUND, IPC_NOT_FOUND },
	{ ERROR_CONFLICT, IPC_CONFLICT },
	{ ERROR_NO_SPACE, IPC_NO_SPACE },
	{ ERROR_NOT_IMPLEMENTED, IPC_METHOD_NOT_FOUND },
};

int ipc_error_code(enum error_kind kind)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].kind == kind) {
			return codes[i].code;
		}
	}
	return IPC_FAILED;
}

enum error_kind ipc_error_kind(int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code) {
			return codes[i].kind;
		}
	}
	return ERROR_IO;
}

const struct json_field ipc_error_fields[] = {
	JSON_FIELD(struct ipc_error, code, "code", JSON_INT64, 0),
	JSON_FIELD(struct ipc_error, message, "message", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static const struct json_field ipc_refusal_fields[] = {
	JSON_FIELD(struct ipc_refusal, code, "code", JSON_INT64, 0),
	JSON_FIELD(struct ipc_refusal, message, "message", JSON_STRING, 0),
	JSON_FIELD(struct ipc_refusal, data, "data", JSON_RAW, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_message_fields[] = {
	JSON_FIELD(struct ipc_message, jsonrpc, "jsonrpc", JSON_STRING, 0),
	JSON_FIELD(struct ipc_message, id, "id", JSON_RAW, 0),
	JSON_FIELD(struct ipc_message, method, "method", JSON_STRING, 0),
	JSON_FIELD(struct ipc_message, params, "params", JSON_RAW, 0),
	JSON_FIELD(struct ipc_message, result, "result", JSON_RAW, 0),
	JSON_FIELD_OBJECT(struct ipc_message, error, "error", ipc_error_fields, 0),
	JSON_FIELD_TREE(struct ipc_message, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_pairing_fields[] = {
	JSON_FIELD(struct ipc_pairing, active, "active", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_pairing, code, "code", JSON_SECRET, 0),
	JSON_FIELD(struct ipc_pairing, hub_name, "hubName", JSON_STRING, 0),
	JSON_FIELD(struct ipc_pairing, expires_in_seconds, "expiresInSeconds", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_pairing, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_waiting_hub_fields[] = {
	JSON_FIELD(struct ipc_waiting_hub, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_waiting_hub, address, "address", JSON_STRING, 0),
	JSON_FIELD(struct ipc_waiting_hub, known, "known", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_waiting_hub, asked_seconds_ago, "askedSecondsAgo", JSON_INT64, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_waiting_hubs_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_waiting_hubs, hubs, "hubs", ipc_waiting_hub_fields, 0),
	JSON_FIELD_TREE(struct ipc_waiting_hubs, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_hub_address_fields[] = {
	JSON_FIELD(struct ipc_hub_address, address, "address", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct ipc_hub_address, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_pairing_hidden_fields[] = {
	JSON_FIELD(struct ipc_pairing_hidden, reason, "reason", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_pairing_hidden, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_connected_hub_fields[] = {
	JSON_FIELD(struct ipc_connected_hub, connected, "connected", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_connected_hub, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_connected_hub, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_connected_hub, version, "version", JSON_STRING, 0),
	JSON_FIELD(struct ipc_connected_hub, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct ipc_connected_hub, address, "address", JSON_STRING, 0),
	JSON_FIELD(struct ipc_connected_hub, connected_at, "connectedAt", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_connected_hub, tree),
	JSON_FIELDS_END,
};

static const struct json_field ipc_hub_fields[] = {
	JSON_FIELD(struct ipc_hub, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_hub, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_hub, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct ipc_hub, paired_at, "pairedAt", JSON_INT64, 0),
	JSON_FIELD(struct ipc_hub, last_seen, "lastSeen", JSON_INT64, 0),
	JSON_FIELD(struct ipc_hub, connected, "connected", JSON_BOOL, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_hubs_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_hubs, hubs, "hubs", ipc_hub_fields, 0),
	JSON_FIELD_TREE(struct ipc_hubs, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_hub_id_fields[] = {
	JSON_FIELD(struct ipc_hub_id, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct ipc_hub_id, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_upload_fields[] = {
	JSON_FIELD(struct ipc_upload, upload_id, "uploadId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, game_name, "gameName", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, dir, "dir", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, state, "state", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, problem, "problem", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, total_bytes, "totalBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_upload, transferred_bytes, "transferredBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_upload, bytes_per_second, "bytesPerSecond", JSON_INT64, 0),
	JSON_FIELD(struct ipc_upload, current_file, "currentFile", JSON_STRING, 0),
	JSON_FIELD(struct ipc_upload, started_at, "startedAt", JSON_INT64, 0),
	JSON_FIELD(struct ipc_upload, updated_at, "updatedAt", JSON_INT64, 0),
	JSON_FIELD(struct ipc_upload, expires_in_seconds, "expiresInSeconds", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_upload, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_uploads_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_uploads, uploads, "uploads", ipc_upload_fields, 0),
	JSON_FIELD_TREE(struct ipc_uploads, tree),
	JSON_FIELDS_END,
};

static const struct json_field ipc_library_fields[] = {
	JSON_FIELD(struct ipc_library, place, "place", JSON_STRING, 0),
	JSON_FIELD(struct ipc_library, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct ipc_library, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_library, state, "state", JSON_STRING, 0),
	JSON_FIELD(struct ipc_library, is_default, "isDefault", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_library, present, "present", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_library, writable, "writable", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_library, executable, "executable", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_library, free_bytes, "freeBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_library, total_bytes, "totalBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_library, games, "games", JSON_INT64, 0),
	JSON_FIELD(struct ipc_library, uploads, "uploads", JSON_INT64, 0),
	JSON_FIELD(struct ipc_library, deleted_games, "deletedGames", JSON_INT64, 0),
	JSON_FIELD(struct ipc_library, problem, "problem", JSON_STRING, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_libraries_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_libraries, libraries, "libraries", ipc_library_fields, 0),
	JSON_FIELD_TREE(struct ipc_libraries, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_library_id_fields[] = {
	JSON_FIELD(struct ipc_library_id, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct ipc_library_id, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_upload_id_fields[] = {
	JSON_FIELD(struct ipc_upload_id, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct ipc_upload_id, tree),
	JSON_FIELDS_END,
};

static const struct json_field ipc_game_fields[] = {
	JSON_FIELD(struct ipc_game, dir, "dir", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game, executable, "executable", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct ipc_game, user_id, "userId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game, file_count, "fileCount", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game, installed_at, "installedAt", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game, problem, "problem", JSON_STRING, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_games_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_games, games, "games", ipc_game_fields, 0),
	JSON_FIELD_TREE(struct ipc_games, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_game_ref_fields[] = {
	JSON_FIELD(struct ipc_game_ref, app_id, "appId", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct ipc_game_ref, dir, "dir", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct ipc_game_ref, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_game_deleted_fields[] = {
	JSON_FIELD(struct ipc_game_moved, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_moved, trash_id, "trashId", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_moved, note, "note", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_moved, prefix, "prefix", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_game_moved, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_game_restored_fields[] = {
	JSON_FIELD(struct ipc_game_moved, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_moved, note, "note", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_game_moved, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_trash_id_fields[] = {
	JSON_FIELD(struct ipc_trash_id, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct ipc_trash_id, tree),
	JSON_FIELDS_END,
};

static const struct json_field ipc_trashed_game_fields[] = {
	JSON_FIELD(struct ipc_trashed_game, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct ipc_trashed_game, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_trashed_game, dir, "dir", JSON_STRING, 0),
	JSON_FIELD(struct ipc_trashed_game, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct ipc_trashed_game, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_trashed_game, deleted_at, "deletedAt", JSON_INT64, 0),
	JSON_FIELD(struct ipc_trashed_game, expires_in_seconds, "expiresInSeconds", JSON_INT64, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_trash_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_trash, games, "games", ipc_trashed_game_fields, 0),
	JSON_FIELD_TREE(struct ipc_trash, tree),
	JSON_FIELDS_END,
};

static const struct json_field ipc_kept_file_fields[] = {
	JSON_FIELD(struct ipc_kept_file, path, "path", JSON_STRING, 0),
	JSON_FIELD(struct ipc_kept_file, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field ipc_kept_fields[] = {
	JSON_FIELD(struct ipc_kept, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct ipc_kept, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_kept, dir, "dir", JSON_STRING, 0),
	JSON_FIELD(struct ipc_kept, kept_at, "keptAt", JSON_INT64, 0),
	JSON_FIELD_ARRAY(struct ipc_kept, files, "files", ipc_kept_file_fields, 0),
	JSON_FIELD(struct ipc_kept, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELD(struct ipc_kept, expires_in_seconds, "expiresInSeconds", JSON_INT64, 0),
	JSON_FIELD(struct ipc_kept, previous_files, "previousFiles", JSON_INT64, 0),
	JSON_FIELD(struct ipc_kept, previous_bytes, "previousBytes", JSON_INT64, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_kept_list_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_kept_list, kept, "kept", ipc_kept_fields, 0),
	JSON_FIELD_TREE(struct ipc_kept_list, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_game_updated_fields[] = {
	JSON_FIELD(struct ipc_game_updated, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_updated, dir, "dir", JSON_STRING, 0),
	JSON_FIELD(struct ipc_game_updated, added, "added", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game_updated, replaced, "replaced", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game_updated, kept, "kept", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game_updated, removed, "removed", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game_updated, stays, "stays", JSON_INT64, 0),
	JSON_FIELD(struct ipc_game_updated, kept_files, "keptFiles", JSON_STRINGS, 0),
	JSON_FIELD_TREE(struct ipc_game_updated, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_kept_ref_fields[] = {
	JSON_FIELD(struct ipc_kept_ref, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct ipc_kept_ref, path, "path", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct ipc_kept_ref, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_kept_restored_fields[] = {
	JSON_FIELD(struct ipc_kept_restored, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_kept_restored, count, "count", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_kept_restored, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_restart_fields[] = {
	JSON_FIELD(struct ipc_restart, force, "force", JSON_BOOL, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_restarted_fields[] = {
	JSON_FIELD(struct ipc_restarted, message, "message", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_restarted, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_ui_fields[] = {
	JSON_FIELD(struct ipc_ui, name, "name", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_ui, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_artwork_request_fields[] = {
	JSON_FIELD(struct ipc_artwork_request, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct ipc_artwork_request, offset, "offset", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_artwork_request, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_artwork_part_fields[] = {
	JSON_FIELD(struct ipc_artwork_part, image_type, "imageType", JSON_STRING, 0),
	JSON_FIELD(struct ipc_artwork_part, data, "data", JSON_STRING, 0),
	JSON_FIELD(struct ipc_artwork_part, bytes, "bytes", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_artwork_part, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_file_request_fields[] = {
	JSON_FIELD(struct ipc_file_request, file, "file", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct ipc_file_request, offset, "offset", JSON_INT64, JSON_REQUIRED),
	JSON_FIELDS_END,
};

const struct json_field ipc_file_part_fields[] = {
	JSON_FIELD(struct ipc_file_part, data, "data", JSON_STRING, 0),
	JSON_FIELD(struct ipc_file_part, bytes, "bytes", JSON_INT64, 0),
	JSON_FIELD_TREE(struct ipc_file_part, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_setting_fields[] = {
	JSON_FIELD(struct ipc_setting, key, "key", JSON_STRING, 0),
	JSON_FIELD(struct ipc_setting, value, "value", JSON_RAW, 0),
	JSON_FIELD(struct ipc_setting, help, "help", JSON_STRING, 0),
	JSON_FIELD(struct ipc_setting, restart_needed, "restartNeeded", JSON_BOOL, 0),
	JSON_FIELD_TREE(struct ipc_setting, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_settings_fields[] = {
	JSON_FIELD_ARRAY(struct ipc_settings, settings, "settings", ipc_setting_fields, 0),
	JSON_FIELD_TREE(struct ipc_settings, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_setting_change_fields[] = {
	JSON_FIELD(struct ipc_setting_change, key, "key", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct ipc_setting_change, value, "value", JSON_RAW, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct ipc_setting_change, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_log_request_fields[] = {
	JSON_FIELD(struct ipc_log_request, lines, "lines", JSON_INT64, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_log_fields[] = {
	JSON_FIELD(struct ipc_log, lines, "lines", JSON_STRINGS, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_log_line_fields[] = {
	JSON_FIELD(struct ipc_log_line, line, "line", JSON_STRING, 0),
	JSON_FIELD_TREE(struct ipc_log_line, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_subscription_fields[] = {
	JSON_FIELD(struct ipc_subscription, events, "events", JSON_STRINGS, 0),
	JSON_FIELDS_END,
};

static const struct json_field ipc_agent_fields[] = {
	JSON_FIELD(struct ipc_agent, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct ipc_agent, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct ipc_agent, version, "version", JSON_STRING, 0),
	JSON_FIELD(struct ipc_agent, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct ipc_agent, port, "port", JSON_INT64, 0),
	JSON_FIELD(struct ipc_agent, listening, "listening", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_agent, problem, "problem", JSON_STRING, 0),
	JSON_FIELD(struct ipc_agent, addresses, "addresses", JSON_STRINGS, 0),
	JSON_FIELD(struct ipc_agent, accept_connections, "acceptConnections", JSON_BOOL, 0),
	JSON_FIELD(struct ipc_agent, role, "role", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static const struct json_field ipc_mdns_fields[] = {
	JSON_FIELD(struct ipc_mdns, state, "state", JSON_STRING, 0),
	JSON_FIELD(struct ipc_mdns, detail, "detail", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static const struct json_field ipc_overlay_fields[] = {
	JSON_FIELD(struct ipc_overlay, state, "state", JSON_STRING, 0),
	JSON_FIELD(struct ipc_overlay, detail, "detail", JSON_STRING, 0),
	JSON_FIELDS_END,
};

const struct json_field ipc_steam_fields[] = {
	JSON_FIELD(struct ipc_steam, state, "state", JSON_STRING, 0),
	JSON_FIELD(struct ipc_steam, detail, "detail", JSON_STRING, 0),
	JSON_FIELD(struct ipc_steam, queued, "queued", JSON_INT64, 0),
	JSON_FIELD(struct ipc_steam, games, "games", JSON_STRINGS, 0),
	JSON_FIELD_TREE(struct ipc_steam, tree),
	JSON_FIELDS_END,
};

const struct json_field ipc_status_fields[] = {
	JSON_FIELD_OBJECT(struct ipc_status, agent, "agent", ipc_agent_fields, 0),
	JSON_FIELD_OBJECT(struct ipc_status, hub, "hub", ipc_connected_hub_fields, 0),
	JSON_FIELD_OBJECT(struct ipc_status, pairing, "pairing", ipc_pairing_fields, 0),
	JSON_FIELD(struct ipc_status, pairing_listeners, "pairingListeners", JSON_INT64, 0),
	JSON_FIELD(struct ipc_status, locked_out, "lockedOut", JSON_INT64, 0),
	JSON_FIELD(struct ipc_status, paired_hubs, "pairedHubs", JSON_INT64, 0),
	JSON_FIELD_OBJECT(struct ipc_status, mdns, "mdns", ipc_mdns_fields, 0),
	JSON_FIELD_OBJECT(struct ipc_status, overlay, "overlay", ipc_overlay_fields, 0),
	JSON_FIELD_OBJECT(struct ipc_status, steam, "steam", ipc_steam_fields, 0),
	JSON_FIELD_ARRAY(struct ipc_status, uploads, "uploads", ipc_upload_fields, 0),
	JSON_FIELD(struct ipc_status, games, "games", JSON_INT64, 0),
	JSON_FIELD_ARRAY(struct ipc_status, libraries, "libraries", ipc_library_fields, 0),
	JSON_FIELD(struct ipc_status, notices, "notices", JSON_STRINGS, 0),
	JSON_FIELD_TREE(struct ipc_status, tree),
	JSON_FIELDS_END,
};

static void write_method(
	struct strbuf *out, const char *method, const struct json_field *fields, const void *params)
{
	strbuf_append_text(out, "\"method\":");
	json_write_string(out, method);
	if (fields != NULL) {
		strbuf_append_text(out, ",\"params\":");
		json_write(out, fields, params);
	}
	strbuf_append_char(out, '}');
}

void ipc_write_request(struct strbuf *out, const char *id, const char *method,
	const struct json_field *fields, const void *params)
{
	strbuf_appendf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,", id);
	write_method(out, method, fields, params);
}

void ipc_write_call(struct strbuf *out, const char *id, const char *method, const char *params)
{
	strbuf_appendf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":", id);
	json_write_string(out, method);
	strbuf_append_text(out, ",\"params\":");
	strbuf_append_text(out, params);
	strbuf_append_char(out, '}');
}

void ipc_write_notification(
	struct strbuf *out, const char *method, const struct json_field *fields, const void *params)
{
	strbuf_append_text(out, "{\"jsonrpc\":\"2.0\",");
	write_method(out, method, fields, params);
}

void ipc_write_result(struct strbuf *out, const char *id, const char *result)
{
	strbuf_appendf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id);
	strbuf_append_text(out, result);
	strbuf_append_char(out, '}');
}

void ipc_write_error(struct strbuf *out, const char *id, int code, const char *message)
{
	const struct ipc_error error = { .code = code, .message = message };

	strbuf_appendf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":", id);
	json_write(out, ipc_error_fields, &error);
	strbuf_append_char(out, '}');
}

void ipc_write_refusal(struct strbuf *out, const char *id, const struct error *err)
{
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	struct ipc_refusal refusal = { .code = ipc_error_code(err->kind), .message = err->message };

	if (err->reason == NULL) {
		ipc_write_error(out, id, (int)refusal.code, err->message);
		return;
	}
	strbuf_append_text(&data, "{\"reason\":");
	json_write_string(&data, err->reason);
	for (size_t i = 0; i < ERROR_VALUES_MAX && err->values[i].name != NULL; i++) {
		strbuf_append_char(&data, ',');
		json_write_string(&data, err->values[i].name);
		strbuf_append_char(&data, ':');
		json_write_string(&data, err->values[i].text);
	}
	strbuf_append_char(&data, '}');
	refusal.data = data.data;
	strbuf_appendf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":", id);
	json_write(out, ipc_refusal_fields, &refusal);
	strbuf_append_char(out, '}');
}
