#define LOG_MODULE "uploads"

#include "upload/upload_store.h"

#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "upload/chunk_writer.h"
#include "upload/staging_files.h"
#include "upload/upload.h"
#include "upload/upload_begin.h"
#include "upload/upload_checkpoint.h"
#include "upload/upload_complete.h"
#include "upload/upload_content.h"
#include "upload/upload_manifest.h"
#include "upload/upload_retention.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* For the store's timer: what could not be read or finished before. */
static void try_again(void *store_of_timer)
{
	struct upload_store *store = store_of_timer;
	struct upload *upload;

	upload_retention_scan(store, false);
	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload->phase == PHASE_UNFINISHED && !upload_is_away(upload)) {
			upload_complete_again(upload);
		}
	}
	upload_retention_arm(store);
	upload_list_changed(store);
}

struct upload_store *upload_store_create(const struct upload_store_options *options,
	const struct upload_store_events *events, void *user, struct error *err)
{
	const char *library = libraries_default(options->libraries);
	struct upload_store *store;

	if (library[0] != '/') {
		error_set(err, ERROR_INVALID,
			"the library '%s' is not an absolute path; change the setting library.path",
			library);
		return NULL;
	}
	store = xcalloc(1, sizeof(*store));
	*store = (struct upload_store){ .loop = options->loop,
		.worker = options->worker,
		.registry = options->registry,
		.libraries = options->libraries,
		.home = xstrdup(options->home),
		.state_dir = xstrdup(options->state_dir),
		.expire_after_ms = options->expire_after_ms,
		.keep_previous = options->keep_previous,
		.events = *events,
		.user = user };
	TAILQ_INIT(&store->uploads);
	if (options->own_dirs != NULL) {
		strvec_copy(&store->own_dirs, options->own_dirs);
	}
	chunk_writer_init(&store->writer, options->loop);
	store->expiry = loop_timer_create(options->loop, upload_retention_on_timer, store);
	store->retry = loop_timer_create(options->loop, try_again, store);
	upload_retention_scan(store, true);
	return store;
}

/* Checkpoints running uploads and waits for everything under way. */
static void bring_to_rest(struct upload_store *store)
{
	struct upload *upload;

	store->closing = true;
	chunk_writer_drain(&store->writer);
	worker_drain(store->worker);
	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload->phase != PHASE_GONE && upload->content != NULL) {
			upload_checkpoint_queue(upload, true);
		} else {
			upload_retention_save_time(upload);
		}
	}
	worker_drain(store->worker);
}

void upload_store_destroy(struct upload_store *store)
{
	struct upload *upload;

	if (store == NULL) {
		return;
	}
	bring_to_rest(store);
	while ((upload = TAILQ_FIRST(&store->uploads)) != NULL) {
		upload_destroy(upload);
	}
	chunk_writer_finish(&store->writer);
	loop_timer_destroy(store->expiry);
	loop_timer_destroy(store->retry);
	strvec_finish(&store->told);
	for (size_t i = 0; i < UPLOAD_ENDED_COUNT; i++) {
		free(store->ended[i]);
	}
	strvec_finish(&store->own_dirs);
	free(store->state_dir);
	free(store->home);
	free(store);
}

void upload_store_set_expiry(struct upload_store *store, int64_t expire_after_ms)
{
	store->expire_after_ms = expire_after_ms;
	upload_retention_arm(store);
}

const char *upload_store_library(const struct upload_store *store)
{
	return libraries_default(store->libraries);
}

/* Those that were there before it left are known already. */
void upload_store_library_arrived(struct upload_store *store, const struct library *library)
{
	struct upload *upload, *next;

	upload_retention_scan_library(store, library, false);
	TAILQ_FOREACH_SAFE (upload, &store->uploads, link, next) {
		if (upload->phase == PHASE_UNFINISHED && upload_is_in(upload, library)) {
			upload_complete_again(upload);
		}
	}
	upload_retention_arm(store);
	upload_list_changed(store);
}

bool upload_store_follow(struct upload_store *store, const char *library, const char *from,
	const char *to, struct error *err)
{
	return upload_retention_follow(store, library, from, to, err);
}

