#include "core/xalloc.h"

#include "core/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *pointer, size_t bytes)
{
	if (pointer == NULL) {
		fatal_memory(bytes);
	}
	return pointer;
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1), count * size);
}

void *xrealloc(void *pointer, size_t count, size_t size)
{
	return checked(
		reallocarray(pointer, count > 0 ? count : 1, size > 0 ? size : 1), count * size);
}

char *xstrdup(const char *text)
{
	return checked(strdup(text), strlen(text) + 1);
}

char *xstrdup_or_null(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list values;
	int length;

	va_start(values, format);
	length = vasprintf(&text, format, values);
	va_end(values);
	return checked(length < 0 ? NULL : text, strlen(format));
}
