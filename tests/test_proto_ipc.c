#include "core/cleanup.h"
#include "core/strbuf.h"
#include "proto/proto_ipc.h"
#include "suite.h"

#include <check.h>
#include <string.h>

static void message_finish(struct ipc_message *message)
{
	json_finish(message, ipc_message_fields);
}

static void read_line(struct ipc_message *message, const struct strbuf *line)
{
	ck_assert_ptr_null(memchr(line->data, '\n', line->length));
	ck_assert(json_read_text(message, ipc_message_fields, line->data, line->length, NULL));
	ck_assert_str_eq(message->jsonrpc, "2.0");
}

START_TEST(a_request_has_id_method_and_params)
{
	AUTO(message_finish) struct ipc_message message = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	const struct ipc_hub_id params = { .hub_id = "a \"hub\"\n" };

	ipc_write_request(&line, "7", "hubs.revoke", ipc_hub_id_fields, &params);
	read_line(&message, &line);
	ck_assert_str_eq(message.id, "7");
	ck_assert_str_eq(message.method, "hubs.revoke");
	ck_assert_str_eq(message.params, "{\"hubId\":\"a \\\"hub\\\"\\n\"}");
	ck_assert_ptr_null(message.result);
	ck_assert_int_eq(message.error.code, 0);
}
END_TEST

START_TEST(a_request_may_have_no_params)
{
	AUTO(message_finish) struct ipc_message message = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	ipc_write_request(&line, "\"steam-1\"", "steam.restart", NULL, NULL);
	read_line(&message, &line);
	ck_assert_str_eq(message.id, "\"steam-1\"");
	ck_assert_ptr_null(message.params);
}
END_TEST

START_TEST(a_call_takes_its_params_as_text)
{
	AUTO(message_finish) struct ipc_message message = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	ipc_write_call(&line, "1", "steam.apply", "{\"appId\":76561198012345678}");
	read_line(&message, &line);
	ck_assert_str_eq(message.method, "steam.apply");
	ck_assert_str_eq(message.params, "{\"appId\":76561198012345678}");
}
END_TEST

START_TEST(a_notification_has_no_id)
{
	AUTO(message_finish) struct ipc_message message = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	const struct ipc_log_line params = { .line = "uploads: began" };

	ipc_write_notification(&line, "log_line", ipc_log_line_fields, &params);
	read_line(&message, &line);
	ck_assert_ptr_null(message.id);
	ck_assert_str_eq(message.method, "log_line");
	ck_assert_str_eq(message.params, "{\"line\":\"uploads: began\"}");
}
END_TEST

START_TEST(answers_echo_the_id)
{
	AUTO(message_finish) struct ipc_message result = { 0 };
	AUTO(message_finish) struct ipc_message error = { 0 };
	AUTO(strbuf_finish) struct strbuf result_line = { 0 }, error_line = { 0 };

	ipc_write_result(&result_line, "12", "{\"hubs\":[]}");
	read_line(&result, &result_line);
	ck_assert_str_eq(result.id, "12");
	ck_assert_str_eq(result.result, "{\"hubs\":[]}");
	ck_assert_ptr_null(result.method);

	ipc_write_error(&error_line, "null", IPC_PARSE_ERROR, "not \"JSON\"");
	read_line(&error, &error_line);
	ck_assert_ptr_null(error.id);
	ck_assert_int_eq(error.error.code, -32700);
	ck_assert_str_eq(error.error.message, "not \"JSON\"");
	ck_assert_ptr_null(error.result);
}
END_TEST

START_TEST(a_refusal_has_its_reason)
{
	AUTO(strbuf_finish) struct strbuf plain = { 0 }, explained = { 0 };
	struct error err = { 0 };

	error_set(&err, ERROR_CONFLICT, "no");
	ipc_write_refusal(&plain, "1", &err);
	ck_assert_str_eq(plain.data, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":"
				     "{\"code\":-32002,\"message\":\"no\"}}");
	error_explain(&err, "in_the_way", "path", "/a \"b\"", NULL);
	ipc_write_refusal(&explained, "1", &err);
	ck_assert_str_eq(explained.data, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":"
					 "{\"code\":-32002,\"message\":\"no\",\"data\":"
					 "{\"reason\":\"in_the_way\",\"path\":\"/a \\\"b\\\"\"}}}");
}
END_TEST

START_TEST(members_are_never_left_out)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const struct ipc_pairing none = { 0 };

	json_write(&text, ipc_pairing_fields, &none);
	ck_assert_str_eq(text.data,
		"{\"active\":false,\"code\":\"\",\"hubName\":\"\",\"expiresInSeconds\":0}");
}
END_TEST

START_TEST(a_setting_is_any_json)
{
	static const char text[] =
		"{\"settings\":[{\"key\":\"a\",\"value\":\"text\",\"help\":\"h\"},"
		"{\"key\":\"b\",\"value\":[1,true],\"restartNeeded\":true}]}";
	struct ipc_settings settings = { 0 };

	ck_assert(json_read_text(&settings, ipc_settings_fields, text, strlen(text), NULL));
	ck_assert_uint_eq(settings.settings_count, 2);
	ck_assert_str_eq(settings.settings[0].value, "\"text\"");
	ck_assert_str_eq(settings.settings[1].value, "[1,true]");
	ck_assert(settings.settings[1].restart_needed);
	json_finish(&settings, ipc_settings_fields);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("proto_ipc");

	tcase_add_test(tests, a_request_has_id_method_and_params);
	tcase_add_test(tests, a_request_may_have_no_params);
	tcase_add_test(tests, a_call_takes_its_params_as_text);
	tcase_add_test(tests, a_notification_has_no_id);
	tcase_add_test(tests, answers_echo_the_id);
	tcase_add_test(tests, a_refusal_has_its_reason);
	tcase_add_test(tests, members_are_never_left_out);
	tcase_add_test(tests, a_setting_is_any_json);
	return run_tcase(tests);
}
