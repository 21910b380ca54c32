#pragma once

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/*
 * One of Steam's files, replaced so that its user can go back: "<path>.capydeck-1" is the newest
 * content that Steam or its user wrote. Content that we wrote is not backed up:
 * "<path>.capydeck-own" has its SHA-256. backed_file_finish() leaves it zeroed.
 *
 *	AUTO(backed_file_finish) struct backed_file file = { 0 };
 *	backed_file_load(&file, path, MAX_BYTES, err) && … make text of file.loaded …
 *		&& backed_file_save(&file, &text, err);
 */
struct backed_file {
	char *path;	      /* symbolic links resolved */
	struct strbuf loaded; /* the bytes that were read */
	mode_t mode;
	int64_t changed_at_s; /* Unix time; 0: it does not exist */
	bool exists;
};

/* How many earlier contents are kept. */
#define BACKED_FILE_COUNT 5

/* file is zeroed. A missing file is an empty one. Errors, naming the path: TOO_LARGE, IO. */
bool backed_file_load(
	struct backed_file *file, const char *path, size_t max_bytes, struct error *err);
/*
 * Backs up what was loaded, unless it is what an earlier save left, then replaces the file
 * atomically, keeping its mode; creates missing folders. Does nothing if text equals what was
 * loaded. May be repeated after a crash: the same content is not backed up twice. Errors: IO,
 * NO_SPACE; the file is then as it was.
 */
bool backed_file_save(const struct backed_file *file, const struct strbuf *text, struct error *err);
void backed_file_finish(struct backed_file *file);
