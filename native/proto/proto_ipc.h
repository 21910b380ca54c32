#pragma once

#include "core/error.h"
#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/*
 * The local IPC: JSON-RPC 2.0, one object a line. Methods, notifications and error codes are
 * described in control/README.md; these are the structs both ends share.
 */
#define IPC_SOCKET_NAME "agent.sock"

/* JSON-RPC's own error codes. */
#define IPC_PARSE_ERROR (-32700)
#define IPC_INVALID_REQUEST (-32600)
#define IPC_METHOD_NOT_FOUND (-32601)
#define IPC_INVALID_PARAMS (-32602)
/* Our error codes. */
#define IPC_FAILED (-32000)
#define IPC_NOT_FOUND (-32001)
#define IPC_CONFLICT (-32002)
#define IPC_NO_SPACE (-32003)

/* Kinds of errors and their codes; all others are IPC_FAILED and ERROR_IO. */
int ipc_error_code(enum error_kind kind);
enum error_kind ipc_error_kind(int64_t code);

/* A request, a notification, a reply: what a line may hold. Texts are NULL when absent. */
struct ipc_error {
	int64_t code;
	const char *message;
};

struct ipc_refusal {
	int64_t code;
	const char *message;
	const char *data; /* JSON text: reason, and values by their names */
};

struct ipc_message {
	const char *jsonrpc;
	const char *id; /* JSON text, to be echoed as it came; NULL: a notification */
	const char *method;
	const char *params; /* JSON text */
	const char *result; /* JSON text */
	struct ipc_error error;
	cJSON *tree;
};
extern const struct json_field ipc_error_fields[];
extern const struct json_field ipc_message_fields[];

/* Append one line without its line feed. id: JSON text. result: JSON text. */
void ipc_write_request(struct strbuf *out, const char *id, const char *method,
	const struct json_field *fields, const void *params);
void ipc_write_result(struct strbuf *out, const char *id, const char *result);
void ipc_write_error(struct strbuf *out, const char *id, int code, const char *message);
/* The same for an error of ours, with its reason and the values of that, if it has one. */
void ipc_write_refusal(struct strbuf *out, const char *id, const struct error *err);
/* The same with params as JSON text. */
void ipc_write_call(struct strbuf *out, const char *id, const char *method, const char *params);
/* fields NULL: without params. */
void ipc_write_notification(struct strbuf *out, const char *method, const struct json_field *fields,
	const void *params);

/* pairing.get, pairing_shown */
struct ipc_pairing {
	bool active;
	const char *code; /* "" when not active */
	const char *hub_name;
	int64_t expires_in_seconds;
	cJSON *tree;
};

/* pairing.waiting: Hubs that asked for a code and did not get the screen */
struct ipc_waiting_hub {
	const char *name;
	const char *address;
	bool known; /* that machine has paired before */
	int64_t asked_seconds_ago;
};

struct ipc_waiting_hubs {
	struct ipc_waiting_hub *hubs;
	size_t hubs_count;
	cJSON *tree;
};

/* pairing.pick */
struct ipc_hub_address {
	const char *address;
	cJSON *tree;
};

/* pairing_hidden */
struct ipc_pairing_hidden {
	const char *reason;
	cJSON *tree;
};

/* status, hub_connected */
struct ipc_connected_hub {
	bool connected;
	const char *hub_id;
	const char *name;
	const char *version;
	const char *platform;
	const char *address;
	int64_t connected_at; /* Unix time */
	cJSON *tree;
};

struct ipc_hub {
	const char *hub_id;
	const char *name;
	const char *platform;
	int64_t paired_at; /* Unix time */
	int64_t last_seen; /* Unix time */
	bool connected;
};

struct ipc_hubs {
	struct ipc_hub *hubs;
	size_t hubs_count;
	cJSON *tree;
};

/* hubs.revoke */
struct ipc_hub_id {
	const char *hub_id;
	cJSON *tree;
};

/* uploads.list, upload_progress */
struct ipc_upload {
	const char *upload_id;
	const char *hub_id;
	const char *game_name;
	const char *dir;
	const char *state;   /* "receiving", "paused", "completing" */
	const char *problem; /* its card is out: one sentence; "": none */
	int64_t total_bytes;
	int64_t transferred_bytes;
	int64_t bytes_per_second;
	const char *current_file;
	int64_t started_at;	    /* Unix time, ms */
	int64_t updated_at;	    /* Unix time, ms */
	int64_t expires_in_seconds; /* −1: does not expire */
	cJSON *tree;
};

struct ipc_uploads {
	struct ipc_upload *uploads;
	size_t uploads_count;
	cJSON *tree;
};

