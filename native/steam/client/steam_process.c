#include "steam/client/steam_process.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Environments have no useful limit; a longer one is not a client's. */
#define PROC_FILE_MAX_BYTES (1024 * 1024)

struct steam_process {
	int fd; /* −1: it was already gone */
	struct loop_watch *watch;
	struct loop_timer *gone;
	void (*ended)(void *user);
	void *user;
};

/*
 * A process's folder in /proc; what is read through it belongs to that process even if the pid is
 * reused.
 */
static int open_own(pid_t pid)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/%d", (int)pid);
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat stat_buf;

	if (fd < 0 || fstat(fd, &stat_buf) != 0 || stat_buf.st_uid != getuid()) {
		return -1;
	}
	return TAKE_FD(fd);
}

static bool read_at(int dir_fd, const char *name, struct strbuf *text)
{
	AUTO(close_fd) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t got = fd >= 0 ? 1 : -1;

	strbuf_reset(text);
	while (got > 0 && text->length < PROC_FILE_MAX_BYTES) {
		got = read(fd, bytes, sizeof(bytes));
		strbuf_append(text, bytes, got > 0 ? (size_t)got : 0);
	}
	return got == 0;
}

/* The next of the NUL-terminated strings in text; NULL after the last. */
static const char *next_string(const struct strbuf *text, const char *string)
{
	const char *next = string + strlen(string) + 1;

	return next < text->data + text->length ? next : NULL;
}

/*
 * The fields of stat after the name, which may itself contain blanks and brackets; the first one is
 * the state. Source: proc(5).
 */
static const char *stat_fields(int dir_fd, struct strbuf *text)
{
	const char *name_end =
		read_at(dir_fd, "stat", text) ? strrchr(strbuf_text(text), ')') : NULL;

	return name_end != NULL && name_end[1] == ' ' ? name_end + 2 : NULL;
}

static bool is_client(int dir_fd)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const char *fields = stat_fields(dir_fd, &text);
	const char *argument;

	if (fields == NULL || *fields == 'Z' || *fields == 'X') {
		return false;
	}
	if (!read_at(dir_fd, "comm", &text)) {
		return false;
	}
	if (strcmp(strbuf_text(&text), "steam\n") == 0 ||
		strcmp(strbuf_text(&text), "steam.sh\n") == 0) {
		return true;
	}
	if (!read_at(dir_fd, "cmdline", &text) || text.length == 0) {
		return false;
	}
	argument = next_string(&text, text.data);
	return argument != NULL && strcmp(path_base(argument), "steam.sh") == 0;
}

bool steam_process_is_client(pid_t pid)
{
	AUTO(close_fd) int dir_fd = open_own(pid);

	return dir_fd >= 0 && is_client(dir_fd);
}

int64_t steam_process_age_ms(pid_t pid)
{
	AUTO(close_fd) int dir_fd = open_own(pid);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const char *fields = dir_fd >= 0 ? stat_fields(dir_fd, &text) : NULL;
	struct timespec now;
	int64_t started_ticks;

	/* The 20th field after the name: clock ticks since boot, sleep included. */
	for (int i = 0; fields != NULL && i < 19; i++) {
		fields = strchr(fields, ' ');
		fields = fields != NULL ? fields + 1 : NULL;
	}
	if (fields == NULL || sscanf(fields, "%" SCNd64, &started_ticks) != 1 ||
		clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
		return -1;
	}
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 -
	       started_ticks * 1000 / sysconf(_SC_CLK_TCK);
}

bool steam_process_environment(pid_t pid, struct strvec *env)
{
	AUTO(close_fd) int dir_fd = open_own(pid);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct strvec read = { 0 };

	if (dir_fd < 0 || !read_at(dir_fd, "environ", &text) || text.length == 0) {
		return false;
	}
	for (const char *entry = text.data; entry != NULL; entry = next_string(&text, entry)) {
		if (strchr(entry, '=') != NULL) {
			strvec_push(&read, entry);
		}
	}
	strvec_finish(env);
	*env = read;
	return true;
}

/* Is name in a colon-separated list? */
static bool listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at != NULL; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, name, length) == 0 && (at[length] == ':' || at[length] == '\0')) {
			return true;
		}
	}
	return false;
}

const char *steam_process_variable(const struct strvec *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=' &&
			env->items[i][length + 1] != '\0') {
			return env->items[i] + length + 1;
		}
	}
	return NULL;
}

