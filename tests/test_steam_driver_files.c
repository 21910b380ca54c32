/* The files driver through the interface that sessions use. */
#include "steam/steam.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/client/steam_users.h"
#include "steam/vdf/vdf_binary.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>

#define ROOT ".local/share/Steam"
#define CONFIG ROOT "/userdata/39734274/config"
#define SHORTCUTS CONFIG "/shortcuts.vdf"

static struct steam_home home;
static struct loop *loop;
static struct worker *worker;
static struct steam *steam;
static struct shortcut_list list;
static struct strbuf before, after;
static struct error err;

/* What the callbacks reported, in order. */
static struct {
	uint32_t app_id;
	char *note;
	struct error err;
} answers[16];
static unsigned answer_count, awaited_count;

static void forget_answers(void)
{
	for (unsigned i = 0; i < answer_count; i++) {
		free(answers[i].note);
	}
	answer_count = 0;
	memset(answers, 0, sizeof(answers));
}

static struct steam *make_steam(const char *path, const char *steam_dir)
{
	char *notice;
	struct steam *made = steam_create(loop, worker,
		&(struct steam_options){
			.home = path, .steam_dir = steam_dir, .state_dir = home.path },
		&notice);

	ck_assert_ptr_null(notice);
	return made;
}

static void setup(void)
{
	struct strbuf text = { 0 };

	forget_answers();
	steam_home_init(&home);
	ck_assert(atomic_file_read("tests/fixtures/vdf_text/loginusers.vdf", 4096, &text, NULL));
	steam_home_write(&home, ROOT "/config/loginusers.vdf", text.data, text.length);
	strbuf_finish(&text);
	loop = loop_create();
	worker = worker_create(loop, 4);
	steam = make_steam(home.path, NULL);
}

static void teardown(void)
{
	steam_destroy(steam);
	worker_destroy(worker);
	loop_destroy(loop);
	shortcut_list_finish(&list);
	strbuf_finish(&before);
	strbuf_finish(&after);
	steam_home_finish(&home);
	forget_answers();
}

static void answered(void *user, const struct steam_outcome *outcome, const struct error *error)
{
	answers[answer_count].app_id = outcome != NULL ? outcome->app_id : 0;
	answers[answer_count].note = outcome != NULL ? xstrdup_or_null(outcome->note) : NULL;
	if (error != NULL) {
		answers[answer_count].err = *error;
	}
	answer_count++;
	if (answer_count == awaited_count) {
		loop_stop(loop);
	}
}

static void await(unsigned count)
{
	awaited_count = count;
	if (answer_count < count) {
		loop_run(loop);
	}
}

/* Puts one and waits for the answer. */
static uint32_t put(const struct steam_shortcut_request *request)
{
	forget_answers();
	steam_put_shortcut(steam, request, answered, NULL);
	ck_assert_uint_eq(answer_count, 0);
	await(1);
	return answers[0].app_id;
}

static uint32_t put_game(const char *exe, const char *name)
{
	uint32_t app_id =
		put(&(struct steam_shortcut_request){ .name = name, .exe = exe, .any_name = true });

	ck_assert_msg(answers[0].err.kind == ERROR_NONE, "%s", answers[0].err.message);
	ck_assert_uint_ne(app_id, 0);
	return app_id;
}

static void ck_put_fails(const struct steam_shortcut_request *request, enum error_kind kind)
{
	ck_assert_uint_eq(put(request), 0);
	ck_assert_int_eq(answers[0].err.kind, kind);
}

static void relist(const char *user_id)
{
	ck_assert_msg(steam_list_shortcuts(steam, user_id, &list, &err), "%s", err.message);
}

static void place_fixture(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/vdf_binary/%s.vdf", name);
	ck_assert(atomic_file_read(path, 1 << 20, &before, NULL));
	steam_home_write(&home, SHORTCUTS, before.data, before.length);
}

