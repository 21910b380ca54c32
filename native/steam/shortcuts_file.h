#pragma once

#include "core/strbuf.h"
#include "steam/shortcuts.h"

#include <stdbool.h>
#include <sys/types.h>

struct error;

/*
 * One account's shortcuts.vdf on disk. Zeroed is what shortcuts_file_finish() leaves.
 *
 *	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };
 *	shortcuts_file_load(&file, install.root, user->account_id, err) && … edit file.shortcuts …
 *		&& shortcuts_file_save(&file, err);
 */
struct shortcuts_file {
	char *path; /* behind symbolic links */
	struct shortcuts shortcuts;
	struct strbuf loaded; /* the bytes that were read */
	mode_t mode;
	bool exists;
};

/* "<path>.capydeck-1" is the newest of this many earlier contents. */
#define SHORTCUTS_FILE_BACKUPS 5

/*
 * file is zeroed. A missing file is an empty list.
 * Errors, naming the path: INVALID (does not parse; names the offset), TOO_LARGE, IO.
 */
bool shortcuts_file_load(
	struct shortcuts_file *file, const char *root, const char *account_id, struct error *err);
/*
 * Backs up what was loaded, then replaces the file atomically, keeping its mode; makes missing
 * folders. Does nothing at all when the bytes are those that were loaded.
 * Errors: IO, NO_SPACE; the file is then as it was.
 */
bool shortcuts_file_save(struct shortcuts_file *file, struct error *err);
void shortcuts_file_finish(struct shortcuts_file *file);
