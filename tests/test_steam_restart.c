/*
 * Against the client that the end-to-end tests use, tests/e2e/lib/steam_client.sh: see there what
 * it does and what it logs. Its log is a pipe here, so that its news can be waited for.
 */
#include "steam/steam_restart.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "steam/steam_driver.h"
#include "steam/steam_process.h"
#include "steam_home.h"

#include <check.h>

#include <sys/syscall.h>
#include <time.h>

#define APP_ID "3000000001"

static struct steam_home home;
static struct loop *loop;
static struct steam_restart *restart;
static FILE *news;
static bool hold_files; /* exited() stops the loop instead of going on */
static unsigned exited_count, answer_count, awaited_count;
static char message[ERROR_MESSAGE_BYTES];
static enum error_kind kind;

/* The program's clocks, so that a minute need not pass. */
static int64_t boot_ahead_s, monotonic_behind_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	now->tv_sec += id == CLOCK_BOOTTIME ? boot_ahead_s : 0;
	now->tv_sec -= id == CLOCK_MONOTONIC ? monotonic_behind_s : 0;
	return result;
}

static const char *path(const char *name)
{
	return steam_home_path(&home, name);
}

static void exited(void *owner)
{
	exited_count++;
	if (hold_files) {
		loop_stop(loop);
	} else {
		steam_restart_go_on(restart);
	}
}

static void answered(void *user, const char *text, const struct error *err)
{
	snprintf(message, sizeof(message), "%s", text);
	kind = err != NULL ? err->kind : ERROR_NONE;
	if (++answer_count == awaited_count) {
		loop_stop(loop);
	}
}

static void make_restart(const char *steam_dir)
{
	restart = steam_restart_create(&(struct steam_restart_options){
		.loop = loop,
		.home = home.path,
		.steam_dir = steam_dir,
		.exited = exited,
	});
}

static void setup(void)
{
	char *script = realpath("tests/e2e/lib/steam_client.sh", NULL);
	char *search;

	steam_home_init(&home);
	steam_home_mkdir(&home, "Steam/userdata/22202/config");
	steam_home_mkdir(&home, "run/systemd");
	steam_home_mkdir(&home, "bin");
	ck_assert_int_eq(symlink("../Steam", path("bin/root")), 0);
	ck_assert_int_eq(symlink(script, path("bin/steam")), 0);
	ck_assert_int_eq(mkfifo(path("bin/log"), 0600), 0);
	news = fopen(path("bin/log"), "r+");
	free(script);
	search = xasprintf("%s/bin:%s", home.path, getenv("PATH"));
	setenv("PATH", search, 1);
	free(search);
	setenv("XDG_RUNTIME_DIR", path("run"), 1);
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	unsetenv("XDG_CURRENT_DESKTOP");
	unsetenv("GAMESCOPE_WAYLAND_DISPLAY");
	loop = loop_create();
	make_restart(path("Steam"));
}

static void teardown(void)
{
	steam_restart_destroy(restart);
	loop_destroy(loop);
	fclose(news);
	steam_home_finish(&home);
}

/* The next line of the log begins with this; returns what follows. */
static const char *expect_news(const char *expected)
{
	static char line[65536];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), news));
	line[strcspn(line, "\n")] = '\0';
	ck_assert_msg(
		strncmp(line, expected, strlen(expected)) == 0, "'%s', not '%s'", line, expected);
	return line + strlen(expected);
}

static void write_program(const char *name, const char *text)
{
	steam_home_write_text(&home, name, text);
	ck_assert_int_eq(chmod(path(name), 0700), 0);
}

/* A client with these variables besides our own; it reads its files before this returns. */
static pid_t start_client(const char *const *variables)
{
	const char *program = path("bin/steam");
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (; *variables != NULL; variables++) {
			putenv((char *)*variables);
		}
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(atoi(expect_news("start ")), pid);
	return pid;
}

static pid_t start_desktop_client(void)
{
	return start_client((const char *const[]){ "DISPLAY=:5", NULL });
}

static pid_t start_game_mode_client(void)
{
	return start_client((const char *const[]){ "XDG_CURRENT_DESKTOP=gamescope", NULL });
}

static void tell_client(const char *words)
{
	FILE *pipe = fopen(path("bin/pipe"), "r+");

	fprintf(pipe, "%s\n", words);
	fclose(pipe);
}

/* Ends the client that runs now, whoever started it. */
static void end_client(void)
{
	tell_client("exit");
	expect_news("end ");
}

