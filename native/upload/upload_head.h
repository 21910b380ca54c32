#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * upload.json in the staging folder: what is worth knowing of an upload without its manifest. Of
 * that it has the digest alone: a Hub that resumes sends the manifest again, and one that differs
 * is another upload.
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
/* Errors: NOT_FOUND, INVALID, IO. The head must be finished either way. */
bool upload_head_read(struct upload_head *head, int dir_fd, struct error *err);
void upload_head_finish(struct upload_head *head);
