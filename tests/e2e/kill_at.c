/*
 * A library for LD_PRELOAD that ends the program, as kill -9 would, at the KILL_AT-th change of
 * the file system after the file KILL_ARM has come into being: right before it, or, for a write,
 * half-way through. Written for steam_kill.test.mjs.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int count;

static bool is_due(void)
{
	const char *at = getenv("KILL_AT");
	const char *arm = getenv("KILL_ARM");

	return at != NULL && arm != NULL && access(arm, F_OK) == 0 &&
	       atomic_fetch_add(&count, 1) + 1 == atoi(at);
}

static void end(void)
{
	_exit(137);
}

static bool is_file(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* Defines a function that asks before it does what the system's does. */
#define CHANGES(type, name, parameters, arguments)                                                 \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		type(*real) parameters;                                                            \
                                                                                                   \
		*(void **)&real = dlsym(RTLD_NEXT, #name);                                         \
		if (is_due()) {                                                                    \
			end();                                                                     \
		}                                                                                  \
		return real arguments;                                                             \
	}

CHANGES(int, rename, (const char *from, const char *to), (from, to))
CHANGES(int, renameat, (int from_fd, const char *from, int to_fd, const char *to),
	(from_fd, from, to_fd, to))
CHANGES(int, renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
	(from_fd, from, to_fd, to, flags))
CHANGES(int, unlink, (const char *path), (path))
CHANGES(int, unlinkat, (int dir_fd, const char *path, int flags), (dir_fd, path, flags))
CHANGES(int, mkdir, (const char *path, mode_t mode), (path, mode))
CHANGES(int, mkdirat, (int dir_fd, const char *path, mode_t mode), (dir_fd, path, mode))
CHANGES(int, ftruncate, (int fd, off_t length), (fd, length))
CHANGES(int, fsync, (int fd), (fd))
CHANGES(int, fdatasync, (int fd), (fd))

ssize_t write(int fd, const void *data, size_t length)
{
	ssize_t (*real)(int, const void *, size_t);

	*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (is_file(fd) && is_due()) {
		real(fd, data, length / 2);
		end();
	}
	return real(fd, data, length);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	*(void **)&real = dlsym(RTLD_NEXT, "pwrite");
	if (is_file(fd) && is_due()) {
		real(fd, data, length / 2, offset);
		end();
	}
	return real(fd, data, length, offset);
}
