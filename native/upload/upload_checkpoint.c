#define LOG_MODULE "uploads"

#include "upload/upload_checkpoint.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "upload/upload.h"
#include "upload/upload_content.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECKPOINT_BYTES (32 * 1024 * 1024)
#define MEASURED_MIN_BYTES (4 * 1024 * 1024)
#define CHECKPOINT_ENTRIES 2048 /* small files: syncing each of them takes time */

bool upload_checkpoint_is_due(const struct upload_content *content)
{
	return content->dirty_bytes >= CHECKPOINT_BYTES ||
	       content->dirty_count >= CHECKPOINT_ENTRIES;
}

void upload_checkpoint_take(struct upload_checkpoint *checkpoint, struct upload_content *content,
	int dir_fd, const struct upload_journal_state *state)
{
	*checkpoint =
		(struct upload_checkpoint){ .content = content, .dir_fd = dir_fd, .state = *state };
	if (content != NULL) {
		checkpoint->dirty = TAKE_PTR(content->dirty);
		checkpoint->dirty_count = content->dirty_count;
		content->dirty_count = 0;
		content->dirty_capacity = 0;
		content->dirty_bytes = 0;
	}
}

static int compare_dirty(const void *a, const void *b)
{
	const struct upload_dirty *left = a, *right = b;

	if (left->file != right->file) {
		return left->file < right->file ? -1 : 1;
	}
	return left->start < right->start ? -1 : left->start > right->start;
}

static bool is_new_file(const struct upload_checkpoint *checkpoint, size_t index)
{
	return index == 0 || checkpoint->dirty[index].file != checkpoint->dirty[index - 1].file;
}

static bool sync_files(struct upload_checkpoint *checkpoint, int files_fd, bool wait)
{
	for (size_t i = 0; i < checkpoint->dirty_count; i++) {
		const char *path =
			checkpoint->content->manifest->files[checkpoint->dirty[i].file].path;
		AUTO(close_fd) int fd = -1;

		if (!is_new_file(checkpoint, i)) {
			continue;
		}
		fd = beneath_open(files_fd, path, O_RDONLY | O_NONBLOCK, 0, &checkpoint->error);
		if (fd < 0) {
			return false;
		}
		if (!wait) {
			sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		} else if (fdatasync(fd) != 0) {
			return error_set_errno(
				&checkpoint->error, "cannot flush '%s' to the disk", path);
		}
	}
	return true;
}

static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

/* A file synced for the first time is useless unless its name is durable too. */
static bool sync_names(struct upload_checkpoint *checkpoint, int files_fd)
{
	AUTO(free_ptr) const char **paths = xcalloc(checkpoint->dirty_count, sizeof(char *));
	size_t count = 0;

	for (size_t i = 0; i < checkpoint->dirty_count; i++) {
		size_t file = checkpoint->dirty[i].file;

		if (is_new_file(checkpoint, i) && !checkpoint->content->files[file].named) {
			paths[count++] = checkpoint->content->manifest->files[file].path;
		}
	}
	return count == 0 ||
	       beneath_sync_folders(files_fd, path_at, count, paths, &checkpoint->error);
}

static bool make_durable(struct upload_checkpoint *checkpoint)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int files_fd = -1;

	if (checkpoint->dirty_count > 0) {
		files_fd = beneath_open(checkpoint->dir_fd, UPLOAD_STAGING_FILES,
			O_RDONLY | O_DIRECTORY, 0, &checkpoint->error);
		if (files_fd < 0) {
			return false;
		}
		qsort(checkpoint->dirty, checkpoint->dirty_count, sizeof(*checkpoint->dirty),
			compare_dirty);
		/* All writes are started before waiting for the first: the disk sorts them. */
		if (!sync_files(checkpoint, files_fd, false) ||
			!sync_files(checkpoint, files_fd, true) ||
			!sync_names(checkpoint, files_fd)) {
			return false;
		}
	}
	for (size_t i = 0; i < checkpoint->dirty_count; i++) {
		const struct upload_dirty *dirty = &checkpoint->dirty[i];

		upload_journal_write_range(&text, dirty->file, dirty->start, dirty->end);
	}
	upload_journal_write_state(&text, &checkpoint->state);
	return upload_journal_append(checkpoint->dir_fd, &text, &checkpoint->error);
}

