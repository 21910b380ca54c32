#include "fuzz.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* --- A folder --- */

static char folder[64];

static void empty_folder(void)
{
	AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	fuzz_require(fd >= 0 && beneath_remove_tree(fd, ".", NULL));
}

static void remove_folder(void)
{
	empty_folder();
	rmdir(folder);
}

const char *fuzz_folder(void)
{
	if (folder[0] != '\0') {
		empty_folder();
		return folder;
	}
	snprintf(folder, sizeof(folder), "%s/capydeck-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fuzz_require(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	return folder;
}

void fuzz_write_file(const char *path, const void *data, size_t size)
{
	AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

void fuzz_block(const char *path, void (*change)(void *user), void *user)
{
	AUTO(free_ptr) char *aside = xasprintf("%s-aside", path);
	AUTO(free_ptr) char *inside = xasprintf("%s/x", path);
	bool had_file = rename(path, aside) == 0;

	fuzz_require(mkdir(path, 0700) == 0 && mkdir(inside, 0700) == 0);
	change(user);
	fuzz_require(rmdir(inside) == 0 && rmdir(path) == 0);
	fuzz_require(!had_file || rename(aside, path) == 0);
}

/* --- Lines --- */

bool fuzz_next_line(struct fuzz_lines *lines, const char **line, size_t *length)
{
	const char *feed;

	if (lines->left == 0) {
		return false;
	}
	feed = memchr(lines->at, '\n', lines->left);
	*line = lines->at;
	*length = feed != NULL ? (size_t)(feed - lines->at) : lines->left;
	lines->left -= *length + (feed != NULL);
	lines->at += *length + (feed != NULL);
	return true;
}

/* --- Time --- */

#define MS_A_SECOND 1000
#define NS_A_MS 1000000

static int64_t skipped_ms;
static int timer_fd = -1;
static struct itimerspec timer_due; /* as the loop asked for it; zeroed: not armed */

static struct timespec later(struct timespec time, int64_t ms)
{
	time.tv_sec += ms / MS_A_SECOND;
	time.tv_nsec += ms % MS_A_SECOND * NS_A_MS;
	if (time.tv_nsec >= MS_A_SECOND * NS_A_MS) {
		time.tv_sec++;
		time.tv_nsec -= MS_A_SECOND * NS_A_MS;
	}
	if (time.tv_nsec < 0) {
		time.tv_sec--;
		time.tv_nsec += MS_A_SECOND * NS_A_MS;
	}
	return time;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, clock, now);

	if (clock == CLOCK_MONOTONIC && skipped_ms != 0) {
		*now = later(*now, skipped_ms);
	}
	return (int)result;
}

static long arm(void)
{
	struct itimerspec due = timer_due;

	if (due.it_value.tv_sec != 0 || due.it_value.tv_nsec != 0) {
		due.it_value = later(due.it_value, -skipped_ms);
		if (due.it_value.tv_sec < 0) {
			due.it_value = (struct timespec){ .tv_nsec = 1 };
		}
	}
	return syscall(SYS_timerfd_settime, timer_fd, TFD_TIMER_ABSTIME, &due, NULL);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *due, struct itimerspec *was)
{
	if ((flags & TFD_TIMER_ABSTIME) == 0) {
		return (int)syscall(SYS_timerfd_settime, fd, flags, due, was);
	}
	timer_fd = fd;
	timer_due = *due;
	return (int)arm();
}

void fuzz_clock_skip(int64_t ms)
{
	skipped_ms += ms;
	if (timer_fd >= 0) {
		arm(); /* fails if that loop is gone, which is fine */
	}
}

/* --- Connections --- */

#define CONNECTIONS_MAX 16

static bool (*answer_connection)(int fd);
static int other_ends[CONNECTIONS_MAX];
static size_t other_ends_count;

void fuzz_connect_to(bool (*answer)(int fd))
{
	answer_connection = answer;
}

void fuzz_hang_up(void)
{
	while (other_ends_count > 0) {
		close(other_ends[--other_ends_count]);
	}
}

/* The C library asks a daemon of its own for names, if there is one. */
static bool is_name_service(const struct sockaddr *address)
{
	return address->sa_family == AF_UNIX &&
	       strncmp(((const struct sockaddr_un *)address)->sun_path, "/var/run/nscd",
		       strlen("/var/run/nscd")) == 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int flags = fcntl(fd, F_GETFL);
	int pair[2];

	if (answer_connection == NULL || is_name_service(address)) {
		return (int)syscall(SYS_connect, fd, address, length);
	}
	if (other_ends_count == CONNECTIONS_MAX) {
		errno = ECONNREFUSED;
		return -1;
	}
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	fuzz_require(dup3(pair[0], fd, O_CLOEXEC) == fd);
	close(pair[0]);
	fcntl(fd, F_SETFL, flags);
	other_ends[other_ends_count++] = pair[1];
	if (answer_connection(pair[1])) {
		shutdown(pair[1], SHUT_WR);
	}
	return 0;
}
