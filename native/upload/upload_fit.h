#pragma once

#include <stdbool.h>

struct error;
struct upload_manifest;

/*
 * Does a game fit the disk that it is for: are all its names, the length of its paths and the sizes
 * of its files possible there, and is every file one of its own where the disk takes several names
 * for one? Everything is told at once, before a byte is sent (problem_list.h).
 *
 * root: the library folder; dir: the game's folder in it; staging_fd: a folder of the upload on the
 * same disk, borrowed, in which names are tried. Blocks. Errors: INVALID, IO, NO_SPACE.
 */
bool upload_fit_check(const struct upload_manifest *manifest, const char *root, const char *dir,
	int staging_fd, struct error *err);