bool steam_process_is_game_mode(const struct strvec *env)
{
	const char *desktop = steam_process_variable(env, "XDG_CURRENT_DESKTOP");

	/*
	 * A desktop's own name is decisive: gamescope's display is also set when it runs as a
	 * window, and when the user's services still hold an earlier session's variables.
	 */
	return desktop != NULL ? listed(desktop, "gamescope")
			       : steam_process_variable(env, "GAMESCOPE_WAYLAND_DISPLAY") != NULL;
}

bool steam_process_in_game_mode(pid_t pid)
{
	AUTO(strvec_finish) struct strvec env = { 0 };

	return steam_process_environment(pid, &env) && steam_process_is_game_mode(&env);
}

/* The N of "… SteamLaunch AppId=N …", 0 for any other command line. */
static uint32_t launched_app_id(int dir_fd, struct strbuf *text)
{
	static const char name[] = "AppId=";
	const char *word, *digits;
	unsigned long app_id;

	if (!read_at(dir_fd, "cmdline", text) || text->length == 0) {
		return 0;
	}
	for (word = text->data; word != NULL && strcmp(word, "SteamLaunch") != 0;) {
		word = next_string(text, word);
	}
	word = word != NULL ? next_string(text, word) : NULL;
	if (word == NULL || strncmp(word, name, sizeof(name) - 1) != 0) {
		return 0;
	}
	digits = word + sizeof(name) - 1;
	app_id = isdigit((unsigned char)*digits) ? strtoul(digits, NULL, 10) : 0;
	return app_id <= UINT32_MAX ? (uint32_t)app_id : 0;
}

static pid_t parent_of(pid_t pid)
{
	AUTO(close_fd) int dir_fd = open_own(pid);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const char *fields = dir_fd >= 0 ? stat_fields(dir_fd, &text) : NULL;

	return fields != NULL ? (pid_t)strtol(fields + 1, NULL, 10) : 0;
}

/* Is its ancestor another Steam than this one? */
static bool is_anothers(pid_t pid, pid_t client)
{
	bool found_other = false;

	while (pid > 1 && pid != client) {
		found_other = found_other || steam_process_is_client(pid);
		pid = parent_of(pid);
	}
	return pid != client && found_other;
}

/* app_id, client: 0 for any. Returns the app id, or 0 for none. */
static uint32_t find_game(uint32_t app_id, pid_t client)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	uint32_t found = 0;

	while (found == 0 && proc != NULL && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		AUTO(close_fd) int dir_fd = pid > 0 ? open_own(pid) : -1;
		uint32_t launched = dir_fd >= 0 ? launched_app_id(dir_fd, &text) : 0;

		if (launched != 0 && (app_id == 0 || launched == app_id) &&
			(client == 0 || !is_anothers(pid, client))) {
			found = launched;
		}
	}
	if (proc != NULL) {
		closedir(proc);
	}
	return found;
}

bool steam_process_game_running(uint32_t app_id, uint32_t *found)
{
	uint32_t running = find_game(app_id, 0);

	if (running != 0 && found != NULL) {
		*found = running;
	}
	return running != 0;
}

uint32_t steam_process_game_of(pid_t pid)
{
	return find_game(0, pid);
}

static void on_gone(void *user)
{
	struct steam_process *process = user;

	process->ended(process->user);
}

static void on_readable(void *user, uint32_t events)
{
	struct steam_process *process = user;

	loop_watch_set(process->watch, 0); /* it stays readable, but is reported once */
	process->ended(process->user);
}

struct steam_process *steam_process_watch(
	struct loop *loop, pid_t pid, void (*ended)(void *user), void *user, struct error *err)
{
	AUTO(close_fd) int fd = pidfd_open(pid, 0);
	struct steam_process *process;

	if (fd < 0 && errno != ESRCH) {
		error_set_errno(err, "cannot watch Steam's process %d", (int)pid);
		return NULL;
	}
	process = xcalloc(1, sizeof(*process));
	process->ended = ended;
	process->user = user;
	/* Only now is it certain which process has the pid: it may have been reused before. */
	if (fd >= 0 && steam_process_is_client(pid)) {
		process->fd = TAKE_FD(fd);
		process->watch = loop_watch_add(loop, process->fd, LOOP_READ, on_readable, process);
	} else {
		process->fd = -1;
		process->gone = loop_timer_create(loop, on_gone, process);
		loop_timer_set(process->gone, 0);
	}
	return process;
}

void steam_process_unwatch(struct steam_process *process)
{
	if (process == NULL) {
		return;
	}
	loop_timer_destroy(process->gone);
	loop_watch_remove(process->watch);
	close_fd(&process->fd);
	free(process);
}