static void ck_file_is_untouched(void)
{
	steam_home_read(&home, SHORTCUTS, &after);
	ck_assert_uint_eq(after.length, before.length);
	ck_assert_mem_eq(after.data, before.data, before.length);
	ck_assert(!steam_home_exists(&home, SHORTCUTS ".capydeck-1"));
}

START_TEST(test_first_shortcut_makes_the_file)
{
	struct strvec tags = { 0 };
	struct stat status;
	uint32_t app_id;

	strvec_push(&tags, "CapyDeploy");
	relist(NULL);
	ck_assert_uint_eq(list.count, 0);
	app_id = put(&(struct steam_shortcut_request){ .name = "Doom",
		.exe = "/games/Doom/bin/doom",
		.launch_options = "-fast",
		.tags = &tags });
	strvec_finish(&tags);
	ck_assert_uint_eq(app_id, shortcuts_app_id("/games/Doom/bin/doom", "Doom"));
	relist("76561198000000002");
	ck_assert_uint_eq(list.count, 1);
	ck_assert_uint_eq(list.items[0].app_id, app_id);
	ck_assert_str_eq(list.items[0].start_dir, "/games/Doom/bin");
	ck_assert_str_eq(list.items[0].launch_options, "-fast");
	ck_assert_str_eq(list.items[0].tags.items[0], "CapyDeploy");
	ck_assert_int_eq(stat(steam_home_path(&home, SHORTCUTS), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0644);
	ck_assert(!steam_home_exists(&home, SHORTCUTS ".capydeck-1"));
	relist("39734273");
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(test_other_user)
{
	ck_assert_uint_ne(put(&(struct steam_shortcut_request){
				  .user_id = "76561198000000001", .name = "Doom", .exe = "/doom" }),
		0);
	ck_assert(steam_home_exists(&home, ROOT "/userdata/39734273/config/shortcuts.vdf"));
	ck_assert(!steam_home_exists(&home, SHORTCUTS));
	ck_put_fails(&(struct steam_shortcut_request){ .user_id = "1", .name = "a", .exe = "/b" },
		ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_second_push_updates_the_entry)
{
	uint32_t app_id = put_game("/games/Doom/doom", "Doom");

	ck_assert_uint_eq(put_game("/games/Doom/doom", "Doom"), app_id);
	ck_assert(!steam_home_exists(&home, SHORTCUTS ".capydeck-1")); /* nothing changed */
	ck_assert_uint_eq(put_game("/games/Doom/doom", "DOOM"), app_id);
	ck_assert_uint_eq(put(&(struct steam_shortcut_request){ .app_id = app_id,
				  .name = "DOOM",
				  .exe = "/games/Doom/doom2",
				  .start_dir = "/games" }),
		app_id);
	relist(NULL);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].exe, "/games/Doom/doom2");
	ck_assert_str_eq(list.items[0].start_dir, "/games");
}
END_TEST

START_TEST(test_backup_and_mode)
{
	struct stat status;
	char name[128];

	place_fixture("deck");
	ck_assert_int_eq(chmod(steam_home_path(&home, SHORTCUTS), 0600), 0);
	for (int i = 1; i <= 7; i++) {
		snprintf(name, sizeof(name), "/game%d", i);
		put_game(name, name);
	}
	steam_home_read(&home, SHORTCUTS ".capydeck-1", &after);
	ck_assert_uint_eq(after.length, before.length);
	ck_assert_mem_eq(after.data, before.data, before.length);
	ck_assert(!steam_home_exists(&home, SHORTCUTS ".capydeck-2"));
	ck_assert_int_eq(stat(steam_home_path(&home, SHORTCUTS), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	relist(NULL);
	ck_assert_uint_eq(list.count, 3 + 7);
}
END_TEST

START_TEST(test_link_stays_a_link)
{
	struct stat status;
	char target[128];

	steam_home_mkdir(&home, CONFIG);
	snprintf(target, sizeof(target), "%s/dotfiles.vdf", home.path);
	steam_home_write(&home, "dotfiles.vdf", "\0shortcuts\0\010\010", 13);
	ck_assert_int_eq(symlink(target, steam_home_path(&home, SHORTCUTS)), 0);
	put_game("/one", "One");
	ck_assert_int_eq(lstat(steam_home_path(&home, SHORTCUTS), &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert(steam_home_exists(&home, "dotfiles.vdf.capydeck-1"));
}
END_TEST

START_TEST(test_damaged_file_is_left_alone)
{
	place_fixture("truncated");
	ck_put_fails(&(struct steam_shortcut_request){ .name = "a", .exe = "/b" }, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(answers[0].err.message, "offset 100"));
	ck_assert_ptr_nonnull(strstr(answers[0].err.message, SHORTCUTS));
	ck_file_is_untouched();
	ck_assert(!steam_list_shortcuts(steam, NULL, &list, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(test_running_steam_is_not_disturbed)
{
	pid_t pid = steam_home_start_process("steam");
	uint32_t app_id;
	struct strbuf reason = { 0 };

	place_fixture("deck");
	steam_home_write_pid(&home, ".steam/steam.pid", pid);
	app_id = put_game("/b", "a");
	ck_assert_str_eq(answers[0].note,
		"Steam is running but cannot be reached; the shortcut appears when Steam restarts");
	ck_file_is_untouched();
	steam_describe(steam, &reason);
	ck_assert_ptr_nonnull(strstr(strbuf_text(&reason), "Steam is running"));
	ck_assert_str_eq(steam_driver_name(steam), "none");
	relist(NULL);
	ck_assert_uint_eq(list.count, 4);

	steam_home_end_process(pid);
	strbuf_reset(&reason);
	steam_describe(steam, &reason);
	ck_assert_ptr_nonnull(strstr(strbuf_text(&reason), "not running"));
	ck_assert_str_eq(steam_driver_name(steam), "files");
	ck_assert_uint_eq(put_game("/b", "a"), app_id);
	ck_assert_ptr_null(answers[0].note);
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	relist(NULL);
	ck_assert_uint_eq(list.count, 4);
	strbuf_finish(&reason);
}
END_TEST

START_TEST(test_compat_tool_is_chosen_with_the_shortcut)
{
	const struct steam_shortcut_request game = {
		.name = "Doom", .exe = "/doom.exe", .compat_tool = "proton_experimental"
	};
	uint32_t app_id = put(&game);
	char expected[64];

	snprintf(expected, sizeof(expected), "\"%u\"", app_id);
	steam_home_read(&home, ROOT "/config/config.vdf", &before);
	ck_assert_ptr_nonnull(strstr(before.data, expected));
	ck_assert_ptr_nonnull(strstr(before.data, "proton_experimental"));

	put(&(struct steam_shortcut_request){
		.name = "Doom", .exe = "/doom.exe", .compat_tool = "proton_9" });
	steam_home_read(&home, ROOT "/config/config.vdf", &after);
	ck_assert_str_eq(after.data, before.data);

	/* One that cannot be recorded does not hold up the others. */
	steam_home_write_text(&home, ROOT "/config/config.vdf", "\"InstallConfigStore\" {");
	ck_assert_uint_ne(
		put(&(struct steam_shortcut_request){
			.name = "Quake", .exe = "/quake.exe", .compat_tool = "proton_9" }),
		0);
	ck_assert_ptr_nonnull(strstr(answers[0].note, "config.vdf"));
	relist(NULL);
	ck_assert_uint_eq(list.count, 2);
	put_game("/hexen", "Hexen");
}
END_TEST

START_TEST(test_what_nobody_could_read_is_not_written)
{
	static const char head[] = "\0shortcuts\0\0000\0\1LaunchOptions\0";
	static const char tail[] = "\0\x8\x8";
	size_t options = VDF_BINARY_MAX_BYTES - sizeof(head) - sizeof(tail);

	strbuf_reset(&before);
	strbuf_append(&before, head, sizeof(head) - 1);
	memset(strbuf_extend(&before, options), 'x', options);
	strbuf_append(&before, tail, sizeof(tail)); /* with the root's end */
	before.data[before.length - 1] = '\x8';
	steam_home_write(&home, SHORTCUTS, before.data, before.length);
	ck_put_fails(&(struct steam_shortcut_request){ .name = "Doom", .exe = "/doom" },
		ERROR_TOO_LARGE);
	steam_home_read(&home, SHORTCUTS, &after);
	ck_assert_uint_eq(after.length, before.length);
	relist(NULL);
	ck_assert_uint_eq(list.count, 1);
}
END_TEST

START_TEST(test_bad_requests)
{
	ck_put_fails(&(struct steam_shortcut_request){ .exe = "/b" }, ERROR_INVALID);
	ck_put_fails(&(struct steam_shortcut_request){ .name = "", .exe = "/b" }, ERROR_INVALID);
	ck_put_fails(&(struct steam_shortcut_request){ .name = "a" }, ERROR_INVALID);
	ck_put_fails(&(struct steam_shortcut_request){ .name = "a", .exe = "b/c" }, ERROR_INVALID);
	ck_assert_str_eq(answers[0].err.message,
		"the executable 'b/c' of shortcut 'a' is not an absolute path");
	ck_assert(!steam_home_exists(&home, ROOT "/userdata"));
}
END_TEST

START_TEST(test_no_steam)
{
	struct steam *none = make_steam(home.path, steam_home_path(&home, "nowhere"));
	struct steam_user_list users = { 0 };

	ck_assert(!steam_list_users(none, &users, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!steam_list_shortcuts(none, NULL, &list, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	steam_put_shortcut(
		none, &(struct steam_shortcut_request){ .name = "a", .exe = "/b" }, answered, NULL);
	await(1);
	ck_assert_int_eq(answers[0].err.kind, ERROR_NOT_FOUND);
	steam_destroy(none);
	ck_assert(steam_list_users(steam, &users, &err));
	ck_assert_uint_eq(users.count, 2);
	steam_users_finish(&users);
}
END_TEST

START_TEST(test_many_at_once_are_all_kept)
{
	char exe[32];

	for (int i = 0; i < 16; i++) {
		snprintf(exe, sizeof(exe), "/game%d", i);
		steam_put_shortcut(steam,
			&(struct steam_shortcut_request){ .name = exe, .exe = exe }, answered,
			NULL);
	}
	await(16);
	relist(NULL);
	ck_assert_uint_eq(list.count, 16);
	for (int i = 0; i < 16; i++) {
		ck_assert_int_eq(answers[i].err.kind, ERROR_NONE);
		ck_assert_uint_eq(list.items[i].app_id, answers[i].app_id);
	}
}
END_TEST

START_TEST(test_destroy_answers_what_is_under_way)
{
	for (int i = 0; i < 3; i++) {
		steam_put_shortcut(steam,
			&(struct steam_shortcut_request){ .name = "a", .exe = "/b" }, answered,
			NULL);
	}
	ck_assert_uint_eq(answer_count, 0);
	steam_destroy(steam);
	steam = NULL;
	ck_assert_uint_eq(answer_count, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(answers[i].err.kind, ERROR_CANCELLED);
	}
	worker_drain(worker);
	ck_assert_uint_eq(answer_count, 3);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_driver_files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_first_shortcut_makes_the_file);
	tcase_add_test(tcase, test_other_user);
	tcase_add_test(tcase, test_second_push_updates_the_entry);
	tcase_add_test(tcase, test_backup_and_mode);
	tcase_add_test(tcase, test_link_stays_a_link);
	tcase_add_test(tcase, test_damaged_file_is_left_alone);
	tcase_add_test(tcase, test_running_steam_is_not_disturbed);
	tcase_add_test(tcase, test_compat_tool_is_chosen_with_the_shortcut);
	tcase_add_test(tcase, test_what_nobody_could_read_is_not_written);
	tcase_add_test(tcase, test_bad_requests);
	tcase_add_test(tcase, test_no_steam);
	tcase_add_test(tcase, test_many_at_once_are_all_kept);
	tcase_add_test(tcase, test_destroy_answers_what_is_under_way);
	return run_tcase(tcase);
}
