#pragma once

#include "core/error.h"
#include "core/sha256.h"
#include "core/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes chunks to disk after comparing their checksums. On the loop while that is fastest: a
 * sender that waits for each answer gains nothing from a thread. On the writer's own thread when
 * more input is waiting and the chunk is large, or when the disk has become slow. The thread works
 * in the order of submission, and nothing overtakes it; more threads would only wait for one
 * another, since a file takes one write at a time. Source: design.md §2.3.
 */
enum chunk_result {
	CHUNK_WRITTEN,
	CHUNK_MISMATCH, /* the checksum is not that of the data; nothing was written */
	CHUNK_DIFFERS,	/* from bytes that the file already holds; nothing was written */
	CHUNK_FAILED,	/* error says why: NO_SPACE, IO */
};

/*
 * The SHA-256 of a file whose chunks are written in their order; of any other it is not known.
 * Zeroed but for size_bytes at first; nobody else's while a chunk of the file is being written.
 */
struct chunk_hash {
	int64_t size_bytes; /* of the file */
	int64_t next;	    /* hashed up to there */
	struct sha256 *sha256;
	bool done; /* digest is the file's */
	bool broken;
	unsigned char digest[SHA256_BYTES];
};

/* Filled and owned by the caller, untouched by it until done(). */
struct chunk_write {
	int fd; /* read and write; borrowed */
	int64_t offset;
	const char *data; /* borrowed */
	size_t length;
	const void *file;     /* the same for all chunks of one file */
	const char *checksum; /* 64 hex digits that the data must have, or NULL; borrowed */
	bool digest_known;    /* digest is the data's */
	unsigned char digest[SHA256_BYTES];
	size_t ahead;		 /* bytes of data already in the file: chunk_writer_ahead() */
	bool pipelined;		 /* more input is waiting */
	struct chunk_hash *hash; /* of the file; NULL: none is wanted; borrowed */
	/* Bytes of the file within the chunk that must equal the chunk's; or from == to. */
	int64_t same_from;
	int64_t same_to;
	void (*done)(struct chunk_write *write); /* may free it */

	enum chunk_result result;
	bool began; /* some of it may have been written */
	struct error error;

	/* The writer's own. */
	struct worker_job job;
	struct chunk_writer *writer;
	int64_t write_us;
};

struct chunk_writer {
	struct worker *thread;
	size_t in_flight_bytes; /* on the thread */
	bool slow;		/* the last write took more than CHUNK_WRITER_SLOW_US */
	bool pipelined;		/* the last large chunk was */
};

#define CHUNK_WRITER_SLOW_US 2000
#define CHUNK_WRITER_LARGE_BYTES (64 * 1024)
#define CHUNK_WRITER_AHEAD_BYTES (128 * 1024)

void chunk_hash_finish(struct chunk_hash *hash);

void chunk_writer_init(struct chunk_writer *writer, struct loop *loop);
void chunk_writer_finish(struct chunk_writer *writer); /* after the last done() */
/* Waits until done() was called for everything. */
void chunk_writer_drain(struct chunk_writer *writer);
/* Calls done() exactly once, perhaps before it returns. */
void chunk_writer_submit(struct chunk_writer *writer, struct chunk_write *write);
/*
 * The start of a chunk that is still arriving, while chunk_writer_is_inline(): writes what has
 * arrived, in steps of CHUNK_WRITER_AHEAD_BYTES, so that little is left to do after the last byte.
 * done: bytes of data already in the file. Returns the new number. The checksum has not been
 * compared: use it only for bytes of the file that are not held yet. Errors are reported when the
 * whole chunk is submitted.
 */
size_t chunk_writer_ahead(struct chunk_writer *writer, int fd, int64_t offset, const char *data,
	size_t length, size_t done);
/* Would a chunk be written on the loop now? Then hashing it while it arrives pays. */
bool chunk_writer_is_inline(const struct chunk_writer *writer);
