#pragma once

#include <stdbool.h>

struct error;

/*
 * What an update has replaced and removed is still in the staging folder when the game is entered
 * in the registry. The folder then becomes the keeping place (library/kept_record.h), by renames:
 * the player's files to "player", the others to "previous", then the folder itself. Each step may
 * be interrupted and repeated; until the last one it is an upload's staging, with its record.
 */
struct commit_keep {
	const char *root;    /* the library folder */
	const char *library; /* its id */
	const char *upload_id;
	bool keep_previous; /* else only the player's files are kept */
};

/*
 * True also if nothing was replaced: what is left of the staging is of no use then, and is
 * removed as any other. Blocks. Errors: IO, NO_SPACE: to be tried again.
 */
bool commit_keep_run(const struct commit_keep *keep, struct error *err);