static void ask(struct steam_driver *driver, bool force)
{
	awaited_count++;
	steam_restart_start(restart, driver, force, answered, NULL);
	ck_assert(steam_restart_running(restart));
}

static void await_answers(void)
{
	loop_run(loop);
	ck_assert_uint_eq(answer_count, awaited_count);
}

static void expect_answer(enum error_kind expected_kind, const char *expected)
{
	await_answers();
	ck_assert_msg(kind == expected_kind && strstr(message, expected) != NULL, "%d: %s",
		(int)kind, message);
	ck_assert(!steam_restart_running(restart));
}

static void expect_variable(pid_t pid, const char *name, const char *expected)
{
	struct strvec env = { 0 };
	const char *value;

	ck_assert(steam_process_environment(pid, &env));
	value = steam_process_variable(&env, name);
	if (expected == NULL) {
		ck_assert_ptr_null(value);
	} else {
		ck_assert_pstr_eq(value, expected);
	}
	strvec_finish(&env);
}

START_TEST(test_rule_of_a_minute)
{
	ck_assert_int_eq(steam_restart_wait_s(-1), 0);
	ck_assert_int_eq(steam_restart_wait_s(0), 60);
	ck_assert_int_eq(steam_restart_wait_s(1), 60);
	ck_assert_int_eq(steam_restart_wait_s(59000), 1);
	ck_assert_int_eq(steam_restart_wait_s(59999), 1);
	ck_assert_int_eq(steam_restart_wait_s(60000), 0);
	ck_assert_int_eq(steam_restart_wait_s(INT64_MAX), 0);
}
END_TEST

START_TEST(test_no_steam)
{
	steam_restart_destroy(restart);
	make_restart("/nonexistent/Steam");
	ask(NULL, false);
	ck_assert_uint_eq(answer_count, 0);
	expect_answer(ERROR_NOT_FOUND, "/nonexistent/Steam");
	ck_assert_uint_eq(exited_count, 0);
}
END_TEST

/* The environment is the one that Steam's scripts found, not the one they made. */
START_TEST(test_desktop)
{
	char *search = xasprintf("SYSTEM_PATH=%s", getenv("PATH"));
	char *runtime_path = xasprintf("PATH=/runtime/bin:%s", getenv("PATH"));
	const char *const variables[] = { "DISPLAY=:5", "XAUTHORITY=/run/x", "GDK_SCALE=2",
		"LD_LIBRARY_PATH=/runtime/lib", "STEAM_RUNTIME=/runtime", "INVOCATION_ID=1",
		runtime_path, search, NULL };
	pid_t before, after;

	before = start_client(variables);
	ask(NULL, false);
	ck_assert_uint_eq(answer_count, 0);
	expect_answer(ERROR_NONE, "Steam restarted");
	ck_assert_str_eq(message, "Steam restarted");
	expect_news("shutdown");
	ck_assert_int_eq(atoi(expect_news("end ")), before);
	after = atoi(expect_news("start "));
	ck_assert_uint_eq(exited_count, 1);
	expect_variable(after, "DISPLAY", ":5");
	expect_variable(after, "XAUTHORITY", "/run/x");
	expect_variable(after, "GDK_SCALE", "2");
	expect_variable(after, "PATH", getenv("PATH"));
	expect_variable(after, "LD_LIBRARY_PATH", NULL);
	expect_variable(after, "STEAM_RUNTIME", NULL);
	expect_variable(after, "SYSTEM_PATH", NULL);
	expect_variable(after, "INVOCATION_ID", NULL);
	/* It has ended, though nobody has asked for its exit code. */
	ck_assert_int_eq(waitpid(before, NULL, 0), before);
	end_client();
	free(search);
	free(runtime_path);
}
END_TEST

START_TEST(test_files_take_their_time)
{
	start_desktop_client();
	hold_files = true;
	ask(NULL, false);
	loop_run(loop);
	expect_news("shutdown");
	expect_news("end ");
	ck_assert_uint_eq(exited_count, 1);
	ask(NULL, false); /* shares the outcome, and does not begin anew */
	ck_assert_uint_eq(answer_count, 0);
	steam_restart_go_on(restart);
	await_answers();
	ck_assert_str_eq(message, "Steam restarted");
	expect_news("start ");
	ck_assert_uint_eq(exited_count, 1);
	end_client();
}
END_TEST

static const struct {
	const char *script; /* after it has logged its command line */
} systemd_runs[] = {
	{ "while [ \"$1\" != -- ]; do shift; done; shift; \"$@\" &" },
	{ "exit 1" }, /* it does not know an option, or cannot reach its manager */
};

