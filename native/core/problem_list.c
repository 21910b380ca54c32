#include "core/problem_list.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void problem_list_add(struct problem_list *list, const char *format, ...)
{
	if (list->count < PROBLEM_LIST_SHOWN) {
		char text[PROBLEM_BYTES + 4];
		va_list values;
		size_t length;

		va_start(values, format);
		vsnprintf(text, sizeof(text), format, values);
		va_end(values);
		length = utf8_cut(text, strlen(text), PROBLEM_BYTES - 1);
		memcpy(list->shown[list->count], text, length);
		list->shown[list->count][length] = '\0';
	}
	list->count++;
}

bool problem_list_check(
	const struct problem_list *list, const char *heading, const char *remedy, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (list->count == 0) {
		return true;
	}
	if (list->count == 1) {
		return error_set(err, ERROR_INVALID, "%s: %s; %s", heading, list->shown[0], remedy);
	}
	for (size_t i = 0; i < list->count && i < PROBLEM_LIST_SHOWN; i++) {
		strbuf_appendf(&text, "%s (%zu) %s", i == 0 ? "" : ";", i + 1, list->shown[i]);
	}
	if (list->count > PROBLEM_LIST_SHOWN) {
		strbuf_appendf(&text, "; and %zu more", list->count - PROBLEM_LIST_SHOWN);
	}
	return error_set_list(err, ERROR_INVALID, "%s, for %zu reasons:%s; %s", heading,
		list->count, strbuf_text(&text), remedy);
}

char *problem_list_text(const struct problem_list *list)
{
	struct strbuf text = { 0 };
	size_t shown = list->count < PROBLEM_LIST_SHOWN ? list->count : PROBLEM_LIST_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		strbuf_appendf(&text, "%s%s",
			i == 0		       ? ""
			: i + 1 == list->count ? " and "
					       : ", ",
			list->shown[i]);
	}
	if (list->count > shown) {
		strbuf_appendf(&text, " and %zu more", list->count - shown);
	}
	return strbuf_detach(&text);
}
