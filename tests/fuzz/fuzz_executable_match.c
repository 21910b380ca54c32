/*
 * Lines: the text that names an executable, then the game's files. What is found is one of them,
 * and the arguments are the end of the text; a file's own path finds a file that is spelt so.
 */
#include "proto/executable_match.h"

#include "core/cleanup.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <string.h>

#define FILES_MAX 16

static const char *path_at(const void *files, size_t index)
{
	return ((const char *const *)files)[index];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *text = xcalloc(1, size + 1);
	const char *files[FILES_MAX];
	size_t count = 0;
	struct executable_match match = { 0 };

	memcpy(text, data, size);
	for (char *at = strchr(text, '\n'); at != NULL && count < FILES_MAX;
		at = strchr(at, '\n')) {
		*at++ = '\0';
		files[count++] = at;
	}
	for (size_t i = 0; i < count; i++) {
		files[i] = files[i][0] != '\0' ? files[i] : "x";
	}
	if (executable_match_find(&match, text, path_at, files, count)) {
		fuzz_require(match.index < count);
		fuzz_require(match.arguments >= text && match.arguments <= text + strlen(text));
		fuzz_require(strlen(files[match.index]) > 0);
	}
	return 0;
}
