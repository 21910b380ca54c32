/*
 * A library for LD_PRELOAD that counts the system calls of a program by class (control.h) and makes
 * some of them fail, as FAULTS_CONTROL says; with FAULTS_RECORD it also keeps a log of what the
 * program does to its files (recorder.h). Calls about files outside control.scope are left alone:
 * the loader's, /proc, the system's libraries.
 */
#undef _FORTIFY_SOURCE /* its inline functions would be defined twice */

#include "fate.h"
#include "recorder.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

/* Declared here because headers name some of them differently, or not at all. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static size_t shortened(enum fate fate, size_t length)
{
	return fate == IS_SHORT && length > 1 ? length / 2 : length;
}

#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (real == NULL) {                                                                        \
		*(void **)&real = dlsym(RTLD_NEXT, #name);                                         \
	}

/* Defines name, which fails when it is due and is otherwise the system's. */
#define FAILING(type, failed, name, parameters, arguments, fate)                                   \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		REAL(name)                                                                         \
		return (fate) == FAILS ? (failed) : real arguments;                                \
	}

/* --- Opening --- */

static mode_t mode_argument(int flags, va_list *more)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(*more, mode_t)
									  : 0;
}

#define OPENING(name, dir, parameters, arguments)                                                  \
	int name parameters;                                                                       \
	int name parameters                                                                        \
	{                                                                                          \
		struct recorded_open before;                                                       \
		va_list more;                                                                      \
		mode_t mode;                                                                       \
		REAL(name)                                                                         \
		va_start(more, flags);                                                             \
		mode = mode_argument(flags, &more);                                                \
		va_end(more);                                                                      \
		if (file_call(CALL_OPEN, #name, dir, path) == FAILS) {                             \
			return -1;                                                                 \
		}                                                                                  \
		recorder_open_begin(&before, dir, path, flags);                                    \
		return recorder_open_end(&before, real arguments);                                 \
	}

#define OPEN_AT(name)                                                                              \
	OPENING(name, dir_fd, (int dir_fd, const char *path, int flags, ...),                      \
		(dir_fd, path, flags, mode))
#define OPEN(name) OPENING(name, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))

OPEN_AT(openat)
OPEN_AT(openat64)
OPEN(open)
OPEN(open64)
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}
int __openat_2(int dir_fd, const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags)
{
	return openat(dir_fd, path, flags);
}
FAILING(DIR *, NULL, opendir, (const char *path), (path),
	file_call(CALL_OPEN, "opendir", AT_FDCWD, path))
FAILING(DIR *, NULL, fdopendir, (int fd), (fd), file_call(CALL_OPEN, "fdopendir", fd, NULL))
FAILING(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags),
	other_call(CALL_OPEN, "memfd_create"))
FAILING(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode),
	file_call(CALL_OPEN, "fopen", AT_FDCWD, path))
FAILING(FILE *, NULL, fopen64, (const char *path, const char *mode), (path, mode),
	file_call(CALL_OPEN, "fopen64", AT_FDCWD, path))

/* openat2() has no function in libc. */
long syscall(long number, ...)
{
	struct recorded_open before;
	const struct open_how *how;
	long arguments[6];
	va_list more;
	REAL(syscall)

	va_start(more, number);
	for (size_t i = 0; i < 6; i++) {
		arguments[i] = va_arg(more, long);
	}
	va_end(more);
	if (number != SYS_openat2) {
		return real(number, arguments[0], arguments[1], arguments[2], arguments[3],
			arguments[4], arguments[5]);
	}
	if (file_call(CALL_OPEN, "openat2", (int)arguments[0], (const char *)arguments[1]) ==
		FAILS) {
		return -1;
	}
	how = (const struct open_how *)arguments[2];
	recorder_open_begin(
		&before, (int)arguments[0], (const char *)arguments[1], (int)how->flags);
	return recorder_open_end(
		&before, (int)real(number, arguments[0], arguments[1], arguments[2], arguments[3]));
}

/* --- Reading and writing --- */

#define READING(name, parameters, arguments, fd)                                                   \
	ssize_t name parameters;                                                                   \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		enum fate fate = file_call(CALL_READ, #name, fd, NULL);                            \
		REAL(name)                                                                         \
		length = shortened(fate, length);                                                  \
		return fate == FAILS ? -1 : real arguments;                                        \
	}

READING(read, (int fd, void *data, size_t length), (fd, data, length), fd)
READING(pread, (int fd, void *data, size_t length, off_t at), (fd, data, length, at), fd)
READING(pread64, (int fd, void *data, size_t length, off64_t at), (fd, data, length, at), fd)
ssize_t __read_chk(int fd, void *data, size_t length, size_t room);
ssize_t __pread_chk(int fd, void *data, size_t length, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *data, size_t length, off64_t at, size_t room);
READING(__read_chk, (int fd, void *data, size_t length, size_t room), (fd, data, length, room), fd)
READING(__pread_chk, (int fd, void *data, size_t length, off_t at, size_t room),
	(fd, data, length, at, room), fd)
