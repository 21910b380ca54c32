#pragma once

#include "core/error.h"
#include "proto/proto_upload.h"

#include <stdbool.h>
#include <stddef.h>

struct sha256;
struct strbuf;
struct upload_write;

/*
 * Follows one binary message while it arrives: its header is parsed as soon as it is complete, and
 * the data is hashed as it arrives, so that nothing is left to do after the last byte. Zeroed is
 * ready for use. Source: protocol.md §5.2.
 */
struct chunk_receiver {
	bool header_known;
	bool header_bad; /* to be reported once the message is whole */
	struct upload_chunk header;
	size_t data_offset;
	bool hashing;
	size_t hashed_until; /* offset in the message */
	size_t ahead_bytes;  /* of the data, written before the rest has arrived */
	struct sha256 *sha256;
};

void chunk_receiver_finish(struct chunk_receiver *receiver);
/* The message being followed will not be used. */
void chunk_receiver_reset(struct chunk_receiver *receiver);

/* message: all of it so far. wants_digest: hash data that has a checksum meanwhile. */
void chunk_receiver_part(
	struct chunk_receiver *receiver, const char *message, size_t length, bool wants_digest);

/*
 * The message is complete: fills write's header, data_offset and digest, moves the bytes there, and
 * is ready for the next one. On failure write->header.id holds the id if it could be read. Errors:
 * INVALID (no header, one that is too long, cut off or not JSON).
 */
bool chunk_receiver_take(struct chunk_receiver *receiver, struct strbuf *message,
	struct upload_write *write, struct error *err);

/*
 * The id in the header of a message that was refused, for the error response; NULL when the header
 * cannot be read. Caller frees.
 */
char *chunk_receiver_id(const char *message, size_t length);
