#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct staging_files;

/*
 * The files of one upload while chunks arrive: a bounded set of open descriptors, and of open
 * folders, so that neither a game of 20,000 files nor a deep tree is walked again for each chunk.
 * Used on the loop only; the descriptor of a pinned file may be used on any thread.
 */
struct staging_file {
	int fd;	      /* read and write; borrowed */
	size_t index; /* the index that the file was requested with */
	unsigned pins;
	bool keep; /* worth keeping open once unpinned */
	unsigned long used_at;
};

/* dir_fd_take: the folder to which paths are relative. */
struct staging_files *staging_files_create(int dir_fd_take);
/* Nothing may be pinned. NULL is fine. */
void staging_files_destroy(struct staging_files *files);

/*
 * Opens, or finds, a file and creates the folders that it needs. index: unique to the path. keep:
 * more of its chunks will follow. Errors: INVALID (a link or not a regular file), NO_SPACE, IO.
 */
struct staging_file *staging_files_pin(
	struct staging_files *files, size_t index, const char *path, bool keep, struct error *err);
void staging_files_unpin(struct staging_files *files, struct staging_file *file);
