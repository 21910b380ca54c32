#pragma once

#include "core/strvec.h"
#include "core/xalloc.h"
#include "steam/client/steam_process.h"
#include "steam_home.h"

#include <check.h>

/*
 * The client that the end-to-end tests use, tests/e2e/lib/steam_client.sh (see there what it does
 * and what it logs), in a throw-away home: its installation is Steam/, itself it is bin/steam,
 * first in PATH. Its log is a pipe here, so that a test can wait for its lines. Our own environment
 * has no display and a run/ without systemd.
 */
struct steam_client {
	struct steam_home home;
	FILE *news;
};

static inline const char *steam_client_path(struct steam_client *client, const char *name)
{
	return steam_home_path(&client->home, name);
}

static inline void steam_client_init(struct steam_client *client)
{
	char *script = realpath("tests/e2e/lib/steam_client.sh", NULL);
	char *search;

	steam_home_init(&client->home);
	steam_home_mkdir(&client->home, "Steam/userdata/22202/config");
	steam_home_mkdir(&client->home, "run/systemd");
	steam_home_mkdir(&client->home, "bin");
	ck_assert_int_eq(symlink("../Steam", steam_client_path(client, "bin/root")), 0);
	ck_assert_int_eq(symlink(script, steam_client_path(client, "bin/steam")), 0);
	ck_assert_int_eq(mkfifo(steam_client_path(client, "bin/log"), 0600), 0);
	client->news = fopen(steam_client_path(client, "bin/log"), "r+");
	search = xasprintf("%s/bin:%s", client->home.path, getenv("PATH"));
	setenv("PATH", search, 1);
	setenv("XDG_RUNTIME_DIR", steam_client_path(client, "run"), 1);
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	unsetenv("XDG_CURRENT_DESKTOP");
	unsetenv("GAMESCOPE_WAYLAND_DISPLAY");
	free(search);
	free(script);
}

static inline void steam_client_finish(struct steam_client *client)
{
	fclose(client->news);
	steam_home_finish(&client->home);
}

/* The next line of the log begins with this; returns what follows, until the next call. */
static inline const char *steam_client_news(struct steam_client *client, const char *expected)
{
	static char line[65536];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), client->news));
	line[strcspn(line, "\n")] = '\0';
	ck_assert_msg(
		strncmp(line, expected, strlen(expected)) == 0, "'%s', not '%s'", line, expected);
	return line + strlen(expected);
}

/* Runs it with these variables besides our own, NULL-terminated; it has read its files then. */
static inline pid_t steam_client_start(struct steam_client *client, const char *const *variables)
{
	const char *program = steam_client_path(client, "bin/steam");
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (; *variables != NULL; variables++) {
			putenv((char *)*variables);
		}
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(atoi(steam_client_news(client, "start ")), pid);
	return pid;
}

static inline void steam_client_tell(struct steam_client *client, const char *words)
{
	FILE *pipe = fopen(steam_client_path(client, "bin/pipe"), "r+");

	fprintf(pipe, "%s\n", words);
	fclose(pipe);
}

/* Ends the running client, whatever started it. */
static inline void steam_client_end(struct steam_client *client)
{
	steam_client_tell(client, "exit");
	steam_client_news(client, "end ");
}

static inline void steam_client_write_program(
	struct steam_client *client, const char *name, const char *text)
{
	steam_home_write_text(&client->home, name, text);
	ck_assert_int_eq(chmod(steam_client_path(client, name), 0700), 0);
}

/* expected: NULL for a variable that the process does not have. */
static inline void steam_client_expect_variable(pid_t pid, const char *name, const char *expected)
{
	struct strvec env = { 0 };
	const char *value;

	ck_assert(steam_process_environment(pid, &env));
	value = steam_process_variable(&env, name);
	ck_assert_int_eq(value == NULL, expected == NULL);
	if (expected != NULL) {
		ck_assert_str_eq(value, expected);
	}
	strvec_finish(&env);
}
