#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How much of an offending value an error quotes. */
#define QUOTED_CHARACTERS 48

/* Where in the message we are, for errors: "files[3].size". */
struct place {
	const struct place *parent;
	const char *key; /* NULL: an array's item */
	size_t index;
};

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
	const char *text = json_string(value);

	if (json_is_object(value)) {
		strbuf_append_text(out, "an object");
	} else if (json_is_array(value)) {
		strbuf_append_text(out, "a list");
	} else if (text != NULL) {
		strbuf_appendf(out, "\"%.*s%s\"", QUOTED_CHARACTERS, text,
			strlen(text) > QUOTED_CHARACTERS ? "…" : "");
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
static bool is_integer(const cJSON *value, int64_t *integer)
{
	double number;

	if (!json_number(value, &number) || fabs(number) > (double)JSON_INTEGER_MAX ||
		number != trunc(number)) {
		return false;
	}
	*integer = (int64_t)number;
	return true;
}

static bool is_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static void free_text(char *text, const struct json_field *field)
{
	if (text != NULL && field->type == JSON_SECRET) {
		explicit_bzero(text, strlen(text));
	}
	free(text);
}

/* text: borrowed from the tree, or NULL. */
static void set_text(void *member, const struct json_field *field, const char *text)
{
	if (field->owned) {
		free_text(*(char **)member, field);
		*(char **)member = xstrdup_or_null(text);
	} else {
		*(const char **)member = text;
	}
}

static bool read_text(void *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	if (json_string(value) == NULL) {
		return refuse(field, value, place, "a string", err);
	}
	set_text(member, field, json_string(value));
	return true;
}

static bool read_digits(void *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	const char *text =
		json_string(value) != NULL ? json_string(value) : json_long_integer(value);
	int64_t integer;

	if (text == NULL && is_integer(value, &integer)) {
		text = json_text(value);
	}
	if (text == NULL || !is_digits(text)) {
		return refuse(field, value, place, "decimal digits", err);
	}
	set_text(member, field, text);
	return true;
}

static bool read_uint32(uint32_t *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	const char *text = json_string(value);
	int64_t integer = -1;

	if (json_is_given(text) && is_digits(text)) {
		double number = strtod(text, NULL);

		integer = number <= UINT32_MAX ? (int64_t)number : -1;
	} else if (!is_integer(value, &integer)) {
		integer = -1;
	}
	if (integer < 0 || integer > UINT32_MAX) {
		return refuse(field, value, place, "a whole number from 0 to 4294967295", err);
	}
	*member = (uint32_t)integer;
	return true;
}

static bool read_int64(int64_t *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	return is_integer(value, member) ||
	       refuse(field, value, place, "a whole number within ±2^53", err);
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

static void split_tags(struct strvec *list, const char *text)
{
	for (;;) {
		size_t length = strcspn(text, ",");

		push_trimmed(list, text, length);
		if (text[length] == '\0') {
			break;
		}
		text += length + 1;
	}
}

static bool read_strings(struct strvec *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	AUTO(strvec_finish) struct strvec list = { 0 };
	struct strvec before = *member;

	if (field->type == JSON_TAGS && json_string(value) != NULL) {
		split_tags(&list, json_string(value));
	} else if (!json_is_array(value)) {
		return refuse(field, value, place, "a list of strings", err);
	}
	for (const cJSON *item = json_first(value); item != NULL; item = json_next(item)) {
		if (json_string(item) == NULL) {
			struct place inner = { .parent = place, .index = list.count };

			return refuse(field, item, &inner, "a string", err);
		}
		strvec_push(&list, json_string(item));
	}
	*member = list;
	list = before;
	return true;
}

static void finish_map(struct json_map *map)
{
	free(map->items);
	*map = (struct json_map){ 0 };
}

static size_t count_items(const cJSON *container)
{
	size_t count = 0;

	for (const cJSON *item = json_first(container); item != NULL; item = json_next(item)) {
		count++;
	}
	return count;
}

/* The peer chooses how many items there are. */
static bool no_memory(const struct json_field *field, struct error *err)
{
	return error_set(err, ERROR_IO, "out of memory for the items of '%s'", field->key);
}

static bool read_map(struct json_map *member, const struct json_field *field, const cJSON *value,
	const struct place *place, struct error *err)
{
	AUTO(finish_map) struct json_map map = { 0 };
	struct json_map before = *member;

	if (!json_is_object(value)) {
		return refuse(field, value, place, "an object of whole numbers", err);
	}
	map.items = calloc(count_items(value) + 1, sizeof(*map.items));
	if (map.items == NULL) {
		return no_memory(field, err);
	}
	for (const cJSON *item = json_first(value); item != NULL; item = json_next(item)) {
		if (!is_integer(item, &map.items[map.count].value)) {
			struct place inner = { .parent = place, .key = json_key(item) };

			return refuse(field, item, &inner, "a whole number within ±2^53", err);
		}
		map.items[map.count++].key = json_key(item);
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

	if (!json_is_array(value)) {
		return refuse(field, value, place, "a list of objects", err);
	}
	finish_array(object, field);
	if (json_first(value) == NULL) {
		return true;
	}
	*items = calloc(count_items(value), field->element_bytes);
	if (*items == NULL) {
		return no_memory(field, err);
	}
	for (const cJSON *item = json_first(value); item != NULL; item = json_next(item)) {
		/* Counted before it is filled: a half-read item is finished with the others. */
		inner.index = (*count)++;
		if (!read_fields(*items + inner.index * field->element_bytes, field->fields, item,
			    &inner, err)) {
			return false;
		}
	}
	return true;
}

static bool read_member(void *object, const struct json_field *field, const cJSON *value,
	const struct place *parent, struct error *err)
{
	void *member = (char *)object + field->offset;
	struct place place = { .parent = parent, .key = field->key };

	switch (field->type) {
	case JSON_STRING:
	case JSON_SECRET:
		return read_text(member, field, value, &place, err);
	case JSON_DIGITS:
		return read_digits(member, field, value, &place, err);
	case JSON_UINT32:
		return read_uint32(member, field, value, &place, err);
	case JSON_INT64:
		return read_int64(member, field, value, &place, err);
	case JSON_DOUBLE:
		return json_number(value, member) || refuse(field, value, &place, "a number", err);
	case JSON_BOOL:
		return json_bool(value, member) ||
		       refuse(field, value, &place, "true or false", err);
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
		set_text(member, field, json_text(value));
		return true;
	case JSON_TREE:
		return true;
	}
	return false;
}

static bool read_fields(void *out, const struct json_field *fields, const cJSON *object,
	const struct place *place, struct error *err)
{
	static const struct json_field nameless = { .type = JSON_OBJECT };
	static const struct place message = { .key = "the message" };

	if (object != NULL && !json_is_object(object)) {
		return refuse(
			&nameless, object, place != NULL ? place : &message, "an object", err);
	}
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		const cJSON *value =
			field->type != JSON_TREE ? json_member(object, field->key) : NULL;

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

static cJSON **find_tree(void *object, const struct json_field *fields)
{
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		if (field->type == JSON_TREE) {
			return (cJSON **)((char *)object + field->offset);
		}
	}
	return NULL;
}

static bool is_borrowed_text(const struct json_field *field)
{
	switch (field->type) {
	case JSON_STRING:
	case JSON_SECRET:
	case JSON_DIGITS:
	case JSON_RAW:
		return !field->owned;
	case JSON_UINT32:
	case JSON_INT64:
	case JSON_DOUBLE:
	case JSON_BOOL:
	case JSON_STRINGS:
	case JSON_TAGS:
	case JSON_OBJECT:
	case JSON_ARRAY:
	case JSON_MAP:
	case JSON_TREE:
		break;
	}
	return false;
}

static bool borrows(const struct json_field *fields)
{
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		if (is_borrowed_text(field) || field->type == JSON_MAP ||
			(field->fields != NULL && borrows(field->fields))) {
			return true;
		}
	}
	return false;
}

bool json_read_text(void *out, const struct json_field *fields, const char *text, size_t length,
	struct error *err)
{
	AUTO(json_free_ptr) cJSON *object = json_parse(text, length, err);
	cJSON **tree = find_tree(out, fields);
	bool ok;

	assert(tree != NULL ? *tree == NULL : !borrows(fields));
	ok = object != NULL && json_read(out, fields, object, err);
	if (tree != NULL) {
		*tree = TAKE_PTR(object);
	}
	return ok;
}

void json_own(void *object, const struct json_field *fields, cJSON *from)
{
	cJSON **tree = find_tree(object, fields);

	assert(tree != NULL && *tree == NULL);
	if (from != NULL) {
		*tree = json_move(from);
	}
}

void json_finish(void *object, const struct json_field *fields)
{
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		void *member = (char *)object + field->offset;

		switch (field->type) {
		case JSON_STRING:
		case JSON_SECRET:
		case JSON_DIGITS:
		case JSON_RAW:
			set_text(member, field, NULL);
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
		case JSON_TREE:
			json_free(TAKE_PTR(*(cJSON **)member));
			break;
		case JSON_UINT32:
		case JSON_INT64:
		case JSON_DOUBLE:
		case JSON_BOOL:
			break;
		}
	}
}
