#include "steam/client/steam_launch.h"

#include "core/error.h"
#include "core/loop.h"
#include "steam/client/steam_install.h"
#include "steam_client.h"
#include "suite.h"

#include <check.h>

static struct steam_client client;
static struct steam_install install;
static struct loop *loop;
static struct steam_launch *launch;
static struct error err;
static unsigned done_count;
static bool is_started;

static void setup(void)
{
	steam_client_init(&client);
	ck_assert(steam_install_find(
		&install, client.home.path, steam_client_path(&client, "Steam"), &err));
	loop = loop_create();
}

static void teardown(void)
{
	steam_launch_destroy(launch);
	loop_destroy(loop);
	steam_install_finish(&install);
	steam_client_finish(&client);
}

static void started(void *user, const struct error *error)
{
	done_count++;
	is_started = error == NULL;
	if (error != NULL) {
		err = *error;
	}
	loop_stop(loop);
}

static void found(void *user)
{
	done_count++;
	loop_stop(loop);
}

/* Takes over from a client with these variables, which has ended when this returns. */
static void take_over(const char *const *variables)
{
	launch = steam_launch_create(loop, &install, steam_client_start(&client, variables));
	steam_client_end(&client);
}

static void start(void)
{
	steam_launch_start(launch, started, NULL);
	loop_run(loop);
	ck_assert_uint_eq(done_count, 1);
}

/* The environment is the one that Steam's scripts found, not the one they made. */
START_TEST(test_environment)
{
	char *search = xasprintf("SYSTEM_PATH=%s", getenv("PATH"));
	char *runtime_path = xasprintf("PATH=/runtime/bin:%s", getenv("PATH"));
	const char *const variables[] = { "DISPLAY=:5", "XAUTHORITY=/run/x", "GDK_SCALE=2",
		"LD_LIBRARY_PATH=/runtime/lib", "STEAM_RUNTIME=/runtime", "INVOCATION_ID=1",
		"BASH_FUNC_f%%=() { }", runtime_path, search, NULL };
	pid_t pid;

	take_over(variables);
	start();
	ck_assert(is_started);
	pid = atoi(steam_client_news(&client, "start "));
	steam_client_expect_variable(pid, "DISPLAY", ":5");
	steam_client_expect_variable(pid, "XAUTHORITY", "/run/x");
	steam_client_expect_variable(pid, "GDK_SCALE", "2");
	steam_client_expect_variable(pid, "PATH", getenv("PATH"));
	steam_client_expect_variable(pid, "LD_LIBRARY_PATH", NULL);
	steam_client_expect_variable(pid, "STEAM_RUNTIME", NULL);
	steam_client_expect_variable(pid, "SYSTEM_PATH", NULL);
	steam_client_expect_variable(pid, "INVOCATION_ID", NULL);
	steam_client_expect_variable(pid, "BASH_FUNC_f%%", NULL);
	steam_client_end(&client);
	free(search);
	free(runtime_path);
}
END_TEST

START_TEST(test_choice_of_runtime_is_kept)
{
	take_over((const char *const[]){ "STEAM_RUNTIME=0", NULL });
	start();
	steam_client_expect_variable(
		atoi(steam_client_news(&client, "start ")), "STEAM_RUNTIME", "0");
	steam_client_end(&client);
}
END_TEST

static const char *const systemd_runs[] = {
	"while [ \"$1\" != -- ]; do shift; done; shift; \"$@\" &",
	"exit 1", /* it does not know an option, or cannot reach its manager */
};

START_TEST(test_systemd)
{
	char *script = xasprintf(
		"#!/bin/sh\necho \"systemd-run $*\" >>\"${0%%/*}/log\"\n%s\n", systemd_runs[_i]);
	const char *words;

	steam_client_write_program(&client, "bin/systemd-run", script);
	steam_home_write_text(&client.home, "run/systemd/private", "");
	take_over((const char *const[]){ "DISPLAY=:5", "SECRET=hunter2", NULL });
	start();
	ck_assert(is_started);
	words = steam_client_news(&client, "systemd-run --user --collect ");
	ck_assert_ptr_nonnull(strstr(words, " --setenv=DISPLAY "));
	ck_assert_ptr_nonnull(strstr(words, " --setenv=SECRET "));
	ck_assert_ptr_null(strstr(words, "hunter2"));
	ck_assert_ptr_nonnull(strstr(words, steam_client_path(&client, "bin/steam")));
	steam_client_expect_variable(atoi(steam_client_news(&client, "start ")), "DISPLAY", ":5");
	steam_client_end(&client);
	free(script);
}
END_TEST