READING(__pread64_chk, (int fd, void *data, size_t length, off64_t at, size_t room),
	(fd, data, length, at, room), fd)
FAILING(ssize_t, -1, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count),
	file_call(CALL_READ, "readv", fd, NULL))
FAILING(ssize_t, -1, preadv, (int fd, const struct iovec *parts, int count, off_t at),
	(fd, parts, count, at), file_call(CALL_READ, "preadv", fd, NULL))
FAILING(struct dirent *, NULL, readdir, (DIR * dir), (dir),
	file_call(CALL_READ, "readdir", dirfd(dir), NULL))
FAILING(struct dirent64 *, NULL, readdir64, (DIR * dir), (dir),
	file_call(CALL_READ, "readdir64", dirfd(dir), NULL))

ssize_t write(int fd, const void *data, size_t length)
{
	enum fate fate = file_call(CALL_WRITE, "write", fd, NULL);
	REAL(write)

	recorder_lock();
	return fate == FAILS ? recorder_unlock(-1)
			     : recorder_wrote(fd, data, real(fd, data, shortened(fate, length)),
				       RECORDER_AT_CURRENT);
}

#define PWRITE(name, offset)                                                                       \
	ssize_t name(int fd, const void *data, size_t length, offset at);                          \
	ssize_t name(int fd, const void *data, size_t length, offset at)                           \
	{                                                                                          \
		enum fate fate = file_call(CALL_WRITE, #name, fd, NULL);                           \
		REAL(name)                                                                         \
		recorder_lock();                                                                   \
		return fate == FAILS ? recorder_unlock(-1)                                         \
				     : recorder_wrote(fd, data,                                    \
					       real(fd, data, shortened(fate, length), at), at);   \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* Calls that the recorder does not know: it stops the program rather than miss one. */
#define UNRECORDED(name, fd, fate) (recorder_refuse(#name, fd), fate)
FAILING(ssize_t, -1, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count),
	UNRECORDED(writev, fd, file_call(CALL_WRITE, "writev", fd, NULL)))
FAILING(ssize_t, -1, pwritev, (int fd, const struct iovec *parts, int count, off_t at),
	(fd, parts, count, at), UNRECORDED(pwritev, fd, file_call(CALL_WRITE, "pwritev", fd, NULL)))
FAILING(ssize_t, -1, sendfile, (int out_fd, int in_fd, off_t *at, size_t length),
	(out_fd, in_fd, at, length),
	UNRECORDED(sendfile, out_fd, file_call(CALL_WRITE, "sendfile", out_fd, NULL)))
FAILING(ssize_t, -1, copy_file_range,
	(int in_fd, off64_t *in_at, int out_fd, off64_t *out_at, size_t length, unsigned flags),
	(in_fd, in_at, out_fd, out_at, length, flags),
	UNRECORDED(copy_file_range, out_fd, file_call(CALL_WRITE, "copy_file_range", out_fd, NULL)))

/* --- Making durable --- */

#define SYNC(name)                                                                                 \
	int name(int fd)                                                                           \
	{                                                                                          \
		enum fate fate = file_call(CALL_SYNC, #name, fd, NULL);                            \
		REAL(name)                                                                         \
		recorder_lock();                                                                   \
		return fate == FAILS ? (int)recorder_unlock(-1) : recorder_synced(fd, real(fd));   \
	}
SYNC(fsync)
SYNC(fdatasync)
/* It makes nothing durable by itself. */
FAILING(int, -1, sync_file_range, (int fd, off64_t at, off64_t length, unsigned flags),
	(fd, at, length, flags), file_call(CALL_SYNC, "sync_file_range", fd, NULL))
FAILING(int, -1, syncfs, (int fd), (fd),
	UNRECORDED(syncfs, fd, file_call(CALL_SYNC, "syncfs", fd, NULL)))

/* --- Names --- */

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct recorded_places places;
	REAL(renameat2)

	if (file_call(CALL_RENAME, "rename", to_fd, to) == FAILS) {
		return -1;
	}
	recorder_rename_begin(&places, from_fd, from, to_fd, to);
	return recorder_rename_end(&places, flags, real(from_fd, from, to_fd, to, flags));
}
int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return renameat2(from_fd, from, to_fd, to, 0);
}
int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdirat(int dir_fd, const char *path, mode_t mode)
{
	struct recorded_places places;
	REAL(mkdirat)

	if (file_call(CALL_MKDIR, "mkdir", dir_fd, path) == FAILS) {
		return -1;
	}
	recorder_name_begin(&places, dir_fd, path);
	return recorder_name_end(&places, dir_fd, path, RECORD_MKDIR, real(dir_fd, path, mode));
}
int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}
FAILING(char *, NULL, mkdtemp, (char *template), (template),
	UNRECORDED(mkdtemp, -1, file_call(CALL_MKDIR, "mkdtemp", AT_FDCWD, template)))

