#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

#define JSON_DEPTH_LIMIT 32
#define JSON_VALUES_LIMIT 1000000 /* of one text, nested ones counted: some 100 MB of memory */
#define JSON_INTEGER_MAX INT64_C(9007199254740992) /* 2^53 */

/* Starts what was an integer past JSON_INTEGER_MAX; no UTF-8 text holds that byte. */
#define JSON_LONG_INTEGER_MARK '\xff'

/*
 * The check before cJSON sees a text; json_parse() is its only caller. Holds the text to RFC 8259
 * and to our limits: one value and nothing after it, UTF-8, no NUL in any spelling, whole surrogate
 * pairs, finite numbers, JSON_DEPTH_LIMIT, JSON_VALUES_LIMIT.
 *
 * cJSON would round integers past 2^53. If there are some, rewritten (empty before) gets the text
 * with each of them as a marked string; otherwise it stays empty. Errors: INVALID, with the byte's
 * position.
 */
bool json_scan(const char *text, size_t length, struct strbuf *rewritten, struct error *err);
