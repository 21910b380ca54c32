/* Whatever a message table reads, it writes so that reading it again writes the same. */
#include "../messages.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct message_table *table, const cJSON *json)
{
	_Alignas(max_align_t) char first[MESSAGE_BYTES_MAX] = { 0 };
	_Alignas(max_align_t) char second[MESSAGE_BYTES_MAX] = { 0 };
	AUTO(strbuf_finish) struct strbuf written = { 0 };
	AUTO(strbuf_finish) struct strbuf again = { 0 };
	struct error err = { 0 };

	if (table->bytes > MESSAGE_BYTES_MAX) {
		abort();
	}
	if (json_read(first, table->fields, json, &err)) {
		json_write(&written, table->fields, first);
		/* A required text that is empty may be left out when it is written: then that is
		   refused, and nothing else is. */
		if (json_read_text(second, table->fields, written.data, written.length, &err)) {
			json_write(&again, table->fields, second);
			if (strcmp(written.data, again.data) != 0) {
				abort();
			}
		} else if (err.kind != ERROR_INVALID) {
			abort();
		}
	} else if (err.kind != ERROR_INVALID) {
		abort();
	}
	json_finish(first, table->fields);
	json_finish(second, table->fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_free_ptr) cJSON *json = json_parse((const char *)data, size, NULL);

	for (size_t i = 0; json != NULL && i < MESSAGE_COUNT; i++) {
		round_trip(&messages[i], json);
	}
	return 0;
}