START_TEST(test_without_a_command_in_path)
{
	char *script = xasprintf("#!/bin/sh\nexec %s/bin/steam \"$@\"\n", client.home.path);

	take_over((const char *const[]){ "SYSTEM_PATH=/usr/bin:/bin", NULL });
	ck_assert(!steam_launch_shutdown(launch, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "/Steam/steam.sh'"));
	err = (struct error){ 0 };
	start();
	ck_assert(!is_started);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	steam_client_write_program(&client, "Steam/steam.sh", script);
	ck_assert(steam_launch_shutdown(launch, &err));
	steam_client_news(&client, "shutdown");
	done_count = 0;
	start();
	ck_assert(is_started);
	steam_client_news(&client, "start ");
	steam_client_end(&client);
	free(script);
}
END_TEST

/* Its client's display is the sandbox's: ours counts. */
START_TEST(test_flatpak)
{
	static const char program[] = "#!/bin/sh\necho \"flatpak $*\" >>\"${0%/*}/log\"\n"
				      "shift 2\nexec steam \"$@\"\n";

	steam_client_write_program(&client, "bin/flatpak", program);
	install.flatpak = true;
	setenv("DISPLAY", ":5", 1);
	take_over((const char *const[]){ "DISPLAY=:99", NULL });
	ck_assert(steam_launch_shutdown(launch, &err));
	ck_assert_str_eq(
		steam_client_news(&client, "flatpak run com.valvesoftware.Steam"), " -shutdown");
	steam_client_news(&client, "shutdown");
	start();
	ck_assert(is_started);
	ck_assert_str_eq(steam_client_news(&client, "flatpak run com.valvesoftware.Steam"), "");
	steam_client_expect_variable(atoi(steam_client_news(&client, "start ")), "DISPLAY", ":5");
	steam_client_end(&client);
}
END_TEST

/* What systemd was told by a session that began after us. */
static const struct {
	const char *lines;
	bool is_desktop;
} sessions[] = {
	{ "LANG=C\\nDISPLAY=:5\\nXDG_CURRENT_DESKTOP=KDE\\n", true },
	{ "WAYLAND_DISPLAY=wayland-0\\n", true },
	{ "DISPLAY=:5\\nXDG_CURRENT_DESKTOP=gamescope\\n", false },
	{ "DISPLAY=$'\\\\''a b'\\\\''\\n", false },
	{ "LANG=C\\nDISPLAY=:", false },
	{ "", false },
};

START_TEST(test_session_of_systemd)
{
	char *systemctl = xasprintf("#!/bin/sh\necho \"systemctl $*\" >>\"${0%%/*}/log\"\n"
				    "printf '%s'\n",
		sessions[_i].lines);

	steam_client_write_program(&client, "bin/systemctl", systemctl);
	steam_home_write_text(&client.home, "run/systemd/private", "");
	launch = steam_launch_create(loop, &install, 0);
	ck_assert(!steam_launch_has_desktop(launch));
	steam_launch_find_desktop(launch, found, NULL);
	ck_assert_uint_eq(done_count, 0);
	loop_run(loop);
	ck_assert_uint_eq(done_count, 1);
	steam_client_news(&client, "systemctl --user show-environment");
	ck_assert_int_eq(steam_launch_has_desktop(launch), sessions[_i].is_desktop);
	free(systemctl);
}
END_TEST

/* With a display there is nobody to ask, and without systemd nobody is there. */
START_TEST(test_session_without_systemd)
{
	if (_i == 0) {
		setenv("DISPLAY", ":5", 1);
		steam_home_write_text(&client.home, "run/systemd/private", "");
	}
	launch = steam_launch_create(loop, &install, 0);
	steam_launch_find_desktop(launch, found, NULL);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_int_eq(steam_launch_has_desktop(launch), _i == 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_launch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_environment);
	tcase_add_test(tcase, test_choice_of_runtime_is_kept);
	tcase_add_loop_test(tcase, test_systemd, 0, sizeof(systemd_runs) / sizeof(*systemd_runs));
	tcase_add_test(tcase, test_without_a_command_in_path);
	tcase_add_test(tcase, test_flatpak);
	tcase_add_loop_test(
		tcase, test_session_of_systemd, 0, sizeof(sessions) / sizeof(*sessions));
	tcase_add_loop_test(tcase, test_session_without_systemd, 0, 2);
	return run_tcase(tcase);
}
