#include "core/json_scan.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "core/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* cJSON reads no number longer than this. */
#define NUMBER_CHARACTERS 63

struct scan {
	const char *start, *at, *end;
	const char *copied; /* everything before this is in rewritten */
	struct strbuf *rewritten;
	size_t value_count;
	struct error *err;
};

static bool scan_value(struct scan *scan, unsigned depth);

static bool scan_fail(const struct scan *scan, const char *what)
{
	return error_set(scan->err, ERROR_INVALID, "not valid JSON at byte %zu: %s",
		(size_t)(scan->at - scan->start), what);
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end &&
		(*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t')) {
		scan->at++;
	}
}

/* Steps over character if it is next. */
static bool take(struct scan *scan, char character)
{
	if (scan->at == scan->end || *scan->at != character) {
		return false;
	}
	scan->at++;
	return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) {
		return scan_fail(scan, "expected a value");
	}
	scan->at += length;
	return true;
}

/* The four digits of \uXXXX, at scan->at. */
static bool scan_hex(struct scan *scan, unsigned *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++) {
		char digit = scan->at < scan->end ? *scan->at : '\0';

		if (digit >= '0' && digit <= '9') {
			*code = *code << 4 | (unsigned)(digit - '0');
		} else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
			*code = *code << 4 | (unsigned)((digit | 0x20) - 'a' + 10);
		} else {
			return scan_fail(scan, "\\u needs four hexadecimal digits");
		}
		scan->at++;
	}
	return true;
}

static bool scan_escape(struct scan *scan)
{
	unsigned code;

	scan->at++;
	if (scan->at == scan->end || strchr("\"\\/bfnrtu", *scan->at) == NULL ||
		*scan->at == '\0') {
		return scan_fail(scan, "unknown escape sequence");
	}
	if (*scan->at++ != 'u') {
		return true;
	}
	if (!scan_hex(scan, &code)) {
		return false;
	}
	if (code == 0) {
		return scan_fail(scan, "\\u0000 is not allowed");
	}
	if (code >= 0xd800 && code <= 0xdbff && take(scan, '\\') && take(scan, 'u')) {
		if (!scan_hex(scan, &code)) {
			return false;
		}
		return (code >= 0xdc00 && code <= 0xdfff) || scan_fail(scan, "unpaired surrogate");
	}
	return (code < 0xd800 || code > 0xdfff) || scan_fail(scan, "unpaired surrogate");
}

static bool scan_string(struct scan *scan)
{
	scan->at++;
	while (scan->at < scan->end) {
		unsigned char byte = (unsigned char)*scan->at;

		if (byte == '"') {
			scan->at++;
			return true;
		}
		if (byte == '\\') {
			if (!scan_escape(scan)) {
				return false;
			}
		} else if (byte < 0x20) {
			return scan_fail(scan, "control character in a string");
		} else if (byte < 0x80) {
			scan->at++;
		} else {
			size_t count = utf8_decode(scan->at, (size_t)(scan->end - scan->at), NULL);

			if (count == 0) {
				return scan_fail(scan, "invalid UTF-8");
			}
			scan->at += count;
		}
	}
	return scan_fail(scan, "unterminated string");
}

static bool scan_digits(struct scan *scan)
{
	const char *first = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
		scan->at++;
	}
	return scan->at > first || scan_fail(scan, "expected a digit");
}

static bool is_long_integer(const char *digits, size_t count)
{
	static const char limit[] = "9007199254740992"; /* JSON_INTEGER_MAX */

	return count > strlen(limit) ||
	       (count == strlen(limit) && memcmp(digits, limit, count) > 0);
}

static void quote_integer(struct scan *scan, const char *first)
{
	strbuf_append(scan->rewritten, scan->copied, (size_t)(first - scan->copied));
	strbuf_append_char(scan->rewritten, '"');
	strbuf_append_char(scan->rewritten, JSON_LONG_INTEGER_MARK);
	strbuf_append(scan->rewritten, first, (size_t)(scan->at - first));
	strbuf_append_char(scan->rewritten, '"');
	scan->copied = scan->at;
}

