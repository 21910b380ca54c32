#pragma once

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "folder.h"
#include "steam/client/steam_process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A throw-away home for tests to lay a Steam out in. In the header, as each test is one file. */
struct steam_home {
	char path[FOLDER_BYTES];
	char name[4096]; /* what steam_home_path() returned last */
};

static inline void steam_home_init(struct steam_home *home)
{
	folder_make(home->path);
}

static inline void steam_home_finish(struct steam_home *home)
{
	folder_remove(home->path);
}

/* "<home>/<name>", until the next call. */
static inline const char *steam_home_path(struct steam_home *home, const char *name)
{
	snprintf(home->name, sizeof(home->name), "%s/%s", home->path, name);
	return home->name;
}

static inline void steam_home_mkdir(struct steam_home *home, const char *name)
{
	ck_assert(make_dirs(steam_home_path(home, name), 0700, NULL));
}

/* Makes the folders too. */
static inline void steam_home_write(
	struct steam_home *home, const char *name, const void *data, size_t length)
{
	ck_assert(atomic_file_write(steam_home_path(home, name), data, length, 0640, NULL));
}

static inline void steam_home_write_text(
	struct steam_home *home, const char *name, const char *text)
{
	steam_home_write(home, name, text, strlen(text));
}

static inline void steam_home_write_pid(struct steam_home *home, const char *name, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)pid);
	steam_home_write_text(home, name, text);
}

static inline bool steam_home_exists(struct steam_home *home, const char *name)
{
	return access(steam_home_path(home, name), F_OK) == 0;
}

/* text is replaced. */
static inline void steam_home_read(struct steam_home *home, const char *name, struct strbuf *text)
{
	struct error err;

	ck_assert_msg(atomic_file_read(steam_home_path(home, name), 1 << 24, text, &err), "%s",
		err.message);
}

/*
 * A game of this user's that no test has started would count as the Steam's that a test restarts.
 * scripts/alone hides it where it can; where it cannot, this says that the tests are skipped.
 */
static inline bool steam_home_has_foreign_game(void)
{
	uint32_t app_id = 0;

	if (!steam_process_game_running(0, &app_id)) {
		return false;
	}
	printf("skipped: %s: a game of Steam's (app %u) is running here\n",
		program_invocation_short_name, app_id);
	return true;
}

/* A child that the kernel knows by that name, and has named when this returns. */
static inline pid_t steam_home_start_process(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(ready[0]);
		close(ready[1]);
		for (;;) {
			pause();
		}
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static inline void steam_home_end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
