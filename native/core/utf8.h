#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. Lengths are
 * bytes.
 */

/* The length (1–4) of the character at text, 0 if there is none; code may be NULL. */
size_t utf8_decode(const char *text, size_t length, uint32_t *code);
bool utf8_valid(const char *text, size_t length);
/* The length of the longest prefix of at most limit bytes that ends between characters. */
size_t utf8_cut(const char *text, size_t length, size_t limit);
/* C0, DEL or C1 (U+0000–001F, U+007F–009F)? */
bool utf8_is_control(uint32_t code);
/* U+202A–202E and U+2066–2069, which reorder the text around them, and U+2028, U+2029? */
bool utf8_is_reordering(uint32_t code);
/* Replaces all of these and each invalid byte with '?', in place: safe for a terminal or a log. */
void utf8_make_printable(char *text);
