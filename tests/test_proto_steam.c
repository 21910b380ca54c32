#include "message_fixture.h"
#include "proto/proto_steam.h"

START_TEST(long_ids_keep_their_digits)
{
	struct list_shortcuts request = { 0 };
	const char *as_text = "{\"userId\":\"76561198012345678\"}";
	const char *as_account = "{\"userId\":52079950}";

	read_example("list_shortcuts", list_shortcuts_fields, &request);
	ck_assert_str_eq(request.user_id, "76561198012345678");
	json_finish(&request, list_shortcuts_fields);
	ck_assert(json_read_text(&request, list_shortcuts_fields, as_text, strlen(as_text), NULL));
	ck_assert_str_eq(request.user_id, "76561198012345678");
	json_finish(&request, list_shortcuts_fields);
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
	json_finish(&shortcut, shortcut_config_fields);
	ck_assert(
		json_read_text(&shortcut, shortcut_config_fields, as_text, strlen(as_text), NULL));
	ck_assert_uint_eq(shortcut.tags.count, 2);
	ck_assert_str_eq(shortcut.tags.items[1], "hard");
	json_finish(&shortcut, shortcut_config_fields);
}
END_TEST

START_TEST(shortcuts_are_made)
{
	struct create_shortcut request = { 0 };

	read_example("create_shortcut", create_shortcut_fields, &request);
	ck_assert_str_eq(request.user_id, "76561198012345678");
	ck_assert_str_eq(request.shortcut.start_dir, "/path/to/game");
	ck_assert_ptr_null(request.shortcut.launch_options);
	ck_assert_ptr_null(request.shortcut.artwork.icon);
	expect_written(create_shortcut_fields, &request,
		"{\"userId\":\"76561198012345678\",\"shortcut\":{\"name\":\"Celeste\","
		"\"exe\":\"/path/to/Celeste.exe\",\"startDir\":\"/path/to/game\","
		"\"artwork\":{\"grid\":\"https://...\",\"hero\":\"https://...\"}}}");
	json_finish(&request, create_shortcut_fields);
	expect_refused("{}", create_shortcut_fields, &request, "shortcut");
	expect_refused("{\"shortcut\":[]}", create_shortcut_fields, &request, "shortcut");
}
END_TEST

START_TEST(shortcuts_are_deleted_by_id_or_name)
{
	struct delete_shortcut request = { 0 };
	const char *by_name = "{\"name\":\"Celeste\"}";
	const char *as_text = "{\"appId\":\"2857492837\"}";

	read_example("delete_shortcut", delete_shortcut_fields, &request);
	expect_written(delete_shortcut_fields, &request,
		"{\"userId\":\"76561198012345678\",\"appId\":2857492837,"
		"\"restartSteam\":true}");
	json_finish(&request, delete_shortcut_fields);
	request = (struct delete_shortcut){ 0 };
	request = (struct delete_shortcut){ 0 };
	ck_assert(json_read_text(&request, delete_shortcut_fields, by_name, strlen(by_name), NULL));
	ck_assert_str_eq(request.name, "Celeste");
	ck_assert_uint_eq(request.app_id, 0);
	ck_assert(!request.restart_steam);
	json_finish(&request, delete_shortcut_fields);
	ck_assert(json_read_text(&request, delete_shortcut_fields, as_text, strlen(as_text), NULL));
	ck_assert_uint_eq(request.app_id, 2857492837u);
	json_finish(&request, delete_shortcut_fields);
}
END_TEST

START_TEST(games_are_deleted)
{
	struct delete_game request = { 0 };
	struct delete_game_response response = { 0 };

	read_example("delete_game", delete_game_fields, &request);
	expect_written(delete_game_fields, &request, "{\"appId\":2857492837}");
	expect_refused("{}", delete_game_fields, &request, "appId");
	expect_refused("{\"appId\":-1}", delete_game_fields, &request, "appId");
	expect_refused("{\"appId\":4294967296}", delete_game_fields, &request, "appId");
	read_example("delete_game_result", delete_game_response_fields, &response);
	expect_written(delete_game_response_fields, &response,
		"{\"status\":\"deleted\",\"gameName\":\"Celeste\",\"steamRestarted\":false}");
	json_finish(&response, delete_game_response_fields);
}
END_TEST

START_TEST(artwork_is_applied)
{
	struct apply_artwork request = { 0 };
	struct artwork_response response = { 0 };

	read_example("apply_artwork", apply_artwork_fields, &request);
	expect_written(apply_artwork_fields, &request,
		"{\"userId\":\"76561198012345678\",\"appId\":2857492837,\"artwork\":"
		"{\"grid\":\"https://...\",\"hero\":\"https://...\","
		"\"logo\":\"https://...\"}}");
	json_finish(&request, apply_artwork_fields);
	expect_refused("{\"appId\":1}", apply_artwork_fields, &request, "artwork");
	expect_refused("{\"artwork\":{}}", apply_artwork_fields, &request, "appId");
	read_example("artwork_response", artwork_response_fields, &response);
	expect_written(artwork_response_fields, &response,
		"{\"applied\":[\"grid\",\"hero\"],"
		"\"failed\":[{\"type\":\"logo\",\"error\":\"download failed\"}]}");
	json_finish(&response, artwork_response_fields);
	expect_written(artwork_response_fields, &response, "{\"applied\":[],\"failed\":[]}");
}
END_TEST

START_TEST(a_restart_is_answered)
{
	struct steam_response response = { 0 };

	read_example("steam_response", steam_response_fields, &response);
	expect_written(steam_response_fields, &response,
		"{\"success\":true,\"message\":\"Steam restarted\"}");
	json_finish(&response, steam_response_fields);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { long_ids_keep_their_digits, bad_ids_are_refused,
		users_are_read, app_ids_are_unsigned, tags_come_in_both_forms, shortcuts_are_made,
		shortcuts_are_deleted_by_id_or_name, games_are_deleted, artwork_is_applied,
		a_restart_is_answered };

	return run_tests("proto_steam", tests, sizeof(tests) / sizeof(tests[0]));
}