START_TEST(test_systemd)
{
	char *script = xasprintf("#!/bin/sh\necho \"systemd-run $*\" >>\"${0%%/*}/log\"\n%s\n",
		systemd_runs[_i].script);
	const char *words;

	write_program("bin/systemd-run", script);
	steam_home_write_text(&home, "run/systemd/private", "");
	start_client((const char *const[]){ "DISPLAY=:5", "SECRET=hunter2", NULL });
	ask(NULL, false);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("shutdown");
	expect_news("end ");
	words = expect_news("systemd-run --user --collect ");
	ck_assert_ptr_nonnull(strstr(words, " --setenv=DISPLAY "));
	ck_assert_ptr_nonnull(strstr(words, " --setenv=SECRET "));
	ck_assert_ptr_null(strstr(words, "hunter2"));
	ck_assert_ptr_nonnull(strstr(words, path("bin/steam")));
	expect_variable(atoi(expect_news("start ")), "DISPLAY", ":5");
	end_client();
	free(script);
}
END_TEST

START_TEST(test_systemd_hangs)
{
	static const char *const programs[] = { "bin/systemd-run", "bin/systemctl" };

	write_program(programs[_i], "#!/bin/sh\nexec sleep 1000\n");
	steam_home_write_text(&home, "run/systemd/private", "");
	hold_files = true;
	setenv(_i == 0 ? "DISPLAY" : "LANG", ":5", 1);
	ask(NULL, false);
	loop_run(loop);
	monotonic_behind_s = 4;
	steam_restart_go_on(restart);
	monotonic_behind_s = 0;
	expect_answer(ERROR_TIMEOUT, "systemd");
}
END_TEST

START_TEST(test_without_a_command_in_path)
{
	char *script = xasprintf("#!/bin/sh\nexec %s/bin/steam \"$@\"\n", home.path);

	write_program("Steam/steam.sh", script);
	start_client((const char *const[]){ "DISPLAY=:5", "SYSTEM_PATH=/usr/bin:/bin", NULL });
	ask(NULL, false);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("shutdown");
	expect_news("end ");
	expect_news("start ");
	end_client();
	free(script);
}
END_TEST

START_TEST(test_without_any_command)
{
	start_client((const char *const[]){ "DISPLAY=:5", "SYSTEM_PATH=/usr/bin:/bin", NULL });
	ask(NULL, false);
	expect_answer(ERROR_NOT_FOUND, "/Steam/steam.sh'");
	ck_assert_uint_eq(exited_count, 0);
	end_client();
}
END_TEST

/* Its client's display is the sandbox's: ours counts. */
START_TEST(test_flatpak)
{
	static const char place[] = ".var/app/com.valvesoftware.Steam/.local/share";

	write_program("bin/flatpak", "#!/bin/sh\necho \"flatpak $*\" >>\"${0%/*}/log\"\n"
				     "shift 2\nexec steam \"$@\"\n");
	steam_home_mkdir(&home, place);
	ck_assert_int_eq(chdir(path(place)), 0);
	ck_assert_int_eq(symlink("../../../../../Steam", "Steam"), 0);
	steam_restart_destroy(restart);
	make_restart(NULL);
	start_client((const char *const[]){ "DISPLAY=:99", NULL });
	setenv("DISPLAY", ":5", 1);
	ask(NULL, false);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("flatpak run com.valvesoftware.Steam -shutdown");
	expect_news("shutdown");
	expect_news("end ");
	ck_assert_str_eq(expect_news("flatpak run com.valvesoftware.Steam"), "");
	expect_variable(atoi(expect_news("start ")), "DISPLAY", ":5");
	end_client();
}
END_TEST

START_TEST(test_not_running)
{
	static const struct {
		const char *variable;
		const char *value;
		const char *message;
	} sessions[] = {
		{ "DISPLAY", ":5", "it has been started" },
		{ "WAYLAND_DISPLAY", "wayland-0", "it has been started" },
		{ "LANG", "C", "is not running" },
		{ "XDG_CURRENT_DESKTOP", "gamescope", "is not running" },
	};

	if (_i == 3) {
		setenv("DISPLAY", ":0", 1); /* Game Mode has one too */
	}
	setenv(sessions[_i].variable, sessions[_i].value, 1);
	steam_home_write_pid(&home, "Steam/steam.pid", getpid()); /* left by one that crashed */
	ask(NULL, false);
	expect_answer(ERROR_NONE, sessions[_i].message);
	ck_assert_uint_eq(exited_count, 1);
	if (_i < 2) {
		expect_news("start ");
		end_client();
	}
}
END_TEST

