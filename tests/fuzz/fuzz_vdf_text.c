/* Whatever the bytes, spans lie inside the source and inside their map's, in order. */
#include "steam/vdf/vdf_text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_map(const struct vdf_text *file, const struct vdf_text_node *map)
{
	const struct vdf_text_node *node = vdf_text_first(file, map);
	size_t behind = map->start;

	for (; node != NULL; node = vdf_text_next(file, node)) {
		assert(node->start >= behind && node->start <= node->end && node->end <= map->end);
		assert(vdf_text_child(file, map, node->key) != NULL);
		if (node->value == NULL) {
			check_map(file, node);
		} else {
			assert(strlen(node->value) <= node->end - node->start);
		}
		behind = node->end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vdf_text file = { 0 };

	if (vdf_text_parse(&file, (const char *)data, size, NULL)) {
		check_map(&file, &file.nodes[0]);
		vdf_text_finish(&file);
	}
	assert(file.nodes == NULL && file.strings == NULL);
	return 0;
}
