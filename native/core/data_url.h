#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

bool data_url_is(const char *url);
/*
 * Decodes a "data:" URL (RFC 2397), base64 or percent-encoded, and appends the bytes; the media
 * type is ignored. On failure out is unchanged. Errors: INVALID, TOO_LARGE (over max_bytes).
 */
bool data_url_decode(struct strbuf *out, const char *url, size_t max_bytes, struct error *err);
