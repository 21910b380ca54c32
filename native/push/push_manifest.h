#pragma once

#include "core/sha256.h"
#include "core/strvec.h"
#include "push/file_stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * The files of one folder to send, sorted by path.
 *
 * Only regular files are sent, and the names of empty folders: the protocol has no links. A
 * symbolic link to a file or folder inside the root is sent as its target; one that leads outside,
 * nowhere or back to a parent folder is left out with a warning, as are sockets, pipes and devices.
 * Below a link to a folder, further links enter each folder only once.
 */
struct push_file {
	char *path; /* relative to the root, '/'-separated, UTF-8 */
	struct file_stamp stamp;
	char sha256[SHA256_HEX_BYTES]; /* "" until it is known */
};

struct push_manifest {
	int root_fd;
	struct push_file *files;
	size_t files_count;
	int64_t total_bytes;
	struct strvec folders;	/* that are empty; relative to the root, sorted */
	struct strvec warnings; /* sentences: what is left out, patterns that match nothing */
};

#define PUSH_MANIFEST_FILES_MAX 500000
#define PUSH_MANIFEST_DIRS_MAX 500000 /* counted each time it is sent */

/*
 * Walks root. excludes: patterns as in push/exclude_list.h; matches are left out silently.
 * Errors: NOT_FOUND (no such folder), INVALID (not a folder; files that cannot be read or whose
 * names the protocol cannot carry, the message names them), TOO_LARGE (too many files), IO.
 */
bool push_manifest_init(struct push_manifest *manifest, const char *root,
	const struct strvec *excludes, struct error *err);
/* For a Deck that cannot make empty folders: which are not sent. NULL: none; caller frees. */
char *push_manifest_unsent_folders(const struct push_manifest *manifest);
void push_manifest_finish(struct push_manifest *manifest); /* zeroed is fine */

/* NULL when there is none; borrowed. */
struct push_file *push_manifest_find(const struct push_manifest *manifest, const char *path);

/*
 * Opens a file for reading and checks that it is still the one that was found.
 * Returns a descriptor, or -1. Errors: INVALID (it has changed since), IO. Any thread.
 */
int push_manifest_open(int root_fd, const struct push_file *file, struct error *err);
/* Is fd, opened by push_manifest_open(), still unchanged? Errors: as above. */
bool push_manifest_verify(int fd, const struct push_file *file, struct error *err);
