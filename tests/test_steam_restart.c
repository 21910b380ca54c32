#include "steam/client/steam_restart.h"

#include "core/error.h"
#include "core/loop.h"
#include "steam_client.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#define SUITE_ALONE /* replaces a function of the C library */
#define APP_ID "3000000001"

static struct steam_client client;
static struct loop *loop;
static struct steam_restart *restart;
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

/* Steam, asked to restart: ends or does not, answers or does not. */
enum manner { IS_NOT_THERE, OBEYS, OBEYS_SILENTLY, REFUSES, DOES_NOTHING, MANNER_COUNT };

static struct {
	enum manner manner;
	steam_restart_asked *asked;
	void *user;
	bool is_made;
} request;

static bool ask_steam(void *owner, steam_restart_asked *asked, void *user);

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
		.home = client.home.path,
		.steam_dir = steam_dir,
		.ask = ask_steam,
		.exited = exited,
	});
}

static void setup(void)
{
	steam_client_init(&client);
	loop = loop_create();
	make_restart(steam_client_path(&client, "Steam"));
}

static void teardown(void)
{
	steam_restart_destroy(restart);
	loop_destroy(loop);
	steam_client_finish(&client);
}

static pid_t start_desktop_client(void)
{
	return steam_client_start(&client, (const char *const[]){ "DISPLAY=:5", NULL });
}

static pid_t start_game_mode_client(void)
{
	return steam_client_start(
		&client, (const char *const[]){ "XDG_CURRENT_DESKTOP=gamescope", NULL });
}

static void ask(bool force)
{
	awaited_count++;
	steam_restart_start(restart, force, answered, NULL);
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
	ask(false);
	ck_assert_uint_eq(answer_count, 0);
	expect_answer(ERROR_NOT_FOUND, "/nonexistent/Steam");
	ck_assert_uint_eq(exited_count, 0);
}
END_TEST

START_TEST(test_desktop)
{
	pid_t before = start_desktop_client();

	ask(false);
	ck_assert_uint_eq(answer_count, 0);
	expect_answer(ERROR_NONE, "Steam restarted");
	ck_assert_str_eq(message, "Steam restarted");
	steam_client_news(&client, "shutdown");
	ck_assert_int_eq(atoi(steam_client_news(&client, "end ")), before);
	steam_client_expect_variable(atoi(steam_client_news(&client, "start ")), "DISPLAY", ":5");
	ck_assert_uint_eq(exited_count, 1);
	/* It has ended, though not reaped yet. */
	ck_assert_int_eq(waitpid(before, NULL, 0), before);
	steam_client_end(&client);
}
END_TEST

START_TEST(test_files_take_their_time)
{
	start_desktop_client();
	hold_files = true;
	ask(false);
	loop_run(loop);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	ck_assert_uint_eq(exited_count, 1);
	ask(false); /* shares the outcome, and does not start over */
	ck_assert_uint_eq(answer_count, 0);
	steam_restart_go_on(restart);
	await_answers();
	ck_assert_str_eq(message, "Steam restarted");
	steam_client_news(&client, "start ");
	ck_assert_uint_eq(exited_count, 1);
	steam_client_end(&client);
}
END_TEST

START_TEST(test_systemd_hangs)
{
	static const char *const programs[] = { "bin/systemd-run", "bin/systemctl" };

	steam_client_write_program(&client, programs[_i], "#!/bin/sh\nexec sleep 1000\n");
	steam_home_write_text(&client.home, "run/systemd/private", "");
	hold_files = true;
	setenv(_i == 0 ? "DISPLAY" : "LANG", ":5", 1);
	ask(false);
	loop_run(loop);
	monotonic_behind_s = 4;
	steam_restart_go_on(restart);
	monotonic_behind_s = 0;
	expect_answer(ERROR_TIMEOUT, "systemd");
}
END_TEST

