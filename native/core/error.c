#include "core/error.h"

#include "core/cleanup.h"
#include "core/shown.h"
#include "core/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VALUE_BYTES_MIN 48 /* a value in a sentence that is too long keeps that much */

/* The longest value in quotes, as every sentence has them; its length is 0 if there is none. */
static char *longest_value(char *text, size_t *length)
{
	char *longest = text;

	*length = 0;
	for (char *at = strchr(text, '\''); at != NULL;) {
		char *end = strchr(at + 1, '\'');

		/* An apostrophe in a name is followed by more of it. */
		while (end != NULL && end[1] != '\0' && strchr(" ,;:.)", end[1]) == NULL) {
			end = strchr(end + 1, '\'');
		}
		if (end == NULL) {
			break;
		}
		if ((size_t)(end - at - 1) > *length) {
			longest = at + 1;
			*length = (size_t)(end - at - 1);
		}
		at = strchr(end + 1, '\'');
	}
	return longest;
}

/*
 * Names, which may be as long as a peer likes, are shortened in their middle, so that the reason
 * and the remedy behind them stay.
 */
static void shorten_values(char *text, size_t limit)
{
	size_t length, value_length;

	while ((length = strlen(text)) > limit) {
		char *value = longest_value(text, &value_length);
		size_t excess = length - limit;
		size_t wanted = value_length > excess + VALUE_BYTES_MIN ? value_length - excess
									: VALUE_BYTES_MIN;
		size_t now;

		if (value_length <= VALUE_BYTES_MIN) {
			return;
		}
		now = shorten_middle(value, value_length, wanted);
		memmove(value + now, value + value_length, strlen(value + value_length) + 1);
	}
}

/* Formats before it stores: the values may point into err itself. */
static void set_message(struct error *err, size_t limit, const char *suffix, const char *format,
	va_list values) __attribute__((format(printf, 4, 0)));

static void set_message(
	struct error *err, size_t limit, const char *suffix, const char *format, va_list values)
{
	AUTO(free_ptr) char *text = NULL;
	size_t suffix_length = strlen(suffix), room = limit - 1 - suffix_length, length = 0;

	if (vasprintf(&text, format, values) < 0) {
		text = NULL; /* out of memory: the suffix is all there is */
	} else {
		utf8_make_printable(text);
		shorten_values(text, room);
		length = utf8_cut(text, strlen(text), room);
	}
	memcpy(err->message, text != NULL ? text : "", length);
	memcpy(err->message + length, suffix, suffix_length + 1);
	err->reason = NULL;
}

static void set(struct error *err, size_t limit, enum error_kind kind, int number,
	const char *format, va_list values) __attribute__((format(printf, 5, 0)));

static void set(struct error *err, size_t limit, enum error_kind kind, int number,
	const char *format, va_list values)
{
	if (err != NULL) {
		set_message(err, limit, "", format, values);
		err->kind = kind;
		err->number = number;
	}
}

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(err, ERROR_SENTENCE_BYTES, kind, 0, format, values);
	va_end(values);
	return false;
}

bool error_set_list(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(err, ERROR_MESSAGE_BYTES, kind, 0, format, values);
	va_end(values);
	return false;
}

bool error_set_because(struct error *err, const struct error *cause, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(err, ERROR_SENTENCE_BYTES, cause->kind, cause->number, format, values);
	va_end(values);
	return false;
}

bool error_explain(struct error *err, const char *reason, ...)
{
	const char *name;
	size_t count = 0;
	va_list values;

	if (err == NULL) {
		return false;
	}
	err->reason = reason;
	memset(err->values, 0, sizeof(err->values));
	va_start(values, reason);
	while (count < ERROR_VALUES_MAX && (name = va_arg(values, const char *)) != NULL) {
		struct error_value *value = &err->values[count++];
		const char *text = va_arg(values, const char *);
		size_t length = utf8_cut(text, strlen(text), sizeof(value->text) - 1);

		value->name = name;
		memcpy(value->text, text, length);
		value->text[length] = '\0';
		utf8_make_printable(value->text);
	}
	va_end(values);
	return false;
}

bool error_pass(struct error *err, const struct error *why)
{
	if (err != NULL && err != why) {
		*err = *why;
	}
	return false;
}

/* Where strerror() leaves the reader without a remedy; NULL: it does not. */
static const char *own_words(int number)
{
	switch (number) {
	case EDQUOT:
		return "Disk quota exceeded; delete something, or ask for a larger quota";
	case EFBIG:
		return "File too large for this file system or for 'ulimit -f'";
	case EMFILE:
		return "Too many open files; raise 'ulimit -n'";
	default:
		return NULL;
	}
}

static bool is_lack_of_room(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

bool error_set_errno(struct error *err, const char *format, ...)
{
	int number = errno;
	const char *words = own_words(number);
	char buffer[128], suffix[sizeof(buffer) + 2];
	va_list values;

	if (err == NULL) {
		return false;
	}
	snprintf(suffix, sizeof(suffix), ": %s",
		words != NULL ? words : strerror_r(number, buffer, sizeof(buffer)));
	va_start(values, format);
	set_message(err, ERROR_SENTENCE_BYTES, suffix, format, values);
	va_end(values);
	err->kind = is_lack_of_room(number) ? ERROR_NO_SPACE : ERROR_IO;
	err->number = number;
	return false;
}
