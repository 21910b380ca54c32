#pragma once

#include <stdbool.h>
#include <sys/stat.h>

struct error;

/*
 * Files below one trusted folder, reached by a path that a peer wrote. Nothing here follows a
 * symbolic link or leaves the folder: openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS), and on a kernel without it openat() component by component with
 * O_NOFOLLOW. path is relative, '/'-separated, and has passed its own check for "..".
 */

/* A descriptor, or -1. Errors: NOT_FOUND, INVALID (a link or a way out), NO_SPACE, IO. */
int beneath_open(int dir_fd, const char *path, int flags, mode_t mode, struct error *err);

/* Opens the folder that holds path's last component, making missing ones (0755). -1 on error. */
int beneath_open_parent(int dir_fd, const char *path, bool make, struct error *err);

/* lstat; Errors: NOT_FOUND, INVALID, IO. */
bool beneath_stat(int dir_fd, const char *path, struct stat *out, struct error *err);

/*
 * Deletes path and everything below it without following links; a missing path is success.
 * path "." empties the folder itself.
 */
bool beneath_remove_tree(int dir_fd, const char *path, struct error *err);
