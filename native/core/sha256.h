#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SHA256_BYTES 32
#define SHA256_HEX_BYTES 65 /* 64 lower-case digits and the NUL */

struct sha256;

/*
 * Loads what OpenSSL otherwise loads at its first use, where a lack of memory would crash it. At
 * the start of a program; the program ends with a sentence if it fails.
 */
void sha256_prepare(void);
struct sha256 *sha256_create(void);
void sha256_destroy(struct sha256 *sha256); /* NULL is fine */
void sha256_reset(struct sha256 *sha256);
void sha256_update(struct sha256 *sha256, const void *data, size_t length);
/* The digest of everything since the last reset; resets. */
void sha256_digest(struct sha256 *sha256, unsigned char digest[SHA256_BYTES]);
void sha256_hex(struct sha256 *sha256, char hex[SHA256_HEX_BYTES]);

void sha256_to_hex(const unsigned char digest[SHA256_BYTES], char hex[SHA256_HEX_BYTES]);
/* 64 lower-case hex digits and nothing else? */
bool sha256_is_hex(const char *text);
/* The SHA-256 of one block of bytes. */
void sha256_of(const void *data, size_t length, char hex[SHA256_HEX_BYTES]);
/* Compares two texts of the same expected length; the time does not depend on their content. */
bool equal_in_constant_time(const char *a, const char *b);
