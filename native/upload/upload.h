#pragma once

#include "core/error.h"
#include "core/transfer_rate.h"
#include "upload/upload_head.h"
#include "upload/upload_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct upload;
struct upload_content;
struct upload_journal_state;
struct upload_store_write;
struct uploads;

/*
 * Something that is done to one upload and takes time. An upload's tasks run one after the other;
 * an exclusive one starts only when no chunk of it is being written. start() must end in
 * upload_task_done(), at once or later.
 */
struct upload_task {
	void (*start)(struct upload_task *task);
	bool exclusive;
	struct upload_task *next; /* the upload's own */
};

/* One upload, running or paused. */
struct upload {
	struct uploads *uploads;
	struct upload_head head;
	char *root; /* the library folder that has its staging */
	enum upload_state state;
	bool listed;	/* shown, and known by its id; false while it is being prepared */
	bool gone;	/* being removed; freed as soon as nothing uses it */
	bool cancelled; /* by its Hub; kept for a shorter time */
	bool left;	/* its Hub went while it was completing */
	bool committed; /* a commit record is on disk: it must be finished, nothing else */
	bool saving;	/* a checkpoint is queued or under way */
	bool flushing;	/* one is under way that chunks do not wait for */
	int64_t flush_bytes_per_s;	 /* of the last one that was worth measuring; 0: none yet */
	struct upload_store_write *late; /* written; answered when the disk has caught up */
	struct upload_content *content;	 /* NULL unless chunks are taken */
	int64_t paused_bytes;		 /* held, while content is NULL */
	int64_t updated_at_ms;		 /* Unix time */
	struct transfer_rate rate;
	struct error fault;	   /* what went wrong beside the loop; the next chunk is told */
	size_t write_count;	   /* chunks being written */
	struct upload_task *tasks; /* that wait */
	bool running;		   /* one has started and is not done */
	struct upload *next;
};

struct upload *upload_create(struct uploads *uploads);
void upload_destroy(struct upload *upload);

/* Has more arrived than the disk can take in good time, while it is busy already? */
bool upload_is_ahead_of_disk(const struct upload *upload);

void upload_enqueue(struct upload *upload, struct upload_task *task);
/* The running task has ended; may free an upload that is gone. */
void upload_task_done(struct upload *upload);
void upload_write_began(struct upload *upload);
/* May start a task, or free an upload that is gone. */
void upload_write_ended(struct upload *upload);

/* Unix time, ms, when a paused one is collected. */
int64_t upload_expires_at_ms(const struct upload *upload);
void upload_fill_status(const struct upload *upload, struct upload_status *status);
/* What the journal shall say of it now. */
struct upload_journal_state upload_journal_state_of(const struct upload *upload);

int64_t upload_now_ms(void); /* Unix time */
