/* A data: URL decodes to no more than is allowed, or leaves the output as it was. */
#include "core/data_url.h"

#include "core/error.h"
#include "core/strbuf.h"

#include <assert.h>
#include <stdint.h>

#define MAX_BYTES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	return 0;
}
