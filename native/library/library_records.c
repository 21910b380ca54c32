#include "library/library_records.h"

#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/library_marker.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FILE_VERSION 1
#define FILE_MAX_BYTES (4 * 1024 * 1024)

static const struct json_field library_record_fields[] = {
	JSON_FIELD(struct library_record, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct library_record, place, "place", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct library_record, root, "root", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct library_record, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct library_record, uuid, "uuid", JSON_STRING, 0),
	JSON_FIELD(struct library_record, mount_point, "mountPoint", JSON_STRING, 0),
	JSON_FIELD(struct library_record, uploads, "uploads", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field library_records_fields[] = {
	JSON_FIELD(struct library_records, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct library_records, libraries, "libraries", library_record_fields,
		JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_records(const void *object, struct error *err)
{
	const struct library_records *records = object;

	return records->version == FILE_VERSION ||
	       error_set(err, ERROR_INVALID, "its version is not %d", FILE_VERSION);
}

static bool check_record(const char *key, const void *entry, struct error *err)
{
	const struct library_record *record = entry;

	return (library_id_is_plain(record->id) && record->place[0] == '/' &&
		       record->root[0] == '/' && record->uploads >= 0) ||
	       error_set(err, ERROR_INVALID, "'%s' in '%s' is not a library", record->id,
		       record->place);
}

static const struct state_file records_file = {
	.what = "the list of libraries",
	.loss = "they are recognised again when their cards are inserted",
	.max_bytes = FILE_MAX_BYTES,
	.fields = library_records_fields,
	.object_bytes = offsetof(struct library_records, link), /* the rest is not in the file */
	.fill_texts = true,
	.check = check_records,
	.check_entry = check_record,
};

static void complete_records(void *object)
{
	struct library_records *records = object;

	records->version = FILE_VERSION;
}

void library_records_load(struct library_records *records, const char *path, char **notice)
{
	state_link_init(&records->link, &records_file, path, records, complete_records);
	*notice = state_link_take_notice(&records->link);
}

void library_records_finish(struct library_records *records)
{
	json_finish(records, library_records_fields);
	state_link_finish(&records->link);
	*records = (struct library_records){ 0 };
}

bool library_records_save(struct library_records *records, struct error *err)
{
	return state_link_write(&records->link, err);
}

struct library_record *library_records_find(
	const struct library_records *records, const char *id, const char *place)
{
	for (size_t i = records->libraries_count; i > 0; i--) {
		struct library_record *record = &records->libraries[i - 1];

		if (strcmp(record->id, id) == 0 &&
			(place == NULL || strcmp(record->place, place) == 0)) {
			return record;
		}
	}
	return NULL;
}

const struct library_record *library_records_holding(
	const struct library_records *records, const char *id, const char *path)
{
	for (size_t i = records->libraries_count; i > 0 && *id != '\0'; i--) {
		const struct library_record *record = &records->libraries[i - 1];

		if (strcmp(record->id, id) == 0 && path_is_within(path, record->root)) {
			return record;
		}
	}
	return NULL;
}

struct library_record *library_records_last_at(
	const struct library_records *records, const char *place)
{
	for (size_t i = records->libraries_count; i > 0; i--) {
		if (strcmp(records->libraries[i - 1].place, place) == 0) {
			return &records->libraries[i - 1];
		}
	}
	return NULL;
}

void library_records_drop(struct library_records *records, size_t index)
{
	json_finish(&records->libraries[index], library_record_fields);
	records->libraries_count--;
	memmove(&records->libraries[index], &records->libraries[index + 1],
		(records->libraries_count - index) * sizeof(*records->libraries));
}

struct library_record *library_records_put(
	struct library_records *records, const struct library_record *record)
{
	const struct library_record copy = {
		.id = xstrdup(record->id),
		.place = xstrdup(record->place),
		.root = xstrdup(record->root),
		.name = xstrdup(record->name),
		.uuid = xstrdup(record->uuid),
		.mount_point = xstrdup(record->mount_point),
		.uploads = record->uploads,
	};
	struct library_record *known = library_records_find(records, copy.id, copy.place);

	if (known != NULL) {
		library_records_drop(records, (size_t)(known - records->libraries));
	}
	records->libraries = xrealloc(
		records->libraries, records->libraries_count + 1, sizeof(*records->libraries));
	records->libraries[records->libraries_count] = copy;
	return &records->libraries[records->libraries_count++];
}
