#include "upload/upload_staging.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/libraries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_VERSION 1
#define HEAD_MAX_BYTES (1024 * 1024)

/* The folder of all uploads. */
static int open_uploads(const char *root, const char *library, bool make, struct error *err)
{
	AUTO(close_fd) int root_fd = library_open(root, library, err);

	return root_fd < 0 ? -1 : beneath_open_parent(root_fd, PATH_UPLOADS_FOLDER "/x", make, err);
}

static int open_upload(int uploads_fd, const char *upload_id, struct error *err)
{
	return beneath_open(uploads_fd, upload_id, O_RDONLY | O_DIRECTORY, 0, err);
}

int upload_staging_create(
	const char *root, const char *library, const char *upload_id, struct error *err)
{
	AUTO(close_fd) int uploads_fd = open_uploads(root, library, true, err);
	AUTO(close_fd) int fd = -1;

	if (uploads_fd < 0) {
		return -1;
	}
	if (mkdirat(uploads_fd, upload_id, 0700) != 0 && errno != EEXIST) {
		error_set_errno(err, "cannot make a folder for the upload in '%s'", root);
		return -1;
	}
	fd = open_upload(uploads_fd, upload_id, err);
	if (fd < 0) {
		return -1;
	}
	if ((mkdirat(fd, UPLOAD_STAGING_FILES, 0755) != 0 && errno != EEXIST) || !sync_folder(fd) ||
		!sync_folder(uploads_fd)) {
		error_set_errno(err, "cannot make a folder for the upload in '%s'", root);
		return -1;
	}
	return TAKE_FD(fd);
}

int upload_staging_open(
	const char *root, const char *library, const char *upload_id, struct error *err)
{
	struct error why = { 0 };
	AUTO(close_fd) int uploads_fd = open_uploads(root, library, false, &why);
	int fd = uploads_fd < 0 ? -1 : open_upload(uploads_fd, upload_id, &why);

	if (fd < 0 && why.kind == ERROR_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND,
			"the received data is no longer in '%s'; start the upload again", root);
	} else if (fd < 0) {
		error_pass(err, &why);
	}
	return fd;
}

bool upload_staging_disown(
	const char *root, const char *library, const char *upload_id, struct error *err)
{
	struct error why = { 0 };
	AUTO(close_fd) int fd = upload_staging_open(root, library, upload_id, &why);

	if (fd < 0) {
		return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
	}
	/* Whatever has its name. */
	if (!beneath_remove_tree(fd, UPLOAD_STAGING_HEAD, &why)) {
		return error_set_because(err, &why,
			"cannot remove what was received of an upload in '%s': %s", root,
			why.message);
	}
	sync_folder(fd); /* gone either way; at worst it is back after a power cut */
	return true;
}

bool upload_staging_remove(
	const char *root, const char *library, const char *upload_id, struct error *err)
{
	AUTO(close_fd) int uploads_fd = open_uploads(root, library, false, err);
	AUTO(close_fd) int fd = uploads_fd < 0 ? -1 : open_upload(uploads_fd, upload_id, NULL);

	if (fd >= 0) {
		/* Without its record an installed game's upload would be one that can be resumed:
		 * the head goes first. */
		if (!beneath_remove_tree(fd, UPLOAD_STAGING_HEAD, err)) {
			return false;
		}
		if (!sync_folder(fd)) {
			return error_set_errno(err, "cannot flush what was received of the upload");
		}
		unlinkat(fd, UPLOAD_STAGING_PREPARE, 0);
		unlinkat(fd, UPLOAD_STAGING_COMMIT, 0);
		unlinkat(fd, UPLOAD_STAGING_MOVED, 0);
		sync_folder(fd);
	}
	return uploads_fd >= 0 && beneath_remove_tree(uploads_fd, upload_id, err);
}

int64_t upload_staging_bytes(const char *root, const char *library, const char *upload_id)
{
	AUTO(close_fd) int fd = upload_staging_open(root, library, upload_id, NULL);
	AUTO(free_ptr) char *path = xasprintf("/proc/self/fd/%d/.", fd);
	char *const paths[] = { path, NULL };
	FTS *walk = fd < 0 ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	int64_t bytes = 0;
	const FTSENT *entry;

	while (walk != NULL && (entry = fts_read(walk)) != NULL) {
		if (entry->fts_info == FTS_F) {
			bytes += entry->fts_statp->st_blocks * INT64_C(512);
		}
	}
	if (walk != NULL) {
		fts_close(walk);
	}
	return bytes;
}

bool upload_staging_list(
	const char *root, const char *library, struct strvec *upload_ids, struct error *err)
{
	struct error why = { 0 };
	int fd = open_uploads(root, library, false, &why);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool ok;

	if (fd < 0) {
		return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
	}
	if (dir == NULL) {
		error_set_errno(err, "cannot list the unfinished uploads in '%s'", root);
		close_fd(&fd);
		return false;
	}
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			strvec_push(upload_ids, entry->d_name);
		}
	}
	ok = errno == 0 || error_set_errno(err, "cannot list the unfinished uploads in '%s'", root);
	closedir(dir);
	return ok;
}

/* --- The head --- */

static const struct json_field upload_head_fields[] = {
	JSON_FIELD(struct upload_head, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(
		struct upload_head, manifest_digest, "manifestDigest", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, total_bytes, "totalBytes", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, started_at_ms, "startedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_head(const struct upload_head *head, struct error *err)
{
	if (head->version != HEAD_VERSION) {
		return error_set(err, ERROR_INVALID, "the version of '%s' is not %d",
			UPLOAD_STAGING_HEAD, HEAD_VERSION);
	}
	if (!path_is_folder_name(head->upload_id) || head->hub_id[0] == '\0' ||
		head->game_name[0] == '\0' || !path_is_plain(head->dir) ||
		!sha256_is_hex(head->manifest_digest) || head->total_bytes < 0 ||
		head->started_at_ms < 0) {
		return error_set(
			err, ERROR_INVALID, "'%s' has invalid values", UPLOAD_STAGING_HEAD);
	}
	return true;
}

bool upload_head_write(const struct upload_head *head, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct upload_head written = *head;

	written.version = HEAD_VERSION;
	json_write(&text, upload_head_fields, &written);
	return atomic_file_write_at(dir_fd, UPLOAD_STAGING_HEAD, text.data, text.length, 0600, err);
}

bool upload_head_read(struct upload_head *head, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	return atomic_file_read_at(dir_fd, UPLOAD_STAGING_HEAD, HEAD_MAX_BYTES, &text, err) &&
	       json_read_text(head, upload_head_fields, text.data, text.length, err) &&
	       check_head(head, err);
}

void upload_head_finish(struct upload_head *head)
{
	json_finish(head, upload_head_fields);
}
