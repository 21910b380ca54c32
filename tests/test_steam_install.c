#include "steam/client/steam_install.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <sched.h>
#include <sys/time.h>

#define FLATPAK ".var/app/com.valvesoftware.Steam"
#define SNAP "snap/steam/common"

static struct steam_home home;
static struct steam_install install;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
}

static void teardown(void)
{
	steam_install_finish(&install);
	steam_home_finish(&home);
}

static void find(const char *expected)
{
	ck_assert_msg(steam_install_find(&install, home.path, NULL, &err), "%s", err.message);
	ck_assert_str_eq(install.root, steam_home_path(&home, expected));
}

START_TEST(test_no_steam)
{
	ck_assert(!steam_install_find(&install, home.path, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "/.local/share/Steam"));
	ck_assert(!steam_install_find(&install, home.path, "/nonexistent/Steam", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "'/nonexistent/Steam'"));
}
END_TEST

START_TEST(test_places)
{
	steam_home_mkdir(&home, FLATPAK "/.local/share/Steam");
	find(FLATPAK "/.local/share/Steam");
	ck_assert(install.flatpak);
	steam_home_mkdir(&home, ".local/share/Steam");
	find(".local/share/Steam");
	ck_assert(!install.flatpak);
	/* Where somebody logged in wins over an empty installation. */
	steam_home_mkdir(&home, FLATPAK "/.local/share/Steam/userdata");
	find(FLATPAK "/.local/share/Steam");
	steam_home_write_text(&home, ".local/share/Steam/config/loginusers.vdf", "");
	find(".local/share/Steam");
	steam_home_mkdir(&home, ".steam/steam/userdata");
	find(".steam/steam");
}
END_TEST

static void log_in(const char *root, time_t ended_s)
{
	AUTO(free_ptr) char *config = xasprintf("%s/config/config.vdf", root);
	AUTO(free_ptr) char *logins = xasprintf("%s/config/loginusers.vdf", root);
	struct timeval times[2] = { { .tv_sec = ended_s }, { .tv_sec = ended_s } };

	steam_home_write_text(&home, config, "");
	steam_home_write_text(&home, logins, "");
	ck_assert_int_eq(utimes(steam_home_path(&home, config), times), 0);
	ck_assert_int_eq(utimes(steam_home_path(&home, logins), times), 0);
}

START_TEST(of_several_the_one_that_runs_or_ran_last)
{
	pid_t steam;

	log_in(".local/share/Steam", 1000);
	log_in(FLATPAK "/.local/share/Steam", 2000);
	find(FLATPAK "/.local/share/Steam");
	log_in(SNAP "/.local/share/Steam", 3000);
	find(SNAP "/.local/share/Steam");
	ck_assert(!install.flatpak);
	log_in(".local/share/Steam", 3000);
	find(".local/share/Steam");

	steam = steam_home_start_process("steam");
	steam_home_write_pid(&home, SNAP "/.steam/steam.pid", steam);
	find(SNAP "/.local/share/Steam");
	steam_home_end_process(steam);
	find(".local/share/Steam");
}
END_TEST

