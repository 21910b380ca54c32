#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * Makes the names of files durable: fsyncs every folder on the way to them, each once, the
 * deepest last, dir_fd itself included.
 * path_at: the index-th path, relative to dir_fd, sorted by path_compare().
 * Errors: those of beneath_open(), IO.
 */
bool folder_sync(int dir_fd, const char *(*path_at)(const void *user, size_t index), size_t count,
	const void *user, struct error *err);

/*
 * How many leading components, as bytes, the folders of two paths share: "a/b/x" and "a/b/y" have
 * 3, "a/x" and "b/x" 0.
 */
size_t folder_sync_shared(const char *a, const char *b);
