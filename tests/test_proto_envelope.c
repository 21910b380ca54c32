#include "message_fixture.h"
#include "proto/proto_envelope.h"
#include "proto/proto_session.h"

static bool read_text(struct envelope *message, const char *text, struct error *err)
{
	return envelope_read(message, text, strlen(text), err);
}

START_TEST(request_is_read)
{
	struct envelope message;

	ck_assert(read_text(&message,
		"{\"id\":\"a1\",\"type\":\"get_info\",\"payload\":{\"x\":1},\"new\":true}", NULL));
	ck_assert_str_eq(message.id, "a1");
	ck_assert_str_eq(message.type, "get_info");
	ck_assert_int_eq(message.error_code, 0);
	ck_assert(json_is_object(message.payload));
	envelope_finish(&message);
}
END_TEST

START_TEST(payload_and_id_may_be_missing)
{
	struct envelope message;

	ck_assert(read_text(&message, "{\"type\":\"ping\",\"payload\":null,\"id\":null}", NULL));
	ck_assert_ptr_null(message.id);
	ck_assert_ptr_null(message.payload);
	envelope_finish(&message);
}
END_TEST

START_TEST(error_response_is_read)
{
	struct envelope message;

	ck_assert(read_text(&message,
		"{\"id\":\"unique-id\",\"type\":\"error\","
		"\"error\":{\"code\":404,\"message\":\"no\"}}",
		NULL));
	ck_assert_int_eq(message.error_code, 404);
	ck_assert_str_eq(message.error_message, "no");
	envelope_finish(&message);
	/* Any `error` is a failure, whatever its code says. */
	ck_assert(read_text(&message, "{\"type\":\"x\",\"error\":{}}", NULL));
	ck_assert_int_ne(message.error_code, 0);
	envelope_finish(&message);
}
END_TEST

START_TEST(id_survives_what_is_wrong)
{
	static const char *const texts[] = {
		"{\"id\":\"a1\"}",
		"{\"id\":\"a1\",\"type\":7}",
		"{\"id\":\"a1\",\"type\":null}",
		"{\"id\":\"a1\",\"type\":\"x\",\"error\":7}",
		"{\"id\":\"a1\",\"type\":\"x\"} {}",
		"{\"id\":\"a1\",\"type\":\"x\",\"payload\":\"a\\u0000b\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct envelope message;
		struct error err = { 0 };

		ck_assert(!read_text(&message, texts[i], &err));
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_str_eq(message.id, "a1");
		envelope_finish(&message);
	}
}
END_TEST

START_TEST(what_is_no_message_is_refused)
{
	static const char *const texts[] = { "", "ping", "[]", "7", "{",
		"{\"id\":7,\"type\":\"x\"}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct envelope message;
		struct error err = { 0 };

		ck_assert_msg(!read_text(&message, texts[i], &err), "%s", texts[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_ptr_null(message.id);
		envelope_finish(&message);
	}
}
END_TEST

START_TEST(messages_are_written)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const struct pair_failed failed = { .reason = "no \"code\"" };

	envelope_write(&text, "a\n1", "pong", NULL, NULL);
	ck_assert_str_eq(text.data, "{\"id\":\"a\\n1\",\"type\":\"pong\"}");
	strbuf_reset(&text);
	envelope_write(&text, "2", "pair_failed", pair_failed_fields, &failed);
	ck_assert_str_eq(text.data,
		"{\"id\":\"2\",\"type\":\"pair_failed\",\"payload\":{\"reason\":\"no \\\"code\\\"\"}}");
	strbuf_reset(&text);
	envelope_write_error(&text, "", 400, "bad");
	ck_assert_str_eq(text.data,
		"{\"id\":\"\",\"type\":\"error\",\"error\":{\"code\":400,\"message\":\"bad\"}}");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { request_is_read, payload_and_id_may_be_missing,
		error_response_is_read, id_survives_what_is_wrong, what_is_no_message_is_refused,
		messages_are_written };

	return run_tests("proto_envelope", tests, sizeof(tests) / sizeof(tests[0]));
}
