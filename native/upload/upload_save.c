#define LOG_MODULE "uploads"

#include "upload/upload_save.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "upload/upload.h"
#include "upload/upload_checkpoint.h"
#include "upload/upload_content.h"
#include "upload/upload_staging.h"
#include "upload/upload_store.h"
#include "upload/uploads.h"

#include <stdlib.h>

#define MEASURED_MIN_BYTES (4 * 1024 * 1024)

struct upload_saving {
	struct upload_task task;
	struct worker_job job;
	struct upload *upload;
	struct upload_checkpoint checkpoint;
	bool unload;
	int dir_fd; /* of a paused upload */
	int64_t bytes;
	int64_t started_at_ms;
};

static struct upload_saving *of_job(struct worker_job *job)
{
	return CONTAINER_OF(job, struct upload_saving, job);
}

static void end(struct upload_saving *saving)
{
	struct upload *upload = saving->upload;

	close_fd(&saving->dir_fd);
	free(saving);
	upload->saving = false;
	upload->flushing = false;
	upload_store_answer_late(upload);
	upload_task_done(upload);
}

static void note_speed(struct upload *upload, const struct upload_saving *saving)
{
	int64_t took_ms = loop_now_ms() - saving->started_at_ms;

	if (saving->bytes >= MEASURED_MIN_BYTES) {
		upload->flush_bytes_per_s = saving->bytes * 1000 / (took_ms > 0 ? took_ms : 1);
	}
}

static void run(struct worker_job *job)
{
	upload_checkpoint_run(&of_job(job)->checkpoint);
}

static void done(struct worker_job *job)
{
	struct upload_saving *saving = of_job(job);
	struct upload *upload = saving->upload;

	upload_checkpoint_settle(&saving->checkpoint, upload->content);
	if (saving->checkpoint.failed) {
		log_warning("'%s': %s", upload->head.game_name, saving->checkpoint.error.message);
		upload->fault = saving->checkpoint.error;
	} else {
		note_speed(upload, saving);
	}
	/* It may have been taken up again since. */
	if (saving->unload && upload->state == UPLOAD_PAUSED && upload->content != NULL) {
		upload->paused_bytes = upload->content->held_bytes;
		upload_content_destroy(upload->content);
		upload->content = NULL;
	}
	end(saving);
}

static void start(struct upload_task *task)
{
	struct upload_saving *saving = CONTAINER_OF(task, struct upload_saving, task);
	struct upload *upload = saving->upload;
	struct upload_journal_state state = upload_journal_state_of(upload);
	int dir_fd;

	if (upload->gone || upload->committed) {
		end(saving);
		return;
	}
	if (upload->content == NULL) {
		saving->dir_fd = upload_staging_open(upload->root, upload->head.upload_id, NULL);
	}
	upload->flushing = !saving->unload;
	saving->bytes = upload->content != NULL ? upload->content->dirty_bytes : 0;
	saving->started_at_ms = loop_now_ms();
	dir_fd = upload->content != NULL ? upload->content->dir_fd : saving->dir_fd;
	upload_checkpoint_take(&saving->checkpoint, upload->content, dir_fd, &state);
	saving->job = (struct worker_job){ .run = run, .done = done };
	worker_submit(upload->uploads->worker, &saving->job);
}

void upload_save(struct upload *upload, bool unload)
{
	struct upload_saving *saving = xcalloc(1, sizeof(*saving));

	saving->task = (struct upload_task){ .start = start, .exclusive = unload };
	saving->upload = upload;
	saving->unload = unload;
	saving->dir_fd = -1;
	upload->saving = true;
	upload_enqueue(upload, &saving->task);
}
