#define LOG_MODULE "uploads"

#include "upload/upload_rollback.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "proto/proto_upload.h"
#include "upload/rollback_undo.h"
#include "upload/staging_files.h"
#include "upload/upload.h"
#include "upload/upload_complete.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"
#include "upload/upload_retention.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UPLOAD_ID_DIGITS 32

struct rollback {
	struct upload *upload;
	char *folder;
	char *pending;
	struct upload_content *content; /* what is held of the previous build */
	struct error error;
	struct upload_task task;
	struct worker_job job;
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err);
	void *user;
};

/* --- What the previous build was --- */

/* Where the content of each of its files is. */
struct previous {
	int place_fd; /* the keeping place */
	struct kept_record record;
	struct installed_manifest before;
	struct installed_manifest now;
	struct init_upload request; /* borrows from them */
	bool *is_held; /* of each of its files: it is below "previous"; else it is the same now */
};

static void previous_finish(struct previous *previous)
{
	close_fd(&previous->place_fd);
	kept_record_finish(&previous->record);
	installed_manifest_finish(&previous->before);
	installed_manifest_finish(&previous->now);
	free(previous->request.files);
	free(previous->is_held);
}

/* Errors: IO: it cannot be found out now. */
static bool find_below(int place_fd, const char *part, const struct installed_file *file,
	bool any_size, bool *found, struct error *err)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", part, file->path);
	struct error why = { 0 };
	struct stat stat;

	*found = beneath_stat(place_fd, path, &stat, &why);
	if (!*found) {
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_INVALID ||
		       error_pass(err, &why);
	}
	*found = S_ISREG(stat.st_mode) && (any_size || stat.st_size == file->size_bytes);
	return true;
}

static bool is_same(const struct installed_file *a, const struct installed_file *b)
{
	return a->size_bytes == b->size_bytes &&
	       (a->size_bytes == 0 || (a->sha256 != NULL && b->sha256 != NULL &&
					      strcmp(a->sha256, b->sha256) == 0));
}

/*
 * A file that the update has replaced by its own while the player's was kept stays as it is now,
 * and the player's is still kept. One whose content is nowhere is not part of it.
 */
static bool add_file(
	struct previous *previous, const struct installed_file *file, struct error *err)
{
	const struct installed_file *now = installed_manifest_find(&previous->now, file->path);
	struct init_upload *request = &previous->request;
	bool held = false, is_kept = false;

	if (file->size_bytes > 0 &&
		!find_below(previous->place_fd, KEPT_PREVIOUS, file, false, &held, err)) {
		return false;
	}
	if (!held && file->size_bytes > 0 && (now == NULL || !is_same(file, now))) {
		if (now != NULL &&
			!find_below(previous->place_fd, KEPT_PLAYER, file, true, &is_kept, err)) {
			return false;
		}
		if (!is_kept) {
			return true;
		}
		file = now;
	}
	previous->is_held[request->files_count] = held;
	request->files[request->files_count++] = (struct upload_file){
		.relative_path = file->path, .size = file->size_bytes, .sha256 = file->sha256
	};
	request->total_size += file->size_bytes;
	return true;
}

static bool read_previous(
	struct previous *previous, int root_fd, const struct rollback *rollback, struct error *err)
{
	const struct upload *upload = rollback->upload;

	previous->place_fd =
		beneath_open(root_fd, rollback->folder, O_RDONLY | O_DIRECTORY, 0, err);
	if (previous->place_fd < 0 ||
		!kept_record_read(&previous->record, previous->place_fd, err) ||
		!installed_manifest_read_at(
			&previous->before, previous->place_fd, KEPT_BEFORE, err) ||
		!installed_manifest_read(
			&previous->now, upload->store->state_dir, upload->head.dir, NULL, err)) {
		return false;
	}
	previous->request.config.game_name = upload->head.game_name;
	previous->request.config.executable = previous->record.executable;
	previous->request.files =
		xcalloc(previous->before.files_count, sizeof(*previous->request.files));
	previous->is_held = xcalloc(previous->before.files_count, sizeof(*previous->is_held));
	for (size_t i = 0; i < previous->before.files_count; i++) {
		if (!add_file(previous, &previous->before.files[i], err)) {
			return false;
		}
	}
	return previous->request.files_count > 0 ||
	       error_set(err, ERROR_NOT_FOUND, "nothing is left of the previous build of '%s'",
		       upload->head.game_name);
}

