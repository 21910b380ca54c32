#define LOG_MODULE "uploads"

#include "upload/upload_begin.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/random.h"
#include "core/xalloc.h"
#include "library/install_dir.h"
#include "proto/proto_constants.h"
#include "proto/proto_upload.h"
#include "upload/upload.h"
#include "upload/upload_complete.h"
#include "upload/upload_content.h"
#include "upload/upload_load.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"
#include "upload/uploads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define UPLOAD_ID_DIGITS 32
/* How long what came without hashes is worth asking for. Source: protocol.md §5 "Resume". */
#define UNHASHED_RESUME_MS (INT64_C(3600) * 1000)

/*
 * The way of one init_upload: manifest_job, choose(), task on the upload (once it is free), then,
 * where another upload must go first, discard_task on that one; load_job; finish.
 */
struct upload_begin {
	struct uploads *uploads;
	char *hub_id;
	struct init_upload request;
	struct upload_manifest *manifest;
	char *install_path;
	struct upload *upload;
	bool resume;
	struct upload *discard; /* its staging goes first */
	bool hub_gone;
	struct error error;
	struct upload_load load;
	struct worker_job job;
	struct upload_task task;
	struct upload_task discard_task;
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err);
	void *user;
	struct upload_begin *next;
};

static void finish(struct upload_begin *begin, const struct upload_init_response *response)
{
	struct upload_begin **link = &begin->uploads->begins;

	while (*link != begin) {
		link = &(*link)->next;
	}
	*link = begin->next;
	begin->done(begin->user, response, response != NULL ? NULL : &begin->error);
	json_finish(&begin->request, init_upload_fields);
	upload_manifest_destroy(begin->manifest);
	free(begin->install_path);
	free(begin->hub_id);
	free(begin);
}

/* After choose(): the upload's task ends too; a new upload goes again. */
static void fail(struct upload_begin *begin)
{
	struct upload *upload = begin->upload, *discard = begin->discard;

	if (!upload->listed) {
		upload->gone = true;
	}
	finish(begin, NULL);
	if (discard != NULL) {
		uploads_discard(discard);
	}
	upload_task_done(upload);
}

static bool is_wanted(struct upload_begin *begin)
{
	return !begin->uploads->closing ||
	       error_set(&begin->error, ERROR_CANCELLED, "the agent is stopping");
}

static void succeed(struct upload_begin *begin)
{
	struct upload *upload = begin->upload;
	struct upload_init_response response = { .upload_id = upload->head.upload_id,
		.chunk_size = CHUNK_SIZE_BYTES };

	upload->content = TAKE_PTR(begin->load.content);
	upload->state = UPLOAD_RECEIVING;
	upload->listed = true;
	upload->cancelled = false;
	upload->updated_at_ms = begin->load.now_ms;
	upload->rate = (struct transfer_rate){ 0 };
	upload->fault = (struct error){ 0 };
	log_info("%s upload of '%s' to '%s': %" PRId64 " of %" PRId64 " bytes are held",
		begin->resume ? "resumed" : "began", upload->head.game_name, upload->head.dir,
		upload->content->held_bytes, upload->head.total_bytes);
	upload_content_resume_from(upload->content, &response.resume_from);
	if (begin->hub_gone) {
		uploads_pause(upload);
	} else {
		uploads_changed(begin->uploads);
	}
	finish(begin, &response);
	json_finish(&response, upload_init_response_fields);
	upload_task_done(upload);
}

static struct upload_begin *of_job(struct worker_job *job)
{
	return CONTAINER_OF(job, struct upload_begin, job);
}

static void load_run(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	if (begin->discard != NULL) {
		upload_staging_remove(begin->discard->root, begin->discard->head.upload_id, NULL);
	}
	upload_load_run(&begin->load);
}

static void discard_start(struct upload_task *task);

