#include "message_fixture.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"

START_TEST(documents_hub_says_hello)
{
	struct hub_connected hello = { 0 };

	read_example("hub_connected", hub_connected_fields, &hello);
	ck_assert_str_eq(hello.name, "CapyDeploy Hub");
	ck_assert_str_eq(hello.version, "0.1.0");
	ck_assert_str_eq(hello.hub_id, "hub-abc123");
	ck_assert_str_eq(hello.token, "stored-token-or-empty");
	ck_assert(!hub_connected_is_desktop(&hello));
	json_finish(&hello, hub_connected_fields);
}
END_TEST

START_TEST(desktop_hub_says_hello)
{
	struct hub_connected hello = { 0 };

	read_example("hub_connected_desktop", hub_connected_fields, &hello);
	ck_assert_str_eq(hello.platform, "windows");
	ck_assert_int_eq(hello.protocol_version, 1);
	ck_assert(hub_connected_is_desktop(&hello));
	json_finish(&hello, hub_connected_fields);
}
END_TEST

START_TEST(either_field_means_the_desktop_dialect)
{
	struct hub_connected with_platform = { .platform = "linux" };
	struct hub_connected with_version = { .protocol_version = 1 };

	ck_assert(hub_connected_is_desktop(&with_platform));
	ck_assert(hub_connected_is_desktop(&with_version));
}
END_TEST

START_TEST(hello_without_id_is_refused)
{
	struct hub_connected hello = { 0 };

	expect_refused("{\"name\":\"x\"}", hub_connected_fields, &hello, "hubId");
	expect_refused("{\"hubId\":null}", hub_connected_fields, &hello, "hubId");
	expect_refused("{\"hubId\":7}", hub_connected_fields, &hello, "hubId");
	expect_refused("{\"hubId\":\"a\",\"protocolVersion\":\"1\"}", hub_connected_fields, &hello,
		"protocolVersion");
	expect_refused("[]", hub_connected_fields, &hello, "object");
}
END_TEST

START_TEST(tokens_are_not_quoted)
{
	struct hub_connected hello = { 0 };
	struct error err = { 0 };
	const char *text = "{\"hubId\":\"a\",\"token\":123456789}";

	ck_assert(!json_read_text(&hello, hub_connected_fields, text, strlen(text), &err));
	ck_assert_ptr_null(strstr(err.message, "123456789"));
	json_finish(&hello, hub_connected_fields);
}
END_TEST

START_TEST(pairing_messages_are_read)
{
	struct pairing_required required = { 0 };
	struct pair_confirm confirm = { 0 };
	struct pair_success success = { 0 };
	struct pair_failed failed = { 0 };

	read_example("pairing_required", pairing_required_fields, &required);
	ck_assert_str_eq(required.code, "123456");
	ck_assert_int_eq(required.expires_in, PAIRING_EXPIRES_S);
	read_example("pair_confirm", pair_confirm_fields, &confirm);
	ck_assert_str_eq(confirm.code, "123456");
	read_example("pair_success", pair_success_fields, &success);
	ck_assert_str_eq(success.token, "secure-auth-token...");
	read_example("pair_failed", pair_failed_fields, &failed);
	ck_assert_str_eq(failed.reason, "invalid code");
	json_finish(&required, pairing_required_fields);
	json_finish(&confirm, pair_confirm_fields);
	json_finish(&success, pair_success_fields);
	json_finish(&failed, pair_failed_fields);
}
END_TEST

START_TEST(code_is_always_on_the_wire)
{
	const struct pairing_required required = { .code = "", .expires_in = 60 };

	expect_written(pairing_required_fields, &required, "{\"code\":\"\",\"expiresIn\":60}");
}
END_TEST

START_TEST(status_has_the_union_of_fields)
{
	struct agent_status status = { 0 };

	read_example("agent_status", agent_status_fields, &status);
	ck_assert_str_eq(status.platform, "linux");
	ck_assert(status.accept_connections);
	strvec_push(&status.capabilities, PROTO_CAPABILITY_FILE_UPLOAD);
	status.protocol_version = PROTO_VERSION;
	expect_written(agent_status_fields, &status,
		"{\"name\":\"Steam Deck\",\"version\":\"0.1.0\",\"platform\":\"linux\","
		"\"acceptConnections\":true,\"telemetryEnabled\":false,\"telemetryInterval\":0,"
		"\"consoleLogEnabled\":false,\"protocolVersion\":1,\"capabilities\":[\"file_"
		"upload\"]}");
	json_finish(&status, agent_status_fields);
}
END_TEST

START_TEST(descriptions_are_read)
{
	struct info_response info = { 0 };
	struct config_response config = { 0 };

	read_example("info_response", info_response_fields, &info);
	ck_assert_str_eq(info.agent.id, "agent-abc123");
	ck_assert(strvec_contains(&info.agent.capabilities, "steam_shortcuts"));
	read_example("config_response", config_response_fields, &config);
	ck_assert_str_eq(config.install_path, "/home/deck/Games");
	json_finish(&info, info_response_fields);
	json_finish(&config, config_response_fields);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { documents_hub_says_hello, desktop_hub_says_hello,
		either_field_means_the_desktop_dialect, hello_without_id_is_refused,
		tokens_are_not_quoted, pairing_messages_are_read, code_is_always_on_the_wire,
		status_has_the_union_of_fields, descriptions_are_read };

	return run_tests("proto_session", tests, sizeof(tests) / sizeof(tests[0]));
}
