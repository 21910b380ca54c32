#include "steam/client/steam_launch.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/spawn.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "steam/client/steam_install.h"
#include "steam/client/steam_process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The default capacity of a pipe, see pipe(7). */
#define PIPE_BYTES 65536

struct steam_launch {
	struct loop *loop;
	char *root;
	bool flatpak;
	struct strvec env;

	struct spawn *spawn; /* systemctl or systemd-run */
	int output_fd;	     /* of systemctl; −1: none */
	void (*found)(void *user);
	void (*started)(void *user, const struct error *err);
	void *user;
};

/* Variables that belong to one process, or to Steam's own libraries, and would mislead another. */
static const char *const dropped[] = {
	"INVOCATION_ID",
	"JOURNAL_STREAM",
	"LD_LIBRARY_PATH",
	"LD_PRELOAD",
	"LISTEN_FDNAMES",
	"LISTEN_FDS",
	"LISTEN_PID",
	"MANAGERPID",
	"NOTIFY_SOCKET",
	"PATH", /* restored from SYSTEM_PATH */
	"SYSTEMD_EXEC_PID",
	"SYSTEM_LD_LIBRARY_PATH",
	"SYSTEM_PATH",
	"WATCHDOG_PID",
	"WATCHDOG_USEC",
};

/* Variables requested from the user's systemd. */
static const char *const session_names[] = {
	"DBUS_SESSION_BUS_ADDRESS",
	"DISPLAY",
	"GAMESCOPE_WAYLAND_DISPLAY",
	"WAYLAND_DISPLAY",
	"XAUTHORITY",
	"XDG_CURRENT_DESKTOP",
	"XDG_SESSION_TYPE",
};

static bool is_named(const char *variable, const char *name)
{
	size_t length = strlen(name);

	return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

static bool is_kept(const char *variable)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++) {
		if (is_named(variable, dropped[i])) {
			return false;
		}
	}
	/* The user sets "0" or "debug"; a folder was put there by steam.sh. */
	if (is_named(variable, "STEAM_RUNTIME") && strchr(variable, '/') != NULL) {
		return false;
	}
	/* systemd accepts no other names; exported shell functions have some. */
	for (const char *at = variable; *at != '='; at++) {
		if (*at != '_' && !isalnum((unsigned char)*at)) {
			return false;
		}
	}
	return *variable != '=' && !isdigit((unsigned char)*variable);
}

static void keep_session(struct strvec *env, const struct strvec *from)
{
	const char *path = steam_process_variable(from, "SYSTEM_PATH");

	for (size_t i = 0; i < from->count; i++) {
		if (is_kept(from->items[i])) {
			strvec_push(env, from->items[i]);
		}
	}
	path = path != NULL ? path : steam_process_variable(from, "PATH");
	strvec_push_take(env, xasprintf("PATH=%s", path != NULL ? path : "/usr/bin:/bin"));
	/* The plugin loader's services lack it, and systemd-run does not guess. */
	if (steam_process_variable(env, "XDG_RUNTIME_DIR") == NULL) {
		strvec_push_take(env, xasprintf("XDG_RUNTIME_DIR=/run/user/%u", getuid()));
	}
}

struct steam_launch *steam_launch_create(
	struct loop *loop, const struct steam_install *install, pid_t running)
{
	struct steam_launch *launch = xcalloc(1, sizeof(*launch));
	AUTO(strvec_finish) struct strvec env = { 0 };

	launch->loop = loop;
	launch->output_fd = -1;
	launch->root = xstrdup(install->root);
	launch->flatpak = install->flatpak;
	if (running == 0 || install->flatpak || !steam_process_environment(running, &env)) {
		for (char **variable = environ; *variable != NULL; variable++) {
			strvec_push(&env, *variable);
		}
	}
	keep_session(&launch->env, &env);
	return launch;
}

void steam_launch_destroy(struct steam_launch *launch)
{
	if (launch == NULL) {
		return;
	}
	spawn_destroy(launch->spawn);
	close_fd(&launch->output_fd);
	strvec_finish(&launch->env);
	free(launch->root);
	free(launch);
}

bool steam_launch_has_desktop(const struct steam_launch *launch)
{
	return !steam_process_is_game_mode(&launch->env) &&
	       (steam_process_variable(&launch->env, "DISPLAY") != NULL ||
		       steam_process_variable(&launch->env, "WAYLAND_DISPLAY") != NULL);
}

static bool has_systemd(const struct steam_launch *launch)
{
	AUTO(free_ptr)
	char *socket = path_join(
		steam_process_variable(&launch->env, "XDG_RUNTIME_DIR"), "systemd/private");

	return access(socket, F_OK) == 0;
}

/*
 * Adds a variable that is one of session_names and not set yet; skips values that had to be quoted.
 */
static void adopt(struct strvec *env, const char *variable)
{
	for (size_t i = 0; i < sizeof(session_names) / sizeof(*session_names); i++) {
		if (is_named(variable, session_names[i]) &&
			steam_process_variable(env, session_names[i]) == NULL &&
			strstr(variable, "=$'") == NULL) {
			strvec_push(env, variable);
		}
	}
}

