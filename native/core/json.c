#include "core/json.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/fatal.h"
#include "core/json_scan.h"
#include "core/strbuf.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static cJSON *require(cJSON *made)
{
	if (made == NULL) {
		fatal_memory(sizeof(*made)); /* as xcalloc() */
	}
	return made;
}

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

	if (text == NULL) {
		text = ""; /* a buffer that nothing was read into */
	}
	if (!json_scan(text, length, &rewritten, err)) {
		return NULL;
	}
	errno = 0;
	if (rewritten.length == 0) {
		value = cJSON_ParseWithLength(text, length);
	} else {
		value = cJSON_ParseWithLength(rewritten.data, rewritten.length);
	}
	if (value == NULL && errno == ENOMEM) {
		error_set(err, ERROR_IO, "out of memory: the JSON takes %zu bytes", length);
	} else if (value == NULL) {
		error_set(err, ERROR_INVALID, "the JSON cannot be parsed");
	} else if (rewritten.length > 0) {
		unmark_long_integers(value);
	}
	return value;
}

cJSON *json_salvage(const char *text, size_t length)
{
	return cJSON_ParseWithLength(text, length);
}

static void wipe(cJSON *value)
{
	if (value->valuestring != NULL) {
		explicit_bzero(value->valuestring, strlen(value->valuestring));
	}
	for (cJSON *item = value->child; item != NULL; item = item->next) {
		wipe(item);
	}
}

void json_free(cJSON *value)
{
	if (value != NULL) {
		wipe(value);
	}
	cJSON_Delete(value);
}

void json_free_ptr(cJSON **value)
{
	json_free(*value);
}

const cJSON *json_member(const cJSON *object, const char *key)
{
	const cJSON *member = NULL;

	if (cJSON_IsObject(object)) {
		member = cJSON_GetObjectItemCaseSensitive(object, key);
	}
	return cJSON_IsNull(member) ? NULL : member;
}

cJSON *json_child(cJSON *object, const char *key)
{
	return (cJSON *)json_member(object, key);
}

void json_drop(cJSON *object, const char *key)
{
	json_free(cJSON_DetachItemFromObjectCaseSensitive(object, key));
}

const char *json_keep(cJSON **tree, const char *text)
{
	cJSON *kept;

	if (text == NULL) {
		return NULL;
	}
	if (*tree == NULL) {
		*tree = require(cJSON_CreateArray());
	}
	kept = require(cJSON_CreateString(text));
	cJSON_AddItemToArray(*tree, kept);
	return kept->valuestring;
}

cJSON *json_move(cJSON *container)
{
	cJSON *moved = require(cJSON_CreateNull());

	moved->type = container->type;
	moved->child = TAKE_PTR(container->child);
	return moved;
}

bool json_is_object(const cJSON *value)
{
	return cJSON_IsObject(value);
}

bool json_is_array(const cJSON *value)
{
	return cJSON_IsArray(value);
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

bool json_number(const cJSON *value, double *number)
{
	if (!cJSON_IsNumber(value)) {
		return false;
	}
	*number = value->valuedouble;
	return true;
}

bool json_bool(const cJSON *value, bool *is_true)
{
	if (!cJSON_IsBool(value)) {
		return false;
	}
	*is_true = cJSON_IsTrue(value);
	return true;
}

const char *json_long_integer(const cJSON *value)
{
	return cJSON_IsRaw(value) ? value->valuestring : NULL;
}

/*
 * The text is kept where cJSON leaves room in the value's node and frees it with the node: strings
 * have no children, all others have no string.
 */
const char *json_text(const cJSON *value)
{
	cJSON *node = (cJSON *)value;
	struct strbuf text = { 0 };

	if (cJSON_IsRaw(value)) {
		return value->valuestring;
	}
	if (cJSON_IsString(value)) {
		node = require(value->child != NULL ? value->child : cJSON_CreateNull());
		((cJSON *)value)->child = node;
	}
	if (node->valuestring == NULL) {
		json_print(value, &text);
		node->valuestring = strbuf_detach(&text);
	}
	return node->valuestring;
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
