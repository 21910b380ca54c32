#define LOG_MODULE "uploads"

#include "upload/upload_retention.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/steady_clock.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/install_dir.h"
#include "upload/commit_record.h"
#include "upload/upload.h"
#include "upload/upload_checkpoint.h"
#include "upload/upload_commit.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A timer stops while the device sleeps: check the clock now and then, and save what has passed. */
#define EXPIRY_CHECK_MAX_MS (INT64_C(3600) * 1000)
#define WORTH_SAVING_MS (60 * 1000)

void upload_retention_pause(struct upload *upload)
{
	if (upload->phase != PHASE_PAUSED) {
		upload_set_phase(upload, PHASE_PAUSED);
	}
	upload->hub_gone = false;
	upload_checkpoint_queue(upload, true);
	upload_retention_arm(upload->store);
	upload_list_changed(upload->store);
}

/* --- Discarding --- */

/* Staging is deleted on the worker: a game has tens of thousands of files. */
struct removal {
	struct upload_task task;
	struct worker_job job;
	struct upload *upload;
	struct error error;
};

static void removal_run(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);

	upload_staging_remove(
		removal->upload->root, removal->upload->head.upload_id, &removal->error);
}

static void removal_done(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);
	struct upload *upload = removal->upload;

	if (removal->error.kind != ERROR_NONE) {
		log_warning("cannot remove what is left of the upload of '%s': %s",
			upload->head.game_name, removal->error.message);
	}
	free(removal);
	upload_task_done(upload);
}

static void removal_start(struct upload_task *task)
{
	struct removal *removal = CONTAINER_OF(task, struct removal, task);
	struct upload *upload = removal->upload;

	upload_content_destroy(upload->content);
	upload->content = NULL;
	removal->job = (struct worker_job){ .run = removal_run, .done = removal_done };
	worker_submit(upload->store->worker, &removal->job);
}

void upload_retention_discard(struct upload *upload)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->task = (struct upload_task){ .start = removal_start, .exclusive = true };
	removal->upload = upload;
	if (upload->phase != PHASE_GONE) {
		upload_set_phase(upload, PHASE_GONE);
	}
	upload_list_changed(upload->store);
	upload_enqueue(upload, &removal->task);
}

/* --- Expiry --- */

void upload_retention_arm(struct upload_store *store)
{
	int64_t delay_ms = EXPIRY_CHECK_MAX_MS;
	bool any_paused = false;
	const struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload->phase == PHASE_PAUSED) {
			int64_t left_ms = upload_expires_in_ms(upload);

			delay_ms = left_ms < delay_ms ? left_ms : delay_ms;
			any_paused = true;
		}
	}
	if (!any_paused || store->closing) {
		loop_timer_stop(store->expiry);
	} else {
		loop_timer_set(store->expiry, delay_ms > 0 ? delay_ms : 0);
	}
}

void upload_retention_save_time(struct upload *upload)
{
	int64_t kept_ms = upload_kept_ms(upload);

	if (upload->phase == PHASE_PAUSED && kept_ms - upload->kept_ms >= WORTH_SAVING_MS) {
		upload->kept_ms = kept_ms;
		upload->kept_until_ms = steady_clock_ms();
		upload_checkpoint_queue(upload, true);
	}
}

void upload_retention_on_timer(void *store_of_timer)
{
	struct upload_store *store = store_of_timer;
	struct upload *upload, *next;

	TAILQ_FOREACH_SAFE (upload, &store->uploads, link, next) {
		if (upload->phase != PHASE_PAUSED) {
			continue;
		}
		if (upload_expires_in_ms(upload) <= 0) {
			log_info("the unfinished upload of '%s' has expired",
				upload->head.game_name);
			upload_retention_discard(upload);
		} else {
			upload_retention_save_time(upload);
		}
	}
	upload_retention_arm(store);
}

/* --- Leftovers of earlier runs --- */

static bool is_known(const struct upload_store *store, const char *root, const char *upload_id)
{
	const struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (strcmp(upload->root, root) == 0 &&
			strcmp(upload->head.upload_id, upload_id) == 0) {
			return true;
		}
	}
	return false;
}

/* A commit interrupted by a crash continues where it stopped. */
static bool finish_commit(
	struct upload_store *store, const char *root, int dir_fd, struct error *err)
{
	AUTO(commit_record_finish) struct commit_record record = { 0 };
	struct upload_commit commit = {
		.root = root, .state_dir = store->state_dir, .dir_fd = dir_fd, .record = &record
	};

	if (!commit_record_read(&record, dir_fd, err) || !upload_commit_apply(&commit, err) ||
		!commit_record_register(&record, store->registry, err)) {
		return false;
	}
	log_info("'%s' is installed in '%s'; its installation had been interrupted",
		record.game_name, record.dir);
	return true;
}

