#define LOG_MODULE "uploads"

#include "upload/upload_complete.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "upload/commit_record.h"
#include "upload/upload.h"
#include "upload/upload_checkpoint.h"
#include "upload/upload_commit.h"
#include "upload/upload_content.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"
#include "upload/uploads.h"

#include <stdlib.h>
#include <string.h>

struct completion {
	struct uploads *uploads;
	struct upload *upload; /* NULL: refused, error says why */
	char *executable;      /* normalised; NULL: as in init_upload */
	char *pending;
	struct upload_checkpoint checkpoint;
	bool committed; /* the commit record is on the disk */
	struct commit_record record;
	struct error error;
	struct upload_task task;
	struct worker_job job;
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err);
	void *user;
};

static void destroy(struct completion *completion)
{
	commit_record_finish(&completion->record);
	free(completion->executable);
	free(completion->pending);
	free(completion);
}

static void report(struct completion *completion, const struct upload_installed *installed)
{
	if (completion->done != NULL) {
		completion->done(
			completion->user, installed, installed != NULL ? NULL : &completion->error);
	}
}

/* On the worker */

/* The record of what the content has; its texts are copies, so that reading one is the same. */
static void fill_record(struct completion *completion)
{
	const struct upload *upload = completion->upload;
	const struct upload_content *content = upload->content;
	const struct upload_manifest *manifest = content->manifest;
	struct commit_record *record = &completion->record;
	struct installed_manifest installed;

	installed_manifest_read(&installed, upload->uploads->state_dir, upload->head.dir);
	record->hub_id = xstrdup(upload->head.hub_id);
	record->game_name = xstrdup(upload->head.game_name);
	record->dir = xstrdup(upload->head.dir);
	record->executable = xstrdup(
		completion->executable != NULL ? completion->executable : manifest->executable);
	record->pending = xstrdup_or_null(completion->pending);
	record->size_bytes = manifest->total_bytes;
	record->installed_at = upload_now_ms() / 1000;
	record->files = xcalloc(manifest->files_count, sizeof(*record->files));
	record->files_count = manifest->files_count;
	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct upload_manifest_file *file = &manifest->files[i];
		struct installed_file *entry = &record->files[i];
		const struct installed_file *known =
			content->files[i].unchanged
				? installed_manifest_find(&installed, file->path)
				: NULL;

		entry->path = xstrdup(file->path);
		entry->size_bytes = file->size_bytes;
		entry->sha256 = xstrdup_or_null(file->sha256);
		entry->kept = content->files[i].unchanged;
		entry->mtime_s = known != NULL ? known->mtime_s : -1;
		entry->mtime_ns = known != NULL ? known->mtime_ns : -1;
	}
	installed_manifest_finish(&installed);
}

static bool commit(struct completion *completion, int dir_fd)
{
	const struct upload *upload = completion->upload;
	struct upload_commit commit = { .root = upload->root,
		.state_dir = completion->uploads->state_dir,
		.dir_fd = dir_fd,
		.record = &completion->record };

	if (!completion->committed) {
		commit.executables[0] = upload->content->manifest->executable;
		commit.executables[1] = completion->executable;
		fill_record(completion);
		if (!upload_commit_prepare(&commit, &completion->error)) {
			return false;
		}
		completion->committed = true;
	}
	return upload_commit_apply(&commit, &completion->error);
}

/* The commit cannot be finished by trying again: bytes are gone. */
static bool is_lost(const struct completion *completion)
{
	return completion->committed && completion->error.kind == ERROR_NOT_FOUND;
}

static void run(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);
	const struct upload *upload = completion->upload;
	AUTO(close_fd) int dir_fd = -1;

	if (upload == NULL) {
		return;
	}
	dir_fd = upload_staging_open(upload->root, upload->head.upload_id, &completion->error);
	if (dir_fd < 0) {
		return;
	}
	if (!completion->committed && !upload_checkpoint_run(&completion->checkpoint)) {
		completion->error = completion->checkpoint.error;
		return;
	}
	if (!completion->committed ||
		commit_record_read(&completion->record, dir_fd, &completion->error)) {
		commit(completion, dir_fd);
	}
	if (is_lost(completion)) {
		commit_record_remove(dir_fd);
	}
}

/* On the loop */

static void go_on_receiving(struct upload *upload)
{
	upload->state = UPLOAD_RECEIVING;
	if (upload->left) {
		uploads_pause(upload);
	} else {
		uploads_changed(upload->uploads);
	}
}

static void failed(struct completion *completion)
{
	struct upload *upload = completion->upload;

	log_warning("'%s' could not be completed: %s", upload->head.game_name,
		completion->error.message);
	if (is_lost(completion)) {
		uploads_pause(upload); /* what is left is found when the Hub comes again */
	} else if (completion->committed) {
		/* It must be finished: by the next try, or when the agent starts again. */
		upload->committed = true;
	} else {
		go_on_receiving(upload);
	}
	report(completion, NULL);
}

