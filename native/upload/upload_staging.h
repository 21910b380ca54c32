#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct strvec;

/*
 * Where unfinished uploads are kept: <root>/.capydeck/uploads/<uploadId>/, on the file system of
 * the games, so that completing is renaming. uploads.md describes its content. Everything is opened
 * beneath root without following links. library: the id of the library that must be there
 * (library_open()), so that nothing is made on the folder that a card is mounted on; "": any.
 */
#define UPLOAD_STAGING_HEAD "upload.json"
#define UPLOAD_STAGING_LIST "manifest.json"
#define UPLOAD_STAGING_PREPARE "prepare.json"
#define UPLOAD_STAGING_COMMIT "commit.json"
#define UPLOAD_STAGING_MOVED "moved.json"
#define UPLOAD_STAGING_FILES "files"
#define UPLOAD_STAGING_REPLACED "replaced"
#define UPLOAD_STAGING_PREVIOUS "previous"
#define UPLOAD_STAGING_ROLLBACK "rollback"

/* Both yield a descriptor of the upload's folder, or -1. Errors: as beneath_open(). */
int upload_staging_create(
	const char *root, const char *library, const char *upload_id, struct error *err);
int upload_staging_open(
	const char *root, const char *library, const char *upload_id, struct error *err);
/*
 * Removes the head: from now on the folder is no upload, and is removed at the next start
 * at the latest. True also if there is none. Errors: IO.
 */
bool upload_staging_disown(
	const char *root, const char *library, const char *upload_id, struct error *err);
/* Removes the head first, so that what a crash leaves is not mistaken for an upload. Errors: IO. */
bool upload_staging_remove(
	const char *root, const char *library, const char *upload_id, struct error *err);
/* What its files take on the disk, as far as they can be looked at. Blocks. */
int64_t upload_staging_bytes(const char *root, const char *library, const char *upload_id);
/*
 * Appends the names of the uploads below root; none when there is no such folder. Errors: IO (it
 * cannot be read now; what could be read is appended).
 */
bool upload_staging_list(
	const char *root, const char *library, struct strvec *upload_ids, struct error *err);

/*
 * upload.json in the staging folder: the description of an upload without its manifest, of which it
 * has only the digest: a Hub that resumes sends the manifest again, and a different one is a
 * different upload.
 */
struct upload_head {
	int64_t version;
	char *upload_id; /* also the name of the staging folder */
	char *hub_id;
	char *game_name;
	char *dir;	       /* where the game will be; absolute */
	char *manifest_digest; /* of upload_manifest.h */
	int64_t total_bytes;
	int64_t started_at_ms; /* Unix time */
};

/* dir_fd: the staging folder. Errors: IO, NO_SPACE. */
bool upload_head_write(const struct upload_head *head, int dir_fd, struct error *err);
/* Errors: NOT_FOUND, INVALID, TOO_LARGE, IO. The head must be finished either way. */
bool upload_head_read(struct upload_head *head, int dir_fd, struct error *err);
void upload_head_finish(struct upload_head *head);