/* Both are sorted in the same way, and the request has no more files than the manifest. */
static struct upload_content *make_content(struct previous *previous, struct error *err)
{
	struct upload_manifest *manifest = upload_manifest_create(&previous->request, err);
	struct upload_content *content;
	size_t index;

	if (manifest == NULL || !upload_manifest_check(manifest, err)) {
		upload_manifest_destroy(manifest);
		return NULL;
	}
	content = upload_content_create(manifest);
	for (size_t i = 0; i < previous->request.files_count; i++) {
		const struct upload_file *file = &previous->request.files[i];

		if (!upload_manifest_find(manifest, file->relative_path, &index)) {
			continue;
		}
		if (previous->is_held[i]) {
			upload_content_add(content, index, 0, file->size);
			content->files[index].named = true;
		} else if (file->size > 0) {
			upload_content_set_unchanged(content, index, true);
		}
	}
	return content;
}

/* --- Its folder becomes the staged files, and the reverse --- */

static bool begin_journal(const struct upload_content *content, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	upload_journal_write_head(&text, content->manifest->digest);
	return upload_journal_replace(content->dir_fd, &text, err);
}

static bool stage(const struct rollback *rollback, struct previous *previous,
	struct upload_content *content, struct error *err)
{
	const struct upload *upload = rollback->upload;
	int files_fd;

	content->dir_fd =
		upload_staging_create(upload->root, upload->library, upload->head.upload_id, err);
	if (content->dir_fd < 0 || !begin_journal(content, err) ||
		!atomic_file_write_at(content->dir_fd, UPLOAD_STAGING_ROLLBACK, rollback->folder,
			strlen(rollback->folder), 0600, err) ||
		!rollback_undo_move(previous->place_fd, KEPT_PREVIOUS, content->dir_fd,
			UPLOAD_STAGING_FILES, err)) {
		return false;
	}
	files_fd =
		beneath_open(content->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, err);
	if (files_fd < 0) {
		return false;
	}
	content->staging = staging_files_create(files_fd);
	return true;
}

/* --- The way of one --- */

static void end_rollback(struct rollback *rollback, const struct upload_installed *installed,
	const struct error *err)
{
	rollback->done(rollback->user, installed, installed != NULL ? NULL : err);
	free(rollback->folder);
	free(rollback->pending);
	free(rollback);
}

static void run_undo(struct worker_job *job)
{
	struct rollback *rollback = CONTAINER_OF(job, struct rollback, job);
	const struct upload *upload = rollback->upload;

	rollback_undo_run(upload->root, upload->library, upload->head.upload_id, NULL);
}

static void undo_done(struct worker_job *job)
{
	struct rollback *rollback = CONTAINER_OF(job, struct rollback, job);
	struct upload *upload = rollback->upload;

	upload_retention_discard(upload); /* tries again what could not be given back */
	end_rollback(rollback, NULL, &rollback->error);
	upload_task_done(upload);
}

static void start_undo(struct upload_task *task)
{
	struct rollback *rollback = CONTAINER_OF(task, struct rollback, task);

	rollback->job = (struct worker_job){ .run = run_undo, .done = undo_done };
	worker_submit(rollback->upload->store->worker, &rollback->job);
}

/* The previous build is given back before the answer, so that it can be tried again. */
static void give_back(struct rollback *rollback)
{
	rollback->task = (struct upload_task){ .start = start_undo, .exclusive = true };
	upload_enqueue(rollback->upload, &rollback->task);
}

