#include "steam/vdf/vdf_node.h"

#include "core/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void finish_value(struct vdf_node *node)
{
	switch (node->type) {
	case VDF_MAP:
		for (size_t i = 0; i < node->count; i++) {
			vdf_node_finish(&node->children[i]);
		}
		free(node->children);
		break;
	case VDF_STRING:
		free(node->string);
		break;
	case VDF_WSTRING:
		free(node->wide);
		break;
	case VDF_INT32:
	case VDF_FLOAT:
	case VDF_POINTER:
	case VDF_COLOR:
	case VDF_UINT64:
	case VDF_INT64:
		break;
	}
}

void vdf_node_finish(struct vdf_node *node)
{
	finish_value(node);
	free(node->key);
	*node = (struct vdf_node){ 0 };
}

static char lower(char character)
{
	return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

bool vdf_key_equal(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

struct vdf_node *vdf_node_child(const struct vdf_node *map, const char *key)
{
	for (size_t i = 0; map->type == VDF_MAP && i < map->count; i++) {
		if (vdf_key_equal(map->children[i].key, key)) {
			return &map->children[i];
		}
	}
	return NULL;
}

struct vdf_node *vdf_node_typed_child(
	const struct vdf_node *map, const char *key, enum vdf_type type)
{
	for (size_t i = 0; map->type == VDF_MAP && i < map->count; i++) {
		if (map->children[i].type == type && vdf_key_equal(map->children[i].key, key)) {
			return &map->children[i];
		}
	}
	return NULL;
}

const char *vdf_node_text(const struct vdf_node *map, const char *key)
{
	const struct vdf_node *child = vdf_node_typed_child(map, key, VDF_STRING);

	return child != NULL ? child->string : "";
}

struct vdf_node *vdf_node_insert(struct vdf_node *map, size_t position, const char *key)
{
	struct vdf_node *child;

	assert(map->type == VDF_MAP && position <= map->count);
	if (map->count == map->capacity) {
		map->capacity = map->capacity == 0 ? 4 : map->capacity * 2;
		map->children = xrealloc(map->children, map->capacity, sizeof(*map->children));
	}
	child = &map->children[position];
	memmove(child + 1, child, (map->count - position) * sizeof(*child));
	map->count++;
	*child = (struct vdf_node){ .type = VDF_MAP, .key = xstrdup(key) };
	return child;
}

void vdf_node_remove(struct vdf_node *map, size_t position)
{
	struct vdf_node *child;

	assert(map->type == VDF_MAP && position < map->count);
	child = &map->children[position];
	vdf_node_finish(child);
	map->count--;
	memmove(child, child + 1, (map->count - position) * sizeof(*child));
}

void vdf_node_set_key(struct vdf_node *node, const char *key)
{
	char *copy = xstrdup(key);

	free(node->key);
	node->key = copy;
}

void vdf_node_set_string(struct vdf_node *node, const char *text)
{
	char *copy = xstrdup(text);

	finish_value(node);
	node->type = VDF_STRING;
	node->string = copy;
}

void vdf_node_set_int32(struct vdf_node *node, int32_t value)
{
	finish_value(node);
	node->type = VDF_INT32;
	node->number = (uint32_t)value;
}
