#pragma once

#include <stdint.h>

struct error;
struct hash_cache;
struct loop;
struct manifest_hasher;
struct push_manifest;
struct worker;

/*
 * Fills in the SHA-256 of every file of a manifest: from the cache where the file has not been
 * touched since, by reading it on the worker's threads otherwise.
 */
struct manifest_hasher_events {
	/* A few times a second. bytes_total: what must be read, without cached files. */
	void (*progress)(void *user, int64_t bytes_done, int64_t bytes_total, const char *path);
	/* Called once, never from within create. err: NULL, or INVALID (a file changed), IO. */
	void (*finished)(void *user, const struct error *err);
};

/* All borrowed; manifest must outlive the worker. cache may be NULL. */
struct manifest_hasher *manifest_hasher_create(struct loop *loop, struct worker *worker,
	struct push_manifest *manifest, struct hash_cache *cache,
	const struct manifest_hasher_events *events, void *user);
/* Makes no further call and stops reading soon. NULL is fine. */
void manifest_hasher_destroy(struct manifest_hasher *hasher);
