#pragma once

#include "core/json.h"
#include "proto/proto_steam.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/* Uploads. Source: protocol.md §5. */

struct upload_config {
	const char *game_name;
	const char *install_path; /* "" or NULL: the default library */
	const char *executable;	  /* relative to the game's folder */
	const char *launch_options;
	struct strvec tags;
};

struct upload_file {
	const char *relative_path;
	int64_t size;
	const char *sha256; /* extension: lower-case hex of the whole file; NULL when not given */
};

/*
 * Extension: what an update does, or has done, with the files on the Deck. Of each kind at most
 * UPLOAD_CHANGES_LISTED paths, and how many there are.
 */
#define UPLOAD_CHANGES_LISTED 1000

struct upload_changes {
	struct strvec added;
	struct strvec replaced;
	struct strvec kept; /* replaced, and the Deck's is kept */
	struct strvec removed;
	struct strvec stays; /* changed or deleted on the Deck, and not touched */
	int64_t added_count;
	int64_t replaced_count;
	int64_t kept_count;
	int64_t removed_count;
	int64_t stays_count;
};

struct init_upload {
	struct upload_config config;
	int64_t total_size;
	struct upload_file *files;
	size_t files_count;
	struct strvec folders;	 /* extension: that have no file; relative */
	struct strvec overwrite; /* extension: patterns: also what only the Deck has changed */
	bool dry_run;		 /* extension: only say what would be done */
	cJSON *tree;
};

struct upload_init_response {
	const char *upload_id;
	int64_t chunk_size;
	struct json_map resume_from;   /* path → contiguous bytes held; left out when empty */
	const char *path;	       /* extension, of a dry run: the game's folder */
	struct upload_changes changes; /* extension, the same */
	cJSON *tree;
};

/*
 * The JSON header of a binary message, a chunk's or an image's; with `data` also the payload of
 * the text form upload_chunk.
 */
struct upload_chunk {
	const char *id;
	const char *upload_id;
	const char *file_path;
	int64_t offset;
	const char *checksum; /* lower-case hex SHA-256 of the chunk's data, or NULL */
	const char *data;     /* base64, text form only */
	/*
	 * An image is recognised by `type` "artwork_image" or, from the desktop Hub, by
	 * `artworkType`.
	 */
	const char *type;
	const char *artwork_type;
	const char *content_type;
	uint32_t app_id;
	cJSON *tree;
};

struct upload_chunk_response {
	const char *upload_id;
	int64_t bytes_written; /* of this chunk */
	int64_t total_written; /* unique bytes held of the upload */
	cJSON *tree;
};

struct upload_progress {
	const char *upload_id;
	int64_t transferred_bytes;
	int64_t total_bytes;
	const char *current_file;
	double percentage;
	const char *status;	/* "in_progress" */
	const char *started_at; /* RFC 3339 */
	const char *updated_at;
	cJSON *tree;
};

struct complete_upload {
	const char *upload_id;
	bool create_shortcut;
	struct shortcut_config shortcut;
	const char *user_id; /* extension: whose shortcut, in either form; NULL: the most recent
				login */
	cJSON *tree;
};

struct cancel_upload {
	const char *upload_id;
	cJSON *tree;
};

struct operation_result {
	bool success;
	const char *path;
	uint32_t app_id;      /* 0: left out */
	const char *shortcut; /* extension: PROTO_SHORTCUT_…; NULL: none was asked for */
	const char *message;  /* more for the user to know, e.g. why there is no shortcut */
	struct upload_changes changes; /* extension */
	cJSON *tree;
};

struct artwork_image_response {
	bool success;
	const char *artwork_type;
	const char *error;
	cJSON *tree;
};

struct operation_event {
	const char *type;   /* "install", "delete", "artwork" */
	const char *status; /* "start", "progress", "complete", "error" */
	const char *game_name;
	double progress; /* 0–100 */
	const char *message;
	cJSON *tree;
};

extern const struct json_field upload_changes_fields[];
extern const struct json_field init_upload_fields[];
extern const struct json_field upload_init_response_fields[];
extern const struct json_field upload_chunk_fields[];
extern const struct json_field upload_chunk_response_fields[];
extern const struct json_field upload_progress_fields[];
extern const struct json_field complete_upload_fields[];
extern const struct json_field cancel_upload_fields[];
extern const struct json_field operation_result_fields[];
extern const struct json_field artwork_image_response_fields[];
extern const struct json_field operation_event_fields[];

void upload_changes_finish(struct upload_changes *changes);
bool upload_changes_any(const struct upload_changes *changes);

/* Is a binary message with that header an image? */
bool upload_chunk_is_artwork(const struct upload_chunk *header);

/* The parts of a binary message: 4 bytes big-endian header length, JSON header, data. */
struct chunk_frame {
	const char *header;
	size_t header_length;
	const char *data; /* as much of it as has arrived */
	size_t data_length;
};

/*
 * Splits the start of a binary message. *complete: the whole header has come; until then the frame
 * is not filled and more bytes are needed. Errors: INVALID (length 0 or over
 * CHUNK_HEADER_MAX_BYTES).
 */
bool chunk_frame_split(struct chunk_frame *frame, const char *message, size_t length,
	bool *complete, struct error *err);
/* Appends length prefix and header; the data follows. */
void chunk_frame_write(struct strbuf *out, const struct upload_chunk *header);
