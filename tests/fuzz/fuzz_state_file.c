/*
 * Whatever a state file holds, its good entries are read and the rest is kept beside it; what is
 * written then is read without a notice, and is the same.
 */
#include "core/state_file.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_VERSION 1
#define FILE_MAX_BYTES 4096

struct place {
	char *name;
	int64_t number;
};

struct item {
	char *name, *secret, *digits;
	bool is_set;
	struct place place;
	struct place *places;
	size_t places_count;
};

struct remembered {
	int64_t version;
	char *text;
	uint32_t small;
	double real;
	struct strvec strings, tags;
	struct place place;
	struct item *items;
	size_t items_count;
	struct place *places; /* not required */
	size_t places_count;
};

static const struct json_field place_fields[] = {
	JSON_FIELD(struct place, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct place, number, "number", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field item_fields[] = {
	JSON_FIELD(struct item, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct item, secret, "secret", JSON_SECRET, 0),
	JSON_FIELD(struct item, digits, "digits", JSON_DIGITS, 0),
	JSON_FIELD(struct item, is_set, "isSet", JSON_BOOL, 0),
	JSON_FIELD_OBJECT(struct item, place, "place", place_fields, 0),
	JSON_FIELD_ARRAY(struct item, places, "places", place_fields, 0),
	JSON_FIELDS_END,
};

static const struct json_field fields[] = {
	JSON_FIELD(struct remembered, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct remembered, text, "text", JSON_STRING, 0),
	JSON_FIELD(struct remembered, small, "small", JSON_UINT32, 0),
	JSON_FIELD(struct remembered, real, "real", JSON_DOUBLE, 0),
	JSON_FIELD(struct remembered, strings, "strings", JSON_STRINGS, 0),
	JSON_FIELD(struct remembered, tags, "tags", JSON_TAGS, 0),
	JSON_FIELD_OBJECT(struct remembered, place, "place", place_fields, 0),
	JSON_FIELD_ARRAY(struct remembered, items, "items", item_fields, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct remembered, places, "places", place_fields, 0),
	JSON_FIELDS_END,
};

static bool check(const void *object, struct error *err)
{
	return ((const struct remembered *)object)->version == FILE_VERSION ||
	       error_set(err, ERROR_INVALID, "unsupported version");
}

static bool check_entry(const char *key, const void *entry, struct error *err)
{
	return strcmp(key, "items") != 0 || ((const struct item *)entry)->name[0] != '\0' ||
	       error_set(err, ERROR_INVALID, "'name' is empty");
}

static const struct state_file file = {
	.what = "the list of items",
	.loss = "they have to be made again",
	.max_bytes = FILE_MAX_BYTES,
	.fields = fields,
	.object_bytes = sizeof(struct remembered),
	.fill_texts = true,
	.check = check,
	.check_entry = check_entry,
};

static void remembered_finish(struct remembered *remembered)
{
	json_finish(remembered, fields);
}

static void check_texts(const struct remembered *read)
{
	fuzz_require(read->items_count == 0 || read->text != NULL);
	for (size_t i = 0; i < read->items_count; i++) {
		const struct item *item = &read->items[i];

		fuzz_require(item->name[0] != '\0' && item->secret != NULL);
		fuzz_require(item->digits != NULL && item->place.name != NULL);
		for (size_t j = 0; j < item->places_count; j++) {
			fuzz_require(item->places[j].name != NULL);
		}
	}
}

/* Is what was in the file kept beside it? */
static bool is_kept(const char *folder, const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *pattern = xasprintf("%s/items.json?*", folder);
	AUTO(strbuf_finish) struct strbuf kept = { 0 };
	glob_t found = { 0 };
	bool is_same = false;

	fuzz_require(glob(pattern, 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		strbuf_reset(&kept);
		is_same |= atomic_file_read(found.gl_pathv[i], SIZE_MAX / 2, &kept, NULL) &&
			   kept.length == size && (size == 0 || memcmp(kept.data, data, size) == 0);
	}
	globfree(&found);
	return is_same;
}

static void check_written_again(const char *path, struct remembered *read)
{
	AUTO(remembered_finish) struct remembered again = { 0 };
	AUTO(free_ptr) char *notice = NULL;
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	struct error err = { 0 };

	read->version = FILE_VERSION;
	if (!state_file_write(&file, path, read, &err)) {
		fuzz_require(err.kind == ERROR_NO_SPACE); /* it would be larger than allowed */
		return;
	}
	fuzz_require(state_file_read(&file, path, &again, &notice, NULL) && notice == NULL);
	json_write(&once, fields, read);
	json_write(&twice, fields, &again);
	fuzz_require(strcmp(once.data, twice.data) == 0);
}

static void complete(void *object)
{
	((struct remembered *)object)->version = FILE_VERSION;
}

static void on_arrived(void *user)
{
	(*(unsigned *)user)++;
}

/* A file that cannot be opened at first is not written, and is read once it can be. */
static void check_link(const char *folder, const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *path = xasprintf("%s/link.json", folder);
	AUTO(free_ptr) char *content = xasprintf("%s/content.json", folder);
	AUTO(remembered_finish) struct remembered read = { 0 };
	struct state_link link = { 0 };
	struct error err = { 0 };
	unsigned arrived_count = 0;

	/* A link to itself leads nowhere: ELOOP. */
	fuzz_require(symlink(path, path) == 0);
	state_link_init(&link, &file, path, &read, complete);
	link.arrived = on_arrived;
	link.user = &arrived_count;
	fuzz_require(!state_link_ready(&link, &err) && err.kind == ERROR_IO);
	fuzz_require(!state_link_write(&link, NULL) && arrived_count == 0);
	fuzz_require(read.version == 0 && read.items_count == 0);
	fuzz_write_file(content, data, size);
	fuzz_require(rename(content, path) == 0);
	fuzz_require(state_link_ready(&link, NULL) && arrived_count == 1);
	fuzz_require(read.version == FILE_VERSION);
	check_texts(&read);
	fuzz_require(state_link_ready(&link, NULL) && arrived_count == 1);
	if (!state_link_write(&link, &err)) {
		fuzz_require(err.kind == ERROR_NO_SPACE);
	}
	free(state_link_take_notice(&link));
	fuzz_require(state_link_take_notice(&link) == NULL);
	state_link_finish(&link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *path = xasprintf("%s/items.json", folder);
	AUTO(remembered_finish) struct remembered read = { 0 };
	AUTO(free_ptr) char *notice = NULL;

	fuzz_write_file(path, data, size);
	fuzz_require(state_file_read(&file, path, &read, &notice, NULL));
	check_texts(&read);
	fuzz_require(notice == NULL || is_kept(folder, data, size));
	fuzz_require(notice != NULL || read.version == FILE_VERSION);
	check_written_again(path, &read);
	check_link(folder, data, size);
	return 0;
}
