/* A head read in two pieces is the head read at once, and lies inside what was read. */
#include "steam/cef/http_get.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_get_head whole = { 0 };
	struct http_get_head parts = { 0 };
	const char *text = (const char *)data;
	bool read = http_get_read_head(&whole, text, size, NULL);

	if (read && whole.head_bytes > 0) {
		assert(whole.head_bytes <= size && whole.status < 1000 && whole.body_bytes >= -1);
		assert(http_get_read_head(&parts, text, whole.head_bytes - 1, NULL));
		assert(parts.head_bytes == 0);
		assert(http_get_read_head(&parts, text, whole.head_bytes, NULL));
		assert(parts.head_bytes == whole.head_bytes && parts.status == whole.status);
		assert(parts.body_bytes == whole.body_bytes);
	}
	return 0;
}
