#include "push/exclude_list.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1024 * 1024)
#define PATTERN_MAX_BYTES 4096

struct exclude_pattern {
	char *given;  /* as it was written */
	char **parts; /* one for each component; "**": any number of them */
	size_t part_count;
	bool takes_in;	  /* "!" */
	bool folder_only; /* "/" at the end */
	bool is_own;	  /* of the command line */
	bool has_matched;
};

static void free_pattern(struct exclude_pattern *pattern)
{
	for (size_t i = 0; i < pattern->part_count; i++) {
		free(pattern->parts[i]);
	}
	free(pattern->parts);
	free(pattern->given);
}

void exclude_list_finish(struct exclude_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free_pattern(&list->patterns[i]);
	}
	free(list->patterns);
	*list = (struct exclude_list){ 0 };
}

/* --- Reading patterns --- */

static void push_part(struct exclude_pattern *pattern, char *part_take)
{
	pattern->parts = xrealloc(pattern->parts, pattern->part_count + 1, sizeof(*pattern->parts));
	pattern->parts[pattern->part_count++] = part_take;
}

/* Without a '/' but at its end, it applies in every folder. */
static bool has_place(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash != NULL && slash[strspn(slash, "/")] != '\0';
}

static void split(struct exclude_pattern *pattern, const char *text)
{
	if (!has_place(text)) {
		push_part(pattern, xstrdup("**"));
	}
	while (*(text += strspn(text, "/")) != '\0') {
		size_t length = strcspn(text, "/");

		if (length != 1 || *text != '.') { /* "./saves" is the "saves" right here */
			push_part(pattern, xasprintf("%.*s", (int)length, text));
		}
		text += length;
	}
}

static void add_pattern(struct exclude_list *list, const char *text, bool is_own)
{
	struct exclude_pattern pattern = { .given = xstrdup(text), .is_own = is_own };
	size_t length;

	if (*text == '!') {
		pattern.takes_in = true;
		text++;
	}
	length = strlen(text);
	pattern.folder_only = length > 0 && text[length - 1] == '/';
	split(&pattern, text);
	if (text[strspn(text, "./")] == '\0' && strstr(text, "..") == NULL) { /* "/", "." */
		free_pattern(&pattern);
		return;
	}
	list->patterns = xrealloc(list->patterns, list->count + 1, sizeof(*list->patterns));
	list->patterns[list->count++] = pattern;
}

/* Blanks at the end do not count unless quoted by a backslash. */
static void cut_blanks(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL &&
		(length < 2 || line[length - 2] != '\\')) {
		line[--length] = '\0';
	}
}

static bool read_patterns(struct exclude_list *list, int root_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };
	char *line, *rest;

	if (!atomic_file_read_at(root_fd, EXCLUDE_FILE_NAME, FILE_MAX_BYTES, &text, &why)) {
		return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
	}
	if (text.length == 0) {
		return true;
	}
	if (!utf8_valid(text.data, text.length) || strlen(text.data) != text.length) {
		return error_set(err, ERROR_INVALID,
			"'" EXCLUDE_FILE_NAME "' is not text in UTF-8; write one pattern a line");
	}
	rest = text.data + (strncmp(text.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
	while ((line = strsep(&rest, "\n")) != NULL) {
		cut_blanks(line);
		if (strlen(line) > PATTERN_MAX_BYTES) {
			return error_set(err, ERROR_INVALID,
				"'" EXCLUDE_FILE_NAME "' has a line of more than %d bytes",
				PATTERN_MAX_BYTES);
		}
		if (*line != '\0' && *line != '#') {
			add_pattern(list, line, false);
		}
	}
	return true;
}

bool exclude_list_init(
	struct exclude_list *list, int root_fd, const struct strvec *patterns, struct error *err)
{
	*list = (struct exclude_list){ 0 };
	add_pattern(list, "/" EXCLUDE_FILE_NAME, false);
	if (!read_patterns(list, root_fd, err)) {
		exclude_list_finish(list);
		return false;
	}
	for (size_t i = 0; patterns != NULL && i < patterns->count; i++) {
		add_pattern(list, patterns->items[i], true);
	}
	return true;
}

/* --- Matching --- */

static bool part_matches(const char *pattern, const char *component, size_t length)
{
	AUTO(free_ptr) char *name = xasprintf("%.*s", (int)length, component);

	return fnmatch(pattern, name, 0) == 0;
}

/*
 * Do the parts match the whole path? For "**" this remembers only the last place to try again from:
 * it can take up whatever an earlier one would, so that no pattern takes long.
 */
static bool matches(const struct exclude_pattern *pattern, const char *path)
{
	const char *retry_path = NULL;
	size_t i = 0, retry = 0;

	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		const char *next = path + length + (path[length] == '/' ? 1 : 0);

		if (i < pattern->part_count && strcmp(pattern->parts[i], "**") == 0) {
			if (++i == pattern->part_count) {
				return true;
			}
			retry = i;
			retry_path = path;
		} else if (i < pattern->part_count &&
			   part_matches(pattern->parts[i], path, length)) {
			i++;
			path = next;
		} else if (retry_path != NULL) {
			i = retry;
			retry_path += strcspn(retry_path, "/");
			retry_path += *retry_path == '/' ? 1 : 0;
			path = retry_path;
		} else {
			return false;
		}
	}
	return i == pattern->part_count;
}

bool exclude_list_has(struct exclude_list *list, const char *path, bool is_folder)
{
	bool is_out = false;

	for (size_t i = 0; i < list->count; i++) {
		struct exclude_pattern *pattern = &list->patterns[i];

		if ((is_folder || !pattern->folder_only) && matches(pattern, path)) {
			pattern->has_matched = true;
			is_out = !pattern->takes_in;
		}
	}
	return is_out;
}

const char *exclude_list_idle(const struct exclude_list *list, size_t index)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct exclude_pattern *pattern = &list->patterns[i];

		if (pattern->is_own && !pattern->has_matched && index-- == 0) {
			return pattern->given;
		}
	}
	return NULL;
}
