#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;

/*
 * Text KeyValues, Steam's format for loginusers.vdf and config.vdf:
 *
 *	"users" { "76561198012345678" { "PersonaName" "Gabe \"N\"" } }
 *
 * Keys and values are quoted (with C's one-letter escapes) or bare words; // starts a comment;
 * conditionals ([$WIN32]) are skipped. Values are text; a map is a value in braces.
 */
#define VDF_TEXT_MAX_BYTES (16 * 1024 * 1024)
#define VDF_TEXT_MAX_NODES 500000
#define VDF_TEXT_MAX_DEPTH 32

#define VDF_TEXT_NONE ((size_t)-1)

/* One key and its value. Nodes refer to one another by their index in the file's array. */
struct vdf_text_node {
	const char *key;   /* unescaped; borrowed from the file; "" for the root */
	const char *value; /* the same; NULL for a map */
	/*
	 * The value's bytes in the source: a text's token, quotes included; a map from its opening
	 * brace to just after its closing one (the root: everything). Replacing only these bytes
	 * keeps the rest of the file as it is.
	 */
	size_t start;
	size_t end;
	size_t first_child; /* a map's; VDF_TEXT_NONE: empty */
	size_t next;	    /* in the same map; VDF_TEXT_NONE: the last */
};

/* vdf_text_finish() leaves it zeroed. */
struct vdf_text {
	struct vdf_text_node *nodes; /* nodes[0] is the root, a map */
	size_t count;
	char *strings; /* what keys and values point into */
};

/*
 * Fills file, which is zeroed. The source is not kept. Errors, naming line and offset: INVALID
 * (a NUL, a string or map without its end, a stray brace, a key without its value, nesting past
 * the limit), TOO_LARGE. On failure file stays zeroed.
 */
bool vdf_text_parse(struct vdf_text *file, const char *source, size_t length, struct error *err);
void vdf_text_finish(struct vdf_text *file);

/* The first child with that key, ASCII case ignored; NULL when there is none or map is NULL. */
const struct vdf_text_node *vdf_text_child(
	const struct vdf_text *file, const struct vdf_text_node *map, const char *key);
/* To walk a map: NULL at the end. */
const struct vdf_text_node *vdf_text_first(
	const struct vdf_text *file, const struct vdf_text_node *map);
const struct vdf_text_node *vdf_text_next(
	const struct vdf_text *file, const struct vdf_text_node *node);
/* The text of the child with that key; "" when it is missing or a map. */
const char *vdf_text_value(
	const struct vdf_text *file, const struct vdf_text_node *map, const char *key);

/*
 * Sets one text of a text KeyValues file. path: its keys from the root on, the last being the
 * text's, NULL-terminated; their case is ignored. Missing maps are created, indented with tabs as
 * Steam writes them and with the file's own line ends. No other byte changes. Errors, all leaving
 * source alone: INVALID (it does not parse, or has a text where the path needs a map or the
 * reverse; names the offset), TOO_LARGE.
 */
bool vdf_text_set(
	struct strbuf *source, const char *const *path, const char *value, struct error *err);
