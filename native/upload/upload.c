#define LOG_MODULE "uploads"

#include "upload/upload.h"

#include "core/cleanup.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/steady_clock.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Limit on bytes waiting for the disk besides those being flushed: a Hub waits 30 s for
 * complete_upload, which has to flush the rest, and a slow card must not be gigabytes behind by
 * then.
 */
#define BACKLOG_SECONDS 8
#define BACKLOG_MIN_BYTES (INT64_C(64) * 1024 * 1024)
#define CANCELLED_EXPIRE_MS (24 * INT64_C(3600) * 1000)

int64_t upload_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* --- The list --- */

struct upload *upload_create(struct upload_store *store, enum upload_phase phase)
{
	struct upload *upload = xcalloc(1, sizeof(*upload));

	upload->store = store;
	upload->phase = phase;
	upload->kept_until_ms = steady_clock_ms();
	upload_note_activity(upload);
	TAILQ_INIT(&upload->tasks);
	TAILQ_INIT(&upload->late);
	TAILQ_INSERT_TAIL(&store->uploads, upload, link);
	return upload;
}

void upload_destroy(struct upload *upload)
{
	if (upload == NULL) {
		return;
	}
	assert(TAILQ_EMPTY(&upload->tasks) && TAILQ_EMPTY(&upload->late) &&
		upload->write_count == 0);
	TAILQ_REMOVE(&upload->store->uploads, upload, link);
	upload_content_destroy(upload->content);
	upload_head_finish(&upload->head);
	free(upload->root);
	free(upload->library);
	free(upload);
}

bool upload_is_listed(const struct upload *upload)
{
	return upload->phase != PHASE_PREPARING && upload->phase != PHASE_GONE;
}

bool upload_is_completing(const struct upload *upload)
{
	return upload->phase == PHASE_COMPLETING || upload->phase == PHASE_UNFINISHED;
}

struct upload *upload_find(const struct upload_store *store, const char *hub_id, const char *id)
{
	struct upload *upload;

	if (id == NULL) {
		return NULL;
	}
	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload_is_listed(upload) && strcmp(upload->head.upload_id, id) == 0 &&
			(hub_id == NULL || strcmp(upload->head.hub_id, hub_id) == 0)) {
			return upload;
		}
	}
	return NULL;
}

void upload_tell(struct upload_store *store, const char *sentence)
{
	if (strvec_contains(&store->told, sentence)) {
		return;
	}
	strvec_push(&store->told, sentence);
	if (store->events.notice != NULL) {
		store->events.notice(store->user, sentence);
	} else {
		log_warning("%s", sentence);
	}
}

bool upload_is_away(const struct upload *upload)
{
	return upload->root != NULL && upload->library != NULL &&
	       *libraries_problem(upload->store->libraries, upload->root, upload->library) != '\0';
}

bool upload_is_in(const struct upload *upload, const struct library *library)
{
	return strcmp(upload->root, library->root) == 0 &&
	       strcmp(upload->library, library->id) == 0;
}

void upload_explain(const struct upload *upload, struct error *err)
{
	libraries_explain(upload->store->libraries, upload->root, upload->library, err);
}

void upload_list_changed(struct upload_store *store)
{
	if (!store->closing && store->events.changed != NULL) {
		store->events.changed(store->user);
	}
}

void upload_note_ended(const struct upload *upload)
{
	struct upload_store *store = upload->store;
	char **slot = &store->ended[store->ended_next++ % UPLOAD_ENDED_COUNT];

	free(*slot);
	*slot = xasprintf("%s %s", upload->head.hub_id, upload->head.upload_id);
}

bool upload_has_ended(const struct upload_store *store, const char *hub_id, const char *id)
{
	AUTO(free_ptr) char *key = xasprintf("%s %s", hub_id, id);

	for (size_t i = 0; i < UPLOAD_ENDED_COUNT; i++) {
		if (store->ended[i] != NULL && strcmp(store->ended[i], key) == 0) {
			return true;
		}
	}
	return false;
}

/* --- Phases --- */

#define TO(phase) (1u << (phase))

void upload_set_phase(struct upload *upload, enum upload_phase phase)
{
	static const unsigned next[] = {
		[PHASE_PREPARING] = TO(PHASE_RECEIVING) | TO(PHASE_GONE),
		[PHASE_RECEIVING] = TO(PHASE_PAUSED) | TO(PHASE_COMPLETING) | TO(PHASE_GONE),
		[PHASE_PAUSED] = TO(PHASE_RECEIVING) | TO(PHASE_GONE),
		[PHASE_COMPLETING] = TO(PHASE_RECEIVING) | TO(PHASE_PAUSED) | TO(PHASE_UNFINISHED) |
				     TO(PHASE_GONE),
		[PHASE_UNFINISHED] = TO(PHASE_COMPLETING),
		[PHASE_GONE] = 0,
	};

	assert((next[upload->phase] & TO(phase)) != 0);
	upload->phase = phase;
	if (phase == PHASE_PAUSED) {
		upload->kept_ms = 0;
		upload->kept_until_ms = steady_clock_ms();
	}
}

/* --- Tasks --- */

