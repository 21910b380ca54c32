#define LOG_MODULE "agent"

#include "agent/agent_lock.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOLDER_BYTES 256

static void leave_at_once(int signal_number)
{
	_exit(0);
}

/* Open-file-description locks: unlike POSIX ones they do not vanish with another close(). */
static bool lock(int fd, int command)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int result;

	do {
		result = fcntl(fd, command, &whole);
	} while (result < 0 && errno == EINTR);
	return result == 0;
}

static bool wait_for_lock(int fd)
{
	static const int signals[] = { SIGTERM, SIGINT };
	const struct sigaction leave = { .sa_handler = leave_at_once };
	struct sigaction before[2];
	bool ok;

	for (size_t i = 0; i < 2; i++) {
		sigaction(signals[i], &leave, &before[i]);
	}
	ok = lock(fd, F_OFD_SETLKW);
	for (size_t i = 0; i < 2; i++) {
		sigaction(signals[i], &before[i], NULL);
	}
	return ok;
}

static void read_holder(int fd, char holder[HOLDER_BYTES])
{
	ssize_t length = pread(fd, holder, HOLDER_BYTES - 1, 0);

	holder[length > 0 ? (size_t)length : 0] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	utf8_make_printable(holder);
	if (*holder == '\0') {
		strcpy(holder, "a process");
	}
}

int agent_lock_take(const char *state_dir, const char *description, bool wait, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(state_dir, "agent.lock");
	AUTO(close_fd) int fd = -1;
	char holder[HOLDER_BYTES];
	int length;

	if (!make_dirs(state_dir, 0700, err)) {
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set_errno(err, "the lock '%s' cannot be opened", path);
		return -1;
	}
	if (!lock(fd, F_OFD_SETLK)) {
		if (errno != EAGAIN && errno != EACCES) {
			error_set_errno(err, "the lock '%s' cannot be taken", path);
			return -1;
		}
		read_holder(fd, holder);
		if (!wait) {
			error_set(err, ERROR_CONFLICT,
				"another agent runs already: %s holds %s; stop it, or start this "
				"one with --wait",
				holder, path);
			return -1;
		}
		log_info("another agent runs already: waiting for the end of %s", holder);
		if (!wait_for_lock(fd)) {
			error_set_errno(err, "waiting for the lock '%s' failed", path);
			return -1;
		}
	}
	length = snprintf(holder, sizeof(holder), "process %d (%s)\n", getpid(), description);
	if (length >= (int)sizeof(holder)) {
		length = sizeof(holder) - 1;
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, holder, (size_t)length, 0) != length) {
		error_set_errno(err, "the lock '%s' cannot be written", path);
		return -1;
	}
	return TAKE_FD(fd);
}
