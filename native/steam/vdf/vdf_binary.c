#include "steam/vdf/vdf_binary.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/vdf/vdf_node.h"

#include <endian.h>
#include <string.h>

#define MAP_END 0x08

struct reader {
	const unsigned char *data;
	size_t length;
	size_t offset;
	size_t node_count;
};

static bool truncated(const struct reader *reader, const char *what, struct error *err)
{
	return error_set(err, ERROR_INVALID,
		"binary VDF ends at offset %zu within %s that starts at offset %zu", reader->length,
		what, reader->offset);
}

/* Text up to its NUL, borrowed from the input; NULL when the input ends before that. */
static const char *read_text(struct reader *reader, const char *what, struct error *err)
{
	const char *start = (const char *)reader->data + reader->offset;
	const char *end = memchr(start, '\0', reader->length - reader->offset);

	if (end == NULL) {
		truncated(reader, what, err);
		return NULL;
	}
	reader->offset += (size_t)(end - start) + 1;
	return start;
}

static bool read_wide(struct reader *reader, uint16_t **wide, struct error *err)
{
	size_t bytes = 0;

	for (;; bytes += 2) {
		if (reader->length - reader->offset < bytes + 2) {
			return truncated(reader, "a wide string", err);
		}
		if (reader->data[reader->offset + bytes] == 0 &&
			reader->data[reader->offset + bytes + 1] == 0) {
			break;
		}
	}
	*wide = xcalloc(bytes / 2 + 1, sizeof(**wide));
	memcpy(*wide, reader->data + reader->offset, bytes);
	for (size_t i = 0; i < bytes / 2; i++) {
		(*wide)[i] = le16toh((*wide)[i]);
	}
	reader->offset += bytes + 2;
	return true;
}

static bool read_number(struct reader *reader, size_t bytes, uint64_t *number, struct error *err)
{
	uint64_t value = 0;

	if (reader->length - reader->offset < bytes) {
		return truncated(reader, "a number", err);
	}
	memcpy(&value, reader->data + reader->offset, bytes);
	*number = le64toh(value);
	reader->offset += bytes;
	return true;
}

static bool read_children(
	struct reader *reader, struct vdf_node *map, unsigned depth, struct error *err);

/* node is an empty map; on failure it holds a value that can be finished. */
static bool read_value(struct reader *reader, struct vdf_node *node, unsigned char type,
	unsigned depth, struct error *err)
{
	struct vdf_node value = { .type = (enum vdf_type)type };
	const char *text;
	bool read = false;

	switch ((enum vdf_type)type) {
	case VDF_MAP:
		return read_children(reader, node, depth + 1, err);
	case VDF_STRING:
		text = read_text(reader, "a string", err);
		value.string = xstrdup_or_null(text);
		read = text != NULL;
		break;
	case VDF_WSTRING:
		read = read_wide(reader, &value.wide, err);
		break;
	case VDF_INT32:
	case VDF_FLOAT:
	case VDF_POINTER:
	case VDF_COLOR:
		read = read_number(reader, sizeof(uint32_t), &value.number, err);
		break;
	case VDF_UINT64:
	case VDF_INT64:
		read = read_number(reader, sizeof(uint64_t), &value.number, err);
		break;
	}
	if (read) {
		value.key = node->key;
		*node = value;
	}
	return read;
}

static bool is_known(unsigned char type)
{
	return type <= VDF_UINT64 || type == VDF_INT64;
}

static bool read_children(
	struct reader *reader, struct vdf_node *map, unsigned depth, struct error *err)
{
	if (depth > VDF_BINARY_MAX_DEPTH) {
		return error_set(err, ERROR_INVALID,
			"binary VDF nests more than %d maps at offset %zu", VDF_BINARY_MAX_DEPTH,
			reader->offset);
	}
	for (;;) {
		struct vdf_node *child;
		unsigned char type;
		const char *key;

		if (reader->offset == reader->length) {
			return error_set(err, ERROR_INVALID,
				"binary VDF ends at offset %zu before the end of a map",
				reader->offset);
		}
		type = reader->data[reader->offset];
		if (type == MAP_END) {
			reader->offset++;
			return true;
		}
		if (!is_known(type)) {
			return error_set(err, ERROR_INVALID,
				"binary VDF has the unknown type 0x%02x at offset %zu", type,
				reader->offset);
		}
		if (++reader->node_count > VDF_BINARY_MAX_NODES) {
			return error_set(err, ERROR_TOO_LARGE,
				"binary VDF has more than %d entries at offset %zu",
				VDF_BINARY_MAX_NODES, reader->offset);
		}
		reader->offset++;
		key = read_text(reader, "a key", err);
		if (key == NULL) {
			return false;
		}
		child = vdf_node_insert(map, map->count, key);
		if (!read_value(reader, child, type, depth, err)) {
			return false;
		}
	}
}

bool vdf_binary_parse(struct vdf_node *root, const void *data, size_t length, struct error *err)
{
	struct reader reader = { .data = data, .length = length };

	if (length > VDF_BINARY_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE, "binary VDF has %zu bytes; the limit is %d",
			length, VDF_BINARY_MAX_BYTES);
	}
	if (!read_children(&reader, root, 1, err)) {
		goto fail;
	}
	if (reader.offset != length) {
		error_set(err, ERROR_INVALID, "binary VDF ends at offset %zu, but %zu bytes follow",
			reader.offset, length - reader.offset);
		goto fail;
	}
	return true;
fail:
	vdf_node_finish(root);
	return false;
}

static void write_number(struct strbuf *out, uint64_t number, size_t bytes)
{
	uint64_t value = htole64(number);

	strbuf_append(out, &value, bytes);
}

static void write_children(const struct vdf_node *map, struct strbuf *out);

static void write_value(const struct vdf_node *node, struct strbuf *out)
{
	switch (node->type) {
	case VDF_MAP:
		write_children(node, out);
		break;
	case VDF_STRING:
		strbuf_append(out, node->string, strlen(node->string) + 1);
		break;
	case VDF_WSTRING:
		for (const uint16_t *unit = node->wide; *unit != 0; unit++) {
			write_number(out, *unit, sizeof(*unit));
		}
		write_number(out, 0, sizeof(*node->wide));
		break;
	case VDF_INT32:
	case VDF_FLOAT:
	case VDF_POINTER:
	case VDF_COLOR:
		write_number(out, node->number, sizeof(uint32_t));
		break;
	case VDF_UINT64:
	case VDF_INT64:
		write_number(out, node->number, sizeof(uint64_t));
		break;
	}
}

static void write_children(const struct vdf_node *map, struct strbuf *out)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct vdf_node *child = &map->children[i];

		strbuf_append_char(out, (char)child->type);
		strbuf_append(out, child->key, strlen(child->key) + 1);
		write_value(child, out);
	}
	strbuf_append_char(out, MAP_END);
}

void vdf_binary_write(const struct vdf_node *root, struct strbuf *out)
{
	write_children(root, out);
}