static void run_next_task(struct upload *upload)
{
	struct upload_task *task = TAILQ_FIRST(&upload->tasks);

	if (upload->running) {
		return;
	}
	if (task == NULL) {
		if (upload->phase == PHASE_GONE && upload->write_count == 0) {
			upload_destroy(upload);
		}
		return;
	}
	if (task->exclusive && upload->write_count > 0) {
		return;
	}
	upload->running = true;
	TAILQ_REMOVE(&upload->tasks, task, link); /* it may be freed before it is done */
	task->start(task);
}

void upload_enqueue(struct upload *upload, struct upload_task *task)
{
	TAILQ_INSERT_TAIL(&upload->tasks, task, link);
	run_next_task(upload);
}

void upload_task_done(struct upload *upload)
{
	assert(upload->running);
	upload->running = false;
	run_next_task(upload);
}

void upload_write_began(struct upload *upload)
{
	upload->write_count++;
}

void upload_write_ended(struct upload *upload)
{
	assert(upload->write_count > 0);
	upload->write_count--;
	run_next_task(upload);
}

/* --- The disk --- */

bool upload_is_ahead_of_disk(const struct upload *upload)
{
	int64_t allowed_bytes = upload->flush_bytes_per_s * BACKLOG_SECONDS;

	if (allowed_bytes < BACKLOG_MIN_BYTES) {
		allowed_bytes = BACKLOG_MIN_BYTES;
	}
	return upload->saving == SAVING_BESIDE && upload->content->dirty_bytes > allowed_bytes;
}

void upload_give_answers(struct upload *upload)
{
	struct upload_answer *answer;

	while ((answer = TAILQ_FIRST(&upload->late)) != NULL) {
		TAILQ_REMOVE(&upload->late, answer, link);
		answer->give(answer);
	}
}

bool upload_check_fault(struct upload *upload, struct error *err)
{
	if (upload->fault.kind == ERROR_NONE) {
		return true;
	}
	*err = upload->fault;
	upload->fault = (struct error){ 0 };
	return false;
}

/* --- Reporting --- */

static int64_t held_bytes(const struct upload *upload)
{
	return upload->content != NULL ? upload->content->held_bytes : upload->paused_bytes;
}

void upload_note_activity(struct upload *upload)
{
	upload->updated_at_ms = upload_now_ms();
	upload->active_at_ms = steady_clock_ms();
}

int64_t upload_age_ms(const struct upload *upload)
{
	return upload->active_at_ms > 0 ? steady_clock_passed_ms(upload->active_at_ms)
					: upload_now_ms() - upload->updated_at_ms;
}

int64_t upload_kept_ms(const struct upload *upload)
{
	return upload->phase != PHASE_PAUSED
		       ? 0
		       : upload->kept_ms + steady_clock_passed_ms(upload->kept_until_ms);
}

int64_t upload_expires_in_ms(const struct upload *upload)
{
	int64_t after_ms = upload->store->expire_after_ms;

	if (upload->cancelled && after_ms > CANCELLED_EXPIRE_MS) {
		after_ms = CANCELLED_EXPIRE_MS;
	}
	return after_ms - upload_kept_ms(upload);
}

static enum upload_state state_of(const struct upload *upload)
{
	switch (upload->phase) {
	case PHASE_PREPARING:
	case PHASE_RECEIVING:
		return UPLOAD_RECEIVING;
	case PHASE_PAUSED:
	case PHASE_GONE:
		return UPLOAD_PAUSED;
	case PHASE_COMPLETING:
	case PHASE_UNFINISHED:
		return UPLOAD_COMPLETING;
	}
	return UPLOAD_PAUSED;
}

void upload_fill_status(const struct upload *upload, struct upload_status *status)
{
	const struct upload_content *content = upload->content;
	bool moving = upload->phase == PHASE_RECEIVING && content != NULL;

	*status = (struct upload_status){
		.upload_id = upload->head.upload_id,
		.hub_id = upload->head.hub_id,
		.game_name = upload->head.game_name,
		.dir = upload->head.dir,
		.library = upload->library != NULL ? upload->library : "",
		.state = state_of(upload),
		.problem =
			libraries_problem(upload->store->libraries, upload->root, upload->library),
		.total_bytes = upload->head.total_bytes,
		.transferred_bytes = held_bytes(upload),
		.bytes_per_second = moving ? transfer_rate_get(&upload->rate, loop_now_ms()) : 0,
		.current_file = content != NULL && content->last_file < content->files_count
					? content->manifest->files[content->last_file].path
					: "",
		.started_at = upload->head.started_at_ms,
		.updated_at = upload->updated_at_ms,
		.expires_in_seconds = -1,
	};
	if (upload->phase == PHASE_PAUSED) {
		int64_t left_ms = upload_expires_in_ms(upload);

		status->expires_in_seconds = left_ms > 0 ? left_ms / 1000 : 0;
	}
}

struct upload_journal_state upload_journal_state_of(const struct upload *upload)
{
	return (struct upload_journal_state){ .at_ms = upload->updated_at_ms,
		.held_bytes = held_bytes(upload),
		.cancelled = upload->cancelled,
		.kept_ms = upload_kept_ms(upload) };
}

bool upload_keeps_previous(const struct upload_store *store)
{
	return store->keep_previous == NULL || *store->keep_previous;
}
