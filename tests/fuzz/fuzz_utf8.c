/*
 * Any bytes become text that is safe for a terminal and no longer; a cut ends between characters;
 * what is valid consists of characters that are decoded to themselves.
 */
#include "core/utf8.h"

#include "core/cleanup.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <string.h>

#define LAST_CODE 0x10ffff

/* Do characters follow each other up to the end? */
static bool is_all_characters(const char *text, size_t length)
{
	uint32_t code = 0;
	size_t at = 0, step = 1;

	while (at < length && step > 0) {
		step = utf8_decode(text + at, length - at, &code);
		fuzz_require(step <= length - at && step <= 4);
		fuzz_require(step == 0 || code <= LAST_CODE);
		fuzz_require(step == utf8_decode(text + at, length - at, NULL));
		at += step;
	}
	return at == length;
}

static void check_cut(const char *text, size_t length)
{
	for (size_t limit = 0; limit < 8; limit++) {
		size_t cut = utf8_cut(text, length, limit);

		fuzz_require(cut <= length && (cut <= limit || length <= limit));
		fuzz_require(!utf8_valid(text, length) || utf8_valid(text, cut));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *text = xcalloc(1, size + 1);
	uint32_t code;
	size_t length, step;

	memcpy(text, data, size);
	fuzz_require(utf8_valid(text, size) == is_all_characters(text, size));
	check_cut(text, size);
	length = strlen(text);
	utf8_make_printable(text);
	fuzz_require(strlen(text) <= length && utf8_valid(text, strlen(text)));
	for (size_t at = 0; text[at] != '\0'; at += step) {
		step = utf8_decode(text + at, strlen(text + at), &code);
		fuzz_require(!utf8_is_control(code) && !utf8_is_reordering(code));
	}
	return 0;
}
