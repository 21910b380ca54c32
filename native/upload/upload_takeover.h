#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct upload_content;
struct upload_manifest;

/*
 * What an unfinished upload has received is taken over by the upload of another build of the same
 * game: of files whose path, size and SHA-256 are the same. Its staging has the list of its files
 * for that (`manifest.json`; one of an earlier build of this program has none, and gives nothing).
 *
 * The order: find; the heir's journal and head are written; then move. Wherever this process is
 * killed, each file is in one of the two, and is counted only where it is: the heir's journal may
 * name files that have not come yet, which count as missing when it is read.
 */
struct upload_takeover {
	int dir_fd;    /* the giver's staging folder; -1: nothing is taken over */
	int files_fd;  /* its files */
	size_t *files; /* the heir's indexes, ascending */
	size_t files_count;
	int64_t bytes; /* held of them */
};

/* The list of the files, for a later takeover. Errors: IO, NO_SPACE. */
bool upload_takeover_write_list(
	const struct upload_manifest *manifest, int dir_fd, struct error *err);
/*
 * Finds what the upload of that id, whose files nothing uses, has for the heir, and adds it to what
 * the heir holds of files that it holds nothing of. What is damaged is not taken over. takeover
 * must be finished either way. Errors: IO: it cannot be read now.
 */
bool upload_takeover_find(struct upload_takeover *takeover, struct upload_content *heir,
	const char *root, const char *library, const char *upload_id, const char *digest,
	struct error *err);
/*
 * Moves them into the heir's staging; files_fd: its folder of files. False: the heir holds less
 * than before, of those that could not be moved.
 */
bool upload_takeover_move(
	struct upload_takeover *takeover, struct upload_content *heir, int files_fd);
void upload_takeover_finish(struct upload_takeover *takeover);
