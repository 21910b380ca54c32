#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

/*
 * The check that runs before cJSON sees a text; json_parse() is its only caller.
 *
 * Holds text against RFC 8259 and our limits: one value and nothing after it, UTF-8, no NUL in any
 * spelling, whole surrogate pairs, finite numbers, JSON_DEPTH_LIMIT, JSON_VALUES_LIMIT.
 *
 * cJSON would round integers past 2^53. Where there are some, rewritten (empty before) gets the
 * text with each as a string that starts with JSON_LONG_INTEGER_MARK, a byte that no UTF-8 text
 * holds; otherwise it stays empty. Errors: INVALID, with the byte's position.
 */
#define JSON_LONG_INTEGER_MARK '\xff'

bool json_scan(const char *text, size_t length, struct strbuf *rewritten, struct error *err);