void upload_store_library_left(struct upload_store *store, const struct library *library)
{
	struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload->phase == PHASE_RECEIVING && upload_is_in(upload, library)) {
			log_info("paused the upload of '%s': its library '%s' has gone",
				upload->head.game_name, library->place);
			upload_retention_pause(upload);
		}
	}
	upload_list_changed(store);
}

void upload_store_init(struct upload_store *store, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user)
{
	upload_begin(store, hub_id, request, done, user);
}

/* A chunk between upload_store_write() and its done(). */
struct upload_store_write {
	struct chunk_write chunk;
	struct upload *upload;
	struct staging_file *file;
	size_t index; /* of the file in the manifest */
	struct upload_write *write;
	struct error error;
	struct upload_answer answer; /* held back while the disk catches up */
};

static void answer_chunk(struct upload_write *write, int64_t total_bytes, const struct error *err)
{
	struct upload_chunk_response response = { .upload_id = write->header.upload_id,
		.bytes_written = (int64_t)(write->message.length - write->data_offset),
		.total_written = total_bytes };

	write->pending = NULL;
	write->done(write, err != NULL ? NULL : &response, err);
}

static void note_written(struct upload *upload, const struct upload_store_write *pending)
{
	struct upload_content *content = upload->content;
	int64_t start = pending->chunk.offset, end = start + (int64_t)pending->chunk.length;
	int64_t added = upload_content_add(content, pending->index, start, end);

	/* Also over bytes that were held: the disk may still have those. */
	upload_content_soil(content, pending->index, start, end);
	upload_note_activity(upload);
	transfer_rate_add(&upload->rate, loop_now_ms(), added);
	if (upload_checkpoint_is_due(content) && upload->saving == SAVING_NONE) {
		upload_checkpoint_queue(upload, false);
	}
}

static void announce_progress(struct upload *upload)
{
	struct upload_store *store = upload->store;
	struct upload_status status;

	if (store->closing || upload->phase == PHASE_GONE || store->events.progress == NULL) {
		return;
	}
	upload_fill_status(upload, &status);
	store->events.progress(store->user, &status);
}

/* The same sizes, but another build: held data is useless, and must not be mixed in. */
static void start_afresh(struct upload *upload, const char *path, struct error *err)
{
	error_set(err, ERROR_INVALID,
		"'%s' differs from what was received before: the build has changed since the upload "
		"was interrupted; start the upload again",
		path);
	if (upload->phase != PHASE_GONE) {
		log_info("'%s': %s", upload->head.game_name, err->message);
		upload_note_ended(upload);
		upload_retention_discard(upload);
	}
}

static void finish_write(struct upload_store_write *pending)
{
	struct upload *upload = pending->upload;
	bool failed = pending->error.kind != ERROR_NONE;

	answer_chunk(pending->write, upload->content->held_bytes, failed ? &pending->error : NULL);
	if (!failed) {
		announce_progress(upload);
	}
	free(pending);
	upload_write_ended(upload);
}

static void give_late_answer(struct upload_answer *answer)
{
	struct upload_store_write *pending =
		CONTAINER_OF(answer, struct upload_store_write, answer);

	pending->upload->store->late_bytes -= pending->chunk.length;
	finish_write(pending);
}

/* A Hub that waits for its answer sends nothing more. */
static void finish_write_later(struct upload_store_write *pending)
{
	pending->answer.give = give_late_answer;
	TAILQ_INSERT_TAIL(&pending->upload->late, &pending->answer, link);
	pending->upload->store->late_bytes += pending->chunk.length;
}

static void chunk_done(struct chunk_write *chunk)
{
	struct upload_store_write *pending = CONTAINER_OF(chunk, struct upload_store_write, chunk);
	struct upload *upload = pending->upload;
	const char *path = upload->content->manifest->files[pending->index].path;
	struct error *err = &pending->error;

	switch (chunk->result) {
	case CHUNK_WRITTEN:
		note_written(upload, pending);
		break;
	case CHUNK_MISMATCH:
		error_set(err, ERROR_INVALID, "checksum mismatch at %s:%" PRId64, path,
			chunk->offset);
		break;
	case CHUNK_DIFFERS:
		start_afresh(upload, path, err);
		break;
	case CHUNK_FAILED:
		if (chunk->began) {
			/* Some of it may be in the file, over what was held. */
			upload_content_drop(upload->content, pending->index, chunk->offset,
				chunk->offset + (int64_t)chunk->length);
		}
		error_set_because(err, &chunk->error, "'%s': %s", path, chunk->error.message);
		upload_explain(upload, err);
		break;
	}
	staging_files_unpin(upload->content->staging, pending->file);
	if (err->kind == ERROR_NONE && upload_is_ahead_of_disk(upload)) {
		finish_write_later(pending);
	} else {
		finish_write(pending);
	}
}

