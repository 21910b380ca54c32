#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NANOSECONDS INT64_C(1000000000)

/*
 * Everything here asks the kernel directly: what is asked to keep the log must be neither counted
 * nor failed.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *scope = "";

void recorder_begin(void)
{
	const char *path = getenv("FAULTS_RECORD");
	const char *below = getenv("FAULTS_RECORD_SCOPE");

	if (path == NULL) {
		return;
	}
	log_fd = (int)syscall(SYS_open, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	scope = below != NULL ? below : "";
}

static void give_up(const char *what, const char *name)
{
	fprintf(stderr, "recorder: %s: %s\n", what, name);
	abort();
}

void recorder_lock(void)
{
	if (log_fd >= 0) {
		pthread_mutex_lock(&mutex);
	}
}

ssize_t recorder_unlock(ssize_t result)
{
	int saved = errno;

	if (log_fd >= 0) {
		pthread_mutex_unlock(&mutex);
	}
	errno = saved;
	return result;
}

static void append(struct record record, const char *name, const char *other, const void *data)
{
	struct iovec parts[4] = {
		{ &record, sizeof(record) },
		{ (void *)name, name != NULL ? strlen(name) : 0 },
		{ (void *)other, other != NULL ? strlen(other) : 0 },
		{ (void *)data, record.data_length },
	};
	size_t length;

	record.name_length = (uint32_t)parts[1].iov_len;
	record.other_length = (uint32_t)parts[2].iov_len;
	length = sizeof(record) + record.name_length + record.other_length + record.data_length;
	if (syscall(SYS_writev, log_fd, parts, 4) != (long)length) {
		give_up("cannot write the log", strerror(errno));
	}
}

/* Of a descriptor: is it a file or folder of ours? Its inode and time. */
static bool identify(int fd, struct record *record)
{
	char link[64], path[PATH_MAX];
	struct stat found;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = syscall(SYS_readlink, link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	if (strncmp(path, scope, strlen(scope)) != 0 ||
		syscall(SYS_newfstatat, fd, "", &found, AT_EMPTY_PATH) != 0) {
		return false;
	}
	record->inode = found.st_ino;
	record->mtime_ns = found.st_mtim.tv_sec * NANOSECONDS + found.st_mtim.tv_nsec;
	return true;
}

/* Where path is: the folder's inode, and the last component. */
static void locate(struct recorded_place *place, int dir_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char folder[PATH_MAX] = ".";
	struct record of_folder = { 0 };
	int fd;

	*place = (struct recorded_place){ 0 };
	if (slash != NULL) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	}
	fd = (int)syscall(SYS_openat, dir_fd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	place->ours = identify(fd, &of_folder);
	syscall(SYS_close, fd);
	if (place->ours) {
		place->folder = of_folder.inode;
		snprintf(place->name, sizeof(place->name), "%s", name);
	}
}

void recorder_open_begin(struct recorded_open *before, int dir_fd, const char *path, int flags)
{
	int saved = errno;
	struct stat found;

	*before = (struct recorded_open){ 0 };
	if (log_fd < 0) {
		return;
	}
	recorder_lock();
	before->may_create = (flags & O_CREAT) != 0;
	before->truncates = (flags & O_TRUNC) != 0;
	if (before->may_create || before->truncates) {
		locate(&before->place, dir_fd, path);
		before->existed = syscall(SYS_newfstatat, dir_fd, path, &found, 0) == 0;
	}
	errno = saved;
}

int recorder_open_end(struct recorded_open *before, int fd)
{
	struct record record = { 0 };
	int saved = errno;

	if (log_fd < 0) {
		return fd;
	}
	if (fd >= 0 && before->place.ours && identify(fd, &record)) {
		record.folder = before->place.folder;
		record.kind = before->existed ? RECORD_TRUNCATE : RECORD_CREATE;
		if (!before->existed || before->truncates) {
			append(record, before->place.name, NULL, NULL);
		}
	}
	errno = saved;
	return (int)recorder_unlock(fd);
}

void recorder_rename_begin(
	struct recorded_places *places, int from_fd, const char *from, int to_fd, const char *to)
{
	*places = (struct recorded_places){ 0 };
	if (log_fd >= 0) {
		recorder_lock();
		locate(&places->place, from_fd, from);
		locate(&places->other, to_fd, to);
	}
}

int recorder_rename_end(struct recorded_places *places, unsigned flags, int result)
{
	int saved = errno;

	if (log_fd < 0) {
		return result;
	}
	if (result == 0 && places->place.ours != places->other.ours) {
		give_up("a file leaves or enters what is recorded", places->other.name);
	}
	if (result == 0 && places->place.ours) {
		append((struct record){ .kind = RECORD_RENAME,
			       .folder = places->place.folder,
			       .other_folder = places->other.folder,
			       .at = flags },
			places->place.name, places->other.name, NULL);
	}
	errno = saved;
	return (int)recorder_unlock(result);
}

void recorder_name_begin(struct recorded_places *places, int dir_fd, const char *path)
{
	*places = (struct recorded_places){ 0 };
	if (log_fd >= 0) {
		recorder_lock();
		locate(&places->place, dir_fd, path);
	}
}

static uint64_t inode_of(const struct recorded_place *place, int dir_fd, const char *path)
{
	struct stat found;

	return place->ours && syscall(SYS_newfstatat, dir_fd, path, &found, 0) == 0 ? found.st_ino
										    : 0;
}

int recorder_name_end(struct recorded_places *places, int dir_fd, const char *path,
	enum record_kind kind, int result)
{
	int saved = errno;

	if (log_fd < 0) {
		return result;
	}
	if (result == 0 && places->place.ours) {
		append((struct record){ .kind = kind,
			       .inode = kind == RECORD_MKDIR
						? inode_of(&places->place, dir_fd, path)
						: 0,
			       .folder = places->place.folder },
			places->place.name, NULL, NULL);
	}
	errno = saved;
	return (int)recorder_unlock(result);
}

ssize_t recorder_wrote(int fd, const void *data, ssize_t written, off_t at)
{
	struct record record = { .kind = RECORD_WRITE };
	int saved = errno;

	if (log_fd < 0) {
		return written;
	}
	if (written > 0 && identify(fd, &record)) {
		record.at = at == RECORDER_AT_CURRENT
				    ? (uint64_t)(syscall(SYS_lseek, fd, 0, SEEK_CUR) - written)
				    : (uint64_t)at;
		record.data_length = (uint32_t)written;
		append(record, NULL, NULL, data);
	}
	errno = saved;
	return recorder_unlock(written);
}

static int record_change(int fd, enum record_kind kind, uint64_t at, int result)
{
	struct record record = { .kind = kind, .at = at };
	int saved = errno;

	if (log_fd < 0) {
		return result;
	}
	if (result == 0 && identify(fd, &record)) {
		append(record, NULL, NULL, NULL);
	}
	errno = saved;
	return (int)recorder_unlock(result);
}

int recorder_truncated(int fd, off_t length, int result)
{
	return record_change(fd, RECORD_TRUNCATE, (uint64_t)length, result);
}

int recorder_mode_changed(int fd, mode_t mode, int result)
{
	return record_change(fd, RECORD_MODE, mode, result);
}

int recorder_synced(int fd, int result)
{
	return record_change(fd, RECORD_SYNC, 0, result);
}

void recorder_sending(const void *data, size_t length)
{
	if (log_fd >= 0) {
		recorder_lock();
		append((struct record){ .kind = RECORD_SENT, .data_length = (uint32_t)length },
			NULL, NULL, data);
		recorder_unlock(0);
	}
}

void recorder_refuse(const char *function, int fd)
{
	struct record record;

	if (log_fd >= 0 && identify(fd, &record)) {
		give_up("there is no record for this call", function);
	}
}
