#define LOG_MODULE "uploads"

#include "upload/upload_complete.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/state_file.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "proto/proto_upload.h"
#include "upload/commit_fill.h"
#include "upload/commit_keep.h"
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
	bool keep_previous;
	bool last_try;	  /* after this one it goes back */
	bool in_place;	  /* its files have moved; only the list of games is left */
	bool again;	  /* an earlier attempt has left its commit record */
	bool known_there; /* the game is in the registry: known */
	struct game known;
	enum upload_commit_end end;
	struct commit_record record;
	struct upload_changes changes;
	struct error error;
	struct upload_task task;
	struct worker_job job;
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err);
	void *user;
};

static void destroy_completion(struct completion *completion)
{
	commit_record_finish(&completion->record);
	upload_changes_finish(&completion->changes);
	game_finish(&completion->known);
	free(completion->executable);
	free(completion->pending);
	free(completion);
}

static void report_completion(
	struct completion *completion, const struct upload_installed *installed)
{
	struct upload_store *store = completion->store;

	if (installed != NULL && completion->known_there && !store->closing &&
		upload_changes_any(&completion->changes) && store->events.updated != NULL) {
		store->events.updated(store->user, installed);
	}
	if (completion->done != NULL) {
		completion->done(
			completion->user, installed, installed != NULL ? NULL : &completion->error);
	}
}

/* --- On the worker --- */

/* What the update has replaced and removed. */
static bool keep_replaced(struct completion *completion)
{
	const struct upload *upload = completion->upload;
	const struct commit_keep keep = { .root = upload->root,
		.library = upload->library,
		.upload_id = upload->head.upload_id,
		.keep_previous = completion->keep_previous };

	return commit_keep_run(&keep, &completion->error);
}

static enum upload_commit_end commit_upload(struct completion *completion, int dir_fd)
{
	const struct upload *upload = completion->upload;
	struct upload_commit commit = { .root = upload->root,
		.state_dir = completion->store->state_dir,
		.dir_fd = dir_fd,
		.record = &completion->record };
	const struct commit_fill fill = { .upload = upload,
		.known = completion->known_there ? &completion->known : NULL,
		.executable = completion->executable,
		.pending = completion->pending,
		.dir_fd = dir_fd,
		.changes = &completion->changes };
	enum upload_commit_end end;

	if (completion->again) {
		end = upload_commit_resume(&commit,
			completion->known_there ? &completion->known : NULL, completion->last_try,
			&completion->error);
		return end == UPLOAD_COMMIT_OVER && !keep_replaced(completion) ? UPLOAD_COMMIT_STUCK
									       : end;
	}
	if (!commit_fill_record(&fill, &completion->record, &completion->error)) {
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
		error_set_because(&completion->error, &completion->error,
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
		.game_name = upload->head.game_name,
		.changes = &completion->changes };

	log_info("'%s' is installed in '%s'", upload->head.game_name, upload->head.dir);
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

static void end_completion(struct completion *completion, struct upload *upload)
{
	game_registry_release(completion->store->registry);
	destroy_completion(completion);
	upload_task_done(upload);
}

static void keep_run(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);

	completion->error = (struct error){ 0 };
	keep_replaced(completion);
}

/* What could not be put by is still in staging; the game is installed all the same. */
static void keep_failed(struct completion *completion)
{
	struct upload *upload = completion->upload;
	const struct upload_installed installed = { .dir = upload->head.dir,
		.game_name = upload->head.game_name,
		.changes = &completion->changes };

	log_warning("what the update of '%s' has replaced cannot be put by now: %s",
		upload->head.game_name, completion->error.message);
	completion->end = UPLOAD_COMMIT_STUCK; /* and tried again */
	report_completion(completion, &installed);
	go_back(completion);
}

static void keep_done(struct worker_job *job)
{
	struct completion *completion = CONTAINER_OF(job, struct completion, job);
	struct upload *upload = completion->upload;

	if (completion->error.kind == ERROR_NONE) {
		completion_succeeded(completion);
	} else {
		keep_failed(completion);
	}
	end_completion(completion, upload);
}

/* The files are there: only the registry is left. It is tried again until it can be written. */
static bool enter_in_registry(struct completion *completion)
{
	struct error err = { 0 };

	if (commit_record_register(&completion->record, completion->store->registry,
		    completion->upload->library, &err)) {
		completion->job = (struct worker_job){ .run = keep_run, .done = keep_done };
		worker_submit(completion->store->worker, &completion->job);
		return true;
	}
	error_set_because(&completion->error, &err,
		"the files of '%s' are in place, but the list of games cannot be written: %s",
		completion->upload->head.game_name, err.message);
	completion->end = UPLOAD_COMMIT_STUCK;
	completion->in_place = true;
	completion_failed(completion);
	return false;
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
		if (enter_in_registry(completion)) {
			return;
		}
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
	end_completion(completion, upload);
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
	completion->keep_previous = upload_keeps_previous(completion->store);
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