/* Lack of room: what its Hub cancelled is given up, one upload after the other. */
static bool discard_another(struct upload_begin *begin)
{
	for (struct upload *other = begin->uploads->first; other != NULL; other = other->next) {
		if (other != begin->upload && other->state == UPLOAD_PAUSED && !other->gone &&
			other->cancelled) {
			log_info("the cancelled upload of '%s' is given up for room",
				other->head.game_name);
			other->gone = true;
			begin->discard = other;
			begin->discard_task =
				(struct upload_task){ .start = discard_start, .exclusive = true };
			upload_enqueue(other, &begin->discard_task);
			return true;
		}
	}
	return false;
}

static void load_done(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);
	struct upload *discarded = TAKE_PTR(begin->discard);

	if (discarded != NULL) {
		upload_content_destroy(discarded->content);
		discarded->content = NULL;
		uploads_changed(begin->uploads);
		upload_task_done(discarded);
	}
	if (begin->load.content != NULL) {
		begin->manifest = NULL; /* the content's now */
	}
	if (!is_wanted(begin)) {
		upload_content_destroy(begin->load.content);
		fail(begin);
		return;
	}
	if (begin->load.content != NULL) {
		succeed(begin);
		return;
	}
	begin->error = begin->load.error;
	if (begin->error.kind != ERROR_NO_SPACE || !discard_another(begin)) {
		fail(begin);
	}
}

static void load_submit(struct upload_begin *begin)
{
	struct upload *upload = begin->upload;

	begin->load = (struct upload_load){ .root = upload->root,
		.state_dir = begin->uploads->state_dir,
		.head = &upload->head,
		.resume = begin->resume,
		.now_ms = upload_now_ms(),
		.manifest = begin->manifest };
	begin->job = (struct worker_job){ .run = load_run, .done = load_done };
	worker_submit(begin->uploads->worker, &begin->job);
}

static void discard_start(struct upload_task *task)
{
	load_submit(CONTAINER_OF(task, struct upload_begin, discard_task));
}

static void start(struct upload_task *task)
{
	struct upload_begin *begin = CONTAINER_OF(task, struct upload_begin, task);

	if (begin->upload->gone) {
		error_set(&begin->error, ERROR_CONFLICT,
			"the unfinished upload of '%s' was given up meanwhile; try again",
			begin->upload->head.game_name);
		fail(begin);
		return;
	}
	if (begin->upload->state == UPLOAD_COMPLETING) {
		error_set(&begin->error, ERROR_CONFLICT,
			"'%s' is being moved into place; try again in a moment",
			begin->upload->head.game_name);
		fail(begin);
		return;
	}
	if (begin->upload->content != NULL) {
		/* Another init_upload was quicker: what came since is saved and read back. */
		uploads_pause(begin->upload);
		upload_enqueue(begin->upload, &begin->task);
		upload_task_done(begin->upload);
		return;
	}
	if (begin->discard != NULL) {
		begin->discard_task =
			(struct upload_task){ .start = discard_start, .exclusive = true };
		upload_enqueue(begin->discard, &begin->discard_task);
		return;
	}
	load_submit(begin);
}

static struct upload *create_upload(struct upload_begin *begin, struct install_dir *dir)
{
	struct upload *upload = upload_create(begin->uploads);

	upload->head.upload_id = random_hex(UPLOAD_ID_DIGITS);
	upload->head.hub_id = xstrdup(begin->hub_id);
	upload->head.game_name = xstrdup(begin->manifest->game_name);
	upload->head.manifest_digest = xstrdup(begin->manifest->digest);
	upload->head.total_bytes = begin->manifest->total_bytes;
	upload->head.started_at_ms = upload_now_ms();
	upload->head.dir = TAKE_PTR(dir->path);
	upload->root = TAKE_PTR(dir->root);
	uploads_add(begin->uploads, upload);
	return upload;
}

static bool can_resume(const struct upload_begin *begin, const struct upload *upload)
{
	int64_t age_ms = upload_now_ms() - upload->updated_at_ms;

	/* Of one that comes from the future nobody knows how old it is: the clock was set. */
	return strcmp(upload->head.manifest_digest, begin->manifest->digest) == 0 &&
	       (begin->manifest->hashed ||
		       (age_ms >= -UNHASHED_RESUME_MS && age_ms <= UNHASHED_RESUME_MS));
}

