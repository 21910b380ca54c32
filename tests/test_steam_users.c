#include "steam/client/steam_users.h"

#include "core/error.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <sys/time.h>

static struct steam_home home;
static struct steam_user_list users;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
}

static void teardown(void)
{
	steam_users_finish(&users);
	steam_home_finish(&home);
}

static void load(void)
{
	ck_assert_msg(steam_users_load(&users, home.path, &err), "%s", err.message);
}

static void add_loginusers(void)
{
	struct strbuf text = { 0 };

	ck_assert(atomic_file_read("tests/fixtures/vdf_text/loginusers.vdf", 4096, &text, NULL));
	steam_home_write(&home, "config/loginusers.vdf", text.data, text.length);
	strbuf_finish(&text);
}

/* A folder whose client ended at that second; 0: never. */
static void add_folder(const char *account_id, time_t used_s)
{
	char name[64];
	struct timeval times[2] = { { .tv_sec = used_s }, { .tv_sec = used_s } };

	snprintf(name, sizeof(name), "userdata/%s/config", account_id);
	steam_home_mkdir(&home, name);
	if (used_s != 0) {
		snprintf(name, sizeof(name), "userdata/%s/config/localconfig.vdf", account_id);
		steam_home_write_text(&home, name, "");
		ck_assert_int_eq(utimes(steam_home_path(&home, name), times), 0);
	}
}

START_TEST(test_login_list)
{
	add_loginusers();
	load();
	ck_assert_uint_eq(users.count, 2);
	ck_assert_str_eq(users.items[0].steam_id, "76561198000000002");
	ck_assert_str_eq(users.items[0].account_id, "39734274");
	ck_assert_str_eq(users.items[0].persona_name, "Alyx ★");
	ck_assert_int_eq(users.items[0].last_login_s, 1680000000);
	ck_assert(users.items[0].most_recent);
	ck_assert_str_eq(users.items[1].persona_name, "Gordon \"Crowbar\" Freeman");
	ck_assert(!users.items[1].most_recent && users.items[1].in_login_list);
}
END_TEST

/* What Steam itself goes by when nobody is marked as the most recent. */
START_TEST(auto_login_comes_before_the_time)
{
	static const char logins[] =
		"\"users\" {"
		"\"76561197960265730\" { \"AccountName\" \"old\" \"Timestamp\" \"1\" }"
		"\"76561197960265731\" { \"AccountName\" \"own\" \"Timestamp\" \"2\""
		" \"AllowAutoLogin\" \"1\" }"
		"\"76561197960265732\" { \"AccountName\" \"new\" \"Timestamp\" \"9\" } }";
	static const char registry[] =
		"\"Registry\" { \"HKCU\" { \"Software\" { \"Valve\" { \"Steam\" {"
		" \"AutoLoginUser\" \"OLD\" } } } } }";
	static const char *const order[] = { "2", "3", "4" };

	steam_home_write_text(&home, ".local/share/Steam/config/loginusers.vdf", logins);
	steam_home_write_text(&home, ".steam/registry.vdf", registry);
	ck_assert(steam_users_load(&users, steam_home_path(&home, ".local/share/Steam"), &err));
	for (size_t i = 0; i < 3; i++) {
		ck_assert_str_eq(users.items[i].account_id, order[i]);
	}
}
END_TEST

START_TEST(test_folders_join_the_list)
{
	add_loginusers();
	add_folder("39734273", 1700000000); /* Gordon's own */
	add_folder("5", 1700000000);
	add_folder("7", 0);
	add_folder("6", 1800000000);
	load();
	ck_assert_uint_eq(users.count, 5);
	ck_assert_str_eq(users.items[1].account_id, "39734273");
	ck_assert_str_eq(users.items[2].account_id, "6");
	ck_assert_str_eq(users.items[2].steam_id, "76561197960265734");
	ck_assert_str_eq(users.items[2].persona_name, "6");
	ck_assert_str_eq(users.items[3].account_id, "5");
	ck_assert_str_eq(users.items[4].account_id, "7");
	ck_assert(!users.items[4].in_login_list);
}
END_TEST

START_TEST(test_folders_alone)
{
	add_folder("0", 1);
	add_folder("anonymous", 1);
	add_folder("007", 1);
	add_folder("4294967296", 1);
	add_folder("4294967295", 1);
	steam_home_write_text(&home, "userdata/8", "a file");
	load();
	ck_assert_uint_eq(users.count, 1);
	ck_assert_str_eq(users.items[0].steam_id, "76561202255233023");
}
END_TEST

START_TEST(test_nobody)
{
	load();
	ck_assert_uint_eq(users.count, 0);
	ck_assert_ptr_null(steam_users_find(&users, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_odd_entries_are_passed_over)
{
	steam_home_write_text(&home, "config/loginusers.vdf",
		"users { 76561197960265728 {} 1 {} 76561202255233024 {} \"\" {} x {} "
		"7656119796026573000000000000 {} 76561197960265729 text "
		"76561197960265730 { accountname login } 76561197960265730 { } "
		"76561197960265731 { PersonaName { } Timestamp soon } }");
	load();
	ck_assert_uint_eq(users.count, 2);
	ck_assert_str_eq(users.items[0].persona_name, "login");
	ck_assert_str_eq(users.items[1].persona_name, "3");
	ck_assert_int_eq(users.items[1].last_login_s, 0);
}
END_TEST

START_TEST(test_damaged_login_list)
{
	steam_home_write_text(&home, "config/loginusers.vdf", "\"users\" {");
	add_folder("5", 10);
	add_folder("6", 20);
	load();
	ck_assert_uint_eq(users.count, 2);
	ck_assert_str_eq(users.items[0].account_id, "6");
}
END_TEST

START_TEST(test_unreadable_userdata)
{
	add_loginusers();
	load();
	steam_home_write_text(&home, "userdata", "a file");
	ck_assert(!steam_users_load(&users, home.path, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(users.count, 2);
}
END_TEST

START_TEST(test_find_takes_either_id)
{
	add_loginusers();
	load();
	ck_assert_ptr_eq(steam_users_find(&users, NULL, &err), &users.items[0]);
	ck_assert_ptr_eq(steam_users_find(&users, "", &err), &users.items[0]);
	ck_assert_ptr_eq(steam_users_find(&users, "39734273", &err), &users.items[1]);
	ck_assert_ptr_eq(steam_users_find(&users, "76561198000000001", &err), &users.items[1]);
	ck_assert_ptr_null(steam_users_find(&users, "76561198000000003", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "Steam has no user '76561198000000003' on this machine");
}
END_TEST

/* It may name the user who logged in last: another one's shortcuts must not be changed for it. */
START_TEST(test_a_login_list_that_cannot_be_read_now)
{
	add_folder("42", 1000);
	steam_home_mkdir(
		&home, "config/loginusers.vdf"); /* root may read any file, but no folder */
	ck_assert(!steam_users_load(&users, home.path, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "loginusers.vdf"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_users");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_login_list);
	tcase_add_test(tcase, auto_login_comes_before_the_time);
	tcase_add_test(tcase, test_folders_join_the_list);
	tcase_add_test(tcase, test_folders_alone);
	tcase_add_test(tcase, test_nobody);
	tcase_add_test(tcase, test_odd_entries_are_passed_over);
	tcase_add_test(tcase, test_damaged_login_list);
	tcase_add_test(tcase, test_a_login_list_that_cannot_be_read_now);
	tcase_add_test(tcase, test_unreadable_userdata);
	tcase_add_test(tcase, test_find_takes_either_id);
	return run_tcase(tcase);
}
