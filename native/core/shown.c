#include "core/shown.h"

#include "core/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "…"
#define ELLIPSIS_BYTES (sizeof(ELLIPSIS) - 1)

struct size_text size_shown(int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	struct size_text shown;
	double value = bytes > 0 ? (double)bytes : 0;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(shown.text, sizeof(shown.text), bytes == 1 ? "%d byte" : "%d bytes",
			(int)value);
		return shown;
	}
	for (value /= 1000; value >= 999.5 && unit < 4; value /= 1000) {
		unit++;
	}
	snprintf(shown.text, sizeof(shown.text), value < 9.95 ? "%.1f %s" : "%.0f %s", value,
		units[unit]);
	return shown;
}

size_t shorten_middle(char *text, size_t length, size_t limit)
{
	size_t kept = limit - ELLIPSIS_BYTES, head, tail;

	assert(limit >= 8);
	if (length <= limit) {
		return length;
	}
	head = utf8_cut(text, length, kept / 3);
	tail = length - (kept - kept / 3);
	while (tail < length && ((unsigned char)text[tail] & 0xc0) == 0x80) {
		tail++; /* the rest of a character that was cut */
	}
	memcpy(text + head, ELLIPSIS, ELLIPSIS_BYTES);
	memmove(text + head + ELLIPSIS_BYTES, text + tail, length - tail);
	return head + ELLIPSIS_BYTES + length - tail;
}
