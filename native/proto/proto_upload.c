#include "proto/proto_upload.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "proto/proto_constants.h"

#include <arpa/inet.h>
#include <string.h>

static const struct json_field upload_config_fields[] = {
	JSON_FIELD(struct upload_config, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_config, install_path, "installPath", JSON_STRING, 0),
	JSON_FIELD(struct upload_config, executable, "executable", JSON_STRING, 0),
	JSON_FIELD(struct upload_config, launch_options, "launchOptions", JSON_STRING,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_config, tags, "tags", JSON_TAGS, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static const struct json_field upload_file_fields[] = {
	JSON_FIELD(struct upload_file, relative_path, "relativePath", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_file, size, "size", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct upload_file, sha256, "sha256", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

const struct json_field upload_changes_fields[] = {
	JSON_FIELD(struct upload_changes, added, "added", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, replaced, "replaced", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, kept, "kept", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, removed, "removed", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, stays, "stays", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, added_count, "addedCount", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, replaced_count, "replacedCount", JSON_INT64,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, kept_count, "keptCount", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(
		struct upload_changes, removed_count, "removedCount", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_changes, stays_count, "staysCount", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

const struct json_field init_upload_fields[] = {
	JSON_FIELD_OBJECT(
		struct init_upload, config, "config", upload_config_fields, JSON_REQUIRED),
	JSON_FIELD(struct init_upload, total_size, "totalSize", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct init_upload, files, "files", upload_file_fields, JSON_REQUIRED),
	JSON_FIELD(struct init_upload, folders, "folders", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct init_upload, overwrite, "overwrite", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct init_upload, dry_run, "dryRun", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct init_upload, tree),
	JSON_FIELDS_END,
};

const struct json_field upload_init_response_fields[] = {
	JSON_FIELD(struct upload_init_response, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_init_response, chunk_size, "chunkSize", JSON_INT64, 0),
	JSON_FIELD(
		struct upload_init_response, resume_from, "resumeFrom", JSON_MAP, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_init_response, path, "path", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(struct upload_init_response, changes, "changes", upload_changes_fields,
		JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct upload_init_response, tree),
	JSON_FIELDS_END,
};

const struct json_field upload_chunk_fields[] = {
	JSON_FIELD(struct upload_chunk, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct upload_chunk, upload_id, "uploadId", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, file_path, "filePath", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, offset, "offset", JSON_INT64, 0),
	JSON_FIELD(struct upload_chunk, checksum, "checksum", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, data, "data", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, type, "type", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, artwork_type, "artworkType", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, content_type, "contentType", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct upload_chunk, app_id, "appId", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct upload_chunk, tree),
	JSON_FIELDS_END,
};

const struct json_field upload_chunk_response_fields[] = {
	JSON_FIELD(struct upload_chunk_response, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_chunk_response, bytes_written, "bytesWritten", JSON_INT64,
		JSON_REQUIRED),
	JSON_FIELD(struct upload_chunk_response, total_written, "totalWritten", JSON_INT64, 0),
	JSON_FIELD_TREE(struct upload_chunk_response, tree),
	JSON_FIELDS_END,
};

const struct json_field upload_progress_fields[] = {
	JSON_FIELD(struct upload_progress, upload_id, "uploadId", JSON_STRING, 0),
	JSON_FIELD(struct upload_progress, transferred_bytes, "transferredBytes", JSON_INT64, 0),
	JSON_FIELD(struct upload_progress, total_bytes, "totalBytes", JSON_INT64, 0),
	JSON_FIELD(struct upload_progress, current_file, "currentFile", JSON_STRING, 0),
	JSON_FIELD(struct upload_progress, percentage, "percentage", JSON_DOUBLE, 0),
	JSON_FIELD(struct upload_progress, status, "status", JSON_STRING, 0),
	JSON_FIELD(struct upload_progress, started_at, "startedAt", JSON_STRING, 0),
	JSON_FIELD(struct upload_progress, updated_at, "updatedAt", JSON_STRING, 0),
	JSON_FIELD_TREE(struct upload_progress, tree),
	JSON_FIELDS_END,
};

const struct json_field complete_upload_fields[] = {
	JSON_FIELD(struct complete_upload, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct complete_upload, create_shortcut, "createShortcut", JSON_BOOL, 0),
	JSON_FIELD_OBJECT(struct complete_upload, shortcut, "shortcut", shortcut_config_fields,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct complete_upload, user_id, "userId", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct complete_upload, tree),
	JSON_FIELDS_END,
};

const struct json_field cancel_upload_fields[] = {
	JSON_FIELD(struct cancel_upload, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct cancel_upload, tree),
	JSON_FIELDS_END,
};

const struct json_field operation_result_fields[] = {
	JSON_FIELD(struct operation_result, success, "success", JSON_BOOL, JSON_REQUIRED),
	JSON_FIELD(struct operation_result, path, "path", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct operation_result, app_id, "appId", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct operation_result, shortcut, "shortcut", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct operation_result, message, "message", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(struct operation_result, changes, "changes", upload_changes_fields,
		JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct operation_result, tree),
	JSON_FIELDS_END,
};

const struct json_field artwork_image_response_fields[] = {
	JSON_FIELD(struct artwork_image_response, success, "success", JSON_BOOL, 0),
	JSON_FIELD(struct artwork_image_response, artwork_type, "artworkType", JSON_STRING, 0),
	JSON_FIELD(struct artwork_image_response, error, "error", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct artwork_image_response, tree),
	JSON_FIELDS_END,
};

const struct json_field operation_event_fields[] = {
	JSON_FIELD(struct operation_event, type, "type", JSON_STRING, 0),
	JSON_FIELD(struct operation_event, status, "status", JSON_STRING, 0),
	JSON_FIELD(struct operation_event, game_name, "gameName", JSON_STRING, 0),
	JSON_FIELD(struct operation_event, progress, "progress", JSON_DOUBLE, 0),
	JSON_FIELD(struct operation_event, message, "message", JSON_STRING, 0),
	JSON_FIELD_TREE(struct operation_event, tree),
	JSON_FIELDS_END,
};

void upload_changes_finish(struct upload_changes *changes)
{
	json_finish(changes, upload_changes_fields);
	*changes = (struct upload_changes){ 0 };
}

bool upload_changes_any(const struct upload_changes *changes)
{
	return changes->added_count > 0 || changes->replaced_count > 0 || changes->kept_count > 0 ||
	       changes->removed_count > 0 || changes->stays_count > 0;
}

bool upload_chunk_is_artwork(const struct upload_chunk *header)
{
	return header->artwork_type != NULL ||
	       (header->type != NULL && strcmp(header->type, "artwork_image") == 0);
}

bool chunk_frame_split(struct chunk_frame *frame, const char *message, size_t length,
	bool *complete, struct error *err)
{
	uint32_t header_length;

	*complete = false;
	if (length < CHUNK_PREFIX_BYTES) {
		return true;
	}
	memcpy(&header_length, message, sizeof(header_length));
	header_length = ntohl(header_length);
	if (header_length == 0 || header_length > CHUNK_HEADER_MAX_BYTES) {
		return error_set(err, ERROR_INVALID,
			"the header of a binary message is %u bytes long; expected 1 to %d",
			header_length, CHUNK_HEADER_MAX_BYTES);
	}
	if (length - CHUNK_PREFIX_BYTES < header_length) {
		return true;
	}
	*frame = (struct chunk_frame){
		.header = message + CHUNK_PREFIX_BYTES,
		.header_length = header_length,
		.data = message + CHUNK_PREFIX_BYTES + header_length,
		.data_length = length - CHUNK_PREFIX_BYTES - header_length,
	};
	*complete = true;
	return true;
}

void chunk_frame_write(struct strbuf *out, const struct upload_chunk *header)
{
	size_t start = out->length;
	uint32_t header_length;

	strbuf_append(out, "\0\0\0\0", CHUNK_PREFIX_BYTES);
	json_write(out, upload_chunk_fields, header);
	header_length = htonl((uint32_t)(out->length - start - CHUNK_PREFIX_BYTES));
	memcpy(out->data + start, &header_length, sizeof(header_length));
}