static struct upload *find_running(
	struct upload_store *store, const char *hub_id, const char *upload_id, struct error *err)
{
	struct upload *upload = upload_find(store, hub_id, upload_id);

	if (upload != NULL && upload_is_completing(upload)) {
		error_set(err, ERROR_INVALID, "the upload of '%s' is being completed",
			upload->head.game_name);
		return NULL;
	}
	if (upload == NULL || upload->content == NULL || upload->phase != PHASE_RECEIVING) {
		error_set(err, ERROR_NOT_FOUND, "no upload '%s' is in progress",
			upload_id != NULL ? upload_id : "");
		if (upload != NULL) {
			upload_explain(upload, err);
		}
		return NULL;
	}
	if (!upload_check_fault(upload, err)) {
		upload_explain(upload, err);
		return NULL;
	}
	return upload;
}

static bool check_header(const struct upload_chunk *header, struct error *err)
{
	if (header->upload_id == NULL || header->file_path == NULL) {
		return error_set(err, ERROR_INVALID, "a chunk needs '%s'",
			header->upload_id == NULL ? "uploadId" : "filePath");
	}
	return header->offset >= 0 ||
	       error_set(err, ERROR_INVALID, "offset %" PRId64 " of '%s' is negative",
		       header->offset, header->file_path);
}

static bool check_chunk(struct upload_content *content, const struct upload_chunk *header,
	int64_t length, size_t *index, struct error *err)
{
	int64_t size_bytes;

	if (!upload_content_find(content, header->file_path, index)) {
		return error_set(err, ERROR_INVALID, "'%s' is not in the manifest of this upload",
			header->file_path);
	}
	size_bytes = content->manifest->files[*index].size_bytes;
	if (header->offset > size_bytes || length > size_bytes - header->offset) {
		return error_set(err, ERROR_INVALID,
			"a chunk of %" PRId64 " bytes at offset %" PRId64
			" goes past the end of '%s', which has %" PRId64 " bytes",
			length, header->offset, header->file_path, size_bytes);
	}
	if (content->island_count >= UPLOAD_ISLAND_LIMIT &&
		header->offset > content->files[*index].ranges.prefix) {
		return error_set(err, ERROR_INVALID,
			"the chunks of this upload leave too many gaps; send '%s' from offset "
			"%" PRId64 " on",
			header->file_path, content->files[*index].ranges.prefix);
	}
	return true;
}

/* The part of the chunk that must equal what is already on the disk. */
static void set_compared(struct chunk_write *chunk, const struct upload_content_file *file)
{
	int64_t end = chunk->offset + (int64_t)chunk->length;

	chunk->same_from = file->compare_from > chunk->offset ? file->compare_from : chunk->offset;
	chunk->same_to = file->compare_to < end ? file->compare_to : end;
	if (chunk->same_from > chunk->same_to) {
		chunk->same_to = chunk->same_from;
	}
}

static void submit_chunk(
	struct upload *upload, struct upload_write *write, size_t index, struct staging_file *file)
{
	struct upload_store_write *pending = xcalloc(1, sizeof(*pending));

	pending->upload = upload;
	pending->file = file;
	pending->index = index;
	pending->write = write;
	pending->chunk = (struct chunk_write){ .fd = file->fd,
		.offset = write->header.offset,
		.data = write->message.data + write->data_offset,
		.length = write->message.length - write->data_offset,
		.file = &upload->content->files[index],
		.checksum = write->header.checksum,
		.digest_known = write->digest_known,
		.hash = upload_content_hash(upload->content, index, write->header.offset),
		.ahead = write->ahead_bytes,
		.pipelined = write->pipelined,
		.done = chunk_done };
	memcpy(pending->chunk.digest, write->digest, sizeof(write->digest));
	set_compared(&pending->chunk, &upload->content->files[index]);
	write->pending = pending;
	upload_write_began(upload);
	chunk_writer_submit(&upload->store->writer, &pending->chunk);
}

