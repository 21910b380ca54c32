#include "agent/config.h"
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_BYTES];
static char path[sizeof(folder) + 20];

static void make_folder(void)
{
	folder_make(folder);
	strcpy(path, folder);
	strcat(path, "/settings.json");
}

static void remove_folder(void)
{
	folder_remove(folder);
}

static void put(const char *text)
{
	ck_assert(atomic_file_write(path, text, strlen(text), 0600, NULL));
}

static void assert_file(const char *expected_part)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	ck_assert(atomic_file_read(path, 100000, &text, NULL));
	ck_assert_msg(strstr(strbuf_text(&text), expected_part) != NULL, "%s", text.data);
}

static void assert_defaults(const struct config *config)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	ck_assert_str_eq(config->agent_name, host);
	ck_assert_int_eq(config->agent_port, 9999);
	ck_assert_str_eq(config->library_path, "~/Games");
	ck_assert_uint_eq(config->library_extra.count, 0);
	ck_assert(config->connections_accept);
	ck_assert_uint_eq(config->connections_allowed_origins.count, 0);
	ck_assert(!config->pairing_send_code_to_hub);
	ck_assert_int_eq(config->uploads_expire_days, 7);
	ck_assert_int_eq(config->games_trash_days, 7);
	ck_assert_str_eq(config->steam_compat_tool, "proton_experimental");
	ck_assert(!config->steam_restart_while_playing);
	ck_assert_int_eq(config->steam_debugger_port, 8080);
	ck_assert_str_eq(config->overlay_language, "");
	ck_assert(!config->overlay_large_text);
	ck_assert(!config->overlay_reduced_motion);
	ck_assert(!config->artwork_local_servers);
}

START_TEST(a_missing_file_gives_the_defaults)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	config_load(&config, path, &notice);
	ck_assert_ptr_null(notice);
	assert_defaults(&config);
	ck_assert_int_ne(access(path, F_OK), 0); /* reading writes nothing */
	config_finish(&config);
	config_finish(NULL);
}
END_TEST

START_TEST(what_is_saved_is_loaded)
{
	AUTO(config_finish) struct config config;
	AUTO(config_finish) struct config again;
	AUTO(free_ptr) char *notice = NULL;
	struct stat stat_of_file;

	config_load(&config, path, &notice);
	ck_assert(config_set(&config, "agent.name", "Дек \"1\"", NULL));
	ck_assert(config_set(&config, "agent.port", "9998", NULL));
	ck_assert(config_set(&config, "library.path", "/mnt/games", NULL));
	ck_assert(config_set(&config, "library.extra", "[\"~/A\",\"/b\"]", NULL));
	ck_assert(config_set(&config, "connections.accept", "false", NULL));
	ck_assert(config_set(
		&config, "connections.allowedOrigins", "https://hub.example:8443", NULL));
	ck_assert(config_set(&config, "pairing.sendCodeToHub", "true", NULL));
	ck_assert(config_set(&config, "uploads.expireDays", "90", NULL));
	ck_assert(config_save(&config, NULL));
	ck_assert_int_eq(stat(path, &stat_of_file), 0);
	ck_assert_uint_eq(stat_of_file.st_mode & 07777, 0600);

	config_load(&again, path, &notice);
	ck_assert_ptr_null(notice);
	ck_assert_str_eq(again.agent_name, "Дек \"1\"");
	ck_assert_int_eq(again.agent_port, 9998);
	ck_assert_str_eq(again.library_path, "/mnt/games");
	ck_assert_uint_eq(again.library_extra.count, 2);
	ck_assert_str_eq(again.library_extra.items[1], "/b");
	ck_assert(!again.connections_accept);
	ck_assert_str_eq(again.connections_allowed_origins.items[0], "https://hub.example:8443");
	ck_assert(again.pairing_send_code_to_hub);
	ck_assert_int_eq(again.uploads_expire_days, 90);
}
END_TEST

START_TEST(unknown_keys_survive)
{
	AUTO(config_finish) struct config config;
	AUTO(config_finish) struct config again;
	AUTO(free_ptr) char *notice = NULL;

	put("{\"version\":1,\"later.thing\":{\"a\":[1,76561198012345678]},\"agent.port\":8000,"
	    "\"x\":null,\"Agent.Port\":1}");
	config_load(&config, path, &notice);
	ck_assert_ptr_null(notice);
	ck_assert_int_eq(config.agent_port, 8000);
	ck_assert(config_save(&config, NULL));
	config_load(&again, path, &notice);
	ck_assert(config_save(&again, NULL));
	assert_file(
		",\"later.thing\":{\"a\":[1,76561198012345678]},\"x\":null,\"Agent.Port\":1}\n");
	assert_file("{\"version\":1,\"agent.name\":");
}
END_TEST