START_TEST(test_without_any_command)
{
	steam_client_start(
		&client, (const char *const[]){ "DISPLAY=:5", "SYSTEM_PATH=/usr/bin:/bin", NULL });
	ask(false);
	expect_answer(ERROR_NOT_FOUND, "/Steam/steam.sh'");
	ck_assert_uint_eq(exited_count, 0);
	steam_client_end(&client);
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
	steam_home_write_pid(
		&client.home, "Steam/steam.pid", getpid()); /* left by one that crashed */
	ask(false);
	expect_answer(ERROR_NONE, sessions[_i].message);
	ck_assert_uint_eq(exited_count, 1);
	if (_i < 2) {
		steam_client_news(&client, "start ");
		steam_client_end(&client);
	}
}
END_TEST

START_TEST(test_game)
{
	start_desktop_client();
	steam_client_tell(&client, "game " APP_ID);
	steam_client_news(&client, "game ");
	ask(false);
	expect_answer(ERROR_CONFLICT, APP_ID);
	ck_assert_ptr_nonnull(strstr(message, "steam.restartWhilePlaying"));
	ck_assert_uint_eq(exited_count, 0);
	ask(true);
	expect_answer(ERROR_NONE, "Steam restarted");
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	steam_client_news(&client, "start ");
	steam_client_end(&client);
}
END_TEST

START_TEST(test_shutdown_is_ignored)
{
	steam_home_write_text(&client.home, "bin/ignore-shutdown", "");
	start_desktop_client();
	monotonic_behind_s = 22;
	ask(false);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "ignored");
	monotonic_behind_s = 0;
	expect_answer(ERROR_TIMEOUT, "22 s");
	ck_assert_uint_eq(exited_count, 0);
	/* Nothing of it is left: the next attempt starts from the beginning. */
	unlink(steam_client_path(&client, "bin/ignore-shutdown"));
	ask(false);
	expect_answer(ERROR_NONE, "Steam restarted");
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	steam_client_news(&client, "start ");
	steam_client_end(&client);
}
END_TEST

START_TEST(test_files_take_too_long)
{
	start_desktop_client();
	hold_files = true;
	monotonic_behind_s = 27;
	ask(false);
	loop_run(loop);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	monotonic_behind_s = 0;
	await_answers();
	ck_assert_int_eq(kind, ERROR_TIMEOUT);
	/* A request now gets the same outcome. */
	ask(false);
	steam_restart_go_on(restart);
	expect_answer(ERROR_NONE, "Steam restarted");
	steam_client_news(&client, "start ");
	steam_client_end(&client);
}
END_TEST

START_TEST(test_crash_meanwhile)
{
	steam_home_write_text(&client.home, "bin/ignore-shutdown", "");
	start_desktop_client();
	ask(false);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "ignored");
	steam_client_tell(&client, "crash");
	expect_answer(ERROR_NONE, "Steam restarted");
	steam_client_news(&client, "crash");
	steam_client_news(&client, "start ");
	steam_client_end(&client);
}
END_TEST

/* The user, or an update of Steam, was faster. */
START_TEST(test_started_meanwhile)
{
	start_desktop_client();
	hold_files = true;
	ask(false);
	loop_run(loop);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	start_desktop_client();
	steam_restart_go_on(restart);
	expect_answer(ERROR_NONE, "Steam restarted");
	steam_client_end(&client);
}
END_TEST

START_TEST(test_game_mode_just_started)
{
	int wait_s;

	start_game_mode_client();
	boot_ahead_s = 20;
	ask(true);
	expect_answer(ERROR_CONFLICT, "try again in ");
	wait_s = atoi(strstr(message, "try again in ") + strlen("try again in "));
	ck_assert_msg(wait_s > 0 && wait_s <= 40, "%s", message);
	ck_assert_uint_eq(exited_count, 0);
	steam_client_end(&client);
}
END_TEST

static void answer_request(void *user)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT, "the plugin has gone");
	request.asked(request.user, request.manner == REFUSES ? &err : NULL);
}

