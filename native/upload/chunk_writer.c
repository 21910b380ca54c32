#include "upload/chunk_writer.h"

#include "core/cleanup.h"
#include "core/list.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMPARE_BYTES (64 * 1024)

void chunk_writer_init(struct chunk_writer *writer, struct loop *loop)
{
	*writer = (struct chunk_writer){ .thread = worker_create(loop, 1) };
}

void chunk_writer_finish(struct chunk_writer *writer)
{
	worker_destroy(TAKE_PTR(writer->thread));
}

void chunk_writer_drain(struct chunk_writer *writer)
{
	worker_drain(writer->thread);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static bool checksum_holds(struct chunk_write *write)
{
	char hex[SHA256_HEX_BYTES];

	if (write->checksum == NULL) {
		return true;
	}
	if (write->digest_known) {
		sha256_to_hex(write->digest, hex);
	} else {
		sha256_of(write->data, write->length, hex);
	}
	return strcmp(hex, write->checksum) == 0;
}

/* Reads back what the file holds; a missing byte counts as different. */
static enum chunk_result compare_with_held(struct chunk_write *write)
{
	char held[COMPARE_BYTES];
	int64_t at = write->same_from;

	while (at < write->same_to) {
		size_t want =
			write->same_to - at < COMPARE_BYTES ? write->same_to - at : COMPARE_BYTES;
		ssize_t count = pread(write->fd, held, want, at);

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count < 0) {
			error_set_errno(
				&write->error, "cannot compare it with what was received before");
			return CHUNK_FAILED;
		}
		if (count == 0 ||
			memcmp(held, write->data + (at - write->offset), (size_t)count) != 0) {
			return CHUNK_DIFFERS;
		}
		at += count;
	}
	return CHUNK_WRITTEN;
}

static bool write_data(struct chunk_write *write)
{
	size_t written = write->ahead;

	while (written < write->length) {
		ssize_t count = pwrite(write->fd, write->data + written, write->length - written,
			write->offset + (int64_t)written);

		if (count == 0) {
			errno = EIO; /* or it would be tried for ever */
		}
		if (count == 0 || (count < 0 && errno != EINTR)) {
			return error_set_errno(&write->error,
				"cannot write %zu bytes at offset %" PRId64, write->length,
				write->offset);
		}
		written += count > 0 ? (size_t)count : 0;
	}
	return true;
}

static void break_hash(struct chunk_hash *hash)
{
	if (hash != NULL) {
		sha256_destroy(TAKE_PTR(hash->sha256));
		hash->done = false;
		hash->broken = true;
	}
}

static void hash_data(struct chunk_hash *hash, const struct chunk_write *write)
{
	if (hash == NULL || hash->broken) {
		return;
	}
	if (write->offset != hash->next || hash->done) {
		break_hash(hash);
		return;
	}
	if (hash->sha256 == NULL) {
		hash->sha256 = sha256_create();
	}
	sha256_update(hash->sha256, write->data, write->length);
	hash->next += (int64_t)write->length;
	if (hash->next == hash->size_bytes) {
		sha256_digest(hash->sha256, hash->digest);
		sha256_destroy(TAKE_PTR(hash->sha256));
		hash->done = true;
	}
}

void chunk_hash_finish(struct chunk_hash *hash)
{
	sha256_destroy(hash->sha256);
	*hash = (struct chunk_hash){ 0 };
}

/* The work itself, on either thread. */
static void carry_out(struct chunk_write *write)
{
	int64_t start_us;

	write->write_us = 0;
	if (!checksum_holds(write)) {
		write->result = CHUNK_MISMATCH;
		return;
	}
	write->result = compare_with_held(write);
	if (write->result != CHUNK_WRITTEN) {
		return;
	}
	start_us = now_us();
	write->began = true;
	write->result = write_data(write) ? CHUNK_WRITTEN : CHUNK_FAILED;
	write->write_us = now_us() - start_us;
	if (write->result == CHUNK_WRITTEN) {
		hash_data(write->hash, write);
	} else {
		break_hash(write->hash);
	}
}

static void run_chunk_job(struct worker_job *job)
{
	carry_out(CONTAINER_OF(job, struct chunk_write, job));
}

static void chunk_job_done(struct worker_job *job)
{
	struct chunk_write *write = CONTAINER_OF(job, struct chunk_write, job);
	struct chunk_writer *writer = write->writer;

	writer->in_flight_bytes -= write->length;
	writer->slow = write->write_us > CHUNK_WRITER_SLOW_US;
	write->done(write);
}

size_t chunk_writer_ahead(struct chunk_writer *writer, int fd, int64_t offset, const char *data,
	size_t length, size_t done)
{
	/* Whole steps: a call for each segment received would cost more than it gains. */
	size_t whole = length / CHUNK_WRITER_AHEAD_BYTES * CHUNK_WRITER_AHEAD_BYTES;
	int64_t start_us = now_us();

	while (done < whole) {
		ssize_t count = pwrite(fd, data + done, whole - done, offset + (int64_t)done);

		if (count <= 0) {
			break;
		}
		done += (size_t)count;
	}
	writer->slow = now_us() - start_us > CHUNK_WRITER_SLOW_US;
	return done;
}

bool chunk_writer_is_inline(const struct chunk_writer *writer)
{
	return !writer->pipelined && !writer->slow && worker_queued_count(writer->thread) == 0;
}

void chunk_writer_submit(struct chunk_writer *writer, struct chunk_write *write)
{
	bool large = write->length >= CHUNK_WRITER_LARGE_BYTES;

	if (large) {
		writer->pipelined = write->pipelined;
	}
	if (!(large && write->pipelined) && !writer->slow &&
		worker_queued_count(writer->thread) == 0) {
		carry_out(write);
		writer->slow = write->write_us > CHUNK_WRITER_SLOW_US;
		write->done(write);
		return;
	}
	write->writer = writer;
	write->job = (struct worker_job){ .run = run_chunk_job, .done = chunk_job_done };
	writer->in_flight_bytes += write->length;
	worker_submit(writer->thread, &write->job);
}
