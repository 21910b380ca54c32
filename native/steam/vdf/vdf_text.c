#include "steam/vdf/vdf_text.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/vdf/vdf_node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum token_kind { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_TEXT };

struct token {
	enum token_kind kind;
	size_t start;
	size_t end;
	const char *text; /* TEXT, unescaped */
};

struct level {
	size_t map;
	size_t last_child;
};

struct parser {
	const char *source;
	size_t length;
	size_t offset;
	struct vdf_text *file;
	size_t node_capacity;
	char *strings_end; /* the free part of file->strings */
	struct level levels[VDF_TEXT_MAX_DEPTH + 1];
	size_t depth; /* of the open map; the root's is 0 */
};

static bool fail_at(
	const struct parser *parser, size_t offset, const char *problem, struct error *err)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++) {
		line += parser->source[i] == '\n';
	}
	return error_set(
		err, ERROR_INVALID, "text VDF, line %zu (offset %zu): %s", line, offset, problem);
}

static bool is_blank(char character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}

static const char *find_character(const struct parser *parser, char character)
{
	return memchr(parser->source + parser->offset, character, parser->length - parser->offset);
}

/* Moves to the next token: past blanks, comments and conditionals. */
static bool skip(struct parser *parser, struct error *err)
{
	while (parser->offset < parser->length) {
		const char *here = parser->source + parser->offset;
		const char *end;

		if (is_blank(*here)) {
			parser->offset++;
		} else if (*here == '/' && parser->length - parser->offset > 1 && here[1] == '/') {
			end = find_character(parser, '\n');
			parser->offset =
				end != NULL ? (size_t)(end - parser->source) : parser->length;
		} else if (*here == '[') {
			end = find_character(parser, ']');
			if (end == NULL) {
				return fail_at(
					parser, parser->offset, "a '[' without its ']'", err);
			}
			parser->offset = (size_t)(end - parser->source) + 1;
		} else {
			break;
		}
	}
	return true;
}

/* The character that \letter stands for; NUL: not an escape, the backslash is part of the text. */
static char unescape(char letter)
{
	static const char letters[] = "abfnrtv\\\"'?";
	static const char values[] = "\a\b\f\n\r\t\v\\\"'?";
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

	return found != NULL ? values[found - letters] : '\0';
}

static bool read_quoted(struct parser *parser, struct error *err)
{
	size_t start = parser->offset++;

	for (; parser->offset < parser->length; parser->offset++) {
		char character = parser->source[parser->offset];

		if (character == '"') {
			parser->offset++;
			return true;
		}
		if (character == '\\' && parser->offset + 1 < parser->length) {
			char escaped = unescape(parser->source[parser->offset + 1]);

			if (escaped != '\0') {
				character = escaped;
				parser->offset++;
			}
		}
		*parser->strings_end++ = character;
	}
	return fail_at(parser, start, "a string without its closing quote", err);
}

static void read_bare(struct parser *parser)
{
	for (; parser->offset < parser->length; parser->offset++) {
		char character = parser->source[parser->offset];

		if (is_blank(character) || strchr("\"{}", character) != NULL) {
			break;
		}
		*parser->strings_end++ = character;
	}
}

static bool next_token(struct parser *parser, struct token *token, struct error *err)
{
	if (!skip(parser, err)) {
		return false;
	}
	*token = (struct token){ .kind = TOKEN_END, .start = parser->offset };
	if (parser->offset < parser->length) {
		switch (parser->source[parser->offset]) {
		case '{':
			token->kind = TOKEN_OPEN;
			parser->offset++;
			break;
		case '}':
			token->kind = TOKEN_CLOSE;
			parser->offset++;
			break;
		default:
			token->kind = TOKEN_TEXT;
			token->text = parser->strings_end;
			if (parser->source[parser->offset] != '"') {
				read_bare(parser);
			} else if (!read_quoted(parser, err)) {
				return false;
			}
			*parser->strings_end++ = '\0';
		}
	}
	token->end = parser->offset;
	return true;
}

/* Adds a node at the end of the open map. */
static bool add_node(struct parser *parser, const struct token *key, const struct token *value,
	struct error *err)
{
	struct level *level = &parser->levels[parser->depth];
	struct vdf_text *file = parser->file;
	size_t index = file->count;

	if (index > VDF_TEXT_MAX_NODES) {
		return error_set(err, ERROR_TOO_LARGE,
			"text VDF has more than %d entries at offset %zu", VDF_TEXT_MAX_NODES,
			key->start);
	}
	if (index == parser->node_capacity) {
		parser->node_capacity *= 2;
		file->nodes = xrealloc(file->nodes, parser->node_capacity, sizeof(*file->nodes));
	}
	file->nodes[index] = (struct vdf_text_node){
		.key = key->text,
		.value = value->text,
		.start = value->start,
		.end = value->end,
		.first_child = VDF_TEXT_NONE,
		.next = VDF_TEXT_NONE,
	};
	if (level->last_child == VDF_TEXT_NONE) {
		file->nodes[level->map].first_child = index;
	} else {
		file->nodes[level->last_child].next = index;
	}
	level->last_child = index;
	file->count++;
	return true;
}

static bool open_map(struct parser *parser, const struct token *key, const struct token *brace,
	struct error *err)
{
	if (parser->depth == VDF_TEXT_MAX_DEPTH) {
		return fail_at(parser, brace->start, "maps nest too deeply", err);
	}
	if (!add_node(parser, key, brace, err)) {
		return false;
	}
	parser->levels[++parser->depth] = (struct level){
		.map = parser->file->count - 1,
		.last_child = VDF_TEXT_NONE,
	};
	return true;
}

