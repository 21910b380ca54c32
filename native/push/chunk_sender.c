#include "push/chunk_sender.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "proto/proto_envelope.h"
#include "proto/proto_upload.h"
#include "push/agent_client.h"
#include "push/push_manifest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define SEND_TRIES 3
#define SMALL_FILE_SHARE 8
/* Chunks read ahead of sending, so that the link never waits for the disk. */
#define READ_AHEAD_CHUNKS 2
/* Beyond this chunks wait here: what is in the socket's queue delays everything else. */
#define QUEUED_CHUNKS 2

#define CHUNK_ID_BYTES 24

enum chunk_state { CHUNK_READING, CHUNK_READY, CHUNK_SENT };

struct chunk {
	struct worker_job job;
	struct chunk_sender *sender;
	TAILQ_ENTRY(chunk) link;
	enum chunk_state state;
	unsigned tries;
	char id[CHUNK_ID_BYTES];
	const struct push_file *file;
	int64_t offset;
	size_t length;
	int root_fd;
	char *upload_id;
	struct strbuf message;
	struct error err; /* of reading */
};

struct chunk_sender {
	struct chunk_sender_options options;
	const struct chunk_sender_events *events;
	void *user;
	char *upload_id;
	int64_t *held; /* per file of the manifest: how many of its first bytes the Agent holds */
	int64_t held_bytes;
	size_t next_file;
	int64_t next_offset; /* −1: the next file has not been started */
	uint64_t last_id;
	TAILQ_HEAD(, chunk) chunks; /* all of them, oldest first */
	int64_t weight_started;	    /* of all chunks … */
	int64_t weight_sent;	    /* … and of those waiting for their acknowledgement */
	size_t reading_count;
	bool is_over;	   /* finished or failed was called */
	bool is_destroyed; /* waiting for the last read to end */
};

static const struct agent_call chunk_call = {
	.type = "upload_chunk",
	.reply_type = "upload_chunk_response",
};

static void read_chunk(struct worker_job *job);
static void chunk_read(struct worker_job *job);

static void free_chunk(struct chunk *chunk)
{
	strbuf_finish(&chunk->message);
	free(chunk->upload_id);
	free(chunk);
}

static int64_t weight_of(const struct chunk_sender *sender, const struct chunk *chunk)
{
	int64_t whole = sender->options.chunk_size_bytes;
	int64_t least = sender->options.in_flight_count > 1 ? whole / SMALL_FILE_SHARE : whole;

	return (int64_t)chunk->length > least ? (int64_t)chunk->length : least;
}

static void fail_sending(struct chunk_sender *sender, const struct error *err)
{
	if (!sender->is_over) {
		sender->is_over = true;
		sender->events->failed(sender->user, err);
	}
}

/* On a worker's thread: header, data and checksum in one buffer, without copying. */
static bool fill_message(struct chunk *chunk, int fd, struct error *err)
{
	char checksum[SHA256_HEX_BYTES] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	const struct upload_chunk header = {
		.id = chunk->id,
		.upload_id = chunk->upload_id,
		.file_path = chunk->file->path,
		.offset = chunk->offset,
		.checksum = checksum,
	};
	AUTO(strbuf_finish) struct strbuf final = { 0 };
	size_t header_length;
	char *data;
	size_t filled = 0;

	strbuf_reset(&chunk->message);
	chunk_frame_write(&chunk->message, &header);
	header_length = chunk->message.length;
	strbuf_reserve(&chunk->message, header_length + chunk->length);
	data = strbuf_extend(&chunk->message, chunk->length);
	while (filled < chunk->length) {
		ssize_t got = pread(
			fd, data + filled, chunk->length - filled, chunk->offset + (int64_t)filled);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set_errno(err, "cannot read '%s'", chunk->file->path);
		}
		if (got == 0) {
			break; /* the file got shorter: the check below reports it */
		}
		filled += (size_t)got;
	}
	if (!push_manifest_verify(fd, chunk->file, err)) {
		return false;
	}
	sha256_of(data, chunk->length, checksum);
	chunk_frame_write(&final, &header);
	assert(final.length == header_length);
	memcpy(chunk->message.data, final.data, header_length);
	return true;
}

