#include "core/json.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json_scan.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters of an offending value that an error quotes. */
#define QUOTED_CHARACTERS 48

/* Where reading is, for errors: "files[3].size". */
struct place {
	const struct place *parent;
	const char *key; /* NULL: an array's item */
	size_t index;
};

/*
 * Integers past 2^53 come out of the scan as marked strings. In the tree they are cJSON_Raw, which
 * cJSON's parser never makes itself.
 */
static void unmark_long_integers(cJSON *value)
{
	if (cJSON_IsString(value) && value->valuestring[0] == JSON_LONG_INTEGER_MARK) {
		value->type = cJSON_Raw;
		memmove(value->valuestring, value->valuestring + 1, strlen(value->valuestring));
	}
	for (cJSON *item = value->child; item != NULL; item = item->next) {
		unmark_long_integers(item);
	}
}

cJSON *json_parse(const char *text, size_t length, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf rewritten = { 0 };
	cJSON *value;

	if (!json_scan(text, length, &rewritten, err)) {
		return NULL;
	}
	if (rewritten.length == 0) {
		value = cJSON_ParseWithLength(text, length);
	} else {
		value = cJSON_ParseWithLength(rewritten.data, rewritten.length);
	}
	if (value == NULL) {
		error_set(err, ERROR_INVALID, "not JSON that can be read");
	} else if (rewritten.length > 0) {
		unmark_long_integers(value);
	}
	return value;
}

void json_free(cJSON *value)
{
	cJSON_Delete(value);
}

void json_free_ptr(cJSON **value)
{
	cJSON_Delete(*value);
}

const cJSON *json_member(const cJSON *object, const char *key)
{
	const cJSON *member = NULL;

	if (cJSON_IsObject(object)) {
		member = cJSON_GetObjectItemCaseSensitive(object, key);
	}
	return cJSON_IsNull(member) ? NULL : member;
}

bool json_is_object(const cJSON *value)
{
	return cJSON_IsObject(value);
}

bool json_is_array(const cJSON *value)
{
	return cJSON_IsArray(value);
}

size_t json_array_count(const cJSON *array)
{
	return cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
}

const cJSON *json_array_item(const cJSON *array, size_t index)
{
	return cJSON_IsArray(array) && index <= INT32_MAX ? cJSON_GetArrayItem(array, (int)index)
							  : NULL;
}

const cJSON *json_first(const cJSON *container)
{
	return cJSON_IsArray(container) || cJSON_IsObject(container) ? container->child : NULL;
}

const cJSON *json_next(const cJSON *item)
{
	return item->next;
}

const char *json_key(const cJSON *member)
{
	return member->string;
}

const char *json_string(const cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : NULL;
}

/* cJSON's own printer rounds integers of 16 digits. */
void json_print(const cJSON *value, struct strbuf *out)
{
	bool is_object = cJSON_IsObject(value);

	if (cJSON_IsString(value)) {
		json_write_string(out, value->valuestring);
	} else if (cJSON_IsRaw(value)) {
		strbuf_append_text(out, value->valuestring);
	} else if (cJSON_IsNumber(value)) {
		json_write_double(out, value->valuedouble);
	} else if (cJSON_IsBool(value)) {
		strbuf_append_text(out, cJSON_IsTrue(value) ? "true" : "false");
	} else if (is_object || cJSON_IsArray(value)) {
		strbuf_append_char(out, is_object ? '{' : '[');
		for (const cJSON *item = value->child; item != NULL; item = item->next) {
			if (item != value->child) {
				strbuf_append_char(out, ',');
			}
			if (is_object) {
				json_write_string(out, item->string);
				strbuf_append_char(out, ':');
			}
			json_print(item, out);
		}
		strbuf_append_char(out, is_object ? '}' : ']');
	} else {
		strbuf_append_text(out, "null");
	}
}

/* Reading */

static bool read_fields(void *out, const struct json_field *fields, const cJSON *object,
	const struct place *place, struct error *err);

static void append_place(struct strbuf *out, const struct place *place)
{
	if (place->parent != NULL) {
		append_place(out, place->parent);
	}
	if (place->key == NULL) {
		strbuf_appendf(out, "[%zu]", place->index);
	} else {
		strbuf_appendf(out, "%s%s", place->parent != NULL ? "." : "", place->key);
	}
}

static void append_description(struct strbuf *out, const cJSON *value)
{
	if (cJSON_IsObject(value)) {
		strbuf_append_text(out, "an object");
	} else if (cJSON_IsArray(value)) {
		strbuf_append_text(out, "a list");
	} else if (cJSON_IsString(value) || cJSON_IsRaw(value)) {
		bool is_cut = strlen(value->valuestring) > QUOTED_CHARACTERS;

		strbuf_appendf(out, cJSON_IsString(value) ? "\"%.*s%s\"" : "%.*s%s",
			QUOTED_CHARACTERS, value->valuestring, is_cut ? "…" : "");
	} else {
		json_print(value, out);
	}
}