void upload_store_write(struct upload_store *store, const char *hub_id, struct upload_write *write)
{
	struct error err = { 0 };
	struct upload *upload = check_header(&write->header, &err)
					? find_running(store, hub_id, write->header.upload_id, &err)
					: NULL;
	struct upload_content *content = upload != NULL ? upload->content : NULL;
	size_t length = write->message.length - write->data_offset;
	const struct upload_manifest_file *announced;
	struct staging_file *file;
	size_t index;

	if (content == NULL ||
		!check_chunk(content, &write->header, (int64_t)length, &index, &err)) {
		answer_chunk(write, 0, &err);
		return;
	}
	announced = &content->manifest->files[index];
	if (length == 0) {
		answer_chunk(write, content->held_bytes, NULL);
		return;
	}
	/* The Hub sends what it did not have to: then that is what will be installed. */
	upload_content_set_unchanged(content, index, false);
	file = staging_files_pin(content->staging, index, announced->path,
		(int64_t)length < announced->size_bytes, &err);
	if (file == NULL) {
		upload_explain(upload, &err);
		answer_chunk(write, 0, &err);
		return;
	}
	content->last_file = index;
	submit_chunk(upload, write, index, file);
}

/* Is no byte of the file from offset on held or to be compared? */
static bool is_blank_from(const struct upload_content_file *file, int64_t offset)
{
	return !file->unchanged && offset >= byte_ranges_end(&file->ranges) &&
	       offset >= file->compare_to;
}

size_t upload_store_write_ahead(struct upload_store *store, const char *hub_id,
	const struct upload_chunk *header, const char *data, size_t length, size_t ahead_bytes)
{
	struct upload *upload = upload_find(store, hub_id, header->upload_id);
	struct chunk_writer *writer = &store->writer;
	struct upload_content *content;
	struct staging_file *file;
	struct error err = { 0 };
	size_t index;

	if (upload == NULL || upload->content == NULL || upload->phase != PHASE_RECEIVING ||
		!chunk_writer_is_inline(writer)) {
		return ahead_bytes;
	}
	content = upload->content;
	if (!check_header(header, &err) ||
		!check_chunk(content, header, (int64_t)length, &index, &err) ||
		!is_blank_from(&content->files[index], header->offset)) {
		return ahead_bytes;
	}
	file = staging_files_pin(
		content->staging, index, content->manifest->files[index].path, true, &err);
	if (file == NULL) {
		return ahead_bytes;
	}
	ahead_bytes =
		chunk_writer_ahead(writer, file->fd, header->offset, data, length, ahead_bytes);
	staging_files_unpin(content->staging, file);
	return ahead_bytes;
}

size_t upload_store_in_flight_bytes(const struct upload_store *store)
{
	return store->writer.in_flight_bytes + store->late_bytes;
}

bool upload_store_wants_digest(const struct upload_store *store)
{
	return chunk_writer_is_inline(&store->writer);
}

const struct upload_manifest *upload_store_manifest(
	struct upload_store *store, const char *hub_id, const char *upload_id)
{
	const struct upload *upload = upload_find(store, hub_id, upload_id);

	return upload != NULL && upload->content != NULL ? upload->content->manifest : NULL;
}

bool upload_store_executable(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *text, char **path, const char **arguments, struct error *err)
{
	const struct upload *upload = upload_find(store, hub_id, upload_id);
	size_t length;

	if (upload == NULL || upload->content == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "no upload '%s' is in progress",
			upload_id != NULL ? upload_id : "");
	}
	length = strlen(upload->head.dir);
	if (strncmp(text, upload->head.dir, length) == 0 && text[length] == '/') {
		text += length + 1;
	}
	return upload_manifest_executable(upload->content->manifest, text, path, arguments, err);
}

void upload_store_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *executable, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	upload_complete(store, hub_id, upload_id, executable, pending, done, user);
}

