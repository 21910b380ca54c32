#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct error;

/*
 * What is known of the files of one installed game: <state_dir>/manifests/<SHA-256 of the game's
 * folder>.json. A file that still has its recorded size and time need not be sent or read. Only
 * files for which the Hub gave a sha256 are listed. It is a cache: a missing or damaged one is
 * empty, and an invalid entry is dropped.
 */
struct installed_file {
	char *path; /* relative to the game's folder */
	int64_t size_bytes;
	int64_t mtime_s;
	int64_t mtime_ns; /* 0 to 999,999,999 */
	char *sha256;	  /* NULL: not known */
	bool kept;	  /* of a commit: it stays in place, nothing was staged for it */
	bool added;	  /* of a commit: its folder existed, and had no such file */
	/* Of a commit: the file that it replaces; not in a list of installed files. */
	int64_t was_bytes;
	int64_t was_mtime_s;
	int64_t was_mtime_ns;
};

struct installed_manifest {
	int64_t version;
	char *dir;		      /* of the game */
	struct installed_file *files; /* sorted by path_compare() */
	size_t files_count;
};

/* One row of a file list, for the commit record too. */
extern const struct json_field installed_file_fields[];

/*
 * *notice (may be NULL; NULL before; caller frees): what was wrong with the file. Errors: IO: it
 * cannot be read now; the result is empty.
 */
bool installed_manifest_read(struct installed_manifest *manifest, const char *state_dir,
	const char *dir, char **notice, struct error *err);
void installed_manifest_finish(struct installed_manifest *manifest);
/* Replaces dir's with those of the files that have bytes and a sha256. Errors: IO, NO_SPACE. */
bool installed_manifest_write(const char *state_dir, const char *dir,
	const struct installed_file *files, size_t count, struct error *err);
/* Borrowed; NULL when unknown. May be changed in place, except its path. */
struct installed_file *installed_manifest_find(
	const struct installed_manifest *manifest, const char *path);

/* After reading one: are the values possible? Errors: INVALID. */
bool installed_file_check(const struct installed_file *file, struct error *err);
/* Does the file on disk have the size and the time that are on record? */
bool installed_file_is_untouched(const struct installed_file *file, const struct stat *stat);
