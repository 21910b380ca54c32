#define LOG_MODULE "agent"

#include "agent/agent_lock.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "ipc/ipc_client.h"
#include "proto/proto_ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>

#define HOLDER_BYTES 512
#define ATTEMPT_PERIOD_MS 20
#define ASK_AGAIN_MS (5 * 1000)
/* The file is closed shortly before its lock is released (Linux, __fput()). */
#define CLOSING_PERIOD_MS 10
#define CLOSING_ATTEMPTS 200

enum lock_byte { BYTE_HOLD, BYTE_CLAIM };

struct holder {
	char text[HOLDER_BYTES]; /* the first line */
	const char *socket_path; /* the second; "" where there is none */
};

struct agent_lock {
	struct agent_lock_options options;
	char *path;
	int fd;
	bool claimed;
	const struct agent_lock_events *events;
	void *user;
	bool told_waiting;
	struct loop_timer *attempt;
	unsigned attempts_left; /* AGENT_LOCK_WAIT: until the next event */
	int64_t deadline_ms;	/* AGENT_LOCK_TAKE_OVER */
	int64_t ask_at_ms;	/* the same: again */
	bool asked;
	int inotify_fd;
	struct loop_watch *inotify_watch;
};

/* Open-file-description locks: unlike POSIX ones they do not vanish with another close(). */
static bool set_lock(const struct agent_lock *lock, enum lock_byte byte, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	int result;

	do {
		result = fcntl(lock->fd, F_OFD_SETLK, &range);
	} while (result < 0 && errno == EINTR);
	return result == 0;
}

bool agent_lock_is_claimed(const struct agent_lock *lock)
{
	struct flock range = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = BYTE_CLAIM, .l_len = 1
	};

	return fcntl(lock->fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

/* False with errno EAGAIN: held by another process. */
static bool try_lock(struct agent_lock *lock)
{
	if (lock->options.manner == AGENT_LOCK_TAKE_OVER && !lock->claimed) {
		lock->claimed = set_lock(lock, BYTE_CLAIM, F_WRLCK);
	}
	errno = EAGAIN;
	if (agent_lock_is_claimed(lock) || !set_lock(lock, BYTE_HOLD, F_WRLCK)) {
		return false;
	}
	if (agent_lock_is_claimed(lock)) { /* since a moment ago */
		set_lock(lock, BYTE_HOLD, F_UNLCK);
		errno = EAGAIN;
		return false;
	}
	return true;
}

static void read_holder(const struct agent_lock *lock, struct holder *holder)
{
	ssize_t length = pread(lock->fd, holder->text, HOLDER_BYTES - 1, 0);
	char *rest = holder->text;

	holder->text[length > 0 ? (size_t)length : 0] = '\0';
	strsep(&rest, "\n");
	holder->socket_path = rest != NULL ? strsep(&rest, "\n") : NULL;
	if (holder->socket_path == NULL) {
		holder->socket_path = holder->text + strlen(holder->text);
	}
	utf8_make_printable(holder->text);
	if (*holder->text == '\0') {
		strcpy(holder->text,
			"a process that is starting, stopping or could not write its name");
		holder->socket_path = lock->options.socket_path; /* most likely its socket too */
	}
}

/*
 * Overwrites the old content, so that it fits even on a full disk. Without it others cannot tell
 * who holds the lock.
 */
static void write_holder(const struct agent_lock *lock)
{
	AUTO(free_ptr)
	char *text = xasprintf("process %d (%s)\n%s\n", getpid(), lock->options.description,
		lock->options.socket_path);
	ssize_t length = (ssize_t)strlen(text);

	if (pwrite(lock->fd, text, (size_t)length, 0) != length ||
		ftruncate(lock->fd, length) < 0) {
		log_warning("cannot write the lock '%s': %s", lock->path, strerror(errno));
	}
}

/* Must come last in a turn: the listener may destroy the lock. */
static void finish_turn(struct agent_lock *lock, const struct error *err)
{
	loop_timer_stop(lock->attempt);
	loop_watch_remove(TAKE_PTR(lock->inotify_watch));
	lock->events->taken(lock->user, err);
}

static void finish_taken(struct agent_lock *lock)
{
	write_holder(lock);
	set_lock(lock, BYTE_CLAIM, F_UNLCK);
	lock->claimed = false;
	finish_turn(lock, NULL);
}

/* Asks again after a while: another may hold it by then, or the first may not have listened. */
static void ask_holder(struct agent_lock *lock, const struct holder *holder)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct ipc_client *client;
	struct error err;

	if (loop_now_ms() < lock->ask_at_ms) {
		return;
	}
	client = ipc_client_create(holder->socket_path, &err);
	if (client == NULL) {
		return; /* it is starting or stopping: the next attempt will tell */
	}
	ipc_write_request(&line, "1", "agent.release", NULL, NULL);
	if (ipc_client_send(client, line.data, line.length, &err)) {
		log_info("asked %s to hand over", holder->text);
		lock->asked = true;
		lock->ask_at_ms = loop_now_ms() + ASK_AGAIN_MS;
	}
	ipc_client_destroy(client);
}

