#define LOG_MODULE "uploads"

#include "upload/uploads.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/upload_content.h"
#include "upload/upload_save.h"
#include "upload/upload_staging.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRY_CHECK_MAX_MS (12 * INT64_C(3600) * 1000)

static void on_expiry(void *user);

void uploads_init(struct uploads *uploads, const struct upload_store_options *options,
	const struct upload_store_events *events, void *user)
{
	*uploads = (struct uploads){ .loop = options->loop,
		.worker = options->worker,
		.registry = options->registry,
		.home = xstrdup(options->home),
		.state_dir = xstrdup(options->state_dir),
		.expire_after_ms = options->expire_after_ms,
		.events = *events,
		.user = user };
	uploads_set_library(uploads, options->library_dir, options->library_extra);
	chunk_writer_init(&uploads->writer, options->loop);
	uploads->expiry = loop_timer_create(options->loop, on_expiry, uploads);
}

void uploads_set_library(
	struct uploads *uploads, const char *library_dir, const struct strvec *library_extra)
{
	char *expanded = path_expand_home(library_dir, uploads->home);

	free(uploads->library_dir);
	uploads->library_dir = expanded;
	if (library_extra != NULL) {
		strvec_copy(&uploads->library_extra, library_extra);
	} else {
		strvec_finish(&uploads->library_extra);
	}
}

void uploads_finish(struct uploads *uploads)
{
	uploads->closing = true;
	chunk_writer_drain(&uploads->writer);
	worker_drain(uploads->worker);
	for (struct upload *upload = uploads->first; upload != NULL; upload = upload->next) {
		if (!upload->gone && upload->content != NULL) {
			upload_save(upload, true);
		}
	}
	worker_drain(uploads->worker);
	while (uploads->first != NULL) {
		struct upload *upload = uploads->first;

		uploads->first = upload->next;
		upload_destroy(upload);
	}
	chunk_writer_finish(&uploads->writer);
	loop_timer_destroy(uploads->expiry);
	for (size_t i = 0; i < UPLOADS_ENDED_COUNT; i++) {
		free(uploads->ended[i]);
	}
	strvec_finish(&uploads->library_extra);
	free(uploads->library_dir);
	free(uploads->state_dir);
	free(uploads->home);
}

void uploads_add(struct uploads *uploads, struct upload *upload)
{
	struct upload **link = &uploads->first;

	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = upload;
}

struct upload *uploads_find(const struct uploads *uploads, const char *hub_id, const char *id)
{
	for (struct upload *upload = uploads->first; id != NULL && upload != NULL;
		upload = upload->next) {
		if (upload->listed && !upload->gone && strcmp(upload->head.upload_id, id) == 0 &&
			(hub_id == NULL || strcmp(upload->head.hub_id, hub_id) == 0)) {
			return upload;
		}
	}
	return NULL;
}

void uploads_changed(struct uploads *uploads)
{
	if (!uploads->closing && uploads->events.changed != NULL) {
		uploads->events.changed(uploads->user);
	}
}

void uploads_pause(struct upload *upload)
{
	upload->state = UPLOAD_PAUSED;
	upload->left = false;
	upload_save(upload, true);
	uploads_arm_expiry(upload->uploads);
	uploads_changed(upload->uploads);
}

/* Staging is deleted beside the loop: a game has tens of thousands of files. */
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
		log_warning("what is left of the upload of '%s': %s", upload->head.game_name,
			removal->error.message);
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
	worker_submit(upload->uploads->worker, &removal->job);
}

void uploads_discard(struct upload *upload)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->task = (struct upload_task){ .start = removal_start, .exclusive = true };
	removal->upload = upload;
	upload->gone = true;
	uploads_changed(upload->uploads);
	upload_enqueue(upload, &removal->task);
}

void uploads_reap(struct upload *upload)
{
	struct upload **link = &upload->uploads->first;

	while (*link != upload) {
		link = &(*link)->next;
	}
	*link = upload->next;
	upload_destroy(upload);
}

void uploads_note_ended(struct uploads *uploads, const struct upload *upload)
{
	char **slot = &uploads->ended[uploads->ended_next++ % UPLOADS_ENDED_COUNT];

	free(*slot);
	*slot = xasprintf("%s %s", upload->head.hub_id, upload->head.upload_id);
}

bool uploads_has_ended(const struct uploads *uploads, const char *hub_id, const char *id)
{
	AUTO(free_ptr) char *key = xasprintf("%s %s", hub_id, id);

	for (size_t i = 0; i < UPLOADS_ENDED_COUNT; i++) {
		if (uploads->ended[i] != NULL && strcmp(uploads->ended[i], key) == 0) {
			return true;
		}
	}
	return false;
}

void uploads_arm_expiry(struct uploads *uploads)
{
	int64_t next_ms = INT64_MAX, delay_ms;

	for (struct upload *upload = uploads->first; upload != NULL; upload = upload->next) {
		if (upload->state == UPLOAD_PAUSED && !upload->gone &&
			upload_expires_at_ms(upload) < next_ms) {
			next_ms = upload_expires_at_ms(upload);
		}
	}
	if (next_ms == INT64_MAX || uploads->closing) {
		loop_timer_stop(uploads->expiry);
		return;
	}
	delay_ms = next_ms - upload_now_ms();
	/* Looked at again in between: the wall clock may be set, the machine may sleep. */
	loop_timer_set(uploads->expiry, delay_ms < 0			 ? 0
					: delay_ms > EXPIRY_CHECK_MAX_MS ? EXPIRY_CHECK_MAX_MS
									 : delay_ms);
}

static void on_expiry(void *user)
{
	struct uploads *uploads = user;
	int64_t now_ms = upload_now_ms();
	struct upload *next;

	for (struct upload *upload = uploads->first; upload != NULL; upload = next) {
		next = upload->next;
		if (upload->state == UPLOAD_PAUSED && !upload->gone &&
			upload_expires_at_ms(upload) <= now_ms) {
			log_info("the unfinished upload of '%s' has expired",
				upload->head.game_name);
			uploads_discard(upload);
		}
	}
	uploads_arm_expiry(uploads);
}
