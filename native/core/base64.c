#include "core/base64.h"

#include "core/error.h"
#include "core/strbuf.h"

#include <stdint.h>

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

void base64_encode(struct strbuf *out, const void *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = data;
	char *to = strbuf_extend(out, (length + 2) / 3 * 4);

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		bits |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
		bits |= left > 2 ? from[i + 2] : 0;
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[bits & 63] : '=';
	}
}