static void on_systemctl_exited(void *user, int status)
{
	struct steam_launch *launch = user;
	char text[PIPE_BYTES + 1];
	ssize_t length = read(launch->output_fd, text, sizeof(text) - 1);
	char *rest = text;

	spawn_destroy(TAKE_PTR(launch->spawn));
	close(TAKE_FD(launch->output_fd));
	text[length > 0 ? length : 0] = '\0';
	for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
		adopt(&launch->env, line);
	}
	launch->found(launch->user);
}

/*
 * Its output is read when it has ended: a pipe holds more than an environment's few kilobytes, and
 * a command that fills it runs into the caller's time-out.
 */
static struct spawn *run_systemctl(struct steam_launch *launch)
{
	static const char *const argv[] = { "systemctl", "--user", "show-environment", NULL };
	struct spawn *spawn;
	struct error err;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0) {
		return NULL;
	}
	spawn = spawn_create(launch->loop,
		&(struct spawn_options){
			.argv = argv,
			.env = (const char *const *)launch->env.items,
			.stdin_fd = -1,
			.stdout_fd = fds[1],
			.exited = on_systemctl_exited,
			.user = launch,
		},
		&err);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK); /* a process started by systemctl may still hold it */
	launch->output_fd = fds[0];
	return spawn;
}

void steam_launch_find_desktop(struct steam_launch *launch, void (*done)(void *user), void *user)
{
	launch->found = done;
	launch->user = user;
	if (!steam_launch_has_desktop(launch) && has_systemd(launch)) {
		launch->spawn = run_systemctl(launch);
	}
	if (launch->spawn == NULL) {
		done(user);
	}
}

/* The program of that name in PATH; NULL for none. */
static char *find_program(const char *path, const char *name)
{
	while (*path != '\0') {
		size_t length = strcspn(path, ":");
		AUTO(free_ptr) char *program = xasprintf("%.*s/%s", (int)length, path, name);

		if (*program == '/' && access(program, X_OK) == 0) {
			return TAKE_PTR(program);
		}
		path += length + (path[length] == ':');
	}
	return NULL;
}

/* Appended to argv. A distribution's "steam" adds what its devices need, so it comes first. */
static void push_command(const struct steam_launch *launch, struct strvec *argv)
{
	char *program;

	if (launch->flatpak) {
		strvec_push(argv, "flatpak");
		strvec_push(argv, "run");
		strvec_push(argv, "com.valvesoftware.Steam");
		return;
	}
	program = find_program(steam_process_variable(&launch->env, "PATH"), "steam");
	strvec_push_take(argv, program != NULL ? program : path_join(launch->root, "steam.sh"));
}

static bool run_detached(
	const struct steam_launch *launch, const struct strvec *argv, struct error *err)
{
	return spawn_detached(
		(const char *const *)argv->items, (const char *const *)launch->env.items, err);
}

bool steam_launch_shutdown(struct steam_launch *launch, struct error *err)
{
	AUTO(strvec_finish) struct strvec argv = { 0 };

	push_command(launch, &argv);
	strvec_push(&argv, "-shutdown");
	return run_detached(launch, &argv, err);
}

static void start_detached(struct steam_launch *launch)
{
	AUTO(strvec_finish) struct strvec argv = { 0 };
	struct error err = { 0 };

	push_command(launch, &argv);
	launch->started(launch->user, run_detached(launch, &argv, &err) ? NULL : &err);
}

static void on_systemd_run_exited(void *user, int status)
{
	struct steam_launch *launch = user;

	spawn_destroy(TAKE_PTR(launch->spawn));
	if (status == 0) {
		launch->started(launch->user, NULL);
	} else {
		start_detached(launch);
	}
}

/*
 * Variables are only named, and taken from systemd-run's own environment: anyone can read a command
 * line. ExitType: games may outlive the client.
 */
static struct spawn *run_by_systemd(struct steam_launch *launch)
{
	static const char *const words[] = { "systemd-run", "--user", "--collect", "--quiet",
		"--property=ExitType=cgroup", "--description=Steam" };
	AUTO(strvec_finish) struct strvec argv = { 0 };
	struct error err;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		strvec_push(&argv, words[i]);
	}
	for (size_t i = 0; i < launch->env.count; i++) {
		const char *variable = launch->env.items[i];

		strvec_push_take(
			&argv, xasprintf("--setenv=%.*s", (int)strcspn(variable, "="), variable));
	}
	strvec_push(&argv, "--");
	push_command(launch, &argv);
	return spawn_create(launch->loop,
		&(struct spawn_options){
			.argv = (const char *const *)argv.items,
			.env = (const char *const *)launch->env.items,
			.stdin_fd = -1,
			.stdout_fd = -1,
			.exited = on_systemd_run_exited,
			.user = launch,
		},
		&err);
}

void steam_launch_start(
	struct steam_launch *launch, void (*done)(void *user, const struct error *err), void *user)
{
	launch->started = done;
	launch->user = user;
	launch->spawn = has_systemd(launch) ? run_by_systemd(launch) : NULL;
	if (launch->spawn == NULL) {
		start_detached(launch);
	}
}
