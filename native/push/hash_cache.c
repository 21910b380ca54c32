#include "push/hash_cache.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAD_LINE "capydeck-hashes 1\n"
#define CACHE_MAX_BYTES (256 * 1024 * 1024)
#define ENTRIES_MAX 1000000
#define SETTLED_NS INT64_C(2000000000)
#define DAY_S (24 * 60 * 60)

struct entry {
	struct file_stamp stamp;
	int64_t day; /* since 1970, of the last use */
	char sha256[SHA256_HEX_BYTES];
	bool used;
};

/* Open addressing, linear probing, never more than half full. */
struct hash_cache {
	char *path;
	struct entry *slots;
	size_t slots_count; /* a power of two */
	size_t entries_count;
	int64_t today;
	bool changed;
	bool is_unread; /* the file cannot be read now, and is not replaced */
};

static size_t stamp_hash(const struct file_stamp *stamp)
{
	uint64_t hash = stamp->inode * UINT64_C(0x9e3779b97f4a7c15);

	hash ^= (hash >> 29) + stamp->device * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(hash ^ (hash >> 32));
}

/* A file has one entry: the newer stamp of an inode replaces the older. */
static struct entry *find_slot(const struct hash_cache *cache, const struct file_stamp *stamp)
{
	size_t mask = cache->slots_count - 1;
	size_t at = stamp_hash(stamp) & mask;

	while (cache->slots[at].used && (cache->slots[at].stamp.inode != stamp->inode ||
						cache->slots[at].stamp.device != stamp->device)) {
		at = (at + 1) & mask;
	}
	return &cache->slots[at];
}

static void grow_slots(struct hash_cache *cache)
{
	struct entry *old = cache->slots;
	size_t old_count = cache->slots_count;

	cache->slots_count = old_count == 0 ? 1024 : old_count * 2;
	cache->slots = xcalloc(cache->slots_count, sizeof(*cache->slots));
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].used) {
			*find_slot(cache, &old[i].stamp) = old[i];
		}
	}
	free(old);
}

static void insert_entry(struct hash_cache *cache, const struct entry *entry)
{
	struct entry *slot = find_slot(cache, &entry->stamp);

	if (!slot->used) {
		if (cache->entries_count == ENTRIES_MAX) {
			return;
		}
		if ((cache->entries_count + 1) * 2 > cache->slots_count) {
			grow_slots(cache);
			slot = find_slot(cache, &entry->stamp);
		}
		cache->entries_count++;
	}
	*slot = *entry;
	slot->used = true;
}

static bool parse_line(const char *line, struct entry *entry)
{
	struct file_stamp *stamp = &entry->stamp;
	int end = 0;

	*entry = (struct entry){ 0 };
	return sscanf(line,
		       "%" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
		       " %64[0-9a-f]%n",
		       &stamp->device, &stamp->inode, &stamp->size, &stamp->mtime_ns,
		       &stamp->ctime_ns, &entry->day, entry->sha256, &end) == 7 &&
	       line[end] == '\0' && sha256_is_hex(entry->sha256);
}

static void load_entries(struct hash_cache *cache, char *text)
{
	char *rest = text + strlen(HEAD_LINE);
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		struct entry entry;

		if (parse_line(line, &entry) && entry.day > cache->today - HASH_CACHE_DAYS) {
			insert_entry(cache, &entry);
		}
	}
}

struct hash_cache *hash_cache_create(const char *path)
{
	struct hash_cache *cache = xcalloc(1, sizeof(*cache));
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };

	cache->path = xstrdup(path);
	cache->today = time(NULL) / DAY_S;
	grow_slots(cache);
	if (atomic_file_read(path, CACHE_MAX_BYTES, &text, &why) &&
		strncmp(strbuf_text(&text), HEAD_LINE, strlen(HEAD_LINE)) == 0) {
		load_entries(cache, text.data);
	}
	cache->is_unread = why.kind == ERROR_IO || why.kind == ERROR_NO_SPACE;
	return cache;
}

void hash_cache_destroy(struct hash_cache *cache)
{
	if (cache == NULL) {
		return;
	}
	free(cache->slots);
	free(cache->path);
	free(cache);
}

bool hash_cache_save(struct hash_cache *cache, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!cache->changed || cache->is_unread) {
		return true;
	}
	strbuf_append_text(&text, HEAD_LINE);
	for (size_t i = 0; i < cache->slots_count; i++) {
		const struct entry *entry = &cache->slots[i];
		const struct file_stamp *stamp = &entry->stamp;

		if (entry->used) {
			strbuf_appendf(&text,
				"%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64
				" %" PRId64 " %s\n",
				stamp->device, stamp->inode, stamp->size, stamp->mtime_ns,
				stamp->ctime_ns, entry->day, entry->sha256);
		}
	}
	if (!atomic_file_write(cache->path, text.data, text.length, 0600, err)) {
		return false;
	}
	cache->changed = false;
	return true;
}

const char *hash_cache_get(struct hash_cache *cache, const struct file_stamp *stamp)
{
	struct entry *entry = find_slot(cache, stamp);

	if (!entry->used || entry->stamp.size != stamp->size ||
		entry->stamp.mtime_ns != stamp->mtime_ns ||
		entry->stamp.ctime_ns != stamp->ctime_ns) {
		return NULL;
	}
	cache->changed |= entry->day != cache->today;
	entry->day = cache->today;
	return entry->sha256;
}

void hash_cache_put(struct hash_cache *cache, const struct file_stamp *stamp, const char *sha256,
	int64_t hashed_at_ns)
{
	struct entry entry = { .stamp = *stamp, .day = cache->today };

	if (stamp->ctime_ns > hashed_at_ns - SETTLED_NS ||
		stamp->mtime_ns > hashed_at_ns - SETTLED_NS) {
		return;
	}
	memcpy(entry.sha256, sha256, sizeof(entry.sha256));
	insert_entry(cache, &entry);
	cache->changed = true;
}