static bool close_map(struct parser *parser, const struct token *brace, struct error *err)
{
	if (parser->depth == 0) {
		return fail_at(parser, brace->start, "unexpected '}'", err);
	}
	parser->file->nodes[parser->levels[parser->depth].map].end = brace->end;
	parser->depth--;
	return true;
}

/* For a map, only the opening brace is read here: its entries are read like those of the root. */
static bool read_value(struct parser *parser, const struct token *key, struct error *err)
{
	struct token token;

	if (!next_token(parser, &token, err)) {
		return false;
	}
	switch (token.kind) {
	case TOKEN_TEXT:
		return add_node(parser, key, &token, err);
	case TOKEN_OPEN:
		return open_map(parser, key, &token, err);
	case TOKEN_CLOSE:
	case TOKEN_END:
		break;
	}
	return fail_at(parser, key->start, "a key without a value", err);
}

static bool read_nodes(struct parser *parser, struct error *err)
{
	size_t map;

	for (;;) {
		struct token token;

		if (!next_token(parser, &token, err)) {
			return false;
		}
		switch (token.kind) {
		case TOKEN_TEXT:
			if (!read_value(parser, &token, err)) {
				return false;
			}
			break;
		case TOKEN_OPEN:
			return fail_at(parser, token.start, "a '{' without a key", err);
		case TOKEN_CLOSE:
			if (!close_map(parser, &token, err)) {
				return false;
			}
			break;
		case TOKEN_END:
			map = parser->levels[parser->depth].map;
			return parser->depth == 0 || fail_at(parser, parser->file->nodes[map].start,
							     "a '{' without its '}'", err);
		}
	}
}

bool vdf_text_parse(struct vdf_text *file, const char *source, size_t length, struct error *err)
{
	struct parser parser = {
		.source = source,
		.length = length,
		.file = file,
		.node_capacity = 64,
		.levels = { { .map = 0, .last_child = VDF_TEXT_NONE } },
	};

	if (length > VDF_TEXT_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE, "text VDF has %zu bytes; the limit is %d",
			length, VDF_TEXT_MAX_BYTES);
	}
	if (length > 0 && memchr(source, '\0', length) != NULL) {
		return fail_at(&parser,
			(size_t)((const char *)memchr(source, '\0', length) - source), "a NUL byte",
			err);
	}
	if (length >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0) {
		parser.offset = 3;
	}
	/*
	 * Each text except a bare word at the end is followed or enclosed by a byte: room for its
	 * NUL.
	 */
	file->strings = xcalloc(length + 1, 1);
	parser.strings_end = file->strings;
	file->nodes = xcalloc(parser.node_capacity, sizeof(*file->nodes));
	file->nodes[0] = (struct vdf_text_node){
		.key = "",
		.end = length,
		.first_child = VDF_TEXT_NONE,
		.next = VDF_TEXT_NONE,
	};
	file->count = 1;
	if (!read_nodes(&parser, err)) {
		vdf_text_finish(file);
		return false;
	}
	assert(parser.strings_end <= file->strings + length + 1);
	return true;
}

void vdf_text_finish(struct vdf_text *file)
{
	free(file->nodes);
	free(file->strings);
	*file = (struct vdf_text){ 0 };
}

const struct vdf_text_node *vdf_text_first(
	const struct vdf_text *file, const struct vdf_text_node *map)
{
	return map->first_child != VDF_TEXT_NONE ? &file->nodes[map->first_child] : NULL;
}

const struct vdf_text_node *vdf_text_next(
	const struct vdf_text *file, const struct vdf_text_node *node)
{
	return node->next != VDF_TEXT_NONE ? &file->nodes[node->next] : NULL;
}

const struct vdf_text_node *vdf_text_child(
	const struct vdf_text *file, const struct vdf_text_node *map, const char *key)
{
	const struct vdf_text_node *child = map != NULL ? vdf_text_first(file, map) : NULL;

	while (child != NULL && !vdf_key_equal(child->key, key)) {
		child = vdf_text_next(file, child);
	}
	return child;
}

const char *vdf_text_value(
	const struct vdf_text *file, const struct vdf_text_node *map, const char *key)
{
	const struct vdf_text_node *child = vdf_text_child(file, map, key);

	return child != NULL && child->value != NULL ? child->value : "";
}

/* --- Editing --- */

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

/* Replaces source's bytes from start to end with text. */
static void splice(struct strbuf *source, size_t start, size_t end, const struct strbuf *text)
{
	struct strbuf whole = { 0 };

	strbuf_reserve(&whole, source->length + text->length);
	strbuf_append(&whole, strbuf_text(source), start);
	strbuf_append(&whole, strbuf_text(text), text->length);
	strbuf_append(&whole, strbuf_text(source) + end, source->length - end);
	strbuf_move(source, &whole);
}

static void replace_text(struct strbuf *source, const struct vdf_text_node *node, const char *value)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	append_quoted(&text, value);
	splice(source, node->start, node->end, &text);
}

/* Appends what path names to a map. depth: of the map's entries; 0 for the root's. */
static void insert_path(struct strbuf *source, const struct vdf_text_node *map, size_t depth,
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

bool vdf_text_set(
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
			insert_path(source, node, depth, path + depth, value);
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
		replace_text(source, node, value);
	}
	return true;
}
