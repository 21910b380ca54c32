#pragma once

#include <stdbool.h>

struct error;

/*
 * Before a staging folder is removed: gives the previous build that is in it back. True also if
 * there is none, or its commit stands. Blocks. Errors: IO: it must not be removed.
 */
bool rollback_undo_run(
	const char *root, const char *library, const char *upload_id, struct error *err);
/* Moves a folder, also onto an empty one, durably. Errors: IO, NO_SPACE. */
bool rollback_undo_move(
	int from_fd, const char *from, int to_fd, const char *to, struct error *err);
