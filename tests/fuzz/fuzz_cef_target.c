/* Whatever a debugger lists, what comes out is fit for a request's first line. */
#include "steam/cef/cef_message.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = cef_message_find_page((const char *)data, size, NULL);

	if (path != NULL) {
		assert(strncmp(path, "/devtools/", 10) == 0);
		for (const char *at = path; *at != '\0'; at++) {
			assert(*at > ' ' && *at < 127);
		}
	}
	free(path);
	return 0;
}