static bool ask_steam(void *owner, steam_restart_asked *asked, void *user)
{
	if (request.manner == IS_NOT_THERE) {
		return false;
	}
	request.is_made = true;
	request.asked = asked;
	request.user = user;
	if (request.manner == OBEYS || request.manner == OBEYS_SILENTLY) {
		steam_client_tell(&client, "exit");
	}
	if (request.manner == OBEYS || request.manner == REFUSES) {
		loop_defer(loop, answer_request, NULL);
	}
	if (request.manner == DOES_NOTHING) {
		monotonic_behind_s = 0; /* its time is up */
	}
	return true;
}

START_TEST(test_game_mode)
{
	request.manner = (enum manner)_i;
	start_game_mode_client();
	boot_ahead_s = 60;
	monotonic_behind_s = _i == DOES_NOTHING ? 7 : 0;
	ask(false);
	expect_answer(ERROR_NONE, "Steam restarted");
	if (_i == REFUSES || _i == DOES_NOTHING || _i == IS_NOT_THERE) {
		steam_client_news(&client, "shutdown");
	}
	steam_client_news(&client, "end "); /* and no start: that is the session's */
	ck_assert_int_eq(request.is_made, _i != IS_NOT_THERE);
	ck_assert_uint_eq(exited_count, 1);
	if (_i == OBEYS_SILENTLY || _i == DOES_NOTHING) {
		answer_request(NULL); /* too late for any caller */
	}
}
END_TEST

/* In desktop mode Steam would come back by itself, in the middle of our writing. */
START_TEST(test_not_asked_on_a_desktop)
{
	start_desktop_client();
	request.manner = OBEYS;
	ask(false);
	expect_answer(ERROR_NONE, "Steam restarted");
	ck_assert(!request.is_made);
	steam_client_news(&client, "shutdown");
	steam_client_news(&client, "end ");
	steam_client_news(&client, "start ");
	steam_client_end(&client);
}
END_TEST

enum { AT_ONCE, BEFORE_THE_END, WHILE_WRITING, DESTROY_COUNT };

START_TEST(test_destroy)
{
	start_desktop_client();
	hold_files = _i == WHILE_WRITING;
	if (_i == BEFORE_THE_END) {
		steam_home_write_text(&client.home, "bin/ignore-shutdown", "");
	}
	ask(false);
	ask(false);
	if (_i == WHILE_WRITING) {
		loop_run(loop);
	}
	steam_restart_destroy(restart);
	restart = NULL;
	ck_assert_uint_eq(answer_count, 2);
	ck_assert_int_eq(kind, ERROR_CANCELLED);
	steam_client_news(&client, "shutdown");
	if (_i == BEFORE_THE_END) {
		steam_client_news(&client, "ignored");
		steam_client_tell(&client, "exit");
	}
	steam_client_news(&client, "end ");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_restart");

	if (steam_home_has_foreign_game()) {
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_rule_of_a_minute);
	tcase_add_test(tcase, test_no_steam);
	tcase_add_test(tcase, test_desktop);
	tcase_add_test(tcase, test_files_take_their_time);
	tcase_add_loop_test(tcase, test_systemd_hangs, 0, 2);
	tcase_add_test(tcase, test_without_any_command);
	tcase_add_loop_test(tcase, test_not_running, 0, 4);
	tcase_add_test(tcase, test_game);
	tcase_add_test(tcase, test_shutdown_is_ignored);
	tcase_add_test(tcase, test_files_take_too_long);
	tcase_add_test(tcase, test_crash_meanwhile);
	tcase_add_test(tcase, test_started_meanwhile);
	tcase_add_test(tcase, test_game_mode_just_started);
	tcase_add_loop_test(tcase, test_game_mode, 0, MANNER_COUNT);
	tcase_add_test(tcase, test_not_asked_on_a_desktop);
	tcase_add_loop_test(tcase, test_destroy, 0, DESTROY_COUNT);
	return run_tcase(tcase);
}
