#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * The file system that a folder is on: tells a card from the bare folder that it is mounted on, and
 * one card from another.
 */
struct disk {
	char *mount_point; /* where it is mounted; "/" if that cannot be found out, as in a chroot
			    */
	char *uuid;	   /* as in /dev/disk/by-uuid; "" if it has none */
	char *label;	   /* "" if it has none */
	bool read_only;
	bool no_exec;	    /* programs on it cannot be started */
	bool quota_used;    /* this user's quota is used up */
	int64_t free_bytes; /* for this user: a quota counts */
	int64_t total_bytes;
};

/*
 * fd: an open folder; path: the same, absolute, without links. *disk must be finished either way.
 * Errors: IO.
 */
bool disk_examine(struct disk *disk, int fd, const char *path, struct error *err);
void disk_finish(struct disk *disk);
/* What can still be written below an open folder, as in struct disk. Errors: IO. */
bool disk_free_bytes(int fd, int64_t *free_bytes, struct error *err);
/* Is it the same file system? Without a UUID only the one of "/" is recognised. */
bool disk_is(const struct disk *disk, const char *uuid, const char *mount_point);
/*
 * Where else than at mount_point a whole file system on a device is mounted; caller frees. NULL:
 * nowhere, or it has no UUID.
 */
char *disk_find(const char *uuid, const char *mount_point);
