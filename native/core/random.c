#include "core/random.h"

#include "core/base64.h"
#include "core/fatal.h"
#include "core/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *out, size_t length)
{
	unsigned char *at = out;

	while (length > 0) {
		ssize_t got = getrandom(at, length, 0);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			fatal_errno("draw random numbers");
		}
		at += got;
		length -= (size_t)got;
	}
}

uint32_t random_below(uint32_t limit)
{
	uint32_t value, biased;

	assert(limit > 0);
	/* The lowest 2^32 mod limit values would make some results more likely: draw again. */
	biased = -limit % limit;
	do {
		random_bytes(&value, sizeof(value));
	} while (value < biased);
	return value % limit;
}

char *random_hex(size_t digits)
{
	static const char alphabet[] = "0123456789abcdef";
	char *text = xcalloc(digits + 1, 1);

	random_bytes(text, digits);
	for (size_t i = 0; i < digits; i++) {
		text[i] = alphabet[text[i] & 15];
	}
	return text;
}

char *random_base64url(size_t bytes)
{
	unsigned char *raw = xcalloc(bytes, 1);
	char *text = xcalloc(BASE64URL_BYTES(bytes), 1);

	random_bytes(raw, bytes);
	base64url_encode(text, raw, bytes);
	explicit_bzero(raw, bytes); /* it may become a token */
	free(raw);
	return text;
}
