#include "core/base64.h"

#include "core/error.h"
#include "core/strbuf.h"

#include <stdint.h>
#include <string.h>

static int digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z') {
		return digit - 'A';
	}
	if (digit >= 'a' && digit <= 'z') {
		return digit - 'a' + 26;
	}
	if (digit >= '0' && digit <= '9') {
		return digit - '0' + 52;
	}
	if (digit == '+') {
		return 62;
	}
	return digit == '/' ? 63 : -1;
}

/* The number of digits without padding; a third '=' counts as a digit, and fails to decode. */
static size_t unpadded(const char *text, size_t length)
{
	size_t digits = length;

	while (length % 4 == 0 && digits > 0 && length - digits < 2 && text[digits - 1] == '=') {
		digits--;
	}
	return digits;
}

bool base64_decode(struct strbuf *out, const char *text, size_t length, struct error *err)
{
	size_t before = out->length;
	size_t digits = unpadded(text, length);
	unsigned char *to;
	uint32_t bits = 0;
	unsigned bit_count = 0;

	if (digits % 4 == 1) {
		return error_set(
			err, ERROR_INVALID, "base64 is truncated after %zu digits", digits);
	}
	to = strbuf_extend(out, digits / 4 * 3 + (digits % 4 * 3) / 4);
	for (size_t i = 0; i < digits; i++) {
		int value = digit_value(text[i]);

		if (value < 0) {
			out->length = before;
			return error_set(err, ERROR_INVALID,
				"not valid base64: unexpected character at byte %zu", i);
		}
		bits = bits << 6 | (uint32_t)value;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			*to++ = (unsigned char)(bits >> bit_count);
		}
	}
	return true;
}

/* The digits of up to three bytes; returns how many are not padding. */
static size_t encode_group(
	char to[4], const unsigned char *from, size_t count, const char digits[static 64])
{
	uint32_t bits = (uint32_t)from[0] << 16;

	bits |= count > 1 ? (uint32_t)from[1] << 8 : 0;
	bits |= count > 2 ? from[2] : 0;
	to[0] = digits[bits >> 18];
	to[1] = digits[bits >> 12 & 63];
	to[2] = count > 1 ? digits[bits >> 6 & 63] : '=';
	to[3] = count > 2 ? digits[bits & 63] : '=';
	return count > 2 ? 4 : count + 1;
}

void base64_encode(struct strbuf *out, const void *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = data;
	char *to = strbuf_extend(out, (length + 2) / 3 * 4);

	for (size_t i = 0; i < length; i += 3, to += 4) {
		encode_group(to, from + i, length - i, digits);
	}
}

void base64url_encode(char *out, const void *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *from = data;

	for (size_t i = 0; i < length; i += 3) {
		char group[4];
		size_t count = encode_group(group, from + i, length - i, digits);

		memcpy(out, group, count);
		out += count;
	}
	*out = '\0';
}
