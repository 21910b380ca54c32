#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct error;

/*
 * The files of one installed game as the PC sent them: <state_dir>/manifests/<SHA-256 of the game's
 * folder>.json, every file, also empty ones. An update compares with it what the PC announces and
 * what is on the disk: it tells what is ours and unchanged. A file that is not listed, or all if
 * there is no list, may be the player's.
 */
struct installed_file {
	char *path; /* relative to the game's folder */
	int64_t size_bytes;
	int64_t mtime_s;
	int64_t mtime_ns; /* 0 to 999,999,999 */
	char *sha256;	  /* NULL: not known */
	bool program;	  /* its content is that of a program or a library */
	bool kept;	  /* of a commit: it stays in place, nothing was staged for it */
	bool stays;	  /* of a commit: kept, and what is on the disk is another one, or none */
	bool leftover;	  /* of a commit being prepared: kept, but something is staged for it */
	bool added;	  /* of a commit: its folder existed, and had no such file */
	bool player;	  /* of a commit: what it replaces is not the PC's */
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
 * *notice (may be NULL; NULL before; caller frees): what was wrong with the file; what is damaged
 * is not listed. Errors: IO: it cannot be read now; the result is empty.
 */
bool installed_manifest_read(struct installed_manifest *manifest, const char *state_dir,
	const char *dir, char **notice, struct error *err);
void installed_manifest_finish(struct installed_manifest *manifest);
/*
 * The list of a game whose folder is another one from now on is copied to it, before anything else
 * says so; the old one is then forgotten. Errors: IO, NO_SPACE.
 */
bool installed_manifest_copy(
	const char *state_dir, const char *dir, const char *new_dir, struct error *err);
void installed_manifest_forget(const char *state_dir, const char *dir);
/* Replaces dir's. Errors: IO, NO_SPACE. */
bool installed_manifest_write(const char *state_dir, const char *dir,
	const struct installed_file *files, size_t count, struct error *err);
/*
 * The same in two steps, of which only the first needs room: writes the list of a build that is
 * about to be installed, and makes it the game's. adopt writes one that is not there.
 */
bool installed_manifest_prepare(const char *state_dir, const char *dir, const char *build,
	const struct installed_file *files, size_t count, struct error *err);
bool installed_manifest_adopt(const char *state_dir, const char *dir, const char *build,
	const struct installed_file *files, size_t count, struct error *err);
/* The build is not installed after all. */
void installed_manifest_drop(const char *state_dir, const char *dir, const char *build);
/* The same as a file in an open folder. Errors of reading: NOT_FOUND, INVALID, TOO_LARGE, IO. */
bool installed_manifest_read_at(
	struct installed_manifest *manifest, int dir_fd, const char *name, struct error *err);
bool installed_manifest_write_at(
	const struct installed_manifest *manifest, int dir_fd, const char *name, struct error *err);
/* Borrowed; NULL when unknown. May be changed in place, except its path. */
struct installed_file *installed_manifest_find(
	const struct installed_manifest *manifest, const char *path);

/* After reading one: are the values possible? Errors: INVALID. */
bool installed_file_check(const struct installed_file *file, struct error *err);
/* Does the file on disk have the size and the time that are on record? */
bool installed_file_is_untouched(const struct installed_file *file, const struct stat *stat);
