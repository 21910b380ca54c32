#pragma once

#include "steam/change/shortcuts.h"
#include "steam/files/backed_file.h"

#include <stdbool.h>

struct error;

/*
 * One account's shortcuts.vdf on disk. shortcuts_file_finish() leaves it zeroed.
 *
 *	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };
 *	shortcuts_file_load(&file, install.root, user->account_id, err) && … edit file.shortcuts …
 *		&& shortcuts_file_save(&file, err);
 */
struct shortcuts_file {
	struct backed_file backed;
	struct shortcuts shortcuts;
};

/*
 * file is zeroed. A missing file is an empty list.
 * Errors, naming the path: INVALID (does not parse; names the offset), TOO_LARGE, IO.
 */
bool shortcuts_file_load(
	struct shortcuts_file *file, const char *root, const char *account_id, struct error *err);
/* See backed_file_save(). */
bool shortcuts_file_save(const struct shortcuts_file *file, struct error *err);
void shortcuts_file_finish(struct shortcuts_file *file);