static bool refuse(const struct json_field *field, const cJSON *value, const struct place *place,
	const char *expected, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf where = { 0 }, given = { 0 };

	append_place(&where, place);
	if (field->type == JSON_SECRET) {
		return error_set(
			err, ERROR_INVALID, "'%s' must be %s", strbuf_text(&where), expected);
	}
	append_description(&given, value);
	return error_set(err, ERROR_INVALID, "'%s' must be %s, not %s", strbuf_text(&where),
		expected, strbuf_text(&given));
}

/* An integer within ±2^53 in any spelling ("1e3"). */
static bool is_integer(const cJSON *value)
{
	return cJSON_IsNumber(value) && fabs(value->valuedouble) <= (double)JSON_INTEGER_MAX &&
	       value->valuedouble == trunc(value->valuedouble);
}

static bool is_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static void replace_text(char **member, char *text)
{
	free(*member);
	*member = text;
}

static bool read_text(char **member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	if (!cJSON_IsString(value)) {
		return refuse(field, value, place, "a string", err);
	}
	replace_text(member, xstrdup(value->valuestring));
	return true;
}

static bool read_digits(char **member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	bool is_text = cJSON_IsString(value) || cJSON_IsRaw(value);

	if (is_text && is_digits(value->valuestring)) {
		replace_text(member, xstrdup(value->valuestring));
		return true;
	}
	if (is_integer(value) && value->valuedouble >= 0) {
		replace_text(member, xasprintf("%lld", (long long)value->valuedouble));
		return true;
	}
	return refuse(field, value, place, "decimal digits", err);
}

static bool read_uint32(uint32_t *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	double number = -1;

	if (is_integer(value)) {
		number = value->valuedouble;
	} else if (cJSON_IsString(value) && *value->valuestring != '\0' &&
		   is_digits(value->valuestring)) {
		number = strtod(value->valuestring, NULL);
	}
	if (number < 0 || number > UINT32_MAX) {
		return refuse(field, value, place, "a whole number from 0 to 4294967295", err);
	}
	*member = (uint32_t)number;
	return true;
}

static bool read_number(double *number, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	if (field->type == JSON_DOUBLE ? !cJSON_IsNumber(value) : !is_integer(value)) {
		return refuse(field, value, place,
			field->type == JSON_DOUBLE ? "a number" : "a whole number within ±2^53",
			err);
	}
	*number = value->valuedouble;
	return true;
}

static void push_trimmed(struct strvec *list, const char *text, size_t length)
{
	while (length > 0 && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)text[length - 1])) {
		length--;
	}
	if (length > 0) {
		strvec_push_take(list, xasprintf("%.*s", (int)length, text));
	}
}

static bool read_strings(struct strvec *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	AUTO(strvec_finish) struct strvec list = { 0 };
	struct strvec before = *member;
	const cJSON *item;

	if (field->type == JSON_TAGS && cJSON_IsString(value)) {
		const char *at = value->valuestring;

		for (;;) {
			size_t length = strcspn(at, ",");

			push_trimmed(&list, at, length);
			if (at[length] == '\0') {
				break;
			}
			at += length + 1;
		}
	} else if (!cJSON_IsArray(value)) {
		return refuse(field, value, place, "a list of strings", err);
	} else {
		cJSON_ArrayForEach(item, value)
		{
			if (!cJSON_IsString(item)) {
				struct place inner = { .parent = place, .index = list.count };

				return refuse(field, item, &inner, "a string", err);
			}
			strvec_push(&list, item->valuestring);
		}
	}
	*member = list;
	list = before;
	return true;
}

static void finish_map(struct json_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->items[i].key);
	}
	free(map->items);
	*map = (struct json_map){ 0 };
}

static bool read_map(struct json_map *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	AUTO(finish_map) struct json_map map = { 0 };
	struct json_map before = *member;
	const cJSON *item;

	if (!cJSON_IsObject(value)) {
		return refuse(field, value, place, "an object of whole numbers", err);
	}
	map.items = xcalloc((size_t)cJSON_GetArraySize(value), sizeof(*map.items));
	cJSON_ArrayForEach(item, value)
	{
		if (!is_integer(item)) {
			struct place inner = { .parent = place, .key = item->string };

			return refuse(field, item, &inner, "a whole number within ±2^53", err);
		}
		map.items[map.count].key = xstrdup(item->string);
		map.items[map.count].value = (int64_t)item->valuedouble;
		map.count++;
	}
	*member = map;
	map = before;
	return true;
}