/* Another upload to the same folder: resumed, superseded, or in the way. */
static bool look_at_others(struct upload_begin *begin, const char *dir)
{
	struct upload *other;

	for (other = begin->uploads->first; other != NULL; other = other->next) {
		bool mine = strcmp(other->head.hub_id, begin->hub_id) == 0;

		if (other->gone || strcmp(other->head.dir, dir) != 0) {
			continue;
		}
		if (other->state == UPLOAD_COMPLETING || (!mine && other->state != UPLOAD_PAUSED)) {
			return error_set(&begin->error, ERROR_CONFLICT,
				mine ? "'%s' is being moved into place; try again in a moment"
				     : "'%s' is being uploaded by another Hub; wait for its end",
				other->head.game_name);
		}
		if (mine && can_resume(begin, other)) {
			begin->upload = other;
			begin->resume = true;
		} else if (mine) {
			begin->discard = other;
		}
	}
	return true;
}

/* Commits that failed half-way are tried again before the game is touched by anything else. */
static bool finish_commits(struct upload_begin *begin)
{
	for (struct upload *other = begin->uploads->first; other != NULL; other = other->next) {
		if (other->committed && !other->gone &&
			strcmp(other->head.game_name, begin->manifest->game_name) == 0) {
			upload_complete_again(other);
			return error_set(&begin->error, ERROR_CONFLICT,
				"the last upload of '%s' is still being moved into place; try "
				"again in a moment",
				other->head.game_name);
		}
	}
	return true;
}

static bool is_taken(void *user, const char *dir, const char *game_name)
{
	const struct uploads *uploads = user;

	for (const struct upload *upload = uploads->first; upload != NULL; upload = upload->next) {
		if (!upload->gone && strcmp(upload->head.dir, dir) == 0 &&
			strcmp(upload->head.game_name, game_name) != 0) {
			return true;
		}
	}
	return false;
}

static bool choose(struct upload_begin *begin)
{
	struct uploads *uploads = begin->uploads;
	struct install_dir_rules rules = { .home = uploads->home,
		.library_dir = uploads->library_dir,
		.library_extra = &uploads->library_extra,
		.registry = uploads->registry,
		.is_taken = is_taken,
		.user = uploads };
	AUTO(install_dir_finish) struct install_dir dir = { 0 };

	if (!finish_commits(begin) ||
		!install_dir_choose(&dir, &rules, begin->install_path, begin->manifest->game_name,
			&begin->error) ||
		!look_at_others(begin, dir.path)) {
		return false;
	}
	if (begin->discard != NULL) {
		begin->discard->gone = true;
	}
	if (!begin->resume) {
		begin->upload = create_upload(begin, &dir);
	} else if (begin->upload->state != UPLOAD_PAUSED) {
		/* Its link was lost unnoticed. */
		uploads_pause(begin->upload);
	}
	return true;
}

static void manifest_run(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	begin->install_path = xstrdup_or_null(begin->request.config.install_path);
	begin->manifest = upload_manifest_create(&begin->request, &begin->error);
	json_finish(&begin->request, init_upload_fields);
}

static void manifest_done(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	if (!is_wanted(begin) || begin->manifest == NULL || !choose(begin)) {
		finish(begin, NULL);
		return;
	}
	begin->task = (struct upload_task){ .start = start, .exclusive = true };
	upload_enqueue(begin->upload, &begin->task);
}

void upload_begin(struct uploads *uploads, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user)
{
	struct upload_begin *begin = xcalloc(1, sizeof(*begin));

	begin->uploads = uploads;
	begin->hub_id = xstrdup(hub_id);
	begin->request = *request;
	*request = (struct init_upload){ 0 };
	begin->done = done;
	begin->user = user;
	begin->next = uploads->begins;
	uploads->begins = begin;
	begin->job = (struct worker_job){ .run = manifest_run, .done = manifest_done };
	worker_submit(uploads->worker, &begin->job);
}

void upload_begin_hub_gone(struct uploads *uploads, const char *hub_id)
{
	for (struct upload_begin *begin = uploads->begins; begin != NULL; begin = begin->next) {
		if (strcmp(begin->hub_id, hub_id) == 0) {
			begin->hub_gone = true;
		}
	}
}
