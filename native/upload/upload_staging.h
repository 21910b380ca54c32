#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct strbuf;
struct strvec;

/*
 * Where uploads wait: <root>/.capydeck/uploads/<uploadId>/, on the file system of the games, so
 * that completing is renaming. uploads.md describes what stands in it. Everything is opened
 * beneath root without following a link.
 */
#define UPLOAD_STAGING_HEAD "upload.json"
#define UPLOAD_STAGING_COMMIT "commit.json"
#define UPLOAD_STAGING_FILES "files"

/* Both yield a descriptor of the upload's folder, or -1. Errors: as beneath_open(). */
int upload_staging_create(const char *root, const char *upload_id, struct error *err);
int upload_staging_open(const char *root, const char *upload_id, struct error *err);
/* Removes the head first, so that what a crash leaves is not taken for an upload. Errors: IO. */
bool upload_staging_remove(const char *root, const char *upload_id, struct error *err);
/* Appends the names of the uploads below root; none when there is no such folder. */
void upload_staging_list(const char *root, struct strvec *upload_ids);

/* A small file of the upload's folder, replaced atomically and durably. Errors: IO, NO_SPACE. */
bool upload_staging_write(
	int dir_fd, const char *name, const struct strbuf *text, struct error *err);
/* Errors: NOT_FOUND, TOO_LARGE, IO. */
bool upload_staging_read(
	int dir_fd, const char *name, size_t max_bytes, struct strbuf *text, struct error *err);
/* Writes all of text. Errors: IO, NO_SPACE. */
bool upload_staging_write_all(int fd, const struct strbuf *text, struct error *err);