static void finish_array(void *object, const struct json_field *field)
{
	char **items = (char **)((char *)object + field->offset);
	size_t *count = (size_t *)((char *)object + field->count_offset);

	for (size_t i = 0; i < *count; i++) {
		json_finish(*items + i * field->element_bytes, field->fields);
	}
	free(*items);
	*items = NULL;
	*count = 0;
}

static bool read_array(void *object, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	size_t *count = (size_t *)((char *)object + field->count_offset);
	char **items = (char **)((char *)object + field->offset);
	struct place inner = { .parent = place };
	const cJSON *item;

	if (!cJSON_IsArray(value)) {
		return refuse(field, value, place, "a list of objects", err);
	}
	finish_array(object, field);
	if (value->child == NULL) {
		return true;
	}
	*items = xcalloc((size_t)cJSON_GetArraySize(value), field->element_bytes);
	cJSON_ArrayForEach(item, value)
	{
		/* Counted before it is filled: a half-read item is finished with the others. */
		inner.index = (*count)++;
		if (!read_fields(*items + inner.index * field->element_bytes, field->fields, item,
			    &inner, err)) {
			return false;
		}
	}
	return true;
}

static bool read_raw(char **member, const cJSON *value)
{
	struct strbuf text = { 0 };

	json_print(value, &text);
	replace_text(member, strbuf_detach(&text));
	return true;
}

static bool read_member(void *object, const struct json_field *field, const cJSON *value,
	const struct place *parent, struct error *err)
{
	void *member = (char *)object + field->offset;
	struct place place = { .parent = parent, .key = field->key };
	double number = 0;

	switch (field->type) {
	case JSON_STRING:
	case JSON_SECRET:
		return read_text(member, field, value, &place, err);
	case JSON_DIGITS:
		return read_digits(member, field, value, &place, err);
	case JSON_UINT32:
		return read_uint32(member, field, value, &place, err);
	case JSON_INT64:
		if (!read_number(&number, field, value, &place, err)) {
			return false;
		}
		*(int64_t *)member = (int64_t)number;
		return true;
	case JSON_DOUBLE:
		return read_number(member, field, value, &place, err);
	case JSON_BOOL:
		if (!cJSON_IsBool(value)) {
			return refuse(field, value, &place, "true or false", err);
		}
		*(bool *)member = cJSON_IsTrue(value);
		return true;
	case JSON_STRINGS:
	case JSON_TAGS:
		return read_strings(member, field, value, &place, err);
	case JSON_OBJECT:
		return read_fields(member, field->fields, value, &place, err);
	case JSON_ARRAY:
		return read_array(object, field, value, &place, err);
	case JSON_MAP:
		return read_map(member, field, value, &place, err);
	case JSON_RAW:
		return read_raw(member, value);
	}
	return false;
}

static bool read_fields(void *out, const struct json_field *fields, const cJSON *object,
	const struct place *place, struct error *err)
{
	static const struct json_field nameless = { .type = JSON_OBJECT };
	static const struct place message = { .key = "the message" };

	if (object != NULL && !cJSON_IsObject(object)) {
		return refuse(
			&nameless, object, place != NULL ? place : &message, "an object", err);
	}
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		const cJSON *value = json_member(object, field->key);

		if (value != NULL) {
			if (!read_member(out, field, value, place, err)) {
				return false;
			}
		} else if ((field->flags & JSON_REQUIRED) != 0) {
			AUTO(strbuf_finish) struct strbuf where = { 0 };

			append_place(&where, &(struct place){ .parent = place, .key = field->key });
			return error_set(
				err, ERROR_INVALID, "'%s' is missing", strbuf_text(&where));
		}
	}
	return true;
}

bool json_read(void *out, const struct json_field *fields, const cJSON *object, struct error *err)
{
	return read_fields(out, fields, object, NULL, err);
}

bool json_read_text(void *out, const struct json_field *fields, const char *text, size_t length,
	struct error *err)
{
	AUTO(json_free_ptr) cJSON *object = json_parse(text, length, err);

	return object != NULL && json_read(out, fields, object, err);
}

void json_finish(void *object, const struct json_field *fields)
{
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		void *member = (char *)object + field->offset;
		char **text = member;

		switch (field->type) {
		case JSON_SECRET:
			if (*text != NULL) {
				explicit_bzero(*text, strlen(*text));
			}
			replace_text(text, NULL);
			break;
		case JSON_STRING:
		case JSON_DIGITS:
		case JSON_RAW:
			replace_text(text, NULL);
			break;
		case JSON_STRINGS:
		case JSON_TAGS:
			strvec_finish(member);
			break;
		case JSON_OBJECT:
			json_finish(member, field->fields);
			break;
		case JSON_ARRAY:
			finish_array(object, field);
			break;
		case JSON_MAP:
			finish_map(member);
			break;
		case JSON_UINT32:
		case JSON_INT64:
		case JSON_DOUBLE:
		case JSON_BOOL:
			break;
		}
	}
}
