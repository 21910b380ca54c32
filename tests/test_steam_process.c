#include "steam/client/steam_process.h"

#include "core/error.h"
#include "core/loop.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>

static struct steam_home home;
static struct strvec env;
static struct error err;

static void setup(void)
{
	steam_home_init(&home);
}

static void teardown(void)
{
	strvec_finish(&env);
	steam_home_finish(&home);
}

/* A shell with these words as its arguments that runs when this returns, until *hold is closed. */
static pid_t start(const char *const words[4], const char *const *environment, int *hold)
{
	const char *argv[9] = { "/bin/sh", "-c", "echo; read line", "reaper" };
	int ready[2], held[2];
	char byte;
	pid_t pid;

	memcpy(argv + 4, words, 4 * sizeof(*words));
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(held, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(held[0], 0);
		dup2(ready[1], 1);
		execve(argv[0], (char *const *)argv, (char *const *)environment);
		_exit(127);
	}
	close(ready[1]);
	close(held[0]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*hold = held[1];
	return pid;
}

static void end(pid_t pid, int hold)
{
	close(hold);
	waitpid(pid, NULL, 0);
}

static const char *const no_words[4];

START_TEST(test_client)
{
	static const char *const names[] = { "steam", "steam.sh", "steamwebhelper", "ste am) Z" };
	pid_t pid = steam_home_start_process(names[_i]);

	ck_assert_int_eq(steam_process_is_client(pid), _i < 2);
	ck_assert_int_ge(steam_process_age_ms(pid), 0);
	kill(pid, SIGKILL);
	/* Dead, but not reaped yet. */
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	ck_assert(!steam_process_is_client(pid));
	waitpid(pid, NULL, 0);
	ck_assert(!steam_process_is_client(pid));
	ck_assert_int_eq(steam_process_age_ms(pid), -1);
	ck_assert(!steam_process_is_client(0));
	ck_assert(!steam_process_is_client(-1));
}
END_TEST

START_TEST(test_age)
{
	pid_t pid = steam_home_start_process("name) R 1 (steam");
	int64_t age_ms = steam_process_age_ms(pid);

	ck_assert_int_ge(age_ms, 0);
	ck_assert_int_le(age_ms, 60 * 1000);
	steam_home_end_process(pid);
}
END_TEST

START_TEST(test_environment)
{
	/* Longer than what one read yields. */
	char *big = malloc(20000);
	const char *const given[] = { "DISPLAY=:7", "EMPTY=", "no value", "A=b=c", big,
		"DISPLAY_2=:8", NULL };
	int hold;
	pid_t pid;

	memset(big, 'x', 20000 - 1);
	memcpy(big, "BIG=", 4);
	big[20000 - 1] = '\0';
	pid = start(no_words, given, &hold);
	ck_assert(steam_process_environment(pid, &env));
	ck_assert_uint_eq(env.count, 5);
	ck_assert_str_eq(env.items[0], "DISPLAY=:7");
	ck_assert_str_eq(env.items[3], big);
	ck_assert_str_eq(steam_process_variable(&env, "DISPLAY"), ":7");
	ck_assert_str_eq(steam_process_variable(&env, "DISPLAY_2"), ":8");
	ck_assert_str_eq(steam_process_variable(&env, "A"), "b=c");
	ck_assert_ptr_null(steam_process_variable(&env, "EMPTY"));
	ck_assert_ptr_null(steam_process_variable(&env, "DISP"));
	end(pid, hold);
	ck_assert(!steam_process_environment(pid, &env));
	ck_assert_uint_eq(env.count, 5);
	free(big);
}
END_TEST

static const struct {
	const char *env[3];
	bool game_mode;
} sessions[] = {
	{ { NULL }, false },
	{ { "DISPLAY=:0" }, false },
	{ { "GAMESCOPE_WAYLAND_DISPLAY=gamescope-0" }, true },
	{ { "GAMESCOPE_WAYLAND_DISPLAY=" }, false },
	{ { "XDG_CURRENT_DESKTOP=gamescope" }, true },
	{ { "XDG_CURRENT_DESKTOP=ChimeraOS:gamescope" }, true },
	{ { "XDG_CURRENT_DESKTOP=gamescoped" }, false },
	{ { "XDG_CURRENT_DESKTOP=KDE" }, false },
	{ { "XDG_CURRENT_DESKTOP=KDE", "GAMESCOPE_WAYLAND_DISPLAY=gamescope-0" }, false },
	{ { "XDG_CURRENT_DESKTOP=", "GAMESCOPE_WAYLAND_DISPLAY=gamescope-0" }, true },
};

START_TEST(test_game_mode)
{
	int hold;
	pid_t pid = start(no_words, sessions[_i].env, &hold);

	ck_assert_int_eq(steam_process_in_game_mode(pid), sessions[_i].game_mode);
	end(pid, hold);
	ck_assert(!steam_process_in_game_mode(pid));
}
END_TEST

/* An id that is this test's alone follows each "AppId=": the machine may run other games. */
static const struct {
	const char *words[4];
	bool is_game;
} command_lines[] = {
	{ { "SteamLaunch", "AppId=", "--", "/games/a" }, true },
	{ { "--", "SteamLaunch", "AppId=" }, true },
	{ { "SteamLaunch", "--", "AppId=" }, false },
	{ { "AppId=", "SteamLaunch" }, false },
	{ { "SteamLaunch AppId=" }, false },
	{ { "SteamLaunch", "AppId=-" }, false },
	{ { "SteamLaunch", "AppId=1" }, false },
	{ { "SteamLaunch" }, false },
};

START_TEST(test_game)
{
	uint32_t app_id = 3000000000 + (uint32_t)getpid(), found = 0;
	pid_t other = steam_home_start_process("steam");
	const char *words[4] = { 0 };
	char texts[4][64];
	int hold;
	pid_t pid;

	for (int i = 0; i < 4 && command_lines[_i].words[i] != NULL; i++) {
		words[i] = command_lines[_i].words[i];
		if (strstr(words[i], "AppId=") != NULL) {
			snprintf(texts[i], sizeof(texts[i]), "%s%u", words[i], app_id);
			words[i] = texts[i];
		}
	}
	prctl(PR_SET_NAME, "steam"); /* so that no other test takes the game for its own */
	pid = start(words, no_words, &hold);
	ck_assert_int_eq(steam_process_game_running(app_id, &found), command_lines[_i].is_game);
	ck_assert(!steam_process_game_running(app_id + 100000000, NULL));
	if (command_lines[_i].is_game) {
		ck_assert_uint_eq(found, app_id);
		ck_assert(steam_process_game_running(0, NULL));
		ck_assert_uint_eq(steam_process_game_of(getpid()), app_id);
		ck_assert_uint_ne(steam_process_game_of(other), app_id);
	}
	end(pid, hold);
	steam_home_end_process(other);
	ck_assert(!steam_process_game_running(app_id, NULL));
}
END_TEST

static struct loop *loop;
static unsigned ended_count;

static void ended(void *user)
{
	ended_count++;
	loop_stop(loop);
}

static struct steam_process *watch(pid_t pid)
{
	struct steam_process *process = steam_process_watch(loop, pid, ended, NULL, &err);

	ck_assert_msg(process != NULL, "%s", err.message);
	return process;
}

enum { ENDS_LATER, IS_ZOMBIE, IS_GONE, IS_ANOTHER, CASE_COUNT };

START_TEST(test_watch)
{
	pid_t pid = steam_home_start_process(_i == IS_ANOTHER ? "steamwebhelper" : "steam");
	struct steam_process *process;

	loop = loop_create();
	ended_count = 0;
	if (_i == IS_ZOMBIE || _i == IS_GONE) {
		kill(pid, SIGKILL);
		waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 },
			WEXITED | (_i == IS_ZOMBIE ? WNOWAIT : 0));
	}
	process = watch(pid);
	ck_assert_uint_eq(ended_count, 0);
	if (_i == ENDS_LATER) {
		loop_dispatch(loop);
		ck_assert_uint_eq(ended_count, 0);
		kill(pid, SIGKILL);
	}
	loop_run(loop);
	loop_dispatch(loop);
	ck_assert_uint_eq(ended_count, 1); /* once, though the descriptor stays readable */
	steam_process_unwatch(process);
	if (_i == IS_ANOTHER) {
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
	loop_destroy(loop);
}
END_TEST

START_TEST(test_unwatch)
{
	pid_t pid = steam_home_start_process("steam");

	loop = loop_create();
	ended_count = 0;
	steam_process_unwatch(NULL);
	steam_process_unwatch(watch(pid));
	steam_home_end_process(pid);
	steam_process_unwatch(watch(pid));
	loop_dispatch(loop);
	ck_assert_uint_eq(ended_count, 0);
	loop_destroy(loop);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_process");

	if (steam_home_has_foreign_game()) {
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_client, 0, 4);
	tcase_add_test(tcase, test_age);
	tcase_add_test(tcase, test_environment);
	tcase_add_loop_test(tcase, test_game_mode, 0, sizeof(sessions) / sizeof(*sessions));
	tcase_add_loop_test(tcase, test_game, 0, sizeof(command_lines) / sizeof(*command_lines));
	tcase_add_loop_test(tcase, test_watch, 0, CASE_COUNT);
	tcase_add_test(tcase, test_unwatch);
	return run_tcase(tcase);
}
