/*
 * A binary message, seen in two parts as it arrives, is read as when it is seen at once, and what
 * is read of its header is written so that it is read again.
 */
#include "core/cleanup.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "fuzz.h"
#include "upload/chunk_receiver.h"
#include "upload/upload_store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_digest(const struct upload_write *write)
{
	char expected[SHA256_HEX_BYTES], given[SHA256_HEX_BYTES];

	sha256_of(write->message.data + write->data_offset,
		write->message.length - write->data_offset, expected);
	sha256_to_hex(write->digest, given);
	if (strcmp(expected, given) != 0) {
		abort();
	}
}

static void check_header(const struct upload_chunk *header)
{
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	struct upload_chunk again = { 0 };
	struct chunk_frame frame = { 0 };
	bool is_complete = false;

	chunk_frame_write(&once, header);
	fuzz_require(chunk_frame_split(&frame, once.data, once.length, &is_complete, NULL));
	fuzz_require(is_complete && frame.data_length == 0);
	fuzz_require(json_read_text(
		&again, upload_chunk_fields, frame.header, frame.header_length, NULL));
	chunk_frame_write(&twice, &again);
	fuzz_require(
		once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
	json_finish(&again, upload_chunk_fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(chunk_receiver_finish) struct chunk_receiver receiver = { 0 };
	AUTO(strbuf_finish) struct strbuf message = { 0 };
	struct upload_write write = { .pipelined = false };
	struct error err = { 0 };

	strbuf_append(&message, data, size);
	chunk_receiver_part(&receiver, message.data, size / 2, true);
	chunk_receiver_part(&receiver, message.data, size, true);
	if (chunk_receiver_take(&receiver, &message, &write, &err)) {
		if (write.data_offset > write.message.length || write.message.length != size) {
			abort();
		}
		if (write.digest_known) {
			check_digest(&write);
		}
		check_header(&write.header);
	} else if (err.kind != ERROR_INVALID) {
		abort();
	}
	json_finish(&write.header, upload_chunk_fields);
	strbuf_finish(&write.message);
	free(chunk_receiver_id((const char *)data, size));
	return 0;
}
