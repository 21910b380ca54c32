#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct error;

/*
 * Files below one trusted folder, reached by a path that a peer wrote. Nothing here follows a
 * symbolic link or leaves the folder: openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS), and on a kernel without it openat() component by component with
 * O_NOFOLLOW. path is relative, '/'-separated, and already checked for "..".
 */

/* A descriptor, or -1. Errors: NOT_FOUND, INVALID (a link or a way out), NO_SPACE, IO. */
int beneath_open(int dir_fd, const char *path, int flags, mode_t mode, struct error *err);

/* Opens the folder that holds path's last component, making missing ones (0755). -1 on error. */
int beneath_open_parent(int dir_fd, const char *path, bool make, struct error *err);

/* lstat; Errors: NOT_FOUND, INVALID, IO. */
bool beneath_stat(int dir_fd, const char *path, struct stat *out, struct error *err);

/*
 * Makes the names of files durable: fsyncs every folder on the way to them once, dir_fd included,
 * the deepest last. path_at: the index-th path, relative to dir_fd, sorted by path_compare().
 * Errors: NOT_FOUND, INVALID, IO.
 */
bool beneath_sync_folders(int dir_fd, const char *(*path_at)(const void *user, size_t index),
	size_t count, const void *user, struct error *err);

/*
 * How many leading components, as bytes, the folders of two paths share: "a/b/x" and "a/b/y" have
 * 3, "a/x" and "b/x" 0.
 */
size_t beneath_shared_folders(const char *a, const char *b);

/*
 * Deletes path and everything below it without following links; a missing path is success.
 * path "." empties the folder itself.
 */
bool beneath_remove_tree(int dir_fd, const char *path, struct error *err);