static void fail_held(struct agent_lock *lock, const struct holder *holder)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT,
		"another agent is already running: %s holds %s; stop it, or start this "
		"one with --wait",
		holder->text, lock->path);
	finish_turn(lock, &err);
}

static void fail_taking_over(struct agent_lock *lock, const struct holder *holder)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT,
		"%s holds %s and %s within %d s; end that process and start this one again",
		holder->text, lock->path,
		lock->asked ? "did not hand over" : "could not be asked to hand over",
		AGENT_LOCK_PATIENCE_MS / 1000);
	finish_turn(lock, &err);
}

static void on_held(struct agent_lock *lock)
{
	struct holder holder;

	read_holder(lock, &holder);
	if (lock->options.manner == AGENT_LOCK_AT_ONCE) {
		fail_held(lock, &holder);
		return;
	}
	if (!lock->told_waiting) {
		lock->told_waiting = true;
		lock->events->waiting(lock->user, holder.text);
	}
	if (lock->options.manner == AGENT_LOCK_WAIT) {
		if (lock->attempts_left > 0) {
			lock->attempts_left--;
			loop_timer_set(lock->attempt, CLOSING_PERIOD_MS);
		}
	} else if (loop_now_ms() >= lock->deadline_ms) {
		fail_taking_over(lock, &holder);
	} else {
		ask_holder(lock, &holder);
		loop_timer_set(lock->attempt, ATTEMPT_PERIOD_MS);
	}
}

static void on_attempt(void *user)
{
	struct agent_lock *lock = user;
	struct error err;

	if (try_lock(lock)) {
		finish_taken(lock);
	} else if (errno == EAGAIN || errno == EACCES) {
		on_held(lock);
	} else {
		error_set_errno(&err, "cannot take the lock '%s'", lock->path);
		finish_turn(lock, &err);
	}
}

/* A process has closed the file: the holder, or one that wanted to take over. */
static void on_closed(void *user, uint32_t events)
{
	struct agent_lock *lock = user;
	char records[sizeof(struct inotify_event) + NAME_MAX + 1]
		__attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(lock->inotify_fd, records, sizeof(records)) > 0) {
	}
	lock->attempts_left = CLOSING_ATTEMPTS;
	loop_timer_set(lock->attempt, 0);
}

static bool watch_file(struct agent_lock *lock, struct error *err)
{
	lock->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (lock->inotify_fd < 0 ||
		inotify_add_watch(lock->inotify_fd, lock->path, IN_CLOSE_WRITE) < 0) {
		return error_set_errno(err,
			"cannot watch the lock '%s'; raise fs.inotify.max_user_instances",
			lock->path);
	}
	lock->inotify_watch =
		loop_watch_add(lock->options.loop, lock->inotify_fd, LOOP_READ, on_closed, lock);
	return true;
}

struct agent_lock *agent_lock_create(const struct agent_lock_options *options, struct error *err)
{
	struct agent_lock *lock;

	if (!make_dirs(options->state_dir, 0700, err)) {
		return NULL;
	}
	lock = xcalloc(1, sizeof(*lock));
	lock->options = *options;
	lock->path = path_join(options->state_dir, "agent.lock");
	lock->inotify_fd = -1;
	lock->attempt = loop_timer_create(options->loop, on_attempt, lock);
	lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock->fd < 0) {
		error_set_errno(err, "cannot open the lock '%s'", lock->path);
	}
	if (lock->fd < 0 || (options->manner == AGENT_LOCK_WAIT && !watch_file(lock, err))) {
		agent_lock_destroy(lock);
		return NULL;
	}
	return lock;
}

void agent_lock_take(struct agent_lock *lock, const struct agent_lock_events *events, void *user)
{
	lock->events = events;
	lock->user = user;
	lock->deadline_ms = loop_now_ms() + AGENT_LOCK_PATIENCE_MS;
	loop_timer_set(lock->attempt, 0);
}

void agent_lock_destroy(struct agent_lock *lock)
{
	if (lock == NULL) {
		return;
	}
	loop_watch_remove(lock->inotify_watch);
	loop_timer_destroy(lock->attempt);
	close_fd(&lock->inotify_fd);
	close_fd(&lock->fd);
	free(lock->path);
	free(lock);
}