START_TEST(a_broken_file_is_set_aside)
{
	static const char *const broken[] = { "", "{", "[]", "nonsense", "{} {}", "\"x\"", "\xff" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		AUTO(config_finish) struct config config;
		AUTO(free_ptr) char *notice = NULL;
		AUTO(free_ptr) char *pattern = xasprintf("%s.corrupt-*", path);
		glob_t found = { 0 };

		put(broken[i]);
		config_load(&config, path, &notice);
		ck_assert_ptr_nonnull(notice);
		ck_assert(strstr(notice, ".corrupt-") != NULL);
		assert_defaults(&config);
		ck_assert_int_ne(access(path, F_OK), 0);
		ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
		ck_assert_uint_eq(found.gl_pathc, i + 1);
		globfree(&found);
		ck_assert(config_save(&config, NULL));
	}
}
END_TEST

/* Root may read any file, but no folder. */
START_TEST(what_cannot_be_read_now_is_left_alone)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	config_load(&config, path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, "cannot be read now"));
	ck_assert_int_eq(config.agent_port, 9999);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_bad_value_gives_that_keys_default)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	put("{\"version\":1,\"agent.port\":70000,\"agent.name\":\"\",\"library.extra\":[1],"
	    "\"uploads.expireDays\":30,\"connections.accept\":null}");
	config_load(&config, path, &notice);
	ck_assert_int_eq(config.agent_port, 9999);
	ck_assert_int_eq(config.uploads_expire_days, 30);
	ck_assert_int_gt(strlen(config.agent_name), 0);
	ck_assert(config.connections_accept);
	ck_assert(
		strstr(notice, "'agent.port' must be a whole number from 1 to 65535, not 70000") !=
		NULL);
	ck_assert(strstr(notice, "agent.name") != NULL);
	ck_assert(strstr(notice, "library.extra") != NULL);
	ck_assert_int_eq(access(path, F_OK), 0); /* it stays */
}
END_TEST

START_TEST(a_newer_file_keeps_its_version)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	put("{\"version\":3,\"agent.port\":8000,\"new\":1}");
	config_load(&config, path, &notice);
	ck_assert(strstr(notice, "newer") != NULL);
	ck_assert_int_eq(config.agent_port, 8000);
	ck_assert(config_save(&config, NULL));
	assert_file("{\"version\":3,");
	assert_file(",\"new\":1}");
}
END_TEST

START_TEST(values_are_checked)
{
	static const char *const bad[][2] = {
		{ "agent.name", "" },
		{ "agent.name", "  " },
		{ "agent.name", "a\nb" },
		{ "agent.name", "\"\\u202e\"" },
		{ "agent.name", "\xff" },
		{ "agent.name", "\"a\" \"b\"" },
		{ "agent.port", "0" },
		{ "agent.port", "65536" },
		{ "agent.port", "-1" },
		{ "agent.port", "abc" },
		{ "agent.port", "" },
		{ "agent.port", "\"9999\"" },
		{ "agent.port", "1,\"agent.name\":\"x\"" },
		{ "agent.port", "76561198012345678" },
		{ "library.path", "" },
		{ "library.path", "relative" },
		{ "library.path", "~root" },
		{ "library.path", "/a/../b" },
		{ "library.path", "~/.." },
		{ "library.path", "[\"/a\"]" },
		{ "library.extra", "relative" },
		{ "library.extra", "[\"/a\",5]" },
		{ "library.extra", "[\"/a\"" },
		{ "library.extra", "[] []" },
		{ "connections.accept", "yes" },
		{ "connections.accept", "1" },
		{ "connections.accept", "null" },
		{ "connections.allowedOrigins", "hub.example" },
		{ "connections.allowedOrigins", "://x" },
		{ "connections.allowedOrigins", "https://" },
		{ "connections.allowedOrigins", "https://a/b" },
		{ "uploads.expireDays", "0" },
		{ "uploads.expireDays", "91" },
		{ "uploads.expireDays", "1.5" },
		{ "games.trashDays", "0" },
		{ "steam.compatTool", "a\"b" },
		{ "steam.compatTool", "a\nb" },
		{ "steam.debuggerPort", "65536" },
		{ "overlay.language", "d e" },
		{ "overlay.largeText", "big" },
	};
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	config_load(&config, path, &notice);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		ck_assert_msg(!config_set(&config, bad[i][0], bad[i][1], &err), "%s=%s", bad[i][0],
			bad[i][1]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert(strstr(err.message, bad[i][0]) != NULL);
		ck_assert(strstr(err.message, " must be ") != NULL);
	}
	assert_defaults(&config);
	ck_assert(config_set(&config, "library.path", "/a/..b/c..", NULL));
	ck_assert(config_set(&config, "agent.name", "\"quoted\"", NULL));
	ck_assert_str_eq(config.agent_name, "quoted");
	ck_assert(config_set(&config, "library.extra", "/one, with comma", NULL));
	ck_assert_uint_eq(config.library_extra.count, 1);
	ck_assert(config_set(&config, "library.extra", "", NULL));
	ck_assert_uint_eq(config.library_extra.count, 0);
}
END_TEST

