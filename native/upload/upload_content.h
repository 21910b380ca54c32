#pragma once

#include "upload/byte_ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk_hash;
struct error;
struct json_map;
struct staging_files;
struct upload_manifest;

/*
 * What a running upload keeps in memory: its manifest and which bytes of each file are held. A
 * paused upload has none; it is read back from the journal.
 */
struct upload_content_file {
	struct byte_ranges ranges;
	/*
	 * Bytes on disk, after the prefix, that the Hub is asked for again, to compare them:
	 * without hashes that is the only way to find out whether the same build is being sent.
	 */
	int64_t compare_from;
	int64_t compare_to;
	bool unchanged;		 /* the Deck's stays: nothing is asked for */
	bool named;		 /* its name is durable in the staging folder */
	struct chunk_hash *hash; /* of what arrives without a sha256; NULL: not known */
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
	size_t last_file; /* the file of the last chunk; files_count: none yet */
};

/* Limits the memory that chunks out of order can cost, 16 bytes each. */
#define UPLOAD_ISLAND_LIMIT (256 * 1024)

/* manifest_take is destroyed with it. */
struct upload_content *upload_content_create(struct upload_manifest *manifest_take);
/* NULL is fine. No file may be pinned. */
void upload_content_destroy(struct upload_content *content);

/* The path's index. Fast for chunks of the same file as the last one. */
bool upload_content_find(struct upload_content *content, const char *path, size_t *index);
/* Where the writer hashes a file that was announced without a sha256; NULL: it was not. */
struct chunk_hash *upload_content_hash(struct upload_content *content, size_t file, int64_t offset);
/* Marks bytes as held; returns how many are new. */
int64_t upload_content_add(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* Marks bytes of a file that must reach the disk before the next journal entry. */
void upload_content_soil(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* Marks bytes as not held after all. */
void upload_content_drop(struct upload_content *content, size_t file, int64_t start, int64_t end);
/* From now on the installed file counts and its staged data does not; or the reverse. */
void upload_content_set_unchanged(struct upload_content *content, size_t file, bool unchanged);
/* Errors: INVALID, naming the first incomplete file and where its gap begins. */
bool upload_content_check_whole(const struct upload_content *content, struct error *err);
/* Fills the map with path → contiguous bytes held, for files with any. */
void upload_content_resume_from(const struct upload_content *content, struct json_map *resume_from);
