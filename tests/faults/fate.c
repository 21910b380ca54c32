#include "fate.h"

#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct control *control;

static __attribute__((constructor)) void begin(void)
{
	const char *path = getenv("FAULTS_CONTROL");
	int fd = path != NULL ? (int)syscall(SYS_open, path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd >= 0) {
		map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		control = map != MAP_FAILED ? map : NULL;
		syscall(SYS_close, fd);
	}
	recorder_begin();
}

/* --- Which call is meant --- */

static bool is_armed(void)
{
	return control != NULL && atomic_load_explicit(&control->armed, memory_order_relaxed) != 0;
}

static bool starts_with_scope(const char *path)
{
	return strncmp(path, control->scope, strlen(control->scope)) == 0;
}

/* The path behind a descriptor; "" if it has none. */
static void path_of(int fd, char path[static PATH_MAX])
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = syscall(SYS_readlink, link, path, PATH_MAX - 1);
	path[length > 0 ? length : 0] = '\0';
}

static bool is_ours(int fd, const char *path)
{
	char folder[PATH_MAX];

	if (path != NULL && path[0] == '/') {
		return starts_with_scope(path);
	}
	if (fd == AT_FDCWD) {
		return false; /* the agent's paths are absolute */
	}
	path_of(fd, folder);
	return starts_with_scope(folder);
}

/* Calls about what is no file have errors that they never return. */
static bool is_possible(const char *function, int error)
{
	static const char *const impossible[] = {
		[EINTR] = " epoll_create1 epoll_ctl eventfd timerfd_create signalfd inotify_init1 "
			  "inotify_add_watch pipe2 socket socketpair bind listen memfd_create ",
		[EMFILE] =
			" epoll_ctl epoll_wait poll inotify_add_watch bind listen recv recvmsg send "
			"sendto ",
		[ENOMEM] = " epoll_wait ",
	};
	char word[64];

	snprintf(word, sizeof(word), " %s ", function);
	return error <= 0 || (size_t)error >= sizeof(impossible) / sizeof(impossible[0]) ||
	       impossible[error] == NULL || strstr(impossible[error], word) == NULL;
}

static enum fate fate_of(enum call_class call, const char *function, int fd, const char *path)
{
	uint32_t count = atomic_fetch_add(&control->calls[call], 1) + 1;
	char name[PATH_MAX];

	if (control->call != (int32_t)call || count < (uint32_t)control->nth ||
		(control->failures > 0 && count >= (uint32_t)(control->nth + control->failures)) ||
		!is_possible(function, control->error)) {
		return GOES_ON;
	}
	if (atomic_fetch_add(&control->fired, 1) == 0) {
		if (path == NULL) {
			path_of(fd, name);
		}
		snprintf(control->what, sizeof(control->what), "%s %.200s", function,
			path != NULL ? path : name);
	}
	if (control->error == FAULT_KILL) {
		kill(getpid(), SIGKILL);
	}
	errno = control->error;
	return control->error == FAULT_SHORT ? IS_SHORT : FAILS;
}

enum fate file_call(enum call_class call, const char *function, int fd, const char *path)
{
	int saved = errno;
	enum fate fate =
		is_armed() && is_ours(fd, path) ? fate_of(call, function, fd, path) : GOES_ON;

	if (fate == GOES_ON) {
		errno = saved;
	}
	return fate;
}

enum fate other_call(enum call_class call, const char *function)
{
	return is_armed() ? fate_of(call, function, -1, "") : GOES_ON;
}

bool no_memory(const char *function)
{
	return is_armed() && (control->call == CALL_MALLOC || control->call < 0) &&
	       fate_of(CALL_MALLOC, function, -1, "") == FAILS;
}