int unlinkat(int dir_fd, const char *path, int flags)
{
	struct recorded_places places;
	REAL(unlinkat)

	if (file_call(CALL_UNLINK, "unlink", dir_fd, path) == FAILS) {
		return -1;
	}
	recorder_name_begin(&places, dir_fd, path);
	return recorder_name_end(&places, dir_fd, path, RECORD_UNLINK, real(dir_fd, path, flags));
}
int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}
int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
FAILING(int, -1, linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags),
	(from_fd, from, to_fd, to, flags),
	UNRECORDED(linkat, to_fd, file_call(CALL_RENAME, "linkat", to_fd, to)))
FAILING(int, -1, symlinkat, (const char *text, int dir_fd, const char *path), (text, dir_fd, path),
	UNRECORDED(symlinkat, dir_fd, file_call(CALL_OPEN, "symlinkat", dir_fd, path)))

/* --- Sizes, modes, times, questions --- */

#define FTRUNCATE(name, offset)                                                                    \
	int name(int fd, offset length)                                                            \
	{                                                                                          \
		REAL(name)                                                                         \
		if (file_call(CALL_TRUNCATE, #name, fd, NULL) == FAILS) {                          \
			return -1;                                                                 \
		}                                                                                  \
		recorder_lock();                                                                   \
		return recorder_truncated(fd, length, real(fd, length));                           \
	}
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)
FAILING(int, -1, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length),
	file_call(CALL_TRUNCATE, "fallocate", fd, NULL))
FAILING(int, -1, fallocate64, (int fd, int mode, off64_t at, off64_t length),
	(fd, mode, at, length), file_call(CALL_TRUNCATE, "fallocate64", fd, NULL))
FAILING(int, errno, posix_fallocate, (int fd, off_t at, off_t length), (fd, at, length),
	file_call(CALL_TRUNCATE, "posix_fallocate", fd, NULL))

int fchmod(int fd, mode_t mode)
{
	REAL(fchmod)

	if (file_call(CALL_MODE, "fchmod", fd, NULL) == FAILS) {
		return -1;
	}
	recorder_lock();
	return recorder_mode_changed(fd, mode, real(fd, mode));
}
FAILING(int, -1, futimens, (int fd, const struct timespec times[2]), (fd, times),
	UNRECORDED(futimens, fd, file_call(CALL_MODE, "futimens", fd, NULL)))
FAILING(int, -1, utimensat,
	(int dir_fd, const char *path, const struct timespec times[2], int flags),
	(dir_fd, path, times, flags),
	UNRECORDED(utimensat, dir_fd, file_call(CALL_MODE, "utimensat", dir_fd, path)))
FAILING(int, -1, chmod, (const char *path, mode_t mode), (path, mode),
	file_call(CALL_MODE, "chmod", AT_FDCWD, path))
FAILING(int, -1, fchmodat, (int dir_fd, const char *path, mode_t mode, int flags),
	(dir_fd, path, mode, flags), file_call(CALL_MODE, "fchmodat", dir_fd, path))

