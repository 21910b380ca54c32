#define LOG_MODULE "uploads"

#include "upload/upload_complete.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/state_file.h"
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

/* Of a commit that an error of the disk has stopped, until it is rolled back: half a minute. */
#define TRIES 6

struct completion {
	struct upload_store *store;
	struct upload *upload; /* NULL: refused, see error */
	char *executable;      /* relative; NULL: as in init_upload */
	char *pending;
	struct upload_checkpoint checkpoint;
	bool last_try;	  /* after this one it goes back */
	bool in_place;	  /* its files have moved; only the list of games is left */
	bool again;	  /* an earlier attempt has left its commit record */
	bool known_there; /* the game is in the registry: known */
	struct game known;
	enum upload_commit_end end;
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
	game_finish(&completion->known);
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

static bool has_unchanged(const struct upload_content *content)
{
	for (size_t i = 0; i < content->files_count; i++) {
		if (content->files[i].unchanged) {
			return true;
		}
	}
	return false;
}

/* The record of the content; its texts are copies, as in one that was read. */
static bool fill_record(struct completion *completion)
{
	const struct upload *upload = completion->upload;
	const struct upload_content *content = upload->content;
	const struct upload_manifest *manifest = content->manifest;
	struct commit_record *record = &completion->record;
	struct installed_manifest installed = { 0 };

	if (has_unchanged(content) && !installed_manifest_read(&installed, upload->store->state_dir,
					      upload->head.dir, NULL, &completion->error)) {
		return false;
	}
	record->build = xstrdup(upload->head.upload_id);
	record->replaces = game_generation(completion->known_there ? &completion->known : NULL);
	record->hub_id = xstrdup(upload->head.hub_id);
	record->game_name = xstrdup(upload->head.game_name);
	record->dir = xstrdup(upload->head.dir);
	record->executable = xstrdup(
		completion->executable != NULL ? completion->executable : manifest->executable);
	record->pending = xstrdup_or_null(completion->pending);
	record->size_bytes = manifest->total_bytes;
	record->installed_at = upload_now_ms() / 1000;
	strvec_copy(&record->empty, &manifest->folders);
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
	return true;
}

static enum upload_commit_end commit_upload(struct completion *completion, int dir_fd)
{
	const struct upload *upload = completion->upload;
	struct upload_commit commit = { .root = upload->root,
		.state_dir = completion->store->state_dir,
		.dir_fd = dir_fd,
		.record = &completion->record };
	enum upload_commit_end end;

	if (completion->again) {
		return upload_commit_resume(&commit,
			completion->known_there ? &completion->known : NULL, completion->last_try,
			&completion->error);
	}
	if (!fill_record(completion)) {
		return UPLOAD_COMMIT_UNDONE;
	}
	commit.executables[0] = upload->content->manifest->executable;
	commit.executables[1] = completion->executable;
	end = upload_commit_prepare(&commit, &completion->error);
	return end == UPLOAD_COMMIT_DONE ? upload_commit_apply(&commit, &completion->error) : end;
}

static void run_completion(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);
	const struct upload *upload = completion->upload;
	AUTO(close_fd) int dir_fd = -1;

	if (upload == NULL) {
		return;
	}
	dir_fd = upload_staging_open(
		upload->root, upload->library, upload->head.upload_id, &completion->error);
	if (dir_fd < 0) {
		if (completion->again && completion->error.kind == ERROR_NOT_FOUND) {
			/* From a library that is there: nothing is left to finish it with. */
			error_set(&completion->error, ERROR_NOT_FOUND,
				"the interrupted installation of '%s' cannot be finished: what was "
				"received is no longer in '%s'; upload it again",
				upload->head.game_name, upload->root);
			completion->end = UPLOAD_COMMIT_OVER;
		}
		return; /* else what was so before is so still */
	}
	if (!completion->again && !upload_checkpoint_run(&completion->checkpoint)) {
		completion->error = completion->checkpoint.error;
		return;
	}
	completion->end = commit_upload(completion, dir_fd);
}

/* --- On the loop --- */

/* The upload returns to its state before complete_upload. */
static void go_back(struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (upload->phase == PHASE_GONE) {
		return;
	}
	if (completion->end == UPLOAD_COMMIT_STUCK) {
		/* Tried again by the store, at the next init_upload and the next start. */
		upload->paused_bytes = upload->head.total_bytes;
		upload_content_destroy(TAKE_PTR(upload->content));
		upload_set_phase(upload, PHASE_UNFINISHED);
		upload_retention_arm(upload->store);
		upload_list_changed(upload->store);
	} else if (upload->content == NULL || completion->error.kind == ERROR_NOT_FOUND) {
		upload_retention_pause(upload); /* its Hub has to ask what is missing */
	} else {
		upload_set_phase(upload, PHASE_RECEIVING);
		if (upload->hub_gone) {
			upload_retention_pause(upload);
		} else {
			upload_list_changed(upload->store);
		}
	}
}

static void tell_what_follows(struct completion *completion)
{
	if (completion->end == UPLOAD_COMMIT_STUCK) {
		error_set(&completion->error, completion->error.kind,
			"%s; the installation will be finished%s by itself",
			completion->error.message, completion->in_place ? "" : ", or taken back,");
	}
}

static void completion_failed(struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (completion->error.kind != ERROR_NONE) {
		upload_explain(upload, &completion->error);
		tell_what_follows(completion);
		log_warning("'%s' could not be completed: %s", upload->head.game_name,
			completion->error.message);
	}
	go_back(completion);
	report_completion(completion, NULL);
}

