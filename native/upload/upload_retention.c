#define LOG_MODULE "uploads"

#include "upload/upload_retention.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/steady_clock.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/libraries.h"
#include "upload/commit_keep.h"
#include "upload/commit_record.h"
#include "upload/rollback_undo.h"
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
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS (5 * INT64_C(60) * 1000)

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

	if (rollback_undo_run(removal->upload->root, removal->upload->library,
		    removal->upload->head.upload_id, &removal->error)) {
		upload_staging_remove(removal->upload->root, removal->upload->library,
			removal->upload->head.upload_id, &removal->error);
	}
}

static void removal_done(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);
	struct upload *upload = removal->upload;

	if (removal->error.kind != ERROR_NONE) {
		log_warning("cannot remove what is left of the upload of '%s': %s",
			upload->head.game_name, removal->error.message);
		upload->store->unread = true; /* the next scan finds it */
		upload_retention_arm(upload->store);
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

/* What could not be read or finished is tried again, ever less often. */
static void arm_retry(struct upload_store *store)
{
	const struct upload *upload;
	bool needed = store->unread, under_way = false;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		needed |= upload->phase == PHASE_UNFINISHED && !upload_is_away(upload);
		under_way |= upload->phase == PHASE_COMPLETING && upload->tries > 0;
	}
	if (!needed || store->closing) {
		loop_timer_stop(store->retry);
		/* What is being tried may fail again; then the next try is later still. */
		store->retry_ms = under_way ? store->retry_ms : 0;
		return;
	}
	if (!loop_timer_running(store->retry)) {
		store->retry_ms = store->retry_ms == 0 ? RETRY_MIN_MS : 2 * store->retry_ms;
		if (store->retry_ms > RETRY_MAX_MS) {
			store->retry_ms = RETRY_MAX_MS;
		}
		loop_timer_set(store->retry, store->retry_ms);
	}
}

