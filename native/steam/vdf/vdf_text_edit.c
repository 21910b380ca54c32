#include "steam/vdf/vdf_text_edit.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "steam/vdf/vdf_text.h"

#include <string.h>

static void append_quoted(struct strbuf *out, const char *text)
{
	strbuf_append_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			strbuf_append_char(out, '\\');
		}
		strbuf_append_char(out, *text);
	}
	strbuf_append_char(out, '"');
}

static void append_tabs(struct strbuf *out, size_t count)
{
	while (count-- > 0) {
		strbuf_append_char(out, '\t');
	}
}

static const char *line_end_of(const struct strbuf *source)
{
	const char *text = strbuf_text(source);
	const char *first = strchr(text, '\n');

	return first != NULL && first != text && first[-1] == '\r' ? "\r\n" : "\n";
}

/* The maps that path names, each in the one before, and in the last of them the text. */
static void append_lines(struct strbuf *out, const char *const *path, const char *value,
	size_t depth, const char *line_end)
{
	size_t open = 0;

	for (; path[1] != NULL; path++, depth++, open++) {
		append_tabs(out, depth);
		append_quoted(out, path[0]);
		strbuf_append_text(out, line_end);
		append_tabs(out, depth);
		strbuf_appendf(out, "{%s", line_end);
	}
	append_tabs(out, depth);
	append_quoted(out, path[0]);
	strbuf_append_text(out, "\t\t");
	append_quoted(out, value);
	strbuf_append_text(out, line_end);
	for (; open > 0; open--) {
		append_tabs(out, --depth);
		strbuf_appendf(out, "}%s", line_end);
	}
}

/* Puts text in the place of source's bytes from start to end. */
static void splice(struct strbuf *source, size_t start, size_t end, const struct strbuf *text)
{
	struct strbuf whole = { 0 };

	strbuf_reserve(&whole, source->length + text->length);
	strbuf_append(&whole, strbuf_text(source), start);
	strbuf_append(&whole, strbuf_text(text), text->length);
	strbuf_append(&whole, strbuf_text(source) + end, source->length - end);
	strbuf_move(source, &whole);
}

static void replace(struct strbuf *source, const struct vdf_text_node *node, const char *value)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	append_quoted(&text, value);
	splice(source, node->start, node->end, &text);
}

/* Adds what path names at the end of a map. depth: of the map's entries; 0 for the root's. */
static void insert(struct strbuf *source, const struct vdf_text_node *map, size_t depth,
	const char *const *path, const char *value)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const char *line_end = line_end_of(source);
	size_t behind = depth > 0 ? map->end - 1 : map->end; /* before the closing brace */
	size_t line = behind;

	while (line > 0 && strchr(" \t", source->data[line - 1]) != NULL) {
		line--;
	}
	if (line == 0 || source->data[line - 1] == '\n') {
		append_lines(&text, path, value, depth, line_end);
		splice(source, line, line, &text);
		return;
	}
	/* The brace shares its line with something else. */
	strbuf_append_text(&text, line_end);
	append_lines(&text, path, value, depth, line_end);
	append_tabs(&text, depth > 0 ? depth - 1 : 0);
	splice(source, behind, behind, &text);
}

bool vdf_text_edit_set(
	struct strbuf *source, const char *const *path, const char *value, struct error *err)
{
	AUTO(vdf_text_finish) struct vdf_text file = { 0 };
	const struct vdf_text_node *node;
	size_t depth = 0;

	if (!vdf_text_parse(&file, strbuf_text(source), source->length, err)) {
		return false;
	}
	for (node = &file.nodes[0]; path[depth] != NULL; depth++) {
		const struct vdf_text_node *child = vdf_text_child(&file, node, path[depth]);
		bool wants_map = path[depth + 1] != NULL;

		if (child == NULL) {
			insert(source, node, depth, path + depth, value);
			return true;
		}
		if ((child->value == NULL) != wants_map) {
			return error_set(err, ERROR_INVALID, "'%s' at offset %zu is a %s, not a %s",
				child->key, child->start, wants_map ? "text" : "map",
				wants_map ? "map" : "text");
		}
		node = child;
	}
	if (strcmp(node->value, value) != 0) {
		replace(source, node, value);
	}
	return true;
}
