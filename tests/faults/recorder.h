#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The log of what a program does to its files, from which tests/powercut makes the disks that a
 * power cut could leave. Written only if FAULTS_RECORD names a file; everything below
 * FAULTS_RECORD_SCOPE is recorded. Files and folders are named by their inode, entries by the inode
 * of their folder and a name. A call and its record are one step for all threads, so that the order
 * in the log is the order on the disk: *_begin() locks, *_end() unlocks.
 */

enum record_kind {
	RECORD_CREATE = 1, /* inode, folder, name */
	RECORD_MKDIR,	   /* inode, folder, name */
	RECORD_WRITE,	   /* inode, at, data */
	RECORD_TRUNCATE,   /* inode, at: the new size */
	RECORD_MODE,	   /* inode, at: the mode */
	RECORD_SYNC,	   /* inode */
	RECORD_RENAME,	   /* folder, name, other_folder, other_name; at: flags of renameat2() */
	RECORD_UNLINK,	   /* folder, name: a file or a folder */
	RECORD_SENT,	   /* data: what goes to a peer */
};

/* As it is in the file, followed by name, other_name and data. */
struct record {
	uint32_t kind;
	uint32_t name_length;
	uint32_t other_length;
	uint32_t data_length;
	uint64_t inode;
	uint64_t folder;
	uint64_t other_folder;
	uint64_t at;
	int64_t mtime_ns; /* of inode, afterwards */
};

struct recorded_place {
	bool ours;
	uint64_t folder;
	char name[256];
};

struct recorded_places {
	struct recorded_place place, other;
};

struct recorded_open {
	struct recorded_place place;
	bool may_create, truncates, existed;
};

#define RECORDER_AT_CURRENT (-1) /* the file's position, before what was written */

void recorder_begin(void);

void recorder_open_begin(struct recorded_open *open, int dir_fd, const char *path, int flags);
int recorder_open_end(struct recorded_open *open, int fd);

void recorder_rename_begin(
	struct recorded_places *places, int from_fd, const char *from, int to_fd, const char *to);
int recorder_rename_end(struct recorded_places *places, unsigned flags, int result);

void recorder_name_begin(struct recorded_places *places, int dir_fd, const char *path);
int recorder_name_end(struct recorded_places *places, int dir_fd, const char *path,
	enum record_kind kind, int result);

/* The rest lock by themselves before the call. Each returns the call's result. */
void recorder_lock(void);
ssize_t recorder_unlock(ssize_t result);
ssize_t recorder_wrote(int fd, const void *data, ssize_t written, off_t at);
int recorder_truncated(int fd, off_t length, int result);
int recorder_mode_changed(int fd, mode_t mode, int result);
int recorder_synced(int fd, int result);

/* Before data is sent: what was sent is known to the peer. */
void recorder_sending(const void *data, size_t length);

/* A change that this log has no record for: the program ends with a message. */
void recorder_refuse(const char *function, int fd);
