#include "core/data_url.h"

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"

#include <string.h>
#include <strings.h>

#define SCHEME "data:"
#define BASE64 ";base64"

bool data_url_is(const char *url)
{
	return strncasecmp(url, SCHEME, strlen(SCHEME)) == 0;
}

static int hex_value(char digit)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* A '%' without two hex digits is literal. without_space: base64 is often broken into lines. */
static void unescape(struct strbuf *out, const char *text, bool without_space)
{
	for (; *text != '\0'; text++) {
		int high = *text == '%' ? hex_value(text[1]) : -1;
		int low = high >= 0 ? hex_value(text[2]) : -1;
		char character = *text;

		if (low >= 0) {
			character = (char)(high * 16 + low);
			text += 2;
		}
		if (!without_space || character == '\0' || strchr(" \t\r\n", character) == NULL) {
			strbuf_append_char(out, character);
		}
	}
}

bool data_url_decode(struct strbuf *out, const char *url, size_t max_bytes, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf plain = { 0 };
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	const char *comma = data_url_is(url) ? strchr(url, ',') : NULL;
	bool is_base64, too_large;

	if (comma == NULL) {
		return error_set(
			err, ERROR_INVALID, "not a valid data: URL: no comma in '%.40s'", url);
	}
	is_base64 = (size_t)(comma - url) > strlen(BASE64) &&
		    strncasecmp(comma - strlen(BASE64), BASE64, strlen(BASE64)) == 0;
	/*
	 * A byte takes at most four characters: base64 with every digit escaped. Plus some padding.
	 */
	too_large = strlen(comma) > max_bytes * 4 + 16;
	if (!too_large) {
		unescape(&plain, comma + 1, is_base64);
	}
	if (!is_base64) {
		strbuf_move(&data, &plain);
	} else if (!base64_decode(&data, plain.data, plain.length, err)) {
		return false;
	}
	if (too_large || data.length > max_bytes) {
		return error_set(
			err, ERROR_TOO_LARGE, "the data: URL holds more than %zu bytes", max_bytes);
	}
	strbuf_append(out, data.data, data.length);
	return true;
}
