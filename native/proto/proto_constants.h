#pragma once

/* Numbers of the Hub-Agent protocol, in its own words. Source: proto/protocol.md. */

#define PROTO_VERSION 1 /* protocolVersion */
#define PROTO_ENDPOINT_PATH "/ws"
#define PROTO_SERVICE_TYPE "_capydeploy._tcp"
#define PROTO_DEFAULT_PORT 9999

#define PING_PERIOD_MS (5 * 1000)
#define PONG_WAIT_MS (15 * 1000)
#define WRITE_WAIT_MS (10 * 1000)
#define REQUEST_TIMEOUT_MS (30 * 1000)
#define MAX_MESSAGE_BYTES (10 * 1024 * 1024)
#define CHUNK_SIZE_BYTES (1024 * 1024)
#define CHUNK_HEADER_MAX_BYTES (64 * 1024)
#define CHUNK_PREFIX_BYTES 4 /* the header's length, big-endian */

#define PAIRING_CODE_DIGITS 6
#define PAIRING_EXPIRES_S 60
#define PAIRING_LINGER_MS (30 * 1000) /* the socket outlives an expired code by this */

/* A close code of our own; RFC 6455 leaves 4000–4999 to applications. */
#define CLOSE_TOKEN_REVOKED 4001

/* What get_info and agent_status list in `capabilities`. */
#define PROTO_CAPABILITY_FILE_UPLOAD "file_upload"
#define PROTO_CAPABILITY_BINARY_UPLOAD "binary_upload" /* chunks as binary messages */
#define PROTO_CAPABILITY_UPLOAD_RESUME "upload_resume" /* resumeFrom */
#define PROTO_CAPABILITY_FILE_HASHES "file_hashes" /* sha256 in manifests: unchanged files stay */
#define PROTO_CAPABILITY_EMPTY_FOLDERS "empty_folders"	 /* folders in manifests */
#define PROTO_CAPABILITY_UPDATE_CHANGES "update_changes" /* changes, dryRun, overwrite */
#define PROTO_CAPABILITY_STEAM_USERS "steam_users"
#define PROTO_CAPABILITY_STEAM_SHORTCUTS "steam_shortcuts"
#define PROTO_CAPABILITY_STEAM_RESTART "steam_restart"
#define PROTO_CAPABILITY_GAME_DELETE "game_delete"
#define PROTO_CAPABILITY_ARTWORK "artwork" /* apply_artwork and binary images */

/* `shortcut` in the result of complete_upload. */
#define PROTO_SHORTCUT_MADE "made"
#define PROTO_SHORTCUT_LATER "later" /* Steam gets it by itself when it ends or is restarted */
#define PROTO_SHORTCUT_NONE "none"   /* it could not be made */

/* Error codes on the wire. */
enum proto_error_code {
	PROTO_BAD_REQUEST = 400,
	PROTO_UNAUTHORIZED = 401,
	PROTO_NOT_FOUND = 404,
	PROTO_BLOCKED = 406,
	PROTO_CONFLICT = 409,
	PROTO_TOO_LARGE = 413,
	PROTO_LOCKED_OUT = 429,
	PROTO_INTERNAL = 500,
	PROTO_NOT_IMPLEMENTED = 501,
	PROTO_NO_SPACE = 507,
};
