#include "upload/chunk_receiver.h"

#include "core/cleanup.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "upload/upload_store.h"

void chunk_receiver_reset(struct chunk_receiver *receiver)
{
	struct sha256 *sha256 = receiver->sha256;

	json_finish(&receiver->header, upload_chunk_fields);
	*receiver = (struct chunk_receiver){ .sha256 = sha256 };
}

void chunk_receiver_finish(struct chunk_receiver *receiver)
{
	chunk_receiver_reset(receiver);
	sha256_destroy(TAKE_PTR(receiver->sha256));
}

/* True with *known false: bytes of the header are still missing. */
static bool read_header(const char *message, size_t length, struct upload_chunk *header,
	size_t *data_offset, bool *known, struct error *err)
{
	struct chunk_frame frame;
	bool complete;

	*known = false;
	if (!chunk_frame_split(&frame, message, length, &complete, err)) {
		return false;
	}
	if (!complete) {
		return true;
	}
	*data_offset = (size_t)(frame.data - message);
	*known =
		json_read_text(header, upload_chunk_fields, frame.header, frame.header_length, err);
	return *known;
}

static void hash_until(struct chunk_receiver *receiver, const char *message, size_t length)
{
	if (receiver->hashing && length > receiver->hashed_until) {
		sha256_update(receiver->sha256, message + receiver->hashed_until,
			length - receiver->hashed_until);
		receiver->hashed_until = length;
	}
}

void chunk_receiver_part(
	struct chunk_receiver *receiver, const char *message, size_t length, bool wants_digest)
{
	struct error err = { 0 };

	if (receiver->header_bad) {
		return; /* parsing it again with every fragment would keep the loop busy */
	}
	if (!receiver->header_known) {
		if (!read_header(message, length, &receiver->header, &receiver->data_offset,
			    &receiver->header_known, &err)) {
			/* chunk_receiver_take() parses it again and reports what is wrong. */
			json_finish(&receiver->header, upload_chunk_fields);
			receiver->header_bad = true;
		}
		if (!receiver->header_known) {
			return;
		}
		receiver->hashing = wants_digest && receiver->header.checksum != NULL;
		receiver->hashed_until = receiver->data_offset;
		if (receiver->hashing && receiver->sha256 == NULL) {
			receiver->sha256 = sha256_create();
		} else if (receiver->hashing) {
			sha256_reset(receiver->sha256);
		}
	}
	hash_until(receiver, message, length);
}

bool chunk_receiver_take(struct chunk_receiver *receiver, struct strbuf *message,
	struct upload_write *write, struct error *err)
{
	bool ok = receiver->header_known ||
		  read_header(message->data, message->length, &receiver->header,
			  &receiver->data_offset, &receiver->header_known, err);

	if (ok && !receiver->header_known) {
		ok = error_set(err, ERROR_INVALID,
			"a binary message of %zu bytes ends inside its header", message->length);
	}
	write->header = receiver->header;
	receiver->header = (struct upload_chunk){ 0 };
	if (ok) {
		write->data_offset = receiver->data_offset;
		write->digest_known = receiver->hashing;
		write->ahead_bytes = receiver->ahead_bytes;
		hash_until(receiver, message->data, message->length);
		if (receiver->hashing) {
			sha256_digest(receiver->sha256, write->digest);
		}
		strbuf_move(&write->message, message);
	}
	chunk_receiver_reset(receiver);
	return ok;
}

char *chunk_receiver_id(const char *message, size_t length)
{
	struct upload_chunk header = { 0 };
	struct error err = { 0 };
	size_t data_offset;
	bool known = false;
	char *id = NULL;

	if (read_header(message, length, &header, &data_offset, &known, &err) && known) {
		id = xstrdup(header.id != NULL ? header.id : "");
	}
	json_finish(&header, upload_chunk_fields);
	return id;
}
