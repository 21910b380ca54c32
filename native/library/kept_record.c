#include "library/kept_record.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"

#define RECORD_VERSION 1
#define RECORD_MAX_BYTES (16 * 1024 * 1024)

static const struct json_field kept_record_fields[] = {
	JSON_FIELD(struct kept_record, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, build, "build", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, executable, "executable", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, kept_at, "keptAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct kept_record, kept_ms, "keptMs", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(
		struct kept_record, previous_bytes, "previousBytes", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(
		struct kept_record, previous_files, "previousFiles", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD_ARRAY(
		struct kept_record, player, "player", installed_file_fields, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static bool check_record(const struct kept_record *record, struct error *err)
{
	if (record->version != RECORD_VERSION) {
		return error_set(err, ERROR_INVALID, "its version is not %d", RECORD_VERSION);
	}
	if (!path_is_plain(record->dir) || record->game_name[0] == '\0' || record->kept_ms < 0 ||
		record->kept_at < 0 || record->previous_bytes < 0 || record->previous_files < 0 ||
		(record->executable[0] != '\0' && !path_is_plain_relative(record->executable))) {
		return error_set(err, ERROR_INVALID, "it has invalid values");
	}
	for (size_t i = 0; i < record->player_count; i++) {
		if (!installed_file_check(&record->player[i], err)) {
			return false;
		}
	}
	return true;
}

bool kept_record_read(struct kept_record *record, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	*record = (struct kept_record){ 0 };
	return atomic_file_read_at(dir_fd, KEPT_RECORD, RECORD_MAX_BYTES, &text, err) &&
	       json_read_text(record, kept_record_fields, text.data, text.length, err) &&
	       check_record(record, err);
}

bool kept_record_write(const struct kept_record *record, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct kept_record written = *record;

	written.version = RECORD_VERSION;
	json_write(&text, kept_record_fields, &written);
	return atomic_file_write_at(dir_fd, KEPT_RECORD, text.data, text.length, 0600, err);
}

void kept_record_finish(struct kept_record *record)
{
	json_finish(record, kept_record_fields);
	*record = (struct kept_record){ 0 };
}
