#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct loop;

/*
 * A child program, started without a shell and watched on the loop.
 *
 * Every child gets an environment without LD_PRELOAD and LD_LIBRARY_PATH (those of the
 * plugin loader point at foreign libraries), the default signals, our standard error, and no
 * descriptor but those named here.
 */
struct spawn;

struct spawn_options {
	const char *const *argv; /* argv[0] is looked up in PATH; ends with NULL */
	const char *const *env;	 /* "NAME=value", ends with NULL; NULL: this process's own */
	int stdin_fd;		 /* borrowed; −1: /dev/null */
	int stdout_fd;		 /* borrowed; −1: /dev/null */
	/* Called once when it has ended, with waitpid()'s status; may destroy the spawn. */
	void (*exited)(void *user, int status);
	void *user;
};

/* NULL on error: NOT_FOUND (no such program), IO. */
struct spawn *spawn_create(
	struct loop *loop, const struct spawn_options *options, struct error *err);
pid_t spawn_pid(const struct spawn *spawn);
void spawn_signal(const struct spawn *spawn, int signal_number); /* no effect once it has ended */
/*
 * Blocks for at most wait_ms until it has ended, and reaps it; exited is then not called.
 * False: it is still running.
 */
bool spawn_wait(struct spawn *spawn, int wait_ms);
/* Kills it if it still runs, and reaps it; exited is not called. NULL is fine. */
void spawn_destroy(struct spawn *spawn);

/*
 * Starts a program that outlives this one: in a session of its own, no child of ours, all
 * standard descriptors on /dev/null. Errors: NOT_FOUND, IO.
 */
bool spawn_detached(const char *const *argv, const char *const *env, struct error *err);
