#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

/*
 * Decodes text (RFC 4648 §4, padding optional) and appends the bytes. On failure out is unchanged.
 * Errors: INVALID, naming the position.
 */
bool base64_decode(struct strbuf *out, const char *text, size_t length, struct error *err);
/* Appends length bytes as padded base64. */
void base64_encode(struct strbuf *out, const void *data, size_t length);
/* The text of length bytes in the alphabet for URLs, unpadded (RFC 4648 §5), and a NUL. */
#define BASE64URL_BYTES(length) (((length)*8 + 5) / 6 + 1)
void base64url_encode(char *out, const void *data, size_t length);
