#include "core/json.h"
#include "core/strbuf.h"
#include "core/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_write_int64(struct strbuf *out, int64_t value)
{
	char digits[20]; /* of 2^63 */
	char *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0) {
		strbuf_append_char(out, '-');
	}
	strbuf_append(out, at, (size_t)(digits + sizeof(digits) - at));
}

void json_write_double(struct strbuf *out, double value)
{
	char text[32];

	if (!isfinite(value)) {
		strbuf_append_text(out, "null");
		return;
	}
	if (fabs(value) <= (double)JSON_INTEGER_MAX && value == trunc(value)) {
		json_write_int64(out, (int64_t)value);
		return;
	}
	/* The shorter form if it reads back as the same number. */
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value) {
		snprintf(text, sizeof(text), "%.17g", value);
	}
	strbuf_append_text(out, text);
}

static void write_escaped(struct strbuf *out, unsigned char byte)
{
	static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs */

	for (const char *pair = escapes; *pair != '\0'; pair += 2) {
		if (*pair == (char)byte) {
			strbuf_append_char(out, '\\');
			strbuf_append_char(out, pair[1]);
			return;
		}
	}
	strbuf_appendf(out, "\\u%04x", byte);
}

void json_write_string(struct strbuf *out, const char *text)
{
	const char *end = text + strlen(text);
	const char *run = text; /* not yet written, needs no escaping */

	strbuf_append_char(out, '"');
	while (text < end) {
		unsigned char byte = (unsigned char)*text;
		size_t count = 1;

		if (byte >= 0x80) {
			count = utf8_decode(text, (size_t)(end - text), NULL);
		} else if (byte < 0x20 || byte == '"' || byte == '\\') {
			count = 0;
		}
		if (count > 0) {
			text += count;
			continue;
		}
		strbuf_append(out, run, (size_t)(text - run));
		if (byte >= 0x80) {
			strbuf_append_text(out, "\xef\xbf\xbd"); /* U+FFFD */
		} else {
			write_escaped(out, byte);
		}
		run = ++text;
	}
	strbuf_append(out, run, (size_t)(end - run));
	strbuf_append_char(out, '"');
}

static void write_strings(struct strbuf *out, const struct strvec *strings)
{
	strbuf_append_char(out, '[');
	for (size_t i = 0; i < strings->count; i++) {
		if (i > 0) {
			strbuf_append_char(out, ',');
		}
		json_write_string(out, strings->items[i]);
	}
	strbuf_append_char(out, ']');
}

static void write_map(struct strbuf *out, const struct json_map *map)
{
	strbuf_append_char(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		if (i > 0) {
			strbuf_append_char(out, ',');
		}
		json_write_string(out, map->items[i].key);
		strbuf_append_char(out, ':');
		json_write_int64(out, map->items[i].value);
	}
	strbuf_append_char(out, '}');
}

static size_t array_count(const void *object, const struct json_field *field)
{
	return *(const size_t *)((const char *)object + field->count_offset);
}

static void write_array(struct strbuf *out, const void *object, const struct json_field *field)
{
	const char *items = *(char *const *)((const char *)object + field->offset);
	size_t count = array_count(object, field);

	strbuf_append_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			strbuf_append_char(out, ',');
		}
		json_write(out, field->fields, items + i * field->element_bytes);
	}
	strbuf_append_char(out, ']');
}

/* Not for JSON_OBJECT: whether one is empty is seen when it is written. */
static bool is_empty(const void *object, const struct json_field *field)
{
	const void *member = (const char *)object + field->offset;
	const char *text;

	switch (field->type) {
	case JSON_STRING:
	case JSON_SECRET:
	case JSON_DIGITS:
	case JSON_RAW:
		text = *(const char *const *)member;
		return !json_is_given(text);
	case JSON_UINT32:
		return *(const uint32_t *)member == 0;
	case JSON_INT64:
		return *(const int64_t *)member == 0;
	case JSON_DOUBLE:
		return fpclassify(*(const double *)member) == FP_ZERO;
	case JSON_BOOL:
		return !*(const bool *)member;
	case JSON_STRINGS:
	case JSON_TAGS:
		return ((const struct strvec *)member)->count == 0;
	case JSON_ARRAY:
		return array_count(object, field) == 0;
	case JSON_MAP:
		return ((const struct json_map *)member)->count == 0;
	case JSON_OBJECT:
	case JSON_TREE:
		return false;
	}
	return false;
}

static void write_text(struct strbuf *out, const char *text, const struct json_field *field)
{
	if (field->type == JSON_RAW) {
		strbuf_append_text(out, json_is_given(text) ? text : "null");
	} else if (text == NULL && (field->flags & JSON_NULLABLE) != 0) {
		strbuf_append_text(out, "null");
	} else {
		json_write_string(out, text != NULL ? text : "");
	}
}

static void write_member(struct strbuf *out, const void *object, const struct json_field *field)
{
	const void *member = (const char *)object + field->offset;

	switch (field->type) {
	case JSON_STRING:
	case JSON_SECRET:
	case JSON_DIGITS:
	case JSON_RAW:
		write_text(out, *(const char *const *)member, field);
		break;
	case JSON_UINT32:
		json_write_int64(out, *(const uint32_t *)member);
		break;
	case JSON_INT64:
		json_write_int64(out, *(const int64_t *)member);
		break;
	case JSON_DOUBLE:
		json_write_double(out, *(const double *)member);
		break;
	case JSON_BOOL:
		strbuf_append_text(out, *(const bool *)member ? "true" : "false");
		break;
	case JSON_STRINGS:
	case JSON_TAGS:
		write_strings(out, member);
		break;
	case JSON_ARRAY:
		write_array(out, object, field);
		break;
	case JSON_MAP:
		write_map(out, member);
		break;
	case JSON_OBJECT:
		json_write(out, field->fields, member);
		break;
	case JSON_TREE:
		break;
	}
}

void json_write(struct strbuf *out, const struct json_field *fields, const void *object)
{
	bool first = true;

	strbuf_append_char(out, '{');
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		size_t before = out->length, value_start;
		bool omit_empty = (field->flags & JSON_OMIT_EMPTY) != 0;

		if (field->type == JSON_TREE || (omit_empty && is_empty(object, field))) {
			continue;
		}
		if (!first) {
			strbuf_append_char(out, ',');
		}
		json_write_string(out, field->key);
		strbuf_append_char(out, ':');
		value_start = out->length;
		write_member(out, object, field);
		if (omit_empty && field->type == JSON_OBJECT && out->length == value_start + 2) {
			out->length = before; /* it was "{}" */
			out->data[before] = '\0';
			continue;
		}
		first = false;
	}
	strbuf_append_char(out, '}');
}
