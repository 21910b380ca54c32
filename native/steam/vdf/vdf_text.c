#include "steam/vdf/vdf_text.h"

#include "core/error.h"
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

static const char *find(const struct parser *parser, char character)
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
			end = find(parser, '\n');
			parser->offset =
				end != NULL ? (size_t)(end - parser->source) : parser->length;
		} else if (*here == '[') {
			end = find(parser, ']');
			if (end == NULL) {
				return fail_at(
					parser, parser->offset, "a condition '[' has no ']'", err);
			}
			parser->offset = (size_t)(end - parser->source) + 1;
		} else {
			break;
		}
	}
	return true;
}

/* The character that \letter stands for; NUL: no escape, the backslash is part of the text. */
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
	return fail_at(parser, start, "a string has no closing quote", err);
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
		return fail_at(parser, brace->start, "a '}' too many", err);
	}
	parser->file->nodes[parser->levels[parser->depth].map].end = brace->end;
	parser->depth--;
	return true;
}

/* Of a map only the opening brace: its entries are read like those of the root. */
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
	return fail_at(parser, key->start, "a key has no value", err);
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
			return fail_at(parser, token.start, "a '{' has no key", err);
		case TOKEN_CLOSE:
			if (!close_map(parser, &token, err)) {
				return false;
			}
			break;
		case TOKEN_END:
			map = parser->levels[parser->depth].map;
			return parser->depth == 0 || fail_at(parser, parser->file->nodes[map].start,
							     "a '{' has no '}'", err);
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
		return error_set(err, ERROR_TOO_LARGE, "text VDF has %zu bytes, more than %d",
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
	/* Each text but a bare word at the end is followed or enclosed by a byte: room for its NUL.
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