static bool check_real(const struct scan *scan, const char *first)
{
	char text[NUMBER_CHARACTERS + 1];
	size_t length = (size_t)(scan->at - first);

	if (length > NUMBER_CHARACTERS) {
		return scan_fail(scan, "number has too many digits");
	}
	memcpy(text, first, length);
	text[length] = '\0';
	return isfinite(strtod(text, NULL)) || scan_fail(scan, "number is too large");
}

static bool scan_number(struct scan *scan)
{
	const char *first = scan->at, *digits;
	bool is_integer = true;

	take(scan, '-');
	digits = scan->at;
	if (!scan_digits(scan)) {
		return false;
	}
	if (*digits == '0' && scan->at - digits > 1) {
		return scan_fail(scan, "number starts with 0");
	}
	if (is_long_integer(digits, (size_t)(scan->at - digits)) &&
		(scan->at == scan->end || strchr(".eE", *scan->at) == NULL)) {
		quote_integer(scan, first);
		return true;
	}
	if (take(scan, '.')) {
		is_integer = false;
		if (!scan_digits(scan)) {
			return false;
		}
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		is_integer = false;
		if (!take(scan, '+')) {
			take(scan, '-');
		}
		if (!scan_digits(scan)) {
			return false;
		}
	}
	return is_integer || check_real(scan, first);
}

static bool scan_member(struct scan *scan, unsigned depth)
{
	skip_blanks(scan);
	if (scan->at == scan->end || *scan->at != '"') {
		return scan_fail(scan, "expected a member name");
	}
	if (!scan_string(scan)) {
		return false;
	}
	skip_blanks(scan);
	if (!take(scan, ':')) {
		return scan_fail(scan, "expected ':'");
	}
	return scan_value(scan, depth);
}

/* An object or an array: members or values up to close. */
static bool scan_container(struct scan *scan, unsigned depth, char close,
	bool (*scan_item)(struct scan *scan, unsigned depth))
{
	if (depth >= JSON_DEPTH_LIMIT) {
		return scan_fail(scan, "nested too deeply");
	}
	scan->at++;
	skip_blanks(scan);
	if (take(scan, close)) {
		return true;
	}
	for (;;) {
		if (!scan_item(scan, depth + 1)) {
			return false;
		}
		skip_blanks(scan);
		if (take(scan, close)) {
			return true;
		}
		if (!take(scan, ',')) {
			return scan_fail(scan, "expected ',' or a closing bracket");
		}
	}
}

static bool scan_value(struct scan *scan, unsigned depth)
{
	skip_blanks(scan);
	if (scan->at == scan->end) {
		return scan_fail(scan, "unexpected end");
	}
	if (++scan->value_count > JSON_VALUES_LIMIT) {
		return scan_fail(scan, "too many values");
	}
	switch (*scan->at) {
	case '{':
		return scan_container(scan, depth, '}', scan_member);
	case '[':
		return scan_container(scan, depth, ']', scan_value);
	case '"':
		return scan_string(scan);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	default:
		return (*scan->at == '-' || (*scan->at >= '0' && *scan->at <= '9'))
			       ? scan_number(scan)
			       : scan_fail(scan, "expected a value");
	}
}

bool json_scan(const char *text, size_t length, struct strbuf *rewritten, struct error *err)
{
	struct scan scan = {
		.start = text,
		.at = text,
		.end = text + length,
		.copied = text,
		.rewritten = rewritten,
		.err = err,
	};

	if (!scan_value(&scan, 0)) {
		return false;
	}
	skip_blanks(&scan);
	if (scan.at < scan.end) {
		return scan_fail(&scan, "unexpected data after the value");
	}
	if (scan.copied > text) {
		strbuf_append(rewritten, scan.copied, (size_t)(scan.end - scan.copied));
	}
	return true;
}