/* The client in daily use may be the one that cannot be looked at. */
START_TEST(no_other_is_taken_for_one_that_cannot_be_examined)
{
	pid_t steam;

	steam_home_write_text(&home, ".local/share/Steam/config", "not a folder");
	log_in(FLATPAK "/.local/share/Steam", 1000);
	log_in(SNAP "/.local/share/Steam", 2000);
	ck_assert(!steam_install_find(&install, home.path, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	steam = steam_home_start_process("steam");
	steam_home_write_pid(&home, SNAP "/.steam/steam.pid", steam);
	find(SNAP "/.local/share/Steam");
	steam_home_end_process(steam);
}
END_TEST

START_TEST(test_given_folder)
{
	steam_home_mkdir(&home, ".local/share/Steam/userdata");
	steam_home_mkdir(&home, "elsewhere");
	ck_assert(
		steam_install_find(&install, home.path, steam_home_path(&home, "elsewhere"), &err));
	ck_assert_str_eq(install.root, steam_home_path(&home, "elsewhere"));
}
END_TEST

static const struct {
	const char *root;
	const char *pid_file;
} layouts[] = {
	{ ".steam/steam", ".steam/steam.pid" },
	{ ".local/share/Steam", ".steam/steam.pid" },
	{ ".local/share/Steam/", ".steam/steam.pid" },
	{ "Steam", "Steam/steam.pid" },
	{ "Steam", "steam.pid" },
};

START_TEST(test_running)
{
	pid_t steam = steam_home_start_process("steam");
	pid_t other = steam_home_start_process("steamwebhelper");

	steam_home_mkdir(&home, layouts[_i].root);
	ck_assert(steam_install_find(
		&install, home.path, steam_home_path(&home, layouts[_i].root), &err));
	ck_assert_int_eq(steam_install_running(&install), 0);
	steam_home_write_pid(&home, layouts[_i].pid_file, steam);
	ck_assert_int_eq(steam_install_running(&install), steam);
	steam_home_write_pid(&home, layouts[_i].pid_file, other);
	ck_assert_int_eq(steam_install_running(&install), 0);
	steam_home_write_pid(&home, layouts[_i].pid_file, steam);
	steam_home_end_process(steam);
	steam_home_end_process(other);
	ck_assert_int_eq(steam_install_running(&install), 0);
}
END_TEST

START_TEST(test_damaged_pid_file)
{
	static const char *const texts[] = { "", "steam", "-1", "0", "99999999999999999999",
		"1" /* not ours, or not Steam */ };

	steam_home_write_text(&home, "Steam/steam.pid", texts[_i]);
	ck_assert(steam_install_find(&install, home.path, steam_home_path(&home, "Steam"), &err));
	ck_assert_int_eq(steam_install_running(&install), 0);
}
END_TEST

START_TEST(test_start_script_is_steam)
{
	const char *script = "echo; read line\n";
	int from[2], to[2];
	char byte;
	pid_t pid;

	steam_home_write_text(&home, "Steam/steam.sh", script);
	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_eq(pipe(to), 0);
	steam_home_path(&home, "Steam/steam.sh");
	pid = fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		execl("/bin/sh", "sh", home.name, (char *)NULL);
		_exit(127);
	}
	close(from[1]);
	ck_assert_int_eq(read(from[0], &byte, 1), 1);
	steam_home_write_pid(&home, "Steam/steam.pid", pid);
	ck_assert(steam_install_find(&install, home.path, steam_home_path(&home, "Steam"), &err));
	ck_assert_int_eq(steam_install_running(&install), pid);
	close(to[0]);
	close(to[1]);
	waitpid(pid, NULL, 0);
	close(from[0]);
}
END_TEST

/* In a sandbox of its own the client is process 1, and records that. */
START_TEST(test_sandboxed)
{
	int report[2];
	pid_t outer, sandboxed;

	ck_assert_int_eq(pipe(report), 0);
	outer = fork();
	if (outer == 0) {
		sandboxed = unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0
				    ? steam_home_start_process("steam")
				    : 0;
		if (write(report[1], &sandboxed, sizeof(sandboxed)) < 0) {
			_exit(1);
		}
		waitpid(sandboxed, NULL, 0);
		_exit(0);
	}
	ck_assert_int_eq(read(report[0], &sandboxed, sizeof(sandboxed)), sizeof(sandboxed));
	close(report[0]);
	close(report[1]);
	if (sandboxed != 0) { /* the machine may forbid it */
		steam_home_mkdir(&home, FLATPAK "/.local/share/Steam");
		steam_home_write_text(&home, FLATPAK "/.steam/steam.pid", "1");
		find(FLATPAK "/.local/share/Steam");
		ck_assert_int_eq(steam_install_running(&install), sandboxed);
		kill(sandboxed, SIGKILL);
	}
	waitpid(outer, NULL, 0);
}
END_TEST

/* --- The user's language --- */

static void write_registry(const char *folder, const char *language)
{
	char *name, *text;

	ck_assert_int_gt(asprintf(&name, "%s/registry.vdf", folder), 0);
	ck_assert_int_gt(
		asprintf(&text,
			"\"Registry\"\n{\n\t\"HKCU\"\n\t{\n\t\t\"Software\"\n\t\t{\n\t\t\t\"Valve\"\n"
			"\t\t\t{\n\t\t\t\t\"Steam\"\n\t\t\t\t{\n\t\t\t\t\t\"language\"\t\t\"%s\"\n"
			"\t\t\t\t\t\"RunningAppID\"\t\t\"0\"\n\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}\n",
			language),
		0);
	ck_assert(atomic_file_write(steam_home_path(&home, name), text, strlen(text), 0600, NULL));
	free(name);
	free(text);
}

static void write_text(const char *text)
{
	ck_assert(atomic_file_write(
		steam_home_path(&home, ".steam/registry.vdf"), text, strlen(text), 0600, NULL));
}

static void expect_language(const char *locale)
{
	char *found = steam_install_language(home.path);

	if (locale == NULL) {
		ck_assert_ptr_null(found);
	} else {
		ck_assert_ptr_nonnull(found);
		ck_assert_str_eq(found, locale);
	}
	free(found);
}

START_TEST(the_language_is_a_locale)
{
	write_registry(".steam", "german");
	expect_language("de");
	write_registry(".steam", "schinese");
	expect_language("zh_CN");
	write_registry(".steam", "brazilian");
	expect_language("pt_BR");
}
END_TEST

START_TEST(the_native_client_comes_before_the_flatpak)
{
	write_registry(".var/app/com.valvesoftware.Steam/.steam", "french");
	expect_language("fr");
	write_registry(".steam", "japanese");
	expect_language("ja");
}
END_TEST

START_TEST(nothing_is_made_of_what_is_not_there)
{
	expect_language(NULL);
	write_registry(".steam", "");
	expect_language(NULL);
	write_registry(".steam", "klingon");
	expect_language(NULL);
	write_text("\"Registry\" {");
	expect_language(NULL);
	write_text("\"Registry\" { \"HKCU\" \"flat\" }");
	expect_language(NULL);
}
END_TEST

/* Steam may be running: its files are not to be written. Root may read any file, but no folder. */
START_TEST(test_a_pid_file_that_cannot_be_read_now)
{
	pid_t pid = 7;

	steam_home_mkdir(&home, "Steam/steam.pid");
	ck_assert(steam_install_find(&install, home.path, steam_home_path(&home, "Steam"), &err));
	ck_assert(!steam_install_check_running(&install, &pid, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "not known whether Steam is running"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_install");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_no_steam);
	tcase_add_test(tcase, test_places);
	tcase_add_test(tcase, test_given_folder);
	tcase_add_test(tcase, of_several_the_one_that_runs_or_ran_last);
	tcase_add_test(tcase, no_other_is_taken_for_one_that_cannot_be_examined);
	tcase_add_loop_test(tcase, test_running, 0, sizeof(layouts) / sizeof(*layouts));
	tcase_add_loop_test(tcase, test_damaged_pid_file, 0, 6);
	tcase_add_test(tcase, test_a_pid_file_that_cannot_be_read_now);
	tcase_add_test(tcase, test_start_script_is_steam);
	tcase_add_test(tcase, test_sandboxed);
	tcase_add_test(tcase, the_language_is_a_locale);
	tcase_add_test(tcase, the_native_client_comes_before_the_flatpak);
	tcase_add_test(tcase, nothing_is_made_of_what_is_not_there);
	return run_tcase(tcase);
}
