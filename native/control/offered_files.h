#pragma once

#include "core/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct offered_file;
struct strbuf;

/*
 * Files that a local client may read in parts without knowing or choosing a path: each has a random
 * number that fits a JSON number. The offered content stays the same even if its path gets another
 * file. Zeroed is empty.
 */
struct offered_files {
	LIST_HEAD(, offered_file) list; /* by link */
};

void offered_files_finish(struct offered_files *files);
/* bytes: its size. 0 on error: NOT_FOUND, INVALID (no regular file), IO. */
int64_t offered_files_add(
	struct offered_files *files, const char *path, int64_t *bytes, struct error *err);
void offered_files_remove(struct offered_files *files, int64_t number);
/*
 * Appends up to max bytes from offset; total: the file's size.
 * Errors: NOT_FOUND (no such number), INVALID (offset), IO.
 */
bool offered_files_read(const struct offered_files *files, int64_t number, int64_t offset,
	size_t max, struct strbuf *data, int64_t *total, struct error *err);
