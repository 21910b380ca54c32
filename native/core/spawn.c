#include "core/spawn.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawn {
	pid_t pid; /* 0: reaped */
	int pid_fd;
	struct loop_watch *watch;
	void (*exited)(void *user, int status);
	void *user;
};

/* The arguments of posix_spawnp(); made before a fork, after which nothing may allocate. */
struct recipe {
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	const char *const *argv;
	const char **env;
};

static bool is_loader_variable(const char *variable)
{
	return strncmp(variable, "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0 ||
	       strncmp(variable, "LD_LIBRARY_PATH=", strlen("LD_LIBRARY_PATH=")) == 0;
}

/* The strings are borrowed. */
static const char **make_env(const char *const *from)
{
	size_t count = 0, kept_count = 0;
	const char **env;

	while (from[count] != NULL) {
		count++;
	}
	env = xcalloc(count + 1, sizeof(*env));
	for (size_t i = 0; i < count; i++) {
		if (!is_loader_variable(from[i])) {
			env[kept_count++] = from[i];
		}
	}
	return env;
}

/* fd: -1 is /dev/null. */
static void add_standard_fd(struct recipe *recipe, int standard_fd, int fd)
{
	if (fd < 0) {
		posix_spawn_file_actions_addopen(
			&recipe->actions, standard_fd, "/dev/null", O_RDWR, 0);
	} else {
		posix_spawn_file_actions_adddup2(&recipe->actions, fd, standard_fd);
	}
}

/* Nothing here can fail but the allocation of an action. */
static void recipe_init(struct recipe *recipe, const char *const *argv, const char *const *env,
	short flags, int stdin_fd, int stdout_fd, int stderr_fd)
{
	sigset_t signals;

	assert(stdout_fd != STDIN_FILENO); /* it is replaced first */
	recipe->argv = argv;
	recipe->env = make_env(env != NULL ? env : (const char *const *)environ);
	posix_spawnattr_init(&recipe->attributes);
	posix_spawnattr_setflags(
		&recipe->attributes, flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&recipe->attributes, &signals);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&recipe->attributes, &signals);
	posix_spawn_file_actions_init(&recipe->actions);
	add_standard_fd(recipe, STDIN_FILENO, stdin_fd);
	add_standard_fd(recipe, STDOUT_FILENO, stdout_fd);
	add_standard_fd(recipe, STDERR_FILENO, stderr_fd);
	posix_spawn_file_actions_addclosefrom_np(&recipe->actions, STDERR_FILENO + 1);
}

static void recipe_finish(struct recipe *recipe)
{
	posix_spawn_file_actions_destroy(&recipe->actions);
	posix_spawnattr_destroy(&recipe->attributes);
	free(recipe->env);
}

/* 0, or an errno. */
static int recipe_run(const struct recipe *recipe, pid_t *pid)
{
	return posix_spawnp(pid, recipe->argv[0], &recipe->actions, &recipe->attributes,
		(char *const *)recipe->argv, (char *const *)recipe->env);
}

static bool refuse(const char *program, int number, struct error *err)
{
	if (number == ENOENT || number == ENOTDIR) {
		return error_set(err, ERROR_NOT_FOUND,
			"program '%s' not found: install it, or add its folder to PATH", program);
	}
	errno = number;
	return error_set_errno(err, "cannot start '%s'", program);
}

static pid_t reap(pid_t pid, int *status, int flags)
{
	pid_t reaped;

	do {
		reaped = waitpid(pid, status, flags);
	} while (reaped < 0 && errno == EINTR);
	return reaped;
}

static void on_pid_fd(void *user, uint32_t events)
{
	struct spawn *spawn = user;
	int status = 0;

	if (reap(spawn->pid, &status, WNOHANG) == 0) {
		return;
	}
	spawn->pid = 0;
	loop_watch_remove(TAKE_PTR(spawn->watch));
	spawn->exited(spawn->user, status);
}

struct spawn *spawn_create(
	struct loop *loop, const struct spawn_options *options, struct error *err)
{
	AUTO(recipe_finish) struct recipe recipe;
	struct spawn *spawn = xcalloc(1, sizeof(*spawn));
	int number;

	spawn->pid_fd = -1;
	spawn->exited = options->exited;
	spawn->user = options->user;
	recipe_init(&recipe, options->argv, options->env, 0, options->stdin_fd, options->stdout_fd,
		STDERR_FILENO);
	number = recipe_run(&recipe, &spawn->pid);
	if (number != 0) {
		spawn->pid = 0;
		refuse(options->argv[0], number, err);
		goto fail;
	}
	spawn->pid_fd = (int)syscall(SYS_pidfd_open, spawn->pid, 0);
	if (spawn->pid_fd < 0) {
		error_set_errno(err, "cannot watch '%s'", options->argv[0]);
		goto fail;
	}
	spawn->watch = loop_watch_add(loop, spawn->pid_fd, LOOP_READ, on_pid_fd, spawn);
	return spawn;
fail:
	spawn_destroy(spawn);
	return NULL;
}

pid_t spawn_pid(const struct spawn *spawn)
{
	return spawn->pid;
}

void spawn_signal(const struct spawn *spawn, int signal_number)
{
	/* The number cannot be reused before it is reaped. */
	if (spawn->pid != 0) {
		kill(spawn->pid, signal_number);
	}
}

bool spawn_wait(struct spawn *spawn, int wait_ms)
{
	struct pollfd end = { .fd = spawn->pid_fd, .events = POLLIN };

	if (spawn->pid != 0 && poll(&end, 1, wait_ms) > 0) {
		reap(spawn->pid, NULL, 0);
		spawn->pid = 0;
		loop_watch_remove(TAKE_PTR(spawn->watch));
	}
	return spawn->pid == 0;
}

void spawn_destroy(struct spawn *spawn)
{
	if (spawn == NULL) {
		return;
	}
	if (spawn->pid != 0) {
		kill(spawn->pid, SIGKILL);
		reap(spawn->pid, NULL, 0);
	}
	loop_watch_remove(spawn->watch);
	close_fd(&spawn->pid_fd);
	free(spawn);
}

/*
 * A child in between starts the program and exits at once, so that the program is reparented to
 * init or a subreaper. Its exit status is the result: every errno fits.
 */
bool spawn_detached(const char *const *argv, const char *const *env, struct error *err)
{
	AUTO(recipe_finish) struct recipe recipe;
	int status = 0;
	pid_t between;

	recipe_init(&recipe, argv, env, POSIX_SPAWN_SETSID, -1, -1, -1);
	between = fork();
	if (between == 0) {
		pid_t program;

		_exit(recipe_run(&recipe, &program));
	}
	if (between < 0 || reap(between, &status, 0) < 0) {
		return error_set_errno(err, "cannot start '%s'", argv[0]);
	}
	if (!WIFEXITED(status)) {
		return error_set(err, ERROR_IO, "cannot start '%s': killed by signal %d", argv[0],
			WTERMSIG(status));
	}
	return WEXITSTATUS(status) == 0 || refuse(argv[0], WEXITSTATUS(status), err);
}