enum found {
	FOUND_NOTHING,	  /* worth keeping */
	FOUND_UNREADABLE, /* kept, but cannot be used now */
	FOUND_PAUSED,
	FOUND_UNFINISHED, /* an installation to be finished */
};

/* Decides what to do with a staging folder. Finishes an interrupted installation. */
static enum found look_into(struct upload_store *store, const char *root, const char *upload_id,
	int dir_fd, struct upload_head *head)
{
	bool unfinished = false;
	struct error err = { 0 };

	if (faccessat(dir_fd, UPLOAD_STAGING_COMMIT, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		if (finish_commit(store, root, dir_fd, &err)) {
			return FOUND_NOTHING;
		}
		log_error("an interrupted installation in '%s' cannot be finished: %s", root,
			err.message);
		unfinished = err.kind != ERROR_NOT_FOUND;
		if (!unfinished) {
			commit_record_remove(dir_fd); /* its Hub has to send what is missing */
		}
	}
	if (upload_head_read(head, dir_fd, &err) && strcmp(head->upload_id, upload_id) == 0) {
		return unfinished ? FOUND_UNFINISHED : FOUND_PAUSED;
	}
	if (err.kind == ERROR_IO) {
		log_warning("the upload '%s' in '%s' cannot be read now: %s", upload_id, root,
			err.message);
		return FOUND_UNREADABLE;
	}
	if (err.kind != ERROR_NOT_FOUND) {
		log_warning("the upload '%s' in '%s' is damaged%s%s", upload_id, root,
			err.kind != ERROR_NONE ? ": " : "", err.message);
	}
	/* Without a head its Hub is unknown; keep it only if it is half an installation. */
	return unfinished ? FOUND_UNREADABLE : FOUND_NOTHING;
}

static void take_up(struct upload_store *store, enum upload_phase phase, const char *root,
	int dir_fd, struct upload_head *head)
{
	struct upload *upload = upload_create(store, phase);
	struct upload_journal_state state = { 0 };
	struct stat stat;

	upload->root = xstrdup(root);
	upload->head = *head;
	*head = (struct upload_head){ 0 };
	if (fstat(dir_fd, &stat) == 0) {
		state.at_ms = stat.st_mtim.tv_sec * INT64_C(1000);
	}
	upload_journal_last_state(dir_fd, &state);
	upload->updated_at_ms = state.at_ms;
	upload->active_at_ms = 0;
	upload->kept_ms = state.kept_ms;
	upload->paused_bytes = state.held_bytes < upload->head.total_bytes
				       ? state.held_bytes
				       : upload->head.total_bytes;
	upload->cancelled = state.cancelled;
}

static void scan_one(struct upload_store *store, const char *root, const char *upload_id)
{
	AUTO(upload_head_finish) struct upload_head head = { 0 };
	struct error err = { 0 };
	AUTO(close_fd) int dir_fd = upload_staging_open(root, upload_id, &err);

	if (dir_fd < 0) {
		log_warning("'%s' below '%s': %s", upload_id, root, err.message);
		return;
	}
	switch (look_into(store, root, upload_id, dir_fd, &head)) {
	case FOUND_NOTHING:
		if (!upload_staging_remove(root, upload_id, &err)) {
			log_warning("'%s' below '%s' cannot be removed: %s", upload_id, root,
				err.message);
		}
		break;
	case FOUND_UNREADABLE:
		break;
	case FOUND_PAUSED:
		take_up(store, PHASE_PAUSED, root, dir_fd, &head);
		break;
	case FOUND_UNFINISHED:
		take_up(store, PHASE_UNFINISHED, root, dir_fd, &head);
		break;
	}
}

static void scan_library(struct upload_store *store, const char *library)
{
	AUTO(free_ptr) char *expanded = path_expand_home(library, store->home);
	AUTO(free_ptr) char *root = install_dir_resolve(expanded);
	AUTO(strvec_finish) struct strvec ids = { 0 };

	if (root == NULL) {
		log_warning("the library folder '%s' is not an absolute path", library);
		return;
	}
	upload_staging_list(root, &ids);
	for (size_t i = 0; i < ids.count; i++) {
		if (!is_known(store, root, ids.items[i])) {
			scan_one(store, root, ids.items[i]);
		}
	}
}

void upload_retention_scan(struct upload_store *store)
{
	scan_library(store, store->library_dir);
	for (size_t i = 0; i < store->library_extra.count; i++) {
		scan_library(store, store->library_extra.items[i]);
	}
	upload_retention_arm(store);
}
