#include "push/manifest_hasher.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/sha256.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "push/hash_cache.h"
#include "push/push_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)
#define PROGRESS_PERIOD_MS 100
/* Enough that no thread waits for the loop to give it the next small file. */
#define JOBS_MAX 32

struct hash_job {
	struct worker_job job;
	struct manifest_hasher *hasher;
	struct push_file *file; /* only its sha256 is written, by done() */
	int64_t begun_ns;
	char sha256[SHA256_HEX_BYTES];
	struct error err;
};

struct manifest_hasher {
	struct worker *worker;
	struct push_manifest *manifest;
	struct hash_cache *cache;
	const struct manifest_hasher_events *events;
	void *user;
	struct loop_timer *timer;
	size_t next_file;
	size_t jobs_count;
	int64_t bytes_total;
	atomic_int_fast64_t bytes_done; /* written by the threads */
	atomic_bool is_cancelled;	/* read by them */
	const char *path;		/* of the file started last; NULL: none yet */
	bool is_over;
	bool is_destroyed;
};

static int64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool hash_fd(struct hash_job *hash, int fd, struct error *err)
{
	struct sha256 *sha256 = sha256_create();
	char *buffer = xrealloc(NULL, 1, READ_BYTES);
	bool is_read = false;

	while (!atomic_load(&hash->hasher->is_cancelled)) {
		ssize_t got = read(fd, buffer, READ_BYTES);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			error_set_errno(err, "cannot read '%s'", hash->file->path);
			break;
		}
		if (got == 0) {
			is_read = true;
			break;
		}
		sha256_update(sha256, buffer, (size_t)got);
		atomic_fetch_add(&hash->hasher->bytes_done, got);
	}
	sha256_hex(sha256, hash->sha256);
	sha256_destroy(sha256);
	free(buffer);
	return is_read;
}

static void hash_file(struct worker_job *job)
{
	struct hash_job *hash = CONTAINER_OF(job, struct hash_job, job);
	AUTO(close_fd) int fd = -1;

	hash->begun_ns = wall_clock_ns();
	fd = push_manifest_open(hash->hasher->manifest->root_fd, hash->file, &hash->err);
	if (fd < 0) {
		return;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (hash_fd(hash, fd, &hash->err)) {
		push_manifest_verify(fd, hash->file, &hash->err);
	}
}

static void free_hasher(struct manifest_hasher *hasher)
{
	loop_timer_destroy(hasher->timer);
	free(hasher);
}

static void finish_hashing(struct manifest_hasher *hasher, const struct error *err)
{
	if (!hasher->is_over) {
		hasher->is_over = true;
		atomic_store(&hasher->is_cancelled, true);
		loop_timer_stop(hasher->timer);
		hasher->events->finished(hasher->user, err);
	}
}

static void start_jobs(struct manifest_hasher *hasher);

static void hash_done(struct worker_job *job)
{
	struct hash_job *hash = CONTAINER_OF(job, struct hash_job, job);
	struct manifest_hasher *hasher = hash->hasher;

	hasher->jobs_count--;
	if (hasher->is_destroyed) {
		if (hasher->jobs_count == 0) {
			free_hasher(hasher);
		}
	} else if (hash->err.kind != ERROR_NONE) {
		finish_hashing(hasher, &hash->err);
	} else if (!hasher->is_over) {
		memcpy(hash->file->sha256, hash->sha256, sizeof(hash->file->sha256));
		if (hasher->cache != NULL) {
			hash_cache_put(
				hasher->cache, &hash->file->stamp, hash->sha256, hash->begun_ns);
		}
		start_jobs(hasher);
	}
	free(hash);
}

static void start_jobs(struct manifest_hasher *hasher)
{
	struct push_manifest *manifest = hasher->manifest;

	for (; hasher->next_file < manifest->files_count && hasher->jobs_count < JOBS_MAX;
		hasher->next_file++) {
		struct push_file *file = &manifest->files[hasher->next_file];
		struct hash_job *hash;

		if (file->sha256[0] != '\0') {
			continue;
		}
		hash = xcalloc(1, sizeof(*hash));
		hash->job.run = hash_file;
		hash->job.done = hash_done;
		hash->hasher = hasher;
		hash->file = file;
		hasher->path = file->path;
		hasher->jobs_count++;
		worker_submit(hasher->worker, &hash->job);
	}
	if (hasher->jobs_count == 0) {
		finish_hashing(hasher, NULL);
	}
}

static void on_timer(void *user)
{
	struct manifest_hasher *hasher = user;

	loop_timer_set(hasher->timer, PROGRESS_PERIOD_MS);
	if (hasher->path == NULL) {
		hasher->path = "";
		start_jobs(hasher); /* which may already finish everything */
	} else {
		hasher->events->progress(hasher->user, atomic_load(&hasher->bytes_done),
			hasher->bytes_total, hasher->path);
	}
}

/* Files in the cache need not be read. */
static void take_cached(struct manifest_hasher *hasher)
{
	struct push_manifest *manifest = hasher->manifest;

	for (size_t i = 0; i < manifest->files_count; i++) {
		struct push_file *file = &manifest->files[i];
		const char *known =
			hasher->cache != NULL ? hash_cache_get(hasher->cache, &file->stamp) : NULL;

		if (known != NULL) {
			memcpy(file->sha256, known, sizeof(file->sha256));
		} else {
			hasher->bytes_total += file->stamp.size;
		}
	}
}

struct manifest_hasher *manifest_hasher_create(struct loop *loop, struct worker *worker,
	struct push_manifest *manifest, struct hash_cache *cache,
	const struct manifest_hasher_events *events, void *user)
{
	struct manifest_hasher *hasher = xcalloc(1, sizeof(*hasher));

	hasher->worker = worker;
	hasher->manifest = manifest;
	hasher->cache = cache;
	hasher->events = events;
	hasher->user = user;
	hasher->timer = loop_timer_create(loop, on_timer, hasher);
	take_cached(hasher);
	loop_timer_set(hasher->timer, 0);
	return hasher;
}

void manifest_hasher_destroy(struct manifest_hasher *hasher)
{
	if (hasher == NULL) {
		return;
	}
	hasher->is_over = true;
	hasher->is_destroyed = true;
	atomic_store(&hasher->is_cancelled, true);
	loop_timer_stop(hasher->timer);
	if (hasher->jobs_count == 0) {
		free_hasher(hasher);
	}
}
