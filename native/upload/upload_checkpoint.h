#pragma once

#include "core/error.h"
#include "upload/upload_journal.h"

#include <stdbool.h>
#include <stddef.h>

struct upload;
struct upload_content;
struct upload_dirty;

/*
 * Makes durable what arrived since the last checkpoint, then records it in the journal. Taken and
 * settled on the loop, run on the worker; chunks may keep arriving meanwhile.
 */
struct upload_checkpoint {
	const struct upload_content *content; /* borrowed; run() reads what chunks do not change */
	int dir_fd;			      /* the staging folder; borrowed */
	struct upload_dirty *dirty;
	size_t dirty_count;
	struct upload_journal_state state;
	bool failed;
	struct error error;
};

/* Is a checkpoint due? Limits what a crash costs and what is left to do at the end. */
bool upload_checkpoint_is_due(const struct upload_content *content);
/* state: the upload's state for the journal. content NULL: write only that, to dir_fd's journal. */
void upload_checkpoint_take(struct upload_checkpoint *checkpoint, struct upload_content *content,
	int dir_fd, const struct upload_journal_state *state);
/* Errors, also in checkpoint->error: NO_SPACE, IO, INVALID (a file is gone). */
bool upload_checkpoint_run(struct upload_checkpoint *checkpoint);
/*
 * Ends it. What could not be made durable is dropped from the content: it is unknown how much of it
 * reached the disk, so the Hub must send it again.
 */
void upload_checkpoint_settle(struct upload_checkpoint *checkpoint, struct upload_content *content);

/*
 * Queues a checkpoint as a task of the upload. unload: it waits for the chunks being written, and
 * frees the content of an upload that is then paused. Without content only the upload's state is
 * journalled. Failures are logged, and reported to the next chunk.
 */
void upload_checkpoint_queue(struct upload *upload, bool unload);
