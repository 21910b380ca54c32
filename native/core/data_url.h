#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

bool data_url_is(const char *url);
/*
 * Appends the bytes that a "data:" URL (RFC 2397) holds, in base64 or percent-encoded; its media
 * type is not looked at. On failure out is as before. Errors: INVALID, TOO_LARGE (over max_bytes).
 */
bool data_url_decode(struct strbuf *out, const char *url, size_t max_bytes, struct error *err);
