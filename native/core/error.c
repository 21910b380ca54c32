#include "core/error.h"

#include "core/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Extra bytes formatted past the limit, so that the text can be cut between characters. */
#define LOOK_AHEAD_BYTES 4

/* Formats before it stores: the values may point into err itself. */
static void set_message(struct error *err, size_t limit, const char *suffix, const char *format,
	va_list values) __attribute__((format(printf, 4, 0)));

static void set_message(
	struct error *err, size_t limit, const char *suffix, const char *format, va_list values)
{
	char text[ERROR_MESSAGE_BYTES + LOOK_AHEAD_BYTES];
	size_t suffix_length = strlen(suffix);
	size_t length;

	if (vsnprintf(text, sizeof(text), format, values) < 0) {
		text[0] = '\0';
	}
	utf8_make_printable(text);
	length = utf8_cut(text, strlen(text), limit - 1 - suffix_length);
	memcpy(err->message, text, length);
	memcpy(err->message + length, suffix, suffix_length + 1);
	err->reason = NULL;
}

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list values;

	if (err == NULL) {
		return false;
	}
	va_start(values, format);
	set_message(err, ERROR_SENTENCE_BYTES, "", format, values);
	va_end(values);
	err->kind = kind;
	err->number = 0;
	return false;
}

bool error_set_list(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list values;

	if (err == NULL) {
		return false;
	}
	va_start(values, format);
	set_message(err, ERROR_MESSAGE_BYTES, "", format, values);
	va_end(values);
	err->kind = kind;
	err->number = 0;
	return false;
}

bool error_set_because(struct error *err, const struct error *cause, const char *format, ...)
{
	enum error_kind kind = cause->kind;
	int number = cause->number;
	va_list values;

	if (err == NULL) {
		return false;
	}
	va_start(values, format);
	set_message(err, ERROR_SENTENCE_BYTES, "", format, values);
	va_end(values);
	err->kind = kind;
	err->number = number;
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
