#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

/*
 * Appends the bytes that text stands for (RFC 4648 §4; the padding may be missing).
 * Errors: INVALID, naming the place. On failure out is as before.
 */
bool base64_decode(struct strbuf *out, const char *text, size_t length, struct error *err);
/* Appends length bytes as text, padded. */
void base64_encode(struct strbuf *out, const void *data, size_t length);