static void succeeded(struct completion *completion)
{
	struct upload *upload = completion->upload;
	struct upload_installed installed = { .dir = upload->head.dir,
		.game_name = upload->head.game_name };

	log_info("'%s' is installed in '%s'", upload->head.game_name, upload->head.dir);
	uploads_note_ended(completion->uploads, upload);
	upload->gone = true;
	report(completion, &installed);
	uploads_discard(upload);
}

static void run_done(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);
	struct upload *upload = completion->upload;

	if (upload == NULL) {
		report(completion, NULL);
		destroy(completion);
		return;
	}
	if (upload->content != NULL) {
		upload_checkpoint_settle(&completion->checkpoint, upload->content);
	}
	if (completion->error.kind == ERROR_NONE &&
		commit_record_register(
			&completion->record, completion->uploads->registry, &completion->error)) {
		succeeded(completion);
	} else {
		failed(completion);
	}
	destroy(completion);
	upload_task_done(upload);
}

static bool may_start(struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (completion->uploads->closing) {
		return error_set(&completion->error, ERROR_CANCELLED, "the agent is stopping");
	}
	if (completion->committed) {
		return true;
	}
	if (upload->content == NULL) {
		return error_set(&completion->error, ERROR_NOT_FOUND, "no upload '%s' is running",
			upload->head.upload_id);
	}
	if (upload->fault.kind != ERROR_NONE) {
		completion->error = upload->fault;
		upload->fault = (struct error){ 0 };
		return false;
	}
	return upload_content_check_whole(upload->content, &completion->error);
}

static void start(struct upload_task *task)
{
	struct completion *completion = CONTAINER_OF(task, struct completion, task);
	struct upload *upload = completion->upload;
	struct upload_journal_state state = upload_journal_state_of(upload);

	if (!may_start(completion)) {
		/* Answered from a job: never before upload_complete() returns. */
		completion->upload = NULL;
		upload->committed = completion->committed;
		if (!completion->committed) {
			go_on_receiving(upload);
		}
		worker_submit(completion->uploads->worker, &completion->job);
		upload_task_done(upload);
		return;
	}
	if (upload->content != NULL) {
		upload_checkpoint_take(
			&completion->checkpoint, upload->content, upload->content->dir_fd, &state);
	}
	worker_submit(completion->uploads->worker, &completion->job);
}

static void enqueue(struct completion *completion)
{
	struct upload *upload = completion->upload;

	completion->committed = upload->committed;
	upload->committed = false; /* until this try fails too */
	upload->state = UPLOAD_COMPLETING;
	uploads_changed(completion->uploads);
	completion->task = (struct upload_task){ .start = start, .exclusive = true };
	upload_enqueue(upload, &completion->task);
}

/* The executable's path inside dir; it may come absolute. */
static bool take_executable(struct completion *completion, const char *dir, const char *exe)
{
	size_t length = strlen(dir);

	if (exe == NULL || exe[0] == '\0') {
		return true;
	}
	if (strncmp(exe, dir, length) == 0 && exe[length] == '/') {
		exe += length + 1;
	}
	completion->executable = path_normalise_relative(exe, &completion->error);
	return completion->executable != NULL;
}

static struct completion *create(struct uploads *uploads)
{
	struct completion *completion = xcalloc(1, sizeof(*completion));

	completion->uploads = uploads;
	completion->job = (struct worker_job){ .run = run, .done = run_done };
	return completion;
}

void upload_complete(struct uploads *uploads, const char *hub_id, const char *upload_id,
	const char *shortcut_exe, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	struct completion *completion = create(uploads);
	struct upload *upload = uploads_find(uploads, hub_id, upload_id);

	completion->pending = xstrdup_or_null(pending);
	completion->done = done;
	completion->user = user;
	if (upload == NULL || upload->state == UPLOAD_PAUSED) {
		error_set(&completion->error, ERROR_NOT_FOUND, "no upload '%s' is running",
			upload_id != NULL ? upload_id : "");
	} else if (upload->state == UPLOAD_COMPLETING && !upload->committed) {
		error_set(&completion->error, ERROR_CONFLICT,
			"the upload of '%s' is being completed already", upload->head.game_name);
	} else if (take_executable(completion, upload->head.dir, shortcut_exe)) {
		completion->upload = upload;
		enqueue(completion);
		return;
	}
	worker_submit(uploads->worker, &completion->job);
}

void upload_complete_again(struct upload *upload)
{
	struct completion *completion = create(upload->uploads);

	completion->upload = upload;
	enqueue(completion);
}
