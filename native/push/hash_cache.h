#pragma once

#include "push/file_stamp.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct hash_cache;

/*
 * SHA-256 digests of files already read, kept between runs and looked up by file system metadata
 * (device, inode, size, both times), so that the twentieth push of the day reads only what was
 * rebuilt.
 *
 * The file: "capydeck-hashes 1", then one line per entry: device inode size mtime_ns ctime_ns day
 * sha256, in decimal and hex. It is a cache: an unreadable one counts as empty, and entries unused
 * for 90 days are dropped.
 */
#define HASH_CACHE_DAYS 90

/* path: copied; need not exist. Never fails. */
struct hash_cache *hash_cache_create(const char *path);
void hash_cache_destroy(struct hash_cache *cache); /* NULL is fine; saves nothing */
/* Writes the file if anything changed. Errors: IO, NO_SPACE. */
bool hash_cache_save(struct hash_cache *cache, struct error *err);

/* 64 hex digits, borrowed until the next put; NULL when not known. */
const char *hash_cache_get(struct hash_cache *cache, const struct file_stamp *stamp);
/*
 * Keeps a digest. hashed_at_ns: wall clock before the file was read; a file touched less than two
 * seconds before is not kept, because it may change again within the tick of its time stamps.
 */
void hash_cache_put(struct hash_cache *cache, const struct file_stamp *stamp, const char *sha256,
	int64_t hashed_at_ns);
