#include "upload/commit_record.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "library/game_registry.h"
#include "upload/upload_staging.h"

#include <unistd.h>

#define RECORD_VERSION 1
#define RECORD_MAX_BYTES (256 * 1024 * 1024)

static const struct json_field commit_record_fields[] = {
	JSON_FIELD(struct commit_record, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, executable, "executable", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, size_bytes, "sizeBytes", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, installed_at, "installedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, pending, "pending", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_ARRAY(
		struct commit_record, files, "files", installed_file_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

bool commit_record_write(const struct commit_record *record, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct commit_record written = *record;

	written.version = RECORD_VERSION;
	json_write(&text, commit_record_fields, &written);
	return atomic_file_write_at(
		dir_fd, UPLOAD_STAGING_COMMIT, text.data, text.length, 0600, err);
}

static bool check_record(const struct commit_record *record, struct error *err)
{
	if (record->version != RECORD_VERSION) {
		return error_set(err, ERROR_INVALID, "its version is not %d", RECORD_VERSION);
	}
	if (record->hub_id[0] == '\0' || record->game_name[0] == '\0' ||
		!path_is_plain(record->dir) || record->size_bytes < 0 || record->installed_at < 0 ||
		(record->executable[0] != '\0' && !path_is_plain_relative(record->executable))) {
		return error_set(err, ERROR_INVALID, "it has invalid values");
	}
	for (size_t i = 0; i < record->files_count; i++) {
		if (!installed_file_check(&record->files[i], err)) {
			return false;
		}
	}
	return true;
}

bool commit_record_read(struct commit_record *record, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };

	if (!atomic_file_read_at(dir_fd, UPLOAD_STAGING_COMMIT, RECORD_MAX_BYTES, &text, &why)) {
		return error_set(
			err, why.kind == ERROR_IO ? ERROR_IO : ERROR_NOT_FOUND, "%s", why.message);
	}
	if (!json_read_text(record, commit_record_fields, text.data, text.length, &why) ||
		!check_record(record, &why)) {
		return error_set(
			err, ERROR_NOT_FOUND, "the commit record is damaged: %s", why.message);
	}
	return true;
}

void commit_record_remove(int dir_fd)
{
	if (unlinkat(dir_fd, UPLOAD_STAGING_COMMIT, 0) == 0) {
		sync_folder(dir_fd);
	}
}

void commit_record_finish(struct commit_record *record)
{
	json_finish(record, commit_record_fields);
}

bool commit_record_register(
	const struct commit_record *record, struct game_registry *registry, struct error *err)
{
	const struct game *known = game_registry_find(registry, record->dir);
	struct game game = { .dir = record->dir,
		.name = record->game_name,
		.hub_id = record->hub_id,
		.executable = record->executable,
		.app_id = known != NULL ? known->app_id : 0,
		.user_id = known != NULL ? known->user_id : NULL,
		.size_bytes = record->size_bytes,
		.file_count = (int64_t)record->files_count,
		.installed_at = record->installed_at,
		.pending = record->pending != NULL ? record->pending
			   : known != NULL	   ? known->pending
						   : NULL };

	return game_registry_put(registry, &game, err);
}
