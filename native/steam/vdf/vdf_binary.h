#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;
struct vdf_node;

/*
 * Binary KeyValues, Steam's format for shortcuts.vdf: a type byte, the key up to its NUL, the value
 * (little-endian); a map's children end with 0x08, the root's too. Whatever parses is written back
 * byte for byte.
 */
#define VDF_BINARY_MAX_BYTES (16 * 1024 * 1024)
#define VDF_BINARY_MAX_NODES 500000
#define VDF_BINARY_MAX_DEPTH 32

/*
 * Fills root, which is zeroed, from a whole file. Errors, naming the offset: INVALID (a truncated
 * value, bytes after the end, an unknown type, nesting past the limit), TOO_LARGE (bytes or
 * nodes). On failure root stays zeroed.
 */
bool vdf_binary_parse(struct vdf_node *root, const void *data, size_t length, struct error *err);
void vdf_binary_write(const struct vdf_node *root, struct strbuf *out); /* appends */
