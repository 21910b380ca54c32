#include "message_fixture.h"
#include "proto/proto_steam.h"

START_TEST(long_ids_keep_their_digits)
{
	struct list_shortcuts request = { 0 };
	const char *as_text = "{\"userId\":\"76561198012345678\"}";
	const char *as_account = "{\"userId\":52079950}";

	read_example("list_shortcuts", list_shortcuts_fields, &request);
	ck_assert_str_eq(request.user_id, "76561198012345678");
	ck_assert(json_read_text(&request, list_shortcuts_fields, as_text, strlen(as_text), NULL));
	ck_assert_str_eq(request.user_id, "76561198012345678");
	ck_assert(json_read_text(
		&request, list_shortcuts_fields, as_account, strlen(as_account), NULL));
	ck_assert_str_eq(request.user_id, "52079950");
	json_finish(&request, list_shortcuts_fields);
}
END_TEST

START_TEST(bad_ids_are_refused)
{
	struct list_shortcuts request = { 0 };

	expect_refused("{\"userId\":\"me\"}", list_shortcuts_fields, &request, "userId");
	expect_refused("{\"userId\":-1}", list_shortcuts_fields, &request, "userId");
	expect_refused("{\"userId\":1.5}", list_shortcuts_fields, &request, "userId");
	expect_refused("{\"userId\":{}}", list_shortcuts_fields, &request, "userId");
}
END_TEST

START_TEST(users_are_read)
{
	struct steam_users_response users = { 0 };

	read_example("steam_users_response", steam_users_response_fields, &users);
	ck_assert_uint_eq(users.users_count, 1);
	ck_assert_str_eq(users.users[0].id, "76561198012345678");
	ck_assert_str_eq(users.users[0].name, "Gamer");
	expect_written(steam_users_response_fields, &users,
		"{\"users\":[{\"id\":\"76561198012345678\",\"name\":\"Gamer\"}]}");
	json_finish(&users, steam_users_response_fields);
}
END_TEST

START_TEST(app_ids_are_unsigned)
{
	struct shortcuts_response list = { 0 };

	read_example("shortcuts_response", shortcuts_response_fields, &list);
	ck_assert_uint_eq(list.shortcuts_count, 1);
	ck_assert_uint_eq(list.shortcuts[0].app_id, 2857492837u);
	expect_written(shortcuts_response_fields, &list,
		"{\"shortcuts\":[{\"appId\":2857492837,\"name\":\"Celeste\","
		"\"exe\":\"/home/deck/Games/Celeste/Celeste.exe\",\"startDir\":\"\"}]}");
	json_finish(&list, shortcuts_response_fields);
}
END_TEST

START_TEST(tags_come_in_both_forms)
{
	struct shortcut_config shortcut = { 0 };
	const char *as_list = "{\"name\":\"n\",\"exe\":\"e\",\"tags\":[\"indie\",\"hard\"]}";
	const char *as_text = "{\"name\":\"n\",\"exe\":\"e\",\"tags\":\"indie, hard\"}";

	ck_assert(
		json_read_text(&shortcut, shortcut_config_fields, as_list, strlen(as_list), NULL));
	ck_assert_uint_eq(shortcut.tags.count, 2);
	ck_assert(
		json_read_text(&shortcut, shortcut_config_fields, as_text, strlen(as_text), NULL));
	ck_assert_uint_eq(shortcut.tags.count, 2);
	ck_assert_str_eq(shortcut.tags.items[1], "hard");
	json_finish(&shortcut, shortcut_config_fields);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { long_ids_keep_their_digits, bad_ids_are_refused,
		users_are_read, app_ids_are_unsigned, tags_come_in_both_forms };

	return run_tests("proto_steam", tests, sizeof(tests) / sizeof(tests[0]));
}