static void on_completed(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct rollback *rollback = user;
	enum upload_phase phase = rollback->upload->phase;

	if (installed == NULL) {
		rollback->error = *err;
	}
	/* One whose commit stands goes on by itself. */
	if (installed == NULL && (phase == PHASE_RECEIVING || phase == PHASE_PAUSED)) {
		give_back(rollback);
	} else {
		end_rollback(rollback, installed, &rollback->error);
	}
}

static void run_job(struct worker_job *job)
{
	struct rollback *rollback = CONTAINER_OF(job, struct rollback, job);
	const struct upload *upload = rollback->upload;
	AUTO(previous_finish) struct previous previous = { .place_fd = -1 };
	AUTO(close_fd) int root_fd = library_open(upload->root, upload->library, &rollback->error);
	struct upload_content *content = NULL;

	if (root_fd >= 0 && read_previous(&previous, root_fd, rollback, &rollback->error)) {
		content = make_content(&previous, &rollback->error);
	}
	if (content != NULL && !stage(rollback, &previous, content, &rollback->error)) {
		upload_content_destroy(content);
		content = NULL;
	}
	rollback->content = content;
}

static void job_done(struct worker_job *job)
{
	struct rollback *rollback = CONTAINER_OF(job, struct rollback, job);
	struct upload *upload = rollback->upload;

	if (rollback->content == NULL || upload->store->closing) {
		if (rollback->error.kind == ERROR_NONE) {
			error_set(&rollback->error, ERROR_CANCELLED, "the agent is stopping");
		}
		upload->content = rollback->content;
		give_back(rollback);
		upload_task_done(upload);
		return;
	}
	upload->content = rollback->content;
	upload->head.total_bytes = upload->content->manifest->total_bytes;
	upload_set_phase(upload, PHASE_RECEIVING);
	upload_complete(upload->store, upload->head.hub_id, upload->head.upload_id, NULL,
		rollback->pending, on_completed, rollback);
	upload_task_done(upload);
}

static void start_task(struct upload_task *task)
{
	struct rollback *rollback = CONTAINER_OF(task, struct rollback, task);

	rollback->job = (struct worker_job){ .run = run_job, .done = job_done };
	worker_submit(rollback->upload->store->worker, &rollback->job);
}

/* A paused one may go on later: it compares again what is there then. */
static bool is_in_the_way(const struct upload *upload, const char *dir)
{
	return strcmp(upload->head.dir, dir) == 0 && upload->phase != PHASE_PAUSED &&
	       upload->phase != PHASE_GONE;
}

static struct upload *create_upload(
	struct upload_store *store, const struct upload_rollback_options *options)
{
	struct upload *upload = upload_create(store, PHASE_PREPARING);
	const struct game *game = options->game;

	upload->head.upload_id = random_hex(UPLOAD_ID_DIGITS);
	upload->head.hub_id = xstrdup(game->hub_id);
	upload->head.game_name = xstrdup(game->name);
	upload->head.dir = xstrdup(game->dir);
	upload->head.manifest_digest = xstrdup("");
	upload->head.started_at_ms = upload_now_ms();
	upload->root = xstrdup(options->root);
	upload->library = xstrdup(options->library);
	return upload;
}

void upload_rollback_start(struct upload_store *store,
	const struct upload_rollback_options *options,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	struct rollback *rollback;
	struct upload *other;

	TAILQ_FOREACH (other, &store->uploads, link) {
		struct error err = { 0 };

		if (is_in_the_way(other, options->game->dir)) {
			error_set(&err, ERROR_CONFLICT,
				"'%s' is being uploaded; wait until that has finished",
				options->game->name);
			done(user, NULL, &err);
			return;
		}
	}
	rollback = xcalloc(1, sizeof(*rollback));
	*rollback = (struct rollback){ .upload = create_upload(store, options),
		.folder = xstrdup(options->folder),
		.pending = xstrdup_or_null(options->pending),
		.task = { .start = start_task, .exclusive = true },
		.done = done,
		.user = user };
	upload_enqueue(rollback->upload, &rollback->task);
}