/* uploads.discard */
struct ipc_upload_id {
	const char *upload_id;
	cJSON *tree;
};

struct ipc_game {
	const char *dir;
	const char *name;
	const char *hub_id;
	const char *executable;
	uint32_t app_id;     /* 0: no shortcut */
	const char *user_id; /* the Steam account that has the shortcut; "" */
	int64_t size_bytes;
	int64_t file_count;
	int64_t installed_at; /* Unix time */
	const char *problem;  /* why Steam cannot start it; "": nothing is known */
};

struct ipc_games {
	struct ipc_game *games;
	size_t games_count;
	cJSON *tree;
};

/* games.delete: one of the two. */
struct ipc_game_ref {
	uint32_t app_id;
	const char *dir;
	cJSON *tree;
};

/* The results of games.delete and, without trash_id, games.restore. */
struct ipc_game_moved {
	const char *name;
	const char *trash_id; /* "": no registered folder */
	const char *note;     /* a sentence; "": all is done */
	const char *prefix;   /* of games.delete: Proton's folder, which stays; "": there is none */
	cJSON *tree;
};

/* games.restore, games.discard */
struct ipc_trash_id {
	const char *id;
	cJSON *tree;
};

struct ipc_trashed_game {
	const char *id;
	const char *name;
	const char *dir; /* where it was */
	uint32_t app_id;
	int64_t size_bytes;
	int64_t deleted_at; /* Unix time */
	int64_t expires_in_seconds;
};

/* games.trash */
struct ipc_trash {
	struct ipc_trashed_game *games;
	size_t games_count;
	cJSON *tree;
};

struct ipc_kept_file {
	const char *path; /* in the game */
	int64_t size_bytes;
};

/* What one update has put by. */
struct ipc_kept {
	const char *id;
	const char *name; /* the game's */
	const char *dir;
	int64_t kept_at;	     /* Unix time */
	struct ipc_kept_file *files; /* the player's */
	size_t files_count;
	int64_t size_bytes;	    /* theirs */
	int64_t expires_in_seconds; /* the same */
	int64_t previous_files;	    /* of the previous build; 0: it is not kept */
	int64_t previous_bytes;
};

/* games.kept */
struct ipc_kept_list {
	struct ipc_kept *kept;
	size_t kept_count;
	cJSON *tree;
};

/* games.kept.restore, games.kept.discard */
struct ipc_kept_ref {
	const char *id;
	const char *path; /* NULL: all */
	cJSON *tree;
};

/* game_updated */
struct ipc_game_updated {
	const char *name;
	const char *dir;
	/* Numbers of files, as in struct upload_changes. */
	int64_t added;
	int64_t replaced;
	int64_t kept;
	int64_t removed;
	int64_t stays;
	struct strvec kept_files; /* the first of those that were replaced and are kept */
	cJSON *tree;
};

/* games.kept.restore */
struct ipc_kept_restored {
	const char *name;
	int64_t count;
	cJSON *tree;
};

struct ipc_library {
	const char *place; /* the folder */
	const char *id;	   /* "" until it is first used */
	const char *name;  /* its card's label, or the place */
	const char *state; /* "present", "unused", "away", "unreadable" */
	bool is_default;   /* library.path */
	bool present;	   /* games can be there: "present" or "unused" */
	bool writable;
	bool executable;
	int64_t free_bytes;
	int64_t total_bytes;
	int64_t games; /* and what is waiting there: */
	int64_t uploads;
	int64_t deleted_games;
	const char *problem; /* one sentence; "": none */
};

/* libraries.list */
struct ipc_libraries {
	struct ipc_library *libraries;
	size_t libraries_count;
	cJSON *tree;
};

/* libraries.forget */
struct ipc_library_id {
	const char *id;
	cJSON *tree;
};

struct ipc_setting {
	const char *key;
	const char *value; /* JSON text */
	const char *help;
	bool restart_needed; /* settings.set: takes effect with the next start */
	cJSON *tree;
};

struct ipc_settings {
	struct ipc_setting *settings;
	size_t settings_count;
	cJSON *tree;
};

/* settings.get, settings.set. value: text as a user types it, or JSON; NULL for get. */
struct ipc_setting_change {
	const char *key;
	const char *value;
	cJSON *tree;
};

/* log.tail: how many lines at most, and the lines. */
struct ipc_log_request {
	int64_t lines;
};

struct ipc_log {
	struct strvec lines;
};

/* log_line */
struct ipc_log_line {
	const char *line;
	cJSON *tree;
};