static void arm_expiry(struct upload_store *store)
{
	int64_t delay_ms = EXPIRY_CHECK_MAX_MS;
	bool any_paused = false;
	const struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		/* What is away waits for its card. */
		if (upload->phase == PHASE_PAUSED && !upload_is_away(upload)) {
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

void upload_retention_arm(struct upload_store *store)
{
	arm_retry(store);
	arm_expiry(store);
}

void upload_retention_on_timer(void *store_of_timer)
{
	struct upload_store *store = store_of_timer;
	struct upload *upload, *next;

	TAILQ_FOREACH_SAFE (upload, &store->uploads, link, next) {
		/* What is away cannot be deleted, and is kept until it is back. */
		if (upload->phase != PHASE_PAUSED ||
			!libraries_check(store->libraries, upload->root, upload->library, NULL)) {
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

/*
 * A card may come back at another mount point: what is on it is known already, and belongs where
 * its game is to be.
 */
static bool is_known(
	const struct upload_store *store, const struct library *library, const char *upload_id)
{
	struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (strcmp(upload->library, library->id) != 0 ||
			strcmp(upload->head.upload_id, upload_id) != 0 ||
			(*library->id == '\0' && !upload_is_in(upload, library))) {
			continue;
		}
		if (upload->content == NULL && path_is_within(upload->head.dir, library->root)) {
			free(upload->root);
			upload->root = xstrdup(library->root);
		}
		return true;
	}
	return false;
}

/* The head says it first: what is in memory is read from it at the next start. */
static bool follow(struct upload *upload, const char *from, const char *to, struct error *err)
{
	AUTO(close_fd)
	int dir_fd = upload_staging_open(to, upload->library, upload->head.upload_id, err);
	AUTO(free_ptr) char *dir = xasprintf("%s%s", to, upload->head.dir + strlen(from));
	struct upload_head head = upload->head;

	head.dir = dir;
	if (dir_fd < 0 || !upload_head_write(&head, dir_fd, err)) {
		return false;
	}
	free(upload->head.dir);
	upload->head.dir = TAKE_PTR(dir);
	free(upload->root);
	upload->root = xstrdup(to);
	return true;
}

bool upload_retention_follow(struct upload_store *store, const char *library, const char *from,
	const char *to, struct error *err)
{
	struct upload *upload;
	bool ok = true, changed = false;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		/* What is under way ends where it is. */
		if (upload->phase != PHASE_PAUSED || upload->content != NULL || upload->running ||
			strcmp(upload->library, library) != 0 ||
			!path_is_within(upload->head.dir, from)) {
			continue;
		}
		if (follow(upload, from, to, err)) {
			changed = true;
		} else {
			ok = false;
		}
	}
	if (changed) {
		upload_list_changed(store);
	}
	return ok;
}

/* What a staging folder is. */
enum found {
	FOUND_NOTHING,	  /* worth keeping */
	FOUND_UNREADABLE, /* kept, but cannot be used now */
	FOUND_PAUSED,
	FOUND_UNFINISHED, /* an installation to be finished */
};

/* One staging folder of an earlier run. */
struct leftover {
	struct upload_store *store;
	const char *root;
	const char *library; /* its id */
	const char *upload_id;
	int dir_fd;
	struct upload_head head;
	bool damaged; /* the head is made up */
};

static void leftover_finish(struct leftover *leftover)
{
	upload_head_finish(&leftover->head);
	close_fd(&leftover->dir_fd);
}

static void tell(const struct leftover *leftover, const char *what, const struct error *err)
{
	AUTO(free_ptr)
	char *sentence = xasprintf("the upload '%s' in '%s' %s: %s", leftover->upload_id,
		leftover->root, what, err->message);

	upload_tell(leftover->store, sentence);
}

/* The folder of its game; without a head the record knows it. "": nobody does. Caller frees. */
static char *game_folder(const struct leftover *leftover)
{
	AUTO(commit_record_finish) struct commit_record record = { 0 };
	const char *dir = leftover->head.dir;

	if (dir == NULL || leftover->damaged) {
		commit_record_read(&record, leftover->dir_fd, NULL);
		dir = record.dir;
	}
	return xstrdup(dir != NULL ? dir : "");
}

/* A commit interrupted by a crash continues where it stopped. */
static enum upload_commit_end finish_commit(const struct leftover *leftover, struct error *err)
{
	struct upload_store *store = leftover->store;
	AUTO(commit_record_finish) struct commit_record record = { 0 };
	struct upload_commit commit = { .root = leftover->root,
		.state_dir = store->state_dir,
		.dir_fd = leftover->dir_fd,
		.record = &record };
	const struct commit_keep keep = { .root = leftover->root,
		.library = leftover->library,
		.upload_id = leftover->upload_id,
		.keep_previous = upload_keeps_previous(store) };
	AUTO(free_ptr) char *dir = game_folder(leftover);
	enum upload_commit_end end;

	if (!state_link_ready(game_registry_link(store->registry), err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	end = upload_commit_resume(&commit, game_registry_find(store->registry, dir), false, err);
	if (end == UPLOAD_COMMIT_OVER) {
		return commit_keep_run(&keep, err) ? end : UPLOAD_COMMIT_STUCK;
	}
	if (end != UPLOAD_COMMIT_DONE) {
		return end;
	}
	if (!commit_record_register(&record, store->registry, leftover->library, err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	log_info("'%s' is installed in '%s'; its installation had been interrupted",
		record.game_name, record.dir);
	if (store->events.installed != NULL) {
		store->events.installed(store->user, record.dir);
	}
	return commit_keep_run(&keep, err) ? UPLOAD_COMMIT_OVER : UPLOAD_COMMIT_STUCK;
}

/* Its Hub and its manifest are unknown: only the owner can do something with it. */
static void describe_damaged(struct leftover *leftover, const struct error *why)
{
	struct upload_head *head = &leftover->head;

	upload_head_finish(head);
	*head = (struct upload_head){ .upload_id = xstrdup(leftover->upload_id),
		.hub_id = xstrdup(""),
		.game_name = xasprintf("damaged upload %s", leftover->upload_id),
		/* Where nobody installs a game. */
		.dir = xasprintf(
			"%s/" PATH_OWN_FOLDER "/uploads/%s", leftover->root, leftover->upload_id),
		.manifest_digest = xstrdup("") };
	leftover->damaged = true;
	tell(leftover, "is damaged and cannot be resumed; it can be discarded", why);
}

/* Fills in the head. NOTHING: there is none. */
static enum found read_head(struct leftover *leftover)
{
	struct error err = { 0 };

	if (upload_head_read(&leftover->head, leftover->dir_fd, &err)) {
		if (strcmp(leftover->head.upload_id, leftover->upload_id) == 0) {
			return FOUND_PAUSED;
		}
		error_set(&err, ERROR_INVALID, "what is known of it is another upload's");
	}
	switch (err.kind) {
	case ERROR_NOT_FOUND:
		return FOUND_NOTHING;
	case ERROR_INVALID:
	case ERROR_TOO_LARGE:
		describe_damaged(leftover, &err);
		return FOUND_PAUSED;
	default:
		tell(leftover, "cannot be read now and is tried again", &err);
		return FOUND_UNREADABLE;
	}
}

/* With a commit record: what has become of it. */
static enum found look_at_commit(struct leftover *leftover, enum found head, bool finish)
{
	struct error err = { 0 };

	if (!finish && head == FOUND_PAUSED && !leftover->damaged) {
		return FOUND_UNFINISHED; /* whatever the record is */
	}
	switch (finish_commit(leftover, &err)) {
	case UPLOAD_COMMIT_DONE:
	case UPLOAD_COMMIT_OVER:
		if (err.kind != ERROR_NONE) {
			tell(leftover, "is removed", &err);
		}
		return FOUND_NOTHING;
	case UPLOAD_COMMIT_UNDONE:
		if (err.kind != ERROR_NONE) {
			tell(leftover, "was not installed, and can be resumed", &err);
		}
		return head;
	case UPLOAD_COMMIT_NONE:
		return head;
	case UPLOAD_COMMIT_STUCK:
		break;
	}
	tell(leftover, "cannot be finished now and is tried again", &err);
	return head == FOUND_PAUSED && !leftover->damaged ? FOUND_UNFINISHED : FOUND_UNREADABLE;
}

/* Decides what to do with a staging folder. */
static enum found look_into(struct leftover *leftover, bool finish)
{
	enum found head = read_head(leftover);
	struct error err = { 0 };
	bool there;

	if (head == FOUND_UNREADABLE) {
		return head;
	}
	if (!commit_record_is_there(leftover->dir_fd, &there, &err)) {
		tell(leftover, "cannot be read now and is tried again", &err);
		return FOUND_UNREADABLE;
	}
	return there ? look_at_commit(leftover, head, finish) : head;
}

/* False: its journal cannot be read now. */
static bool take_up(struct leftover *leftover, enum upload_phase phase)
{
	struct upload_store *store = leftover->store;
	struct upload_journal_state state = { 0 };
	struct error err = { 0 };
	struct upload *upload;
	struct stat stat;
	bool found = false;

	if (fstat(leftover->dir_fd, &stat) != 0) {
		error_set_errno(&err, "cannot look at its folder");
	} else if (upload_journal_last_state(leftover->dir_fd, &found, &state, &err) && !found) {
		state.at_ms = stat.st_mtim.tv_sec * INT64_C(1000);
	}
	if (err.kind != ERROR_NONE) {
		tell(leftover, "cannot be read now and is tried again", &err);
		return false;
	}
	upload = upload_create(store, phase);
	upload->root = xstrdup(leftover->root);
	upload->library = xstrdup(leftover->library);
	upload->head = leftover->head;
	leftover->head = (struct upload_head){ 0 };
	upload->updated_at_ms = state.at_ms;
	upload->active_at_ms = 0;
	upload->kept_ms = state.kept_ms;
	upload->paused_bytes = state.held_bytes < upload->head.total_bytes
				       ? state.held_bytes
				       : upload->head.total_bytes;
	upload->cancelled = state.cancelled;
	return true;
}

static void scan_one(struct upload_store *store, const struct library *library,
	const char *upload_id, bool finish)
{
	const char *root = library->root;
	struct error err = { 0 };
	AUTO(leftover_finish)
	struct leftover leftover = { .store = store,
		.root = root,
		.library = library->id,
		.upload_id = upload_id,
		.dir_fd = upload_staging_open(root, library->id, upload_id, &err) };

	if (leftover.dir_fd < 0) {
		store->unread = true;
		tell(&leftover, "cannot be read now and is tried again", &err);
		return;
	}
	switch (look_into(&leftover, finish)) {
	case FOUND_NOTHING:
		if (!rollback_undo_run(root, library->id, upload_id, &err) ||
			!upload_staging_remove(root, library->id, upload_id, &err)) {
			log_warning("'%s' below '%s' cannot be removed: %s", upload_id, root,
				err.message);
		}
		break;
	case FOUND_UNREADABLE:
		store->unread = true;
		break;
	case FOUND_PAUSED:
		store->unread |= !take_up(&leftover, PHASE_PAUSED);
		break;
	case FOUND_UNFINISHED:
		store->unread |= !take_up(&leftover, PHASE_UNFINISHED);
		break;
	}
}

void upload_retention_scan_library(
	struct upload_store *store, const struct library *library, bool finish)
{
	AUTO(strvec_finish) struct strvec ids = { 0 };
	struct error err = { 0 };

	if (!upload_staging_list(library->root, library->id, &ids, &err)) {
		store->unread = true;
		upload_tell(store, err.message);
	}
	for (size_t i = 0; i < ids.count; i++) {
		if (!is_known(store, library, ids.items[i])) {
			scan_one(store, library, ids.items[i], finish);
		}
	}
}

void upload_retention_scan(struct upload_store *store, bool finish)
{
	store->unread = false;
	for (size_t i = 0; i < libraries_count(store->libraries); i++) {
		const struct library *library = libraries_at(store->libraries, i);

		if (library->presence == LIBRARY_PRESENT) {
			upload_retention_scan_library(store, library, finish);
		}
	}
	upload_retention_arm(store);
}
