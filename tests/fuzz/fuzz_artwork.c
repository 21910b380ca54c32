/* Whatever the bytes: a known extension or none, for every kind, and none that looks further. */
#include "steam/images/artwork.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned kind = 0; kind < ARTWORK_KIND_COUNT; kind++) {
		const char *extension = artwork_extension((enum artwork_kind)kind, data, size);
		const char *of_grid = artwork_extension(ARTWORK_GRID, data, size);

		assert((extension == NULL) == (of_grid == NULL));
		assert(extension == NULL || strcmp(extension, "png") == 0 ||
			strcmp(extension, "jpg") == 0 ||
			(kind == ARTWORK_ICON && strcmp(extension, "ico") == 0));
	}
	return 0;
}
