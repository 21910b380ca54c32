#pragma once

#include "upload/byte_ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_map;
struct staging_files;
struct upload_manifest;

/*
 * What a running upload keeps in memory: its manifest and which bytes of each file are held. A
 * paused upload has none of it; it is read back from the journal.
 */
struct upload_content_file {
	struct byte_ranges ranges;
	/*
	 * Bytes on disk, after the prefix, that the Hub is asked for again: whether the same build
	 * is being sent shows when they arrive. Without hashes there is no other way to know.
	 */
	int64_t compare_from;
	int64_t compare_to;
	bool unchanged; /* installed already, with the manifest's size and sha256 */
	bool named;	/* its name is durable in the staging folder */
};

/* Bytes written since the last checkpoint. */
struct upload_dirty {
	size_t file;
	int64_t start;
	int64_t end;
};

struct upload_content {
	struct upload_manifest *manifest;
	struct upload_content_file *files;
	size_t files_count;  /* as the manifest's */
	int64_t held_bytes;  /* unique, unchanged files included */
	size_t island_count; /* of all files */
	int dir_fd;	     /* the staging folder */
	struct staging_files *staging;
	struct upload_dirty *dirty;
	size_t dirty_count;
	size_t dirty_capacity;
	int64_t dirty_bytes;
	size_t last_file; /* the file of the last chunk; files_count: none came yet */
};

/* A limit on what chunks in a wild order can make us remember, 16 bytes each. */
#define UPLOAD_ISLAND_LIMIT (256 * 1024)

/* manifest_take is destroyed with it. */
struct upload_content *upload_content_create(struct upload_manifest *manifest_take);
/* NULL is fine. No file may be pinned. */
void upload_content_destroy(struct upload_content *content);

/* The path's index. Chunks of the file that came last are found at once. */
bool upload_content_find(struct upload_content *content, const char *path, size_t *index);
/* Notes bytes as held; returns how many are new. */
int64_t upload_content_add(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* Notes that bytes of a file must go to the disk before the next journal entry. */
void upload_content_soil(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* Notes bytes as not held after all. */
void upload_content_drop(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* From now on the installed file counts, and nothing of what is staged for it; or the reverse. */
void upload_content_set_unchanged(struct upload_content *content, size_t file, bool unchanged);
/* Errors: INVALID, naming the first file that is not whole and where its gap begins. */
bool upload_content_check_whole(const struct upload_content *content, struct error *err);
/* Fills the map with path → contiguous bytes held, for files of which any are. */
void upload_content_resume_from(const struct upload_content *content, struct json_map *resume_from);