static void read_chunk(struct worker_job *job)
{
	struct chunk *chunk = CONTAINER_OF(job, struct chunk, job);
	AUTO(close_fd) int fd = push_manifest_open(chunk->root_fd, chunk->file, &chunk->err);

	if (fd < 0) {
		return;
	}
	/* The next chunk opens the file again, which would lose the kernel's own read-ahead. */
	posix_fadvise(fd, chunk->offset, (off_t)chunk->length * 4, POSIX_FADV_WILLNEED);
	fill_message(chunk, fd, &chunk->err);
}

static void free_sender(struct chunk_sender *sender)
{
	free(sender->held);
	free(sender->upload_id);
	free(sender);
}

static void chunk_read(struct worker_job *job)
{
	struct chunk *chunk = CONTAINER_OF(job, struct chunk, job);
	struct chunk_sender *sender = chunk->sender;

	sender->reading_count--;
	if (sender->is_destroyed) {
		free_chunk(chunk);
		if (sender->reading_count == 0) {
			free_sender(sender);
		}
		return;
	}
	chunk->state = CHUNK_READY;
	if (chunk->err.kind != ERROR_NONE) {
		fail_sending(sender, &chunk->err);
		return;
	}
	chunk_sender_pump(sender);
}

static void start_reading(struct chunk_sender *sender, struct chunk *chunk)
{
	chunk->state = CHUNK_READING;
	chunk->tries++;
	chunk->err = (struct error){ 0 };
	snprintf(chunk->id, sizeof(chunk->id), "chunk-%" PRIu64, ++sender->last_id);
	sender->reading_count++;
	worker_submit(sender->options.worker, &chunk->job);
}

/* Did the Agent store the whole chunk? If it names the upload and the bytes, they must be right. */
static bool check_stored(const struct chunk *chunk, const struct envelope *reply, struct error *err)
{
	struct upload_chunk_response stored = { 0 };
	bool is_whole = false;

	if (json_read(&stored, upload_chunk_response_fields, reply->payload, err)) {
		is_whole = strcmp(stored.upload_id, chunk->upload_id) == 0 &&
			   stored.bytes_written == (int64_t)chunk->length;
		if (!is_whole) {
			error_set(err, ERROR_INVALID,
				"the Agent acknowledged %" PRId64
				" bytes of upload '%s' for the %zu bytes of '%s' that it got",
				stored.bytes_written, stored.upload_id, chunk->length,
				chunk->file->path);
		}
	}
	json_finish(&stored, upload_chunk_response_fields);
	return is_whole;
}

static void acknowledge(struct chunk_sender *sender, struct chunk *chunk)
{
	sender->weight_started -= weight_of(sender, chunk);
	TAILQ_REMOVE(&sender->chunks, chunk, link);
	sender->events->acknowledged(sender->user,
		(size_t)(chunk->file - sender->options.manifest->files), (int64_t)chunk->length);
	free_chunk(chunk);
	chunk_sender_pump(sender);
}

static void on_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct chunk *chunk = user;
	struct chunk_sender *sender = chunk->sender;
	struct error strange = { 0 };

	if (sender->is_over) {
		return; /* after a failure; destroy frees the chunk */
	}
	sender->weight_sent -= weight_of(sender, chunk);
	if (err != NULL && err->kind == ERROR_INVALID && chunk->tries < SEND_TRIES) {
		/*
		 * Header or data was damaged in transit; if the chunk itself is wrong it fails
		 * again.
		 */
		start_reading(sender, chunk);
	} else if (err != NULL) {
		fail_sending(sender, err);
	} else if (!check_stored(chunk, reply, &strange)) {
		fail_sending(sender, &strange);
	} else {
		acknowledge(sender, chunk);
	}
}

static bool has_room(const struct chunk_sender *sender, int64_t used, int64_t extra_chunks)
{
	int64_t limit = sender->options.in_flight_count + extra_chunks;

	return used + sender->options.chunk_size_bytes <= limit * sender->options.chunk_size_bytes;
}

/* The next run of bytes to send; false: none is left. */
static bool next_run(struct chunk_sender *sender, const struct push_file **file, int64_t *offset)
{
	const struct push_manifest *manifest = sender->options.manifest;

	for (; sender->next_file < manifest->files_count; sender->next_file++) {
		*file = &manifest->files[sender->next_file];
		if (sender->next_offset < 0) {
			sender->next_offset = sender->held[sender->next_file];
		}
		if (sender->next_offset < (*file)->stamp.size) {
			*offset = sender->next_offset;
			return true;
		}
		sender->next_offset = -1;
	}
	return false;
}

