/* Any text is an envelope that is written as it was read, or an error with the id where it has one.
 */
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "proto/proto_envelope.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(envelope_finish) struct envelope message = { 0 };
	AUTO(envelope_finish) struct envelope again = { 0 };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	if (!envelope_read(&message, (const char *)data, size, &err)) {
		if (err.kind != ERROR_INVALID) {
			abort();
		}
		return 0;
	}
	envelope_write(&text, message.id != NULL ? message.id : "", message.type, NULL, NULL);
	if (!envelope_read(&again, text.data, text.length, &err) ||
		strcmp(again.type, message.type) != 0 ||
		strcmp(again.id, message.id != NULL ? message.id : "") != 0) {
		abort();
	}
	return 0;
}
