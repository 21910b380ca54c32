#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Identifies the content of a file without reading it. */
struct file_stamp {
	uint64_t device;
	uint64_t inode;
	int64_t size; /* bytes */
	int64_t mtime_ns;
	int64_t ctime_ns; /* also moves when mtime is set back by hand */
};

static inline struct file_stamp file_stamp_of(const struct stat *status)
{
	return (struct file_stamp){
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.mtime_ns = status->st_mtim.tv_sec * INT64_C(1000000000) + status->st_mtim.tv_nsec,
		.ctime_ns = status->st_ctim.tv_sec * INT64_C(1000000000) + status->st_ctim.tv_nsec,
	};
}

/* Does status show the content that was stamped? A chmod or a new hard link does not count. */
static inline bool file_stamp_holds(const struct file_stamp *stamp, const struct stat *status)
{
	struct file_stamp now = file_stamp_of(status);

	return now.device == stamp->device && now.inode == stamp->inode &&
	       now.size == stamp->size && now.mtime_ns == stamp->mtime_ns;
}
