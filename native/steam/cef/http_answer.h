#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define HTTP_ANSWER_HEAD_MAX_BYTES (16 * 1024)

/* The head of an HTTP/1 answer. Source: RFC 9112. */
struct http_answer {
	size_t head_bytes; /* the empty line included; 0: it has not come yet */
	unsigned status;
	int64_t body_bytes; /* −1: until the connection ends */
};

/*
 * Looks at what has come so far; call it again with more until head_bytes is set.
 * Errors: INVALID (not HTTP/1, or a body in chunks, which are not read here), TOO_LARGE.
 */
bool http_answer_read(
	struct http_answer *answer, const char *text, size_t length, struct error *err);