bool upload_checkpoint_run(struct upload_checkpoint *checkpoint)
{
	checkpoint->failed = !make_durable(checkpoint);
	return !checkpoint->failed;
}

void upload_checkpoint_settle(struct upload_checkpoint *checkpoint, struct upload_content *content)
{
	for (size_t i = 0; i < checkpoint->dirty_count; i++) {
		const struct upload_dirty *dirty = &checkpoint->dirty[i];

		if (checkpoint->failed) {
			upload_content_drop(content, dirty->file, dirty->start, dirty->end);
		} else {
			content->files[dirty->file].named = true;
		}
	}
	free(checkpoint->dirty);
	checkpoint->dirty = NULL;
	checkpoint->dirty_count = 0;
}

/* --- As a task of its upload --- */

struct checkpoint_task {
	struct upload_task task;
	struct worker_job job;
	struct upload *upload;
	struct upload_checkpoint checkpoint;
	bool unload;
	int dir_fd; /* of a paused upload */
	int64_t bytes;
	int64_t started_at_ms;
};

static void end_checkpoint(struct checkpoint_task *task)
{
	struct upload *upload = task->upload;

	close_fd(&task->dir_fd);
	free(task);
	upload->saving = SAVING_NONE;
	upload_give_answers(upload);
	upload_task_done(upload);
}

static void note_speed(struct upload *upload, const struct checkpoint_task *task)
{
	int64_t took_ms = loop_now_ms() - task->started_at_ms;

	if (task->bytes >= MEASURED_MIN_BYTES) {
		upload->flush_bytes_per_s = task->bytes * 1000 / (took_ms > 0 ? took_ms : 1);
	}
}

static void run_checkpoint_job(struct worker_job *job)
{
	upload_checkpoint_run(&CONTAINER_OF(job, struct checkpoint_task, job)->checkpoint);
}

static void checkpoint_job_done(struct worker_job *job)
{
	struct checkpoint_task *task = CONTAINER_OF(job, struct checkpoint_task, job);
	struct upload *upload = task->upload;

	upload_checkpoint_settle(&task->checkpoint, upload->content);
	if (task->checkpoint.failed) {
		log_warning("'%s': %s", upload->head.game_name, task->checkpoint.error.message);
		if (upload->content != NULL) { /* otherwise no chunk is concerned */
			upload->fault = task->checkpoint.error;
		}
	} else {
		note_speed(upload, task);
	}
	/* It may have been resumed since. */
	if (task->unload && upload->phase == PHASE_PAUSED && upload->content != NULL) {
		upload->paused_bytes = upload->content->held_bytes;
		upload_content_destroy(upload->content);
		upload->content = NULL;
	}
	end_checkpoint(task);
}

static void start_checkpoint(struct upload_task *upload_task)
{
	struct checkpoint_task *task = CONTAINER_OF(upload_task, struct checkpoint_task, task);
	struct upload *upload = task->upload;
	struct upload_journal_state state = upload_journal_state_of(upload);
	int dir_fd;

	if (upload->phase == PHASE_GONE || upload->phase == PHASE_UNFINISHED) {
		end_checkpoint(task);
		return;
	}
	if (upload->content == NULL) {
		task->dir_fd = upload_staging_open(
			upload->root, upload->library, upload->head.upload_id, NULL);
	}
	upload->saving = task->unload ? SAVING_EXCLUSIVE : SAVING_BESIDE;
	task->bytes = upload->content != NULL ? upload->content->dirty_bytes : 0;
	task->started_at_ms = loop_now_ms();
	dir_fd = upload->content != NULL ? upload->content->dir_fd : task->dir_fd;
	upload_checkpoint_take(&task->checkpoint, upload->content, dir_fd, &state);
	task->job = (struct worker_job){ .run = run_checkpoint_job, .done = checkpoint_job_done };
	worker_submit(upload->store->worker, &task->job);
}

void upload_checkpoint_queue(struct upload *upload, bool unload)
{
	struct checkpoint_task *task = xcalloc(1, sizeof(*task));

	task->task = (struct upload_task){ .start = start_checkpoint, .exclusive = unload };
	task->upload = upload;
	task->unload = unload;
	task->dir_fd = -1;
	if (upload->saving == SAVING_NONE) {
		upload->saving = SAVING_QUEUED;
	}
	upload_enqueue(upload, &task->task);
}
