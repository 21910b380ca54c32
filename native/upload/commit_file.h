#pragma once

#include <stdbool.h>

struct commit_folder;
struct commit_place;
struct error;
struct installed_file;

/*
 * One file of a commit, on its way into the game or back. What was done with it before follows from
 * what is found under its name on both ends, so that each of these may be interrupted anywhere and
 * called again, also the opposite.
 *
 * A file that replaces another is exchanged with it: the old one is then where the new one was
 * staged. Where the file system cannot do that the old one goes to UPLOAD_STAGING_REPLACED.
 *
 * folder: the one that holds the file, on both ends. Errors: CONFLICT (it cannot be replaced, or
 * put there), NO_SPACE, IO, naming the file.
 */

/* again: not directly after making room. Errors: also NOT_FOUND: neither staged nor moved. */
bool commit_file_move(const struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, bool again, struct error *err);
/* The same for one whose predecessor, if there is any, is not kept. */
bool commit_file_put(const struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, struct error *err);
/* added: the old build had no such file. May set place->doubtful. */
bool commit_file_back(struct commit_place *place, const struct commit_folder *folder,
	const struct installed_file *file, bool added, struct error *err);

/* Both return false. errno: why the file or folder could not be moved. */
bool commit_file_refuse(const struct commit_place *place, const char *path, struct error *err);
bool commit_file_lost(const char *path, struct error *err);