#define STAT_CALL(name, parameters, arguments, fd, path)                                           \
	FAILING(int, -1, name, parameters, arguments, file_call(CALL_STAT, #name, fd, path))
STAT_CALL(stat, (const char *path, struct stat *found), (path, found), AT_FDCWD, path)
STAT_CALL(lstat, (const char *path, struct stat *found), (path, found), AT_FDCWD, path)
STAT_CALL(fstat, (int fd, struct stat *found), (fd, found), fd, NULL)
STAT_CALL(fstatat, (int dir_fd, const char *path, struct stat *found, int flags),
	(dir_fd, path, found, flags), dir_fd, path)
STAT_CALL(stat64, (const char *path, struct stat64 *found), (path, found), AT_FDCWD, path)
STAT_CALL(lstat64, (const char *path, struct stat64 *found), (path, found), AT_FDCWD, path)
STAT_CALL(fstat64, (int fd, struct stat64 *found), (fd, found), fd, NULL)
STAT_CALL(fstatat64, (int dir_fd, const char *path, struct stat64 *found, int flags),
	(dir_fd, path, found, flags), dir_fd, path)
STAT_CALL(statx, (int dir_fd, const char *path, int flags, unsigned mask, struct statx *found),
	(dir_fd, path, flags, mask, found), dir_fd, path)
STAT_CALL(statvfs, (const char *path, struct statvfs *found), (path, found), AT_FDCWD, path)
STAT_CALL(fstatvfs, (int fd, struct statvfs *found), (fd, found), fd, NULL)
STAT_CALL(statvfs64, (const char *path, struct statvfs64 *found), (path, found), AT_FDCWD, path)
STAT_CALL(fstatvfs64, (int fd, struct statvfs64 *found), (fd, found), fd, NULL)
FAILING(ssize_t, -1, readlink, (const char *path, char *text, size_t room), (path, text, room),
	file_call(CALL_STAT, "readlink", AT_FDCWD, path))
FAILING(ssize_t, -1, readlinkat, (int dir_fd, const char *path, char *text, size_t room),
	(dir_fd, path, text, room), file_call(CALL_STAT, "readlinkat", dir_fd, path))
FAILING(char *, NULL, realpath, (const char *path, char *resolved), (path, resolved),
	file_call(CALL_STAT, "realpath", AT_FDCWD, path))
STAT_CALL(access, (const char *path, int mode), (path, mode), AT_FDCWD, path)
STAT_CALL(faccessat, (int dir_fd, const char *path, int mode, int flags),
	(dir_fd, path, mode, flags), dir_fd, path)

/* The descriptor is closed all the same, as by the kernel. */
int close(int fd)
{
	enum fate fate = file_call(CALL_CLOSE, "close", fd, NULL);
	int error = errno, result;
	REAL(close)

	result = real(fd);
	if (fate == FAILS) {
		errno = error;
		return -1;
	}
	return result;
}

/* --- What is no file --- */

#define EPOLL_CALL(name, parameters, arguments)                                                    \
	FAILING(int, -1, name, parameters, arguments, other_call(CALL_EPOLL, #name))
EPOLL_CALL(epoll_create1, (int flags), (flags))
EPOLL_CALL(epoll_ctl, (int epoll_fd, int what, int fd, struct epoll_event *event),
	(epoll_fd, what, fd, event))
EPOLL_CALL(epoll_wait, (int epoll_fd, struct epoll_event *events, int count, int ms),
	(epoll_fd, events, count, ms))
EPOLL_CALL(poll, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms))
EPOLL_CALL(eventfd, (unsigned value, int flags), (value, flags))
EPOLL_CALL(timerfd_create, (int clock, int flags), (clock, flags))
EPOLL_CALL(signalfd, (int fd, const sigset_t *signals, int flags), (fd, signals, flags))
EPOLL_CALL(inotify_init1, (int flags), (flags))
EPOLL_CALL(inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
EPOLL_CALL(pipe2, (int fds[2], int flags), (fds, flags))

#define SOCKET_CALL(type, name, parameters, arguments)                                             \
	FAILING(type, -1, name, parameters, arguments, other_call(CALL_SOCKET, #name))
SOCKET_CALL(int, socket, (int family, int type, int protocol), (family, type, protocol))
SOCKET_CALL(int, socketpair, (int family, int type, int protocol, int fds[2]),
	(family, type, protocol, fds))
SOCKET_CALL(int, bind, (int fd, __CONST_SOCKADDR_ARG at, socklen_t length), (fd, at, length))
SOCKET_CALL(int, listen, (int fd, int backlog), (fd, backlog))
SOCKET_CALL(int, accept, (int fd, __SOCKADDR_ARG from, socklen_t *length), (fd, from, length))
SOCKET_CALL(int, accept4, (int fd, __SOCKADDR_ARG from, socklen_t *length, int flags),
	(fd, from, length, flags))
SOCKET_CALL(
	ssize_t, recv, (int fd, void *data, size_t length, int flags), (fd, data, length, flags))
SOCKET_CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))

#define SENDING(name, parameters, arguments)                                                       \
	ssize_t name parameters;                                                                   \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		enum fate fate = other_call(CALL_SOCKET, #name);                                   \
		REAL(name)                                                                         \
		length = shortened(fate, length);                                                  \
		if (fate == FAILS) {                                                               \
			return -1;                                                                 \
		}                                                                                  \
		recorder_sending(data, length);                                                    \
		return real arguments;                                                             \
	}
SENDING(send, (int fd, const void *data, size_t length, int flags), (fd, data, length, flags))
SENDING(sendto,
	(int fd, const void *data, size_t length, int flags, __CONST_SOCKADDR_ARG to,
		socklen_t to_length),
	(fd, data, length, flags, to, to_length))

/* --- Memory --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
	return no_memory("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return no_memory("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return no_memory("realloc") ? NULL : __libc_realloc(memory, size);
}
