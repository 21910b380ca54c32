#pragma once

#include "core/problem_list.h"
#include "core/sha256.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct init_upload;

/*
 * What init_upload announced, checked and normalised: every path relative with '/' between its
 * components, the files sorted by path_compare(), so that one is found in O(log n) and a folder's
 * files are adjacent. Source: protocol.md §5.1.
 */
struct upload_manifest_file {
	char *path;
	int64_t size_bytes;
	char *sha256; /* of the whole file, 64 lower-case digits; NULL when the Hub gave none */
};

struct upload_manifest {
	char *game_name;
	/*
	 * executable: as one of the files if one fits (proto/executable_match.h), else only
	 * relative and normalised; "" when none was named. launch_options: those that were given,
	 * or else what was behind the executable; "".
	 */
	char *executable;
	char *launch_options;
	struct strvec tags;
	int64_t total_bytes;
	struct upload_manifest_file *files;
	size_t files_count;
	struct strvec overwrite; /* patterns; what only the Deck has changed is replaced, too */
	struct strvec folders;	 /* that have no file in them, nor another folder; sorted */
	bool hashed;		 /* every file that has bytes has a sha256 */
	struct problem_list problems; /* with paths; those files may be missing in files */
	/*
	 * Over game name, paths, sizes, hashes and empty folders: two manifests are the same upload
	 * when their digests are equal.
	 */
	char digest[SHA256_HEX_BYTES];
};

/*
 * request: its tags are taken; the caller still finishes it. One with problems is only good for
 * looking for more of them. Errors: INVALID.
 */
struct upload_manifest *upload_manifest_create(struct init_upload *request, struct error *err);
/*
 * Does one of its patterns fit? As fnmatch(3), '*' and '?' also for '/'; one without '/' is
 * compared with the name alone, too.
 */
bool upload_manifest_overwrites(const struct upload_manifest *manifest, const char *path);
/* Has it no problems? Errors: INVALID, naming the paths. */
bool upload_manifest_check(const struct upload_manifest *manifest, struct error *err);
void upload_manifest_destroy(struct upload_manifest *manifest);
/* The file's index; false when the path, normalised already or not, is not in the manifest. */
bool upload_manifest_find(const struct upload_manifest *manifest, const char *path, size_t *index);

/*
 * The path of the executable that text names: one of the files if one fits, else the text's own.
 * Sets *path, which the caller frees, and *arguments, what is behind it, borrowed from text ("":
 * nothing). Errors: INVALID (none fits, and it is not a path inside the game's folder).
 */
bool upload_manifest_executable(const struct upload_manifest *manifest, const char *text,
	char **path, const char **arguments, struct error *err);
