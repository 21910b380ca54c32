#pragma once

#include <stddef.h>
#include <stdint.h>

/* Values as a sentence for people has them, returned by value, so that they can be used in place.
 */

/* "12 bytes", "1.5 kB", "12 GB": powers of 1,000, as disks are sold. Negative counts as 0. */
struct size_text {
	char text[24];
};
struct size_text size_shown(int64_t bytes);

/*
 * Shortens the length bytes of text, UTF-8, in their middle, where "…" then stands, to limit bytes
 * or a few less; what comes after it moves up. The end, which tells files apart, keeps twice as
 * much as the beginning. limit: at least 8. Returns the new length; the text is not terminated
 * here.
 */
size_t shorten_middle(char *text, size_t length, size_t limit);
