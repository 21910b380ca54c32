#include "core/strbuf.h"

#include "core/fatal.h"
#include "core/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_BYTES 64

static char *allocation(const struct strbuf *buf)
{
	return buf->data != NULL ? buf->data - STRBUF_HEADROOM : NULL;
}

void strbuf_finish(struct strbuf *buf)
{
	if (buf == NULL) {
		return;
	}
	free(allocation(buf));
	*buf = (struct strbuf){ 0 };
}

void strbuf_reset(struct strbuf *buf)
{
	buf->length = 0;
	if (buf->data != NULL) {
		buf->data[0] = '\0';
	}
}

bool strbuf_try_reserve(struct strbuf *buf, size_t capacity)
{
	char *start;

	if (buf->data != NULL && capacity <= buf->capacity) {
		return true;
	}
	if (capacity > SIZE_MAX - STRBUF_HEADROOM - 1) {
		return false;
	}
	start = realloc(allocation(buf), STRBUF_HEADROOM + capacity + 1);
	if (start == NULL) {
		return false;
	}
	buf->data = start + STRBUF_HEADROOM;
	buf->data[buf->length] = '\0';
	buf->capacity = capacity;
	return true;
}

void strbuf_reserve(struct strbuf *buf, size_t capacity)
{
	if (!strbuf_try_reserve(buf, capacity)) {
		fatal_memory(capacity);
	}
}

/* Room for more bytes; doubles, so that appending piece by piece stays linear. */
static void grow(struct strbuf *buf, size_t more)
{
	size_t wanted;

	if (more > SIZE_MAX / 4 || buf->length > SIZE_MAX / 4) {
		fatal_memory(more);
	}
	wanted = buf->length + more;
	if (buf->data != NULL && wanted <= buf->capacity) {
		return;
	}
	if (wanted < buf->capacity * 2) {
		wanted = buf->capacity * 2;
	}
	strbuf_reserve(buf, wanted < SMALLEST_BYTES ? SMALLEST_BYTES : wanted);
}

void *strbuf_extend(struct strbuf *buf, size_t length)
{
	char *start;

	grow(buf, length);
	start = buf->data + buf->length;
	buf->length += length;
	buf->data[buf->length] = '\0';
	return start;
}

void strbuf_append(struct strbuf *buf, const void *data, size_t length)
{
	if (length > 0) {
		memcpy(strbuf_extend(buf, length), data, length);
	}
}

void strbuf_append_text(struct strbuf *buf, const char *text)
{
	strbuf_append(buf, text, strlen(text));
}

void strbuf_append_char(struct strbuf *buf, char character)
{
	*(char *)strbuf_extend(buf, 1) = character;
}

void strbuf_appendf(struct strbuf *buf, const char *format, ...)
{
	va_list values, again;
	size_t room;
	int length;

	grow(buf, 0);
	room = buf->capacity - buf->length;
	va_start(values, format);
	va_copy(again, values);
	length = vsnprintf(buf->data + buf->length, room + 1, format, values);
	if (length >= 0 && (size_t)length > room) {
		grow(buf, (size_t)length);
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
	}
	va_end(again);
	va_end(values);
	if (length < 0) {
		fatal_memory(strlen(format));
	}
	buf->length += (size_t)length;
}

void strbuf_move(struct strbuf *to, struct strbuf *from)
{
	assert(to != from);
	strbuf_finish(to);
	*to = *from;
	*from = (struct strbuf){ 0 };
}

bool strbuf_take_line(struct strbuf *buf, struct strbuf *line)
{
	const char *end = buf->length > 0 ? memchr(buf->data, '\n', buf->length) : NULL;
	size_t length;

	if (end == NULL) {
		return false;
	}
	length = (size_t)(end - buf->data);
	strbuf_reset(line);
	strbuf_append(line, buf->data, length);
	buf->length -= length + 1;
	memmove(buf->data, end + 1, buf->length + 1);
	return true;
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

char *strbuf_detach(struct strbuf *buf)
{
	char *start = allocation(buf);

	if (start == NULL) {
		return xstrdup("");
	}
	memmove(start, buf->data, buf->length + 1);
	*buf = (struct strbuf){ 0 };
	return start;
}
