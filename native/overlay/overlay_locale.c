#include "overlay/overlay_locale.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (16 * 1024)

static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

/* The value of a line NAME=value or NAME="value"; NULL: there is none. Source: locale.conf(5). */
static char *value_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; *line != '\0'; line += *line == '\n') {
		const char *value = line + length + 1;

		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			value += *value == '"' || *value == '\'';
			return xasprintf("%.*s", (int)strcspn(value, "\"'\r\n"), value);
		}
		line += strcspn(line, "\n");
	}
	return NULL;
}

char *overlay_locale(const char *wanted, const char *locale_conf)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	char *value = NULL;

	if (wanted != NULL && *wanted != '\0') {
		return xstrdup(wanted);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *given = getenv(names[i]);

		if (given != NULL && *given != '\0') {
			return xstrdup(given);
		}
	}
	if (atomic_file_read(locale_conf, FILE_MAX_BYTES, &text, NULL)) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && value == NULL; i++) {
			value = value_of(strbuf_text(&text), names[i]);
		}
	}
	return value;
}