START_TEST(an_unknown_key_lists_those_there_are)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;
	AUTO(strbuf_finish) struct strbuf json = { 0 };
	struct error err = { 0 };

	config_load(&config, path, &notice);
	ck_assert(!config_set(&config, "agent.prot", "1", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(strstr(err.message, "agent.port") != NULL);
	ck_assert(strstr(err.message, "uploads.expireDays") != NULL);
	ck_assert(!config_get(&config, "version", &json, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(json.length, 0);
}
END_TEST

START_TEST(values_are_given_as_json)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;
	AUTO(strbuf_finish) struct strbuf json = { 0 };

	config_load(&config, path, &notice);
	ck_assert(config_set(&config, "agent.name", "a\"b", NULL));
	ck_assert(config_get(&config, "agent.name", &json, NULL));
	strbuf_append_char(&json, ' ');
	ck_assert(config_get(&config, "agent.port", &json, NULL));
	strbuf_append_char(&json, ' ');
	ck_assert(config_get(&config, "library.extra", &json, NULL));
	ck_assert_str_eq(strbuf_text(&json), "\"a\\\"b\" 9999 []");
	strbuf_reset(&json);
	config_write(&config, &json);
	ck_assert_str_eq(strbuf_text(&json),
		"{\"agent.name\":\"a\\\"b\",\"agent.port\":9999,\"library.path\":\"~/Games\","
		"\"library.extra\":[],\"connections.accept\":true,"
		"\"connections.allowedOrigins\":[],\"pairing.sendCodeToHub\":false,"
		"\"uploads.expireDays\":7,\"games.trashDays\":7,"
		"\"games.keepPrevious\":true,"
		"\"steam.compatTool\":\"proton_experimental\","
		"\"steam.restartWhilePlaying\":false,\"steam.debuggerPort\":8080,"
		"\"overlay.language\":\"\",\"overlay.largeText\":false,"
		"\"overlay.reducedMotion\":false,\"artwork.localServers\":false}");
}
END_TEST

START_TEST(a_file_is_read_anew)
{
	AUTO(config_finish) struct config present;
	AUTO(config_finish) struct config fresh;
	AUTO(free_ptr) char *notice = NULL;

	put("{\"version\":1,\"agent.port\":8000,\"agent.name\":\"A\",\"uploads.expireDays\":3}");
	config_load(&present, path, &notice);
	put("{\"version\":1,\"agent.port\":0,\"agent.name\":\"B\",\"later\":1}");
	ck_assert(config_reload(&fresh, &present, &notice, NULL));
	ck_assert_ptr_nonnull(strstr(notice, "'agent.port' must be"));
	ck_assert_ptr_nonnull(strstr(notice, "is unchanged"));
	ck_assert_int_eq(fresh.agent_port, 8000);
	ck_assert_str_eq(fresh.agent_name, "B");
	ck_assert_int_eq(fresh.uploads_expire_days, 7); /* it is not in the file any more */
	ck_assert(config_save(&fresh, NULL));
	assert_file("\"later\":1");
}
END_TEST

START_TEST(a_file_that_is_gone_gives_the_defaults_anew)
{
	AUTO(config_finish) struct config present;
	AUTO(config_finish) struct config fresh;
	AUTO(free_ptr) char *notice = NULL;

	put("{\"agent.port\":8000}");
	config_load(&present, path, &notice);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(config_reload(&fresh, &present, &notice, NULL));
	ck_assert_ptr_null(notice);
	assert_defaults(&fresh);
}
END_TEST

static const char *const half_written[] = { "", "{", "{\"agent.port\":80", "[]", "null" };

START_TEST(a_broken_file_is_left_alone_while_running)
{
	AUTO(config_finish) struct config present;
	AUTO(config_finish) struct config fresh;
	AUTO(free_ptr) char *notice = NULL;
	struct error err = { 0 };

	config_load(&present, path, &notice);
	put(half_written[_i]);
	ck_assert(!config_reload(&fresh, &present, &notice, &err));
	ck_assert_ptr_null(notice);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, path));
	assert_file(half_written[_i]);
}
END_TEST

START_TEST(every_key_is_described)
{
	const char *key, *help;
	unsigned count = 0;

	while (config_describe(count, &key, &help)) {
		ck_assert(strchr(key, '.') != NULL);
		ck_assert_uint_gt(strlen(help), 10);
		count++;
	}
	ck_assert_uint_eq(count, 17);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("config");

	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_add_test(tcase, a_missing_file_gives_the_defaults);
	tcase_add_test(tcase, what_is_saved_is_loaded);
	tcase_add_test(tcase, unknown_keys_survive);
	tcase_add_test(tcase, a_broken_file_is_set_aside);
	tcase_add_test(tcase, what_cannot_be_read_now_is_left_alone);
	tcase_add_test(tcase, a_bad_value_gives_that_keys_default);
	tcase_add_test(tcase, a_newer_file_keeps_its_version);
	tcase_add_test(tcase, values_are_checked);
	tcase_add_test(tcase, an_unknown_key_lists_those_there_are);
	tcase_add_test(tcase, values_are_given_as_json);
	tcase_add_test(tcase, a_file_is_read_anew);
	tcase_add_test(tcase, a_file_that_is_gone_gives_the_defaults_anew);
	tcase_add_loop_test(tcase, a_broken_file_is_left_alone_while_running, 0,
		sizeof(half_written) / sizeof(half_written[0]));
	tcase_add_test(tcase, every_key_is_described);
	return run_tcase(tcase);
}