/* A service that was started before the session, which has told systemd since. */
START_TEST(test_session_of_systemd)
{
	static const struct {
		const char *lines;
		bool is_desktop;
	} environments[] = {
		{ "LANG=C\\nDISPLAY=:5\\nXDG_CURRENT_DESKTOP=KDE\\n", true },
		{ "DISPLAY=:5\\nXDG_CURRENT_DESKTOP=gamescope\\n", false },
		{ "LANG=C\\nDISPLAY", false },
		{ "", false },
	};
	char *systemctl = xasprintf("#!/bin/sh\necho \"systemctl $*\" >>\"${0%%/*}/log\"\n"
				    "printf '%s'\n",
		environments[_i].lines);

	write_program("bin/systemctl", systemctl);
	write_program("bin/systemd-run", "#!/bin/sh\nexit 1\n");
	steam_home_write_text(&home, "run/systemd/private", "");
	ask(NULL, false);
	expect_answer(
		ERROR_NONE, environments[_i].is_desktop ? "it has been started" : "is not running");
	expect_news("systemctl --user show-environment");
	if (environments[_i].is_desktop) {
		expect_variable(atoi(expect_news("start ")), "DISPLAY", ":5");
		end_client();
	}
	free(systemctl);
}
END_TEST

START_TEST(test_game)
{
	start_desktop_client();
	tell_client("game " APP_ID);
	expect_news("game ");
	ask(NULL, false);
	expect_answer(ERROR_CONFLICT, APP_ID);
	ck_assert_ptr_nonnull(strstr(message, "steam.restartWhilePlaying"));
	ck_assert_uint_eq(exited_count, 0);
	ask(NULL, true);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("shutdown");
	expect_news("end ");
	expect_news("start ");
	end_client();
}
END_TEST

START_TEST(test_shutdown_is_ignored)
{
	steam_home_write_text(&home, "bin/ignore-shutdown", "");
	start_desktop_client();
	monotonic_behind_s = 15;
	ask(NULL, false);
	expect_news("shutdown");
	expect_news("ignored");
	monotonic_behind_s = 0;
	expect_answer(ERROR_TIMEOUT, "15 s");
	ck_assert_uint_eq(exited_count, 0);
	/* Nothing of it is left: the next attempt is one from the beginning. */
	unlink(path("bin/ignore-shutdown"));
	ask(NULL, false);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("shutdown");
	expect_news("end ");
	expect_news("start ");
	end_client();
}
END_TEST

START_TEST(test_files_take_too_long)
{
	start_desktop_client();
	hold_files = true;
	monotonic_behind_s = 27;
	ask(NULL, false);
	loop_run(loop);
	expect_news("shutdown");
	expect_news("end ");
	monotonic_behind_s = 0;
	await_answers();
	ck_assert_int_eq(kind, ERROR_TIMEOUT);
	ck_assert(steam_restart_running(restart));
	/* Who asks now learns how it ends. */
	ask(NULL, false);
	steam_restart_go_on(restart);
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("start ");
	end_client();
}
END_TEST

START_TEST(test_crash_meanwhile)
{
	steam_home_write_text(&home, "bin/ignore-shutdown", "");
	start_desktop_client();
	ask(NULL, false);
	expect_news("shutdown");
	expect_news("ignored");
	tell_client("crash");
	expect_answer(ERROR_NONE, "Steam restarted");
	expect_news("crash");
	expect_news("start ");
	end_client();
}
END_TEST

/* The user, or an update of Steam, was faster. */
START_TEST(test_started_meanwhile)
{
	start_desktop_client();
	hold_files = true;
	ask(NULL, false);
	loop_run(loop);
	expect_news("shutdown");
	expect_news("end ");
	start_desktop_client();
	steam_restart_go_on(restart);
	expect_answer(ERROR_NONE, "Steam restarted");
	end_client();
}
END_TEST

START_TEST(test_game_mode_just_started)
{
	start_game_mode_client();
	boot_ahead_s = 20;
	ask(NULL, true);
	expect_answer(ERROR_CONFLICT, "try again in 40 s");
	ck_assert_uint_eq(exited_count, 0);
	end_client();
}
END_TEST

/* A live driver that makes the client end, or does not. */
enum live { OBEYS, OBEYS_SILENTLY, REFUSES, DOES_NOTHING, LIVE_COUNT };

static struct live_driver {
	struct steam_driver driver;
	enum live manner;
	steam_driver_done *done;
	void *user;
	bool is_asked;
} live_driver;

