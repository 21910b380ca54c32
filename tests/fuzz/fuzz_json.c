/* Whatever parses prints as JSON that parses to the same print; tables of every type read it. */
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct item {
	const char *name;
	int64_t size;
};

struct everything {
	char *text, *secret;	  /* owned … */
	const char *digits, *raw; /* … and borrowed */
	uint32_t small;
	int64_t large;
	double real;
	bool flag;
	struct strvec strings, tags;
	struct item inner;
	struct item *items;
	size_t items_count;
	struct json_map map;
	cJSON *tree;
};

static const struct json_field item_fields[] = {
	JSON_FIELD(struct item, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct item, size, "size", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field fields[] = {
	JSON_FIELD(struct everything, text, "text", JSON_STRING, JSON_NULLABLE),
	JSON_FIELD(struct everything, secret, "secret", JSON_SECRET, 0),
	JSON_FIELD(struct everything, digits, "digits", JSON_DIGITS, 0),
	JSON_FIELD(struct everything, raw, "raw", JSON_RAW, 0),
	JSON_FIELD(struct everything, small, "small", JSON_UINT32, 0),
	JSON_FIELD(struct everything, large, "large", JSON_INT64, 0),
	JSON_FIELD(struct everything, real, "real", JSON_DOUBLE, 0),
	JSON_FIELD(struct everything, flag, "flag", JSON_BOOL, 0),
	JSON_FIELD(struct everything, strings, "strings", JSON_STRINGS, 0),
	JSON_FIELD(struct everything, tags, "tags", JSON_TAGS, 0),
	JSON_FIELD_OBJECT(struct everything, inner, "inner", item_fields, 0),
	JSON_FIELD_ARRAY(struct everything, items, "items", item_fields, 0),
	JSON_FIELD(struct everything, map, "map", JSON_MAP, 0),
	JSON_FIELD_TREE(struct everything, tree),
	JSON_FIELDS_END,
};

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void check_print(const cJSON *value)
{
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	AUTO(json_free_ptr) cJSON *again = NULL;

	json_print(value, &once);
	again = json_parse(once.data, once.length, NULL);
	require(again != NULL);
	json_print(again, &twice);
	require(strcmp(once.data, twice.data) == 0);
}

static void check_table(const cJSON *value)
{
	struct everything read = { 0 }, again = { 0 };
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	struct error err = { 0 };

	if (json_read(&read, fields, value, &err)) {
		json_write(&once, fields, &read);
		require(json_read_text(&again, fields, once.data, once.length, NULL) ||
			read.inner.name == NULL);
		json_write(&twice, fields, &again);
		require(read.inner.name == NULL || strcmp(once.data, twice.data) == 0);
	} else {
		require(err.kind == ERROR_INVALID);
	}
	json_finish(&read, fields);
	json_finish(&again, fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	AUTO(json_free_ptr) cJSON *value = json_parse((const char *)data, size, &err);

	require(value != NULL || err.kind == ERROR_INVALID);
	if (value != NULL) {
		check_print(value);
		check_table(value);
	}
	return 0;
}
