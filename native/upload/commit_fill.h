#pragma once

#include <stdbool.h>

struct commit_record;
struct error;
struct game;
struct upload;
struct upload_changes;

/*
 * The commit record of an upload that is whole: what is done with each file, decided now
 * (update_plan.h), since the game may have been played since init_upload. Blocks: on the worker.
 */
struct commit_fill {
	const struct upload *upload;
	const struct game *known;	/* the game's entry in the registry; NULL: none */
	const char *executable;		/* relative, normalised; NULL: as in init_upload */
	const char *pending;		/* NULL: none */
	int dir_fd;			/* the staging folder */
	struct upload_changes *changes; /* zeroed; filled in, the caller finishes it */
};

/*
 * record: zeroed; its texts are copies, as in one that was read. Errors: INVALID (a file that was
 * not sent has changed), IO (also: it cannot be found out now what was installed).
 */
bool commit_fill_record(
	const struct commit_fill *fill, struct commit_record *record, struct error *err);
