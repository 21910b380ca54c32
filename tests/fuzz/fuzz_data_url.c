/*
 * A data: URL decodes to no more than is allowed, or leaves the output as it was; and any bytes
 * that are encoded are decoded to themselves.
 */
#include "core/data_url.h"

#include "core/base64.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#define MAX_BYTES 64

static void check_encoding(const uint8_t *data, size_t size)
{
	struct strbuf text = { 0 }, bytes = { 0 };

	base64_encode(&text, data, size);
	fuzz_require(base64_decode(&bytes, strbuf_text(&text), text.length, NULL));
	fuzz_require(bytes.length == size);
	fuzz_require(size == 0 || memcmp(bytes.data, data, size) == 0);
	strbuf_finish(&text);
	strbuf_finish(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf url = { 0 }, out = { 0 };
	struct error err = { 0 };

	strbuf_append(&url, data, size);
	if (data_url_decode(&out, strbuf_text(&url), MAX_BYTES, &err)) {
		assert(data_url_is(strbuf_text(&url)) && out.length <= MAX_BYTES);
	} else {
		assert(out.length == 0);
		assert(err.kind == ERROR_INVALID || err.kind == ERROR_TOO_LARGE);
	}
	strbuf_finish(&url);
	strbuf_finish(&out);
	check_encoding(data, size);
	return 0;
}