bool upload_store_cancel(
	struct upload_store *store, const char *hub_id, const char *upload_id, struct error *err)
{
	struct upload *upload = upload_find(store, hub_id, upload_id);

	if (upload == NULL) {
		return upload_has_ended(store, hub_id, upload_id != NULL ? upload_id : "") ||
		       error_set(err, ERROR_NOT_FOUND, "there is no upload '%s'",
			       upload_id != NULL ? upload_id : "");
	}
	if (!upload_is_completing(upload) && !upload->cancelled) {
		upload->cancelled = true;
		upload_retention_pause(upload);
	}
	return true;
}

void upload_store_hub_gone(struct upload_store *store, const char *hub_id)
{
	struct upload *upload;

	upload_begin_hub_gone(store, hub_id);
	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (!upload_is_listed(upload) || strcmp(upload->head.hub_id, hub_id) != 0) {
			continue;
		}
		if (upload_is_completing(upload)) {
			upload->hub_gone = true;
		} else if (upload->phase == PHASE_RECEIVING) {
			upload_retention_pause(upload);
		}
	}
}

bool upload_store_discard(struct upload_store *store, const char *upload_id, struct error *err)
{
	struct upload *upload = upload_find(store, NULL, upload_id);

	if (upload == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "there is no upload '%s'",
			upload_id != NULL ? upload_id : "");
	}
	if (upload_is_completing(upload)) {
		error_set(err, ERROR_CONFLICT,
			"'%s' is being moved into place and can no longer be stopped",
			upload->head.game_name);
		return error_explain(err, "being_installed", "name", upload->head.game_name, NULL);
	}
	/* What was answered must be true after a restart too. */
	if (!libraries_check(store->libraries, upload->root, upload->library, err) ||
		!upload_staging_disown(
			upload->root, upload->library, upload->head.upload_id, err)) {
		return false;
	}
	upload_note_ended(upload);
	upload_retention_discard(upload);
	return true;
}

void upload_store_rollback(struct upload_store *store,
	const struct upload_rollback_options *options,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user)
{
	upload_rollback_start(store, options, done, user);
}

bool upload_store_is_complete(const struct upload_store *store)
{
	for (size_t i = 0; i < libraries_count(store->libraries); i++) {
		enum library_presence presence = libraries_at(store->libraries, i)->presence;

		if (presence == LIBRARY_AWAY || presence == LIBRARY_UNREADABLE) {
			return false;
		}
	}
	return !store->unread;
}

void upload_store_forget_library(struct upload_store *store, const char *library)
{
	struct upload *upload, *next;

	TAILQ_FOREACH_SAFE (upload, &store->uploads, link, next) {
		if (upload->phase == PHASE_PAUSED && strcmp(upload->library, library) == 0) {
			upload_note_ended(upload);
			upload_retention_discard(upload); /* finds nothing that it may remove */
		}
	}
}

void upload_store_each(struct upload_store *store,
	void (*visit)(void *user, const struct upload_status *status), void *user)
{
	struct upload *upload;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		struct upload_status status;

		if (upload_is_listed(upload)) {
			upload_fill_status(upload, &status);
			visit(user, &status);
		}
	}
}

static bool matches_filter(const struct upload *upload, const struct upload_filter *filter)
{
	return upload_is_listed(upload) && upload->phase != PHASE_PAUSED &&
	       !(filter->receiving && upload_is_completing(upload)) &&
	       (filter->hub_id == NULL || strcmp(filter->hub_id, upload->head.hub_id) == 0) &&
	       (filter->upload_id == NULL ||
		       strcmp(filter->upload_id, upload->head.upload_id) == 0) &&
	       (filter->dir == NULL || strcmp(filter->dir, upload->head.dir) == 0);
}

bool upload_store_find(const struct upload_store *store, const struct upload_filter *filter,
	struct upload_status *status)
{
	const struct upload *upload, *found = NULL;

	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (matches_filter(upload, filter) &&
			(found == NULL || upload->updated_at_ms >= found->updated_at_ms)) {
			found = upload;
		}
	}
	if (found == NULL) {
		return false;
	}
	upload_fill_status(found, status);
	return true;
}
