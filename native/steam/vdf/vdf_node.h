#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types of binary KeyValues; the numbers are those in the file. Source: Valve's KeyValues.h. */
enum vdf_type {
	VDF_MAP = 0x00,
	VDF_STRING = 0x01,
	VDF_INT32 = 0x02,
	VDF_FLOAT = 0x03,
	VDF_POINTER = 0x04,
	VDF_WSTRING = 0x05,
	VDF_COLOR = 0x06,
	VDF_UINT64 = 0x07,
	VDF_INT64 = 0x0A,
};

/*
 * One key and its value. A map owns its children, in their order; keys may repeat. Zeroed: an
 * empty map without a key, which is what a tree's root is.
 */
struct vdf_node {
	enum vdf_type type;
	char *key; /* any bytes but NUL; NULL for the root only */
	union {
		struct {
			struct vdf_node *children;
			size_t count;
			size_t capacity;
		};		 /* MAP */
		char *string;	 /* STRING: any bytes but NUL, mostly UTF-8 */
		uint16_t *wide;	 /* WSTRING: 0-terminated */
		uint64_t number; /* all others: the value's bits, zero-extended */
	};
};

/* Frees what the node owns and zeroes it. */
void vdf_node_finish(struct vdf_node *node);

/* The first child with that key, ASCII case ignored; NULL when there is none or map is not a MAP.
 */
struct vdf_node *vdf_node_child(const struct vdf_node *map, const char *key);
/* The same for a child of that type; others with that key are skipped. */
struct vdf_node *vdf_node_typed_child(
	const struct vdf_node *map, const char *key, enum vdf_type type);
/* The text of the first STRING child with that key, borrowed; "" when there is none. */
const char *vdf_node_text(const struct vdf_node *map, const char *key);

/*
 * Puts a child before position (count: at the end) and returns it, an empty map with that key.
 * Moves the other children: pointers to them become invalid.
 */
struct vdf_node *vdf_node_insert(struct vdf_node *map, size_t position, const char *key);
void vdf_node_remove(struct vdf_node *map, size_t position);

void vdf_node_set_key(struct vdf_node *node, const char *key);
/* Replace type and value, keep the key. text may be part of the old value. */
void vdf_node_set_string(struct vdf_node *node, const char *text);
void vdf_node_set_int32(struct vdf_node *node, int32_t value);

/* ASCII case ignored, whatever the locale. */
bool vdf_key_equal(const char *a, const char *b);