static void read_ahead(struct chunk_sender *sender)
{
	while (has_room(sender, sender->weight_started, READ_AHEAD_CHUNKS)) {
		const struct push_file *file;
		struct chunk *chunk;
		int64_t offset;
		int64_t length;

		if (!next_run(sender, &file, &offset)) {
			return;
		}
		length = file->stamp.size - offset;
		if (length > sender->options.chunk_size_bytes) {
			length = sender->options.chunk_size_bytes;
		}
		sender->next_offset += length;
		chunk = xcalloc(1, sizeof(*chunk));
		chunk->job.run = read_chunk;
		chunk->job.done = chunk_read;
		chunk->sender = sender;
		chunk->file = file;
		chunk->offset = offset;
		chunk->length = (size_t)length;
		chunk->root_fd = sender->options.manifest->root_fd;
		chunk->upload_id = xstrdup(sender->upload_id);
		TAILQ_INSERT_TAIL(&sender->chunks, chunk, link);
		sender->weight_started += weight_of(sender, chunk);
		start_reading(sender, chunk);
	}
}

static struct chunk *first_ready(const struct chunk_sender *sender)
{
	struct chunk *chunk;

	TAILQ_FOREACH (chunk, &sender->chunks, link) {
		if (chunk->state == CHUNK_READY) {
			return chunk;
		}
	}
	return NULL;
}

static void send_ready(struct chunk_sender *sender)
{
	size_t queue_limit = QUEUED_CHUNKS * (size_t)sender->options.chunk_size_bytes;
	struct agent_client *client = sender->options.client;
	struct chunk *chunk;

	while (has_room(sender, sender->weight_sent, 0) &&
		agent_client_queued_bytes(client) < queue_limit &&
		(chunk = first_ready(sender)) != NULL) {
		chunk->state = CHUNK_SENT;
		sender->weight_sent += weight_of(sender, chunk);
		agent_client_request_binary_take(
			client, &chunk_call, chunk->id, &chunk->message, on_reply, chunk);
	}
}

void chunk_sender_pump(struct chunk_sender *sender)
{
	if (sender->is_over) {
		return;
	}
	read_ahead(sender);
	send_ready(sender);
	if (TAILQ_EMPTY(&sender->chunks)) {
		sender->is_over = true;
		sender->events->finished(sender->user);
	}
}

static void take_held(struct chunk_sender *sender, const struct json_map *resume_from)
{
	const struct push_manifest *manifest = sender->options.manifest;

	sender->held = xcalloc(manifest->files_count, sizeof(*sender->held));
	for (size_t i = 0; i < resume_from->count; i++) {
		const struct push_file *file =
			push_manifest_find(manifest, resume_from->items[i].key);
		int64_t bytes = resume_from->items[i].value;

		/* Larger than the file or negative is invalid: send all of it. */
		if (file != NULL && bytes >= 0 && bytes <= file->stamp.size) {
			int64_t *held = &sender->held[file - manifest->files];

			sender->held_bytes += bytes - *held; /* it may be named twice */
			*held = bytes;
		}
	}
}

struct chunk_sender *chunk_sender_create(const struct chunk_sender_options *options,
	const struct chunk_sender_events *events, void *user)
{
	struct chunk_sender *sender = xcalloc(1, sizeof(*sender));

	sender->options = *options;
	sender->events = events;
	sender->user = user;
	sender->upload_id = xstrdup(options->upload_id);
	sender->options.upload_id = sender->upload_id;
	sender->next_offset = -1;
	TAILQ_INIT(&sender->chunks);
	take_held(sender, options->resume_from);
	sender->options.resume_from = NULL;
	return sender;
}

void chunk_sender_destroy(struct chunk_sender *sender)
{
	struct chunk *chunk;
	struct chunk *next;

	if (sender == NULL) {
		return;
	}
	for (chunk = TAILQ_FIRST(&sender->chunks); chunk != NULL; chunk = next) {
		next = TAILQ_NEXT(chunk, link);
		TAILQ_REMOVE(&sender->chunks, chunk, link);
		if (chunk->state != CHUNK_READING) {
			free_chunk(chunk);
		}
	}
	sender->is_over = true;
	sender->is_destroyed = true;
	if (sender->reading_count == 0) {
		free_sender(sender);
	}
}

int64_t chunk_sender_held_bytes(const struct chunk_sender *sender)
{
	return sender->held_bytes;
}