/* subscribe: the names of notifications wanted; none: all but log_line. The result is the list. */
struct ipc_subscription {
	struct strvec events;
};

struct ipc_agent {
	const char *id;
	const char *name;
	const char *version;
	const char *platform;
	int64_t port;		 /* listened on, or wanted */
	bool listening;		 /* for Hubs */
	const char *problem;	 /* why it does not listen, one sentence; "": it does */
	struct strvec addresses; /* of this machine, numeric */
	bool accept_connections;
	const char *role; /* who started it: "decky", "desktop", "terminal" */
};

struct ipc_mdns {
	const char *state; /* "off", "starting", "daemon", "embedded", "failed" */
	const char *detail;
};

/* "off", "ready", "starting", "shown", "failed"; detail: why it failed. */
struct ipc_overlay {
	const char *state;
	const char *detail;
};

struct ipc_steam {
	const char *state; /* the name of the driver that a change would use now */
	const char *detail;
	int64_t queued;	     /* changes that wait */
	struct strvec games; /* the names of those that they concern, as far as they have one */
	cJSON *tree;
};

/* steam.restart and its result */
struct ipc_restart {
	bool force;
};

struct ipc_restarted {
	const char *message;
	cJSON *tree;
};

/* ui.attach */
struct ipc_ui {
	const char *name;
	cJSON *tree;
};

/* file.read and its result */
struct ipc_file_request {
	int64_t file;
	int64_t offset;
};

struct ipc_file_part {
	const char *data; /* base64 */
	int64_t bytes;	  /* of the whole file */
	cJSON *tree;
};

/* games.artwork and its result */
struct ipc_artwork_request {
	const char *dir;
	int64_t offset;
	cJSON *tree;
};

struct ipc_artwork_part {
	const char *image_type; /* "png", "jpg" */
	const char *data;	/* base64 */
	int64_t bytes;		/* of the whole image */
	cJSON *tree;
};

struct ipc_status {
	struct ipc_agent agent;
	struct ipc_connected_hub hub;
	struct ipc_pairing pairing;
	int64_t pairing_listeners; /* who shows the code: terminal, IPC, overlay */
	int64_t locked_out;	   /* addresses that are locked out */
	int64_t paired_hubs;
	struct ipc_mdns mdns;
	struct ipc_overlay overlay;
	struct ipc_steam steam;
	struct ipc_upload *uploads;
	size_t uploads_count;
	int64_t games;
	struct ipc_library *libraries;
	size_t libraries_count;
	struct strvec notices;
	cJSON *tree;
};

extern const struct json_field ipc_pairing_fields[];
extern const struct json_field ipc_waiting_hub_fields[];
extern const struct json_field ipc_waiting_hubs_fields[];
extern const struct json_field ipc_hub_address_fields[];
extern const struct json_field ipc_pairing_hidden_fields[];
extern const struct json_field ipc_connected_hub_fields[];
extern const struct json_field ipc_hubs_fields[];
extern const struct json_field ipc_hub_id_fields[];
extern const struct json_field ipc_upload_fields[];
extern const struct json_field ipc_uploads_fields[];
extern const struct json_field ipc_upload_id_fields[];
extern const struct json_field ipc_games_fields[];
extern const struct json_field ipc_game_ref_fields[];
extern const struct json_field ipc_game_deleted_fields[];
extern const struct json_field ipc_game_restored_fields[];
extern const struct json_field ipc_trash_id_fields[];
extern const struct json_field ipc_trash_fields[];
extern const struct json_field ipc_game_updated_fields[];
extern const struct json_field ipc_kept_list_fields[];
extern const struct json_field ipc_kept_ref_fields[];
extern const struct json_field ipc_kept_restored_fields[];
extern const struct json_field ipc_libraries_fields[];
extern const struct json_field ipc_library_id_fields[];
extern const struct json_field ipc_steam_fields[];
extern const struct json_field ipc_restart_fields[];
extern const struct json_field ipc_restarted_fields[];
extern const struct json_field ipc_ui_fields[];
extern const struct json_field ipc_file_request_fields[];
extern const struct json_field ipc_file_part_fields[];
extern const struct json_field ipc_artwork_request_fields[];
extern const struct json_field ipc_artwork_part_fields[];
extern const struct json_field ipc_setting_fields[];
extern const struct json_field ipc_settings_fields[];
extern const struct json_field ipc_setting_change_fields[];
extern const struct json_field ipc_log_request_fields[];
extern const struct json_field ipc_log_fields[];
extern const struct json_field ipc_log_line_fields[];
extern const struct json_field ipc_subscription_fields[];
extern const struct json_field ipc_status_fields[];
