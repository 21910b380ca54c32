#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * JSON objects as C structs, through a table of fields; cJSON itself is seen by json.c alone.
 *
 *	struct pair_confirm { char *code; };
 *	static const struct json_field pair_confirm_fields[] = {
 *		JSON_FIELD(struct pair_confirm, code, "code", JSON_SECRET, JSON_REQUIRED),
 *		JSON_FIELDS_END,
 *	};
 *
 * Strings, lists and nested pointers in such a struct are owned by it: json_finish() frees them.
 */
typedef struct cJSON cJSON;

enum json_type {
	JSON_STRING, /* char * */
	JSON_SECRET, /* char *, wiped by json_finish() and never quoted in an error */
	JSON_DIGITS, /* char *: decimal digits given as a number or a string; written as a string */
	JSON_UINT32, /* uint32_t; a number or a string of digits is read; written as a number */
	JSON_INT64,  /* int64_t: an integer within ±2^53 */
	JSON_DOUBLE, /* double, finite */
	JSON_BOOL,   /* bool */
	JSON_STRINGS, /* struct strvec: an array of strings */
	JSON_TAGS,    /* struct strvec: an array of strings, or one comma-separated string */
	JSON_OBJECT,  /* a struct in place, with its own table */
	JSON_ARRAY,   /* pointer and size_t count: structs with one table */
	JSON_MAP,     /* struct json_map: an object of integers */
	JSON_RAW,     /* char *: any JSON value as its text */
};

enum json_flags {
	JSON_REQUIRED = 1 << 0,	  /* reading: absent or null is an error */
	JSON_OMIT_EMPTY = 1 << 1, /* writing: NULL, "", 0, false and empty lists are left out */
	JSON_NULLABLE = 1 << 2,	  /* writing: NULL is written as null, not as "" */
};

struct json_map_entry {
	char *key;
	int64_t value;
};

struct json_map {
	struct json_map_entry *items;
	size_t count;
};

struct json_field {
	const char *key;
	enum json_type type;
	unsigned flags;
	size_t offset;
	const struct json_field *fields; /* JSON_OBJECT, JSON_ARRAY */
	size_t element_bytes;		 /* JSON_ARRAY */
	size_t count_offset;		 /* JSON_ARRAY */
};

#define JSON_FIELD(type_, member_, key_, json_type_, flags_)                                       \
	{                                                                                          \
		.key = (key_), .type = (json_type_), .flags = (flags_),                            \
		.offset = offsetof(type_, member_)                                                 \
	}
#define JSON_FIELD_OBJECT(type_, member_, key_, fields_, flags_)                                   \
	{                                                                                          \
		.key = (key_), .type = JSON_OBJECT, .flags = (flags_),                             \
		.offset = offsetof(type_, member_), .fields = (fields_)                            \
	}
/* The struct has `member_` (a pointer) and `member_##_count` (a size_t). */
#define JSON_FIELD_ARRAY(type_, member_, key_, fields_, flags_)                                    \
	{                                                                                          \
		.key = (key_), .type = JSON_ARRAY, .flags = (flags_),                              \
		.offset = offsetof(type_, member_), .fields = (fields_),                           \
		.element_bytes = sizeof(*((type_ *)0)->member_),                                   \
		.count_offset = offsetof(type_, member_##_count)                                   \
	}
#define JSON_FIELDS_END                                                                            \
	{                                                                                          \
		.key = NULL                                                                        \
	}

#define JSON_DEPTH_LIMIT 32
#define JSON_VALUES_LIMIT 1000000 /* of one text, nested ones counted: some 100 MB of memory */
#define JSON_INTEGER_MAX INT64_C(9007199254740992) /* 2^53 */

/*
 * Parses one JSON value of length bytes; the caller frees it with json_free(). Stricter than
 * cJSON: refuses bytes after the value, NULs (also \u0000), raw control characters in strings,
 * invalid UTF-8, numbers that are not finite, nesting past JSON_DEPTH_LIMIT, more than
 * JSON_VALUES_LIMIT values. Integers past 2^53 keep their digits and are readable as JSON_DIGITS
 * and JSON_RAW only. Of members with one name the first counts. The input is not changed. Errors:
 * INVALID.
 */
cJSON *json_parse(const char *text, size_t length, struct error *err);
/*
 * The string member of an object that json_parse() refused: what can still be read of it, so that
 * the refusal can name the request. NULL when nothing can; caller frees.
 */
char *json_salvage_string(const char *text, size_t length, const char *key);
void json_free(cJSON *value);	   /* NULL is fine */
void json_free_ptr(cJSON **value); /* for AUTO() */

/* Borrowed from object; NULL when absent, null or object is not an object. Case matters. */
const cJSON *json_member(const cJSON *object, const char *key);
bool json_is_object(const cJSON *value);
bool json_is_array(const cJSON *value);
/*
 * For loops over an array's items or an object's members; NULL at the end. Borrowed.
 *	for (const cJSON *item = json_first(array); item != NULL; item = json_next(item))
 */
const cJSON *json_first(const cJSON *container);
const cJSON *json_next(const cJSON *item);
const char *json_key(const cJSON *member);		 /* of an object's member */
const char *json_string(const cJSON *value);		 /* borrowed; NULL unless a string */
bool json_number(const cJSON *value, double *number);	 /* false, untouched: it is none */
bool json_bool(const cJSON *value, bool *is_true);	 /* the same */
const char *json_long_integer(const cJSON *value);	 /* its digits if past 2^53, or NULL */
void json_print(const cJSON *value, struct strbuf *out); /* appends compact text */

/*
 * Fills a struct (initialised by the caller) from an object; NULL is an object without members.
 * Fields that are absent or null keep what the caller put there, unknown members are ignored, keys
 * match exactly. What a field held before is freed when it is replaced. On failure the struct is
 * still whole and must be finished. Errors: INVALID, naming the key and what was expected.
 */
bool json_read(void *out, const struct json_field *fields, const cJSON *object, struct error *err);
/* json_parse() and json_read() in one. */
bool json_read_text(void *out, const struct json_field *fields, const char *text, size_t length,
	struct error *err);
/* Frees what the struct owns and zeroes those members. */
void json_finish(void *object, const struct json_field *fields);

/* Appends the struct as one compact JSON object. */
void json_write(struct strbuf *out, const struct json_field *fields, const void *object);
void json_write_int64(struct strbuf *out, int64_t value);
void json_write_double(struct strbuf *out, double value); /* null where it is not finite */
/* Appends text as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void json_write_string(struct strbuf *out, const char *text);
