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
#include "upload/upload_retention.h"

#include <stdlib.h>
#include <string.h>

struct completion {
	struct upload_store *store;
	struct upload *upload; /* NULL: refused, see error */
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

static void destroy_completion(struct completion *completion)
{
	commit_record_finish(&completion->record);
	free(completion->executable);
	free(completion->pending);
	free(completion);
}

static void report_completion(
	struct completion *completion, const struct upload_installed *installed)
{
	if (completion->done != NULL) {
		completion->done(
			completion->user, installed, installed != NULL ? NULL : &completion->error);
	}
}

/* --- On the worker --- */

/* The record of the content; its texts are copies, as in one that was read. */
static void fill_record(struct completion *completion)
{
	const struct upload *upload = completion->upload;
	const struct upload_content *content = upload->content;
	const struct upload_manifest *manifest = content->manifest;
	struct commit_record *record = &completion->record;
	struct installed_manifest installed;

	installed_manifest_read(&installed, upload->store->state_dir, upload->head.dir, NULL);
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

static bool commit_upload(struct completion *completion, int dir_fd)
{
	const struct upload *upload = completion->upload;
	struct upload_commit commit = { .root = upload->root,
		.state_dir = completion->store->state_dir,
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

/* A retry cannot finish the commit: bytes are gone. */
static bool is_lost(const struct completion *completion)
{
	return completion->committed && completion->error.kind == ERROR_NOT_FOUND;
}

static void run_completion(struct worker_job *job)
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
		commit_upload(completion, dir_fd);
	}
	if (is_lost(completion)) {
		commit_record_remove(dir_fd);
	}
}

/* --- On the loop --- */

/* The upload returns to its state before complete_upload. */
static void go_back(const struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (upload->phase == PHASE_GONE) {
		return;
	}
	if (completion->committed) {
		/* It must be finished: by the next attempt, or when the agent restarts. */
		upload_set_phase(upload, PHASE_UNFINISHED);
		return;
	}
	upload_set_phase(upload, PHASE_RECEIVING);
	if (upload->hub_gone) {
		upload_retention_pause(upload);
	} else {
		upload_list_changed(upload->store);
	}
}

static void completion_failed(struct completion *completion)
{
	struct upload *upload = completion->upload;

	log_warning("'%s' could not be completed: %s", upload->head.game_name,
		completion->error.message);
	if (is_lost(completion)) {
		upload_retention_pause(upload); /* its Hub has to ask what is missing */
	} else {
		go_back(completion);
	}
	report_completion(completion, NULL);
}

static void completion_succeeded(struct completion *completion)
{
	struct upload *upload = completion->upload;
	struct upload_installed installed = { .dir = upload->head.dir,
		.game_name = upload->head.game_name };

	log_info("'%s' is installed in '%s'", upload->head.game_name, upload->head.dir);
	upload_note_ended(upload);
	upload_set_phase(upload, PHASE_GONE);
	report_completion(completion, &installed);
	upload_retention_discard(upload);
}

static void completion_done(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);
	struct upload *upload = completion->upload;

	if (upload == NULL) {
		report_completion(completion, NULL);
		destroy_completion(completion);
		return;
	}
	if (upload->content != NULL) {
		upload_checkpoint_settle(&completion->checkpoint, upload->content);
	}
	if (completion->error.kind == ERROR_NONE &&
		commit_record_register(
			&completion->record, completion->store->registry, &completion->error)) {
		completion_succeeded(completion);
	} else {
		completion_failed(completion);
	}
	destroy_completion(completion);
	upload_task_done(upload);
}

static bool may_start(struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (completion->store->closing) {
		return error_set(&completion->error, ERROR_CANCELLED, "the agent is stopping");
	}
	if (completion->committed) {
		return true;
	}
	if (upload->content == NULL || upload->phase == PHASE_GONE) {
		return error_set(&completion->error, ERROR_NOT_FOUND,
			"no upload '%s' is in progress", upload->head.upload_id);
	}
	return upload_check_fault(upload, &completion->error) &&
	       upload_content_check_whole(upload->content, &completion->error);
}

static void start_completion(struct upload_task *task)
{
	struct completion *completion = CONTAINER_OF(task, struct completion, task);
	struct upload *upload = completion->upload;
	struct upload_journal_state state = upload_journal_state_of(upload);

	if (!may_start(completion)) {
		/* Answered by a job: never before upload_complete() returns. */
		go_back(completion);
		completion->upload = NULL;
		worker_submit(completion->store->worker, &completion->job);
		upload_task_done(upload);
		return;
	}
	if (upload->content != NULL) {
		upload_checkpoint_take(
			&completion->checkpoint, upload->content, upload->content->dir_fd, &state);
	}
	worker_submit(completion->store->worker, &completion->job);
}

static void enqueue_completion(struct completion *completion)
{
	struct upload *upload = completion->upload;

	completion->committed = upload->phase == PHASE_UNFINISHED;
	upload_set_phase(upload, PHASE_COMPLETING);
	upload_list_changed(completion->store);
	completion->task = (struct upload_task){ .start = start_completion, .exclusive = true };
	upload_enqueue(upload, &completion->task);
}

/* The executable's path inside dir; the Hub may send it absolute. */
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

static struct completion *create_completion(struct upload_store *store)
{
	struct completion *completion = xcalloc(1, sizeof(*completion));

	completion->store = store;
	completion->job = (struct worker_job){ .run = run_completion, .done = completion_done };
	return completion;
}

void upload_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *shortcut_exe, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	struct completion *completion = create_completion(store);
	struct upload *upload = upload_find(store, hub_id, upload_id);

	completion->pending = xstrdup_or_null(pending);
	completion->done = done;
	completion->user = user;
	if (upload == NULL || upload->phase == PHASE_PAUSED) {
		error_set(&completion->error, ERROR_NOT_FOUND, "no upload '%s' is in progress",
			upload_id != NULL ? upload_id : "");
	} else if (upload->phase == PHASE_COMPLETING) {
		error_set(&completion->error, ERROR_CONFLICT,
			"the upload of '%s' is already being completed", upload->head.game_name);
	} else if (take_executable(completion, upload->head.dir, shortcut_exe)) {
		completion->upload = upload;
		enqueue_completion(completion);
		return;
	}
	worker_submit(store->worker, &completion->job);
}

void upload_complete_again(struct upload *upload)
{
	struct completion *completion = create_completion(upload->store);

	completion->upload = upload;
	enqueue_completion(completion);
}
