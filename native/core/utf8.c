#include "core/utf8.h"

#include <string.h>

size_t utf8_decode(const char *text, size_t length, uint32_t *code)
{
	/* By the length of the sequence: the smallest code it may encode. */
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t value;
	size_t count;

	if (length == 0) {
		return 0;
	}
	value = bytes[0];
	if (value < 0x80) {
		count = 1;
	} else if ((value & 0xe0) == 0xc0) {
		count = 2;
		value &= 0x1f;
	} else if ((value & 0xf0) == 0xe0) {
		count = 3;
		value &= 0x0f;
	} else if ((value & 0xf8) == 0xf0) {
		count = 4;
		value &= 0x07;
	} else {
		return 0;
	}
	if (count > length) {
		return 0;
	}
	for (size_t i = 1; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80) {
			return 0;
		}
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[count] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
		return 0;
	}
	if (code != NULL) {
		*code = value;
	}
	return count;
}

bool utf8_valid(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t count = utf8_decode(text + at, length - at, NULL);

		if (count == 0) {
			return false;
		}
		at += count;
	}
	return true;
}

size_t utf8_cut(const char *text, size_t length, size_t limit)
{
	size_t at = limit;

	if (length <= limit) {
		return length;
	}
	while (at > 0 && limit - at < 4 && ((unsigned char)text[at] & 0xc0) == 0x80) {
		at--;
	}
	/* No character starts within reach: not UTF-8, so cut anywhere. */
	return ((unsigned char)text[at] & 0xc0) == 0x80 ? limit : at;
}

bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool utf8_is_reordering(uint32_t code)
{
	return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void utf8_make_printable(char *text)
{
	size_t length = strlen(text);
	size_t from = 0, to = 0;

	while (from < length) {
		uint32_t code = 0;
		size_t count = utf8_decode(text + from, length - from, &code);

		if (count == 0 || utf8_is_control(code) || utf8_is_reordering(code)) {
			text[to++] = '?';
			from += count == 0 ? 1 : count;
			continue;
		}
		memmove(text + to, text + from, count);
		to += count;
		from += count;
	}
	text[to] = '\0';
}