static void completion_succeeded(struct completion *completion)
{
	struct upload *upload = completion->upload;
	struct upload_store *store = completion->store;
	struct upload_installed installed = { .dir = upload->head.dir,
		.game_name = upload->head.game_name };

	log_info("'%s' is installed in '%s'", upload->head.game_name, upload->head.dir);
	if (completion->error.kind != ERROR_NONE) {
		log_warning("'%s': %s", upload->head.game_name, completion->error.message);
	}
	upload_note_ended(upload);
	upload_set_phase(upload, PHASE_GONE);
	report_completion(completion, &installed);
	if (completion->done == NULL && !store->closing && store->events.installed != NULL) {
		store->events.installed(store->user, installed.dir);
	}
	upload_retention_discard(upload);
}

/* A record that was left, and was of no use any more. */
static void completion_over(struct completion *completion)
{
	if (completion->error.kind != ERROR_NONE) {
		upload_tell(completion->store, completion->error.message);
	}
	report_completion(completion, NULL);
	upload_retention_discard(completion->upload);
}

/* The files are there: only the registry is left. It is tried again until it can be written. */
static void enter_in_registry(struct completion *completion)
{
	struct error err = { 0 };

	if (commit_record_register(&completion->record, completion->store->registry,
		    completion->upload->library, &err)) {
		completion_succeeded(completion);
		return;
	}
	error_set_because(&completion->error, &err,
		"the files of '%s' are in place, but the list of games cannot be written: %s",
		completion->upload->head.game_name, err.message);
	completion->end = UPLOAD_COMMIT_STUCK;
	completion->in_place = true;
	completion_failed(completion);
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
	if (!completion->again) {
		upload_checkpoint_settle(&completion->checkpoint, upload->content);
	}
	switch (completion->end) {
	case UPLOAD_COMMIT_DONE:
		enter_in_registry(completion);
		break;
	case UPLOAD_COMMIT_UNDONE:
		completion_failed(completion);
		break;
	case UPLOAD_COMMIT_STUCK:
		completion_failed(completion);
		break;
	case UPLOAD_COMMIT_NONE:
		error_set(&completion->error, ERROR_NOT_FOUND,
			"what was received of '%s' is gone; start the upload again",
			upload->head.game_name);
		completion_failed(completion);
		break;
	case UPLOAD_COMMIT_OVER:
		completion_over(completion);
		break;
	}
	game_registry_release(completion->store->registry);
	destroy_completion(completion);
	upload_task_done(upload);
}

/* What has to be known and kept ready before anything is promised. */
static bool ask_registry(struct completion *completion)
{
	struct game_registry *registry = completion->store->registry;
	const struct upload_head *head = &completion->upload->head;
	const struct game *known;

	if (!state_link_ready(game_registry_link(registry), &completion->error)) {
		return false;
	}
	known = game_registry_find(registry, head->dir);
	completion->known_there = known != NULL;
	if (known != NULL) {
		game_copy(&completion->known, known);
	}
	return completion->again ||
	       game_registry_reserve(registry,
		       strlen(head->dir) + strlen(head->game_name) +
			       (completion->pending != NULL ? 2 * strlen(completion->pending) : 0),
		       &completion->error);
}

static bool may_start(struct completion *completion)
{
	struct upload *upload = completion->upload;

	if (completion->store->closing) {
		return error_set(&completion->error, ERROR_CANCELLED, "the agent is stopping");
	}
	if (completion->again) {
		return ask_registry(completion);
	}
	if (upload->content == NULL || upload->phase == PHASE_GONE) {
		return error_set(&completion->error, ERROR_NOT_FOUND,
			"no upload '%s' is in progress", upload->head.upload_id);
	}
	return upload_check_fault(upload, &completion->error) &&
	       upload_content_check_whole(upload->content, &completion->error) &&
	       ask_registry(completion);
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
	if (!completion->again) {
		upload_checkpoint_take(
			&completion->checkpoint, upload->content, upload->content->dir_fd, &state);
	}
	worker_submit(completion->store->worker, &completion->job);
}

static void enqueue_completion(struct completion *completion)
{
	struct upload *upload = completion->upload;

	completion->again = upload->phase == PHASE_UNFINISHED;
	upload->tries = completion->again ? upload->tries + 1 : 0;
	completion->last_try = upload->tries >= TRIES;
	completion->end = completion->again ? UPLOAD_COMMIT_STUCK : UPLOAD_COMMIT_UNDONE;
	upload_set_phase(upload, PHASE_COMPLETING);
	upload_list_changed(completion->store);
	completion->task = (struct upload_task){ .start = start_completion, .exclusive = true };
	upload_enqueue(upload, &completion->task);
}

static struct completion *create_completion(struct upload_store *store)
{
	struct completion *completion = xcalloc(1, sizeof(*completion));

	completion->store = store;
	completion->job = (struct worker_job){ .run = run_completion, .done = completion_done };
	return completion;
}

void upload_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *executable, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	struct completion *completion = create_completion(store);
	struct upload *upload = upload_find(store, hub_id, upload_id);

	completion->executable = xstrdup_or_null(executable);
	completion->pending = xstrdup_or_null(pending);
	completion->done = done;
	completion->user = user;
	if (upload == NULL || upload->phase == PHASE_PAUSED) {
		error_set(&completion->error, ERROR_NOT_FOUND, "no upload '%s' is in progress",
			upload_id != NULL ? upload_id : "");
	} else if (upload->phase == PHASE_COMPLETING) {
		error_set(&completion->error, ERROR_CONFLICT,
			"the upload of '%s' is already being completed", upload->head.game_name);
	} else {
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
