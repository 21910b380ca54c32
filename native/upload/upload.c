#include "upload/upload.h"

#include "core/loop.h"
#include "core/xalloc.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"
#include "upload/uploads.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

/*
 * So much may wait for the disk beside what is being flushed: a Hub waits 30 s for complete_upload,
 * which has to flush the rest, and a slow card must not have gathered gigabytes by then.
 */
#define BACKLOG_SECONDS 8
#define BACKLOG_MIN_BYTES (INT64_C(64) * 1024 * 1024)
#define CANCELLED_EXPIRE_MS (24 * INT64_C(3600) * 1000)

int64_t upload_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

struct upload *upload_create(struct uploads *uploads)
{
	struct upload *upload = xcalloc(1, sizeof(*upload));

	upload->uploads = uploads;
	upload->updated_at_ms = upload_now_ms();
	return upload;
}

void upload_destroy(struct upload *upload)
{
	if (upload == NULL) {
		return;
	}
	assert(upload->tasks == NULL && upload->write_count == 0 && upload->late == NULL);
	upload_content_destroy(upload->content);
	upload_head_finish(&upload->head);
	free(upload->root);
	free(upload);
}

bool upload_is_ahead_of_disk(const struct upload *upload)
{
	int64_t allowed_bytes = upload->flush_bytes_per_s * BACKLOG_SECONDS;

	if (allowed_bytes < BACKLOG_MIN_BYTES) {
		allowed_bytes = BACKLOG_MIN_BYTES;
	}
	return upload->flushing && upload->content->dirty_bytes > allowed_bytes;
}

static void run_next(struct upload *upload)
{
	struct upload_task *task = upload->tasks;

	if (upload->running) {
		return;
	}
	if (task == NULL) {
		if (upload->gone && upload->write_count == 0) {
			uploads_reap(upload);
		}
		return;
	}
	if (task->exclusive && upload->write_count > 0) {
		return;
	}
	upload->running = true;
	upload->tasks = task->next; /* the task may free itself before it is done */
	task->start(task);
}

void upload_enqueue(struct upload *upload, struct upload_task *task)
{
	struct upload_task **link = &upload->tasks;

	while (*link != NULL) {
		link = &(*link)->next;
	}
	task->next = NULL;
	*link = task;
	run_next(upload);
}

void upload_task_done(struct upload *upload)
{
	assert(upload->running);
	upload->running = false;
	run_next(upload);
}

void upload_write_began(struct upload *upload)
{
	upload->write_count++;
}

void upload_write_ended(struct upload *upload)
{
	assert(upload->write_count > 0);
	upload->write_count--;
	run_next(upload);
}

static int64_t held_bytes(const struct upload *upload)
{
	return upload->content != NULL ? upload->content->held_bytes : upload->paused_bytes;
}

int64_t upload_expires_at_ms(const struct upload *upload)
{
	int64_t after_ms = upload->uploads->expire_after_ms;

	if (upload->cancelled && after_ms > CANCELLED_EXPIRE_MS) {
		after_ms = CANCELLED_EXPIRE_MS;
	}
	return upload->updated_at_ms + after_ms;
}

void upload_fill_status(const struct upload *upload, struct upload_status *status)
{
	const struct upload_content *content = upload->content;
	bool moving = upload->state == UPLOAD_RECEIVING && content != NULL;

	*status = (struct upload_status){
		.upload_id = upload->head.upload_id,
		.hub_id = upload->head.hub_id,
		.game_name = upload->head.game_name,
		.dir = upload->head.dir,
		.state = upload->state,
		.total_bytes = upload->head.total_bytes,
		.transferred_bytes = held_bytes(upload),
		.bytes_per_second = moving ? transfer_rate_get(&upload->rate, loop_now_ms()) : 0,
		.current_file = content != NULL && content->last_file < content->files_count
					? content->manifest->files[content->last_file].path
					: "",
		.started_at = upload->head.started_at_ms,
		.updated_at = upload->updated_at_ms,
		.expires_in_seconds = -1,
	};
	if (upload->state == UPLOAD_PAUSED) {
		int64_t left_ms = upload_expires_at_ms(upload) - upload_now_ms();

		status->expires_in_seconds = left_ms > 0 ? left_ms / 1000 : 0;
	}
}

struct upload_journal_state upload_journal_state_of(const struct upload *upload)
{
	return (struct upload_journal_state){ .at_ms = upload->updated_at_ms,
		.held_bytes = held_bytes(upload),
		.cancelled = upload->cancelled };
}
