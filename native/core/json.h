#pragma once

#include "core/json_scan.h" /* the limits of what is parsed */
#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * JSON objects as C structs, through a table of fields; cJSON itself is seen by json.c alone.
 *
 *	struct pair_confirm {
 *		const char *code;
 *		cJSON *tree;
 *	};
 *	static const struct json_field pair_confirm_fields[] = {
 *		JSON_FIELD(struct pair_confirm, code, "code", JSON_SECRET, JSON_REQUIRED),
 *		JSON_FIELD_TREE(struct pair_confirm, tree),
 *		JSON_FIELDS_END,
 *	};
 *
 * A member's type says who owns its text. A message has `const char *`: reading borrows from the
 * parsed tree, writing takes text from anywhere, json_finish() frees none of it. What is kept and
 * changed, such as the entries of a state file, has `char *`: the struct's own copy. Lists and
 * arrays always belong to the struct.
 */
typedef struct cJSON cJSON;

/* "text": const char *, borrowed, or char *, owned. */
enum json_type {
	JSON_STRING,  /* text */
	JSON_SECRET,  /* text, wiped before it is freed and never quoted in an error */
	JSON_DIGITS,  /* text: decimal digits given as a number or a string; written as a string */
	JSON_UINT32,  /* uint32_t; a number or a string of digits is read; written as a number */
	JSON_INT64,   /* int64_t: an integer within ±2^53 */
	JSON_DOUBLE,  /* double, finite */
	JSON_BOOL,    /* bool */
	JSON_STRINGS, /* struct strvec: an array of strings */
	JSON_TAGS,    /* struct strvec: an array of strings, or one comma-separated string */
	JSON_OBJECT,  /* a struct in place, with its own table */
	JSON_ARRAY,   /* pointer and size_t count: structs with one table */
	JSON_MAP,     /* struct json_map: an object of integers; its keys are borrowed */
	JSON_RAW,     /* text: any JSON value as it would be written */
	JSON_TREE,    /* cJSON *: what the others borrow from, if the struct owns it; no member */
};

enum json_flags {
	JSON_REQUIRED = 1 << 0,	  /* reading: absent or null is an error */
	JSON_OMIT_EMPTY = 1 << 1, /* writing: NULL, "", 0, false and empty lists are left out */
	JSON_NULLABLE = 1 << 2,	  /* writing: NULL is written as null, not as "" */
};

struct json_map_entry {
	const char *key;
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
	bool owned; /* text: the member is a char * */
	size_t offset;
	const struct json_field *fields; /* JSON_OBJECT, JSON_ARRAY */
	size_t element_bytes;		 /* JSON_ARRAY */
	size_t count_offset;		 /* JSON_ARRAY */
};

#define JSON_FIELD(type_, member_, key_, json_type_, flags_)                                         \
	{                                                                                            \
		.key = (key_), .type = (json_type_), .flags = (flags_),                            \
		.owned = _Generic(((type_ *)0)->member_, char * : true, default : false),          \
		.offset = offsetof(type_, member_) \
	}
#define JSON_FIELD_TREE(type_, member_)                                                            \
	{                                                                                          \
		.key = "", .type = JSON_TREE, .offset = offsetof(type_, member_)                   \
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

/*
 * Parses one JSON value of length bytes (NULL has none); the caller frees it with json_free().
 * Stricter than cJSON: refuses bytes after the value, NULs (also \u0000), raw control characters in
 * strings, invalid UTF-8, numbers that are not finite, nesting past JSON_DEPTH_LIMIT, more than
 * JSON_VALUES_LIMIT values. Integers past 2^53 keep their digits and are readable as JSON_DIGITS
 * and JSON_RAW only. Of members with one name the first counts. The input is not changed. Errors:
 * INVALID.
 */
cJSON *json_parse(const char *text, size_t length, struct error *err);
/*
 * Parses what it can of a text that json_parse() refused, so that the error response can name the
 * request. NULL when nothing is usable; the caller frees it with json_free().
 */
cJSON *json_salvage(const char *text, size_t length);
void json_free(cJSON *value);	   /* wipes its strings: any may be a secret; NULL is fine */
void json_free_ptr(cJSON **value); /* for AUTO() */

/* Borrowed from object; NULL when absent, null or object is not an object. Case matters. */
const cJSON *json_member(const cJSON *object, const char *key);
cJSON *json_child(cJSON *object, const char *key); /* the same, of a tree that may be changed */
void json_drop(cJSON *object, const char *key);	   /* frees the member, if there is one */
/* Moves an object's members, or an array's items, into a tree of their own, leaving it empty. */
cJSON *json_move(cJSON *container);
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
bool json_number(const cJSON *value, double *number);	 /* false, untouched: not a number */
bool json_bool(const cJSON *value, bool *is_true);	 /* the same */
const char *json_long_integer(const cJSON *value);	 /* its digits if past 2^53, or NULL */
const char *json_text(const cJSON *value);		 /* compact text, kept in the tree */
void json_print(const cJSON *value, struct strbuf *out); /* appends the same */

/*
 * Fills a struct (initialised by the caller) from an object; NULL is an object without members.
 * Borrowed text is the object's, which must outlive the struct unless json_own() moves it. Fields
 * that are absent or null keep what the caller put there, unknown members are ignored, keys match
 * exactly. What a field owned before is freed when it is replaced. On failure the struct is still
 * whole and must be finished. Errors: INVALID, naming the key and what was expected.
 */
bool json_read(void *out, const struct json_field *fields, const cJSON *object, struct error *err);
/*
 * json_parse() and json_read() in one. The struct keeps the tree in its JSON_FIELD_TREE, which must
 * be NULL before; a table that borrows nothing needs none.
 */
bool json_read_text(void *out, const struct json_field *fields, const char *text, size_t length,
	struct error *err);
/*
 * Lets a struct outlive the object it was read from: moves the members into its JSON_FIELD_TREE,
 * which must be NULL before. What it borrows stays where it is.
 */
void json_own(void *object, const struct json_field *fields, cJSON *from);
/*
 * For a struct that is filled by hand: adds a copy of text to its tree (NULL before the first
 * time), for a member to borrow. NULL stays NULL.
 */
const char *json_keep(cJSON **tree, const char *text);
/* Frees what the struct owns and zeroes all members that are or hold pointers. */
void json_finish(void *object, const struct json_field *fields);

/* Is text given? Absent, null and "" mean the same on all our wires. */
static inline bool json_is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Appends the struct as one compact JSON object. */
void json_write(struct strbuf *out, const struct json_field *fields, const void *object);
void json_write_int64(struct strbuf *out, int64_t value);
void json_write_double(struct strbuf *out, double value); /* null where it is not finite */
/* Appends text as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void json_write_string(struct strbuf *out, const char *text);