static void live_done(void *user)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT, "the plugin has gone");
	live_driver.done(live_driver.user, 0, live_driver.manner == REFUSES ? &err : NULL);
}

static void live_restart(struct steam_driver *driver, steam_driver_done *done, void *user)
{
	live_driver.is_asked = true;
	live_driver.done = done;
	live_driver.user = user;
	if (live_driver.manner == OBEYS || live_driver.manner == OBEYS_SILENTLY) {
		tell_client("exit");
	}
	if (live_driver.manner == OBEYS || live_driver.manner == REFUSES) {
		loop_defer(loop, live_done, NULL);
	}
	if (live_driver.manner == DOES_NOTHING) {
		monotonic_behind_s = 0; /* its time is up */
	}
}

static struct steam_driver *make_live_driver(enum live manner)
{
	static const struct steam_driver_ops ops = { .name = "live", .restart = live_restart };

	live_driver = (struct live_driver){ .driver.ops = &ops, .manner = manner };
	return &live_driver.driver;
}

START_TEST(test_game_mode)
{
	struct steam_driver *driver = make_live_driver((enum live)_i);

	start_game_mode_client();
	boot_ahead_s = 60;
	monotonic_behind_s = _i == DOES_NOTHING ? 7 : 0;
	ask(_i == LIVE_COUNT ? NULL : driver, false);
	expect_answer(ERROR_NONE, "Steam restarted");
	if (_i == REFUSES || _i == DOES_NOTHING || _i == LIVE_COUNT) {
		expect_news("shutdown");
	}
	expect_news("end "); /* and no start: that is the session's */
	ck_assert_int_eq(live_driver.is_asked, _i != LIVE_COUNT);
	ck_assert_uint_eq(exited_count, 1);
	if (_i == OBEYS_SILENTLY || _i == DOES_NOTHING) {
		live_done(NULL); /* later than anybody waits for */
	}
}
END_TEST

/* In desktop mode Steam would come back by itself, in the middle of our writing. */
START_TEST(test_no_live_driver_on_a_desktop)
{
	start_desktop_client();
	ask(make_live_driver(OBEYS), false);
	expect_answer(ERROR_NONE, "Steam restarted");
	ck_assert(!live_driver.is_asked);
	expect_news("shutdown");
	expect_news("end ");
	expect_news("start ");
	end_client();
}
END_TEST

enum { AT_ONCE, BEFORE_THE_END, WHILE_WRITING, DESTROY_COUNT };

START_TEST(test_destroy)
{
	start_desktop_client();
	hold_files = _i == WHILE_WRITING;
	if (_i == BEFORE_THE_END) {
		steam_home_write_text(&home, "bin/ignore-shutdown", "");
	}
	ask(NULL, false);
	ask(NULL, false);
	if (_i == WHILE_WRITING) {
		loop_run(loop);
	}
	steam_restart_destroy(restart);
	restart = NULL;
	ck_assert_uint_eq(answer_count, 2);
	ck_assert_int_eq(kind, ERROR_CANCELLED);
	expect_news("shutdown");
	if (_i == BEFORE_THE_END) {
		expect_news("ignored");
		tell_client("exit");
	}
	expect_news("end ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("steam_restart");
	TCase *tcase = tcase_create("steam_restart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_rule_of_a_minute);
	tcase_add_test(tcase, test_no_steam);
	tcase_add_test(tcase, test_desktop);
	tcase_add_test(tcase, test_files_take_their_time);
	tcase_add_loop_test(tcase, test_systemd, 0, sizeof(systemd_runs) / sizeof(*systemd_runs));
	tcase_add_loop_test(tcase, test_systemd_hangs, 0, 2);
	tcase_add_test(tcase, test_without_a_command_in_path);
	tcase_add_test(tcase, test_without_any_command);
	tcase_add_test(tcase, test_flatpak);
	tcase_add_loop_test(tcase, test_not_running, 0, 4);
	tcase_add_loop_test(tcase, test_session_of_systemd, 0, 4);
	tcase_add_test(tcase, test_game);
	tcase_add_test(tcase, test_shutdown_is_ignored);
	tcase_add_test(tcase, test_files_take_too_long);
	tcase_add_test(tcase, test_crash_meanwhile);
	tcase_add_test(tcase, test_started_meanwhile);
	tcase_add_test(tcase, test_game_mode_just_started);
	tcase_add_loop_test(tcase, test_game_mode, 0, LIVE_COUNT + 1);
	tcase_add_test(tcase, test_no_live_driver_on_a_desktop);
	tcase_add_loop_test(tcase, test_destroy, 0, DESTROY_COUNT);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
