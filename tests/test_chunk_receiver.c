#include "upload/chunk_receiver.h"

#include "core/error.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "proto/proto_constants.h"
#include "suite.h"
#include "upload/upload_store.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

static struct chunk_receiver receiver;
static struct strbuf message;
static struct upload_write taken;
static struct error err;

static void setup(void)
{
	receiver = (struct chunk_receiver){ .header_known = false };
	taken = (struct upload_write){ .data_offset = 0 };
	err = (struct error){ .kind = ERROR_NONE };
}

static void forget_taken(void)
{
	json_finish(&taken.header, upload_chunk_fields);
	strbuf_finish(&taken.message);
	taken = (struct upload_write){ .data_offset = 0 };
}

static void teardown(void)
{
	forget_taken();
	chunk_receiver_finish(&receiver);
	strbuf_finish(&message);
}

/* header_length: what the prefix says. */
static void make(uint32_t header_length, const char *header, const char *data)
{
	header_length = htonl(header_length);
	strbuf_reset(&message);
	strbuf_append(&message, &header_length, sizeof(header_length));
	strbuf_append_text(&message, header);
	strbuf_append_text(&message, data);
}

static void make_whole(const char *header, const char *data)
{
	make((uint32_t)strlen(header), header, data);
}

static bool take(void)
{
	forget_taken();
	return chunk_receiver_take(&receiver, &message, &taken, &err);
}

START_TEST(data_is_hashed_while_it_comes)
{
	static const char header[] = "{\"id\":\"c1\",\"uploadId\":\"u\",\"filePath\":\"a\","
				     "\"offset\":7,\"checksum\":\"0\"}";
	char expected[SHA256_HEX_BYTES], hex[SHA256_HEX_BYTES];

	sha256_of("the data", 8, expected);
	for (int round = 0; round < 2; round++) {
		make_whole(header, "the data");
		for (size_t length = 1; length <= message.length; length++) {
			chunk_receiver_part(&receiver, message.data, length, true);
		}
		ck_assert_msg(take(), "%s", err.message);
		ck_assert_str_eq(taken.header.id, "c1");
		ck_assert_int_eq(taken.header.offset, 7);
		ck_assert_str_eq(taken.message.data + taken.data_offset, "the data");
		ck_assert(taken.digest_known);
		sha256_to_hex(taken.digest, hex);
		ck_assert_str_eq(hex, expected);
	}
}
END_TEST

START_TEST(a_bad_header_is_read_once_and_reported_at_the_end)
{
	make_whole("{\"id\":\"c1\",\"offset\":1}", "data");
	message.data[message.length - 6] = '!';
	chunk_receiver_part(&receiver, message.data, message.length - 2, true);
	ck_assert(receiver.header_bad);
	/* The present value would do; it is not used. */
	message.data[message.length - 6] = '1';
	chunk_receiver_part(&receiver, message.data, message.length - 1, true);
	ck_assert(!receiver.header_known);

	make_whole("{\"id\":\"c1\",\"offset\":\"far\"}", "data");
	ck_assert(!take());
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_str_eq(taken.header.id, "c1");

	make_whole("{\"id\":\"c2\"}", "data");
	chunk_receiver_part(&receiver, message.data, message.length, true);
	ck_assert(receiver.header_known);
	ck_assert(take());
	ck_assert_str_eq(taken.header.id, "c2");
}
END_TEST

START_TEST(lengths_that_cannot_be_are_refused)
{
	static const uint32_t lengths[] = { 0, CHUNK_HEADER_MAX_BYTES + 1, INT32_MAX,
		UINT32_C(1) << 31, UINT32_MAX - 4, UINT32_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		make(lengths[i], "{}", "data");
		chunk_receiver_part(&receiver, message.data, message.length, true);
		ck_assert(!take());
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		make(lengths[i], "{}", "data");
		ck_assert_ptr_null(chunk_receiver_id(message.data, message.length));
	}
	make(3, "{}", "");
	ck_assert(!take());
	ck_assert_ptr_nonnull(strstr(err.message, "ends inside its header"));
}
END_TEST

int main(void)
{
	TCase *receiving = tcase_create("receiving");

	tcase_add_checked_fixture(receiving, setup, teardown);
	tcase_add_test(receiving, data_is_hashed_while_it_comes);
	tcase_add_test(receiving, a_bad_header_is_read_once_and_reported_at_the_end);
	tcase_add_test(receiving, lengths_that_cannot_be_are_refused);
	return run_tcase(receiving);
}
