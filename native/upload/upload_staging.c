#include "upload/upload_staging.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOADS_FOLDER PATH_OWN_FOLDER "/uploads"

static int open_root(const char *root, struct error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, "there is no library folder '%s'", root);
	} else if (fd < 0) {
		error_set_errno(err, "cannot open the library '%s'", root);
	}
	return fd;
}

/* The folder of all uploads. */
static int open_uploads(const char *root, bool make, struct error *err)
{
	AUTO(close_fd) int root_fd = open_root(root, err);

	return root_fd < 0 ? -1 : beneath_open_parent(root_fd, UPLOADS_FOLDER "/x", make, err);
}

static int open_upload(int uploads_fd, const char *upload_id, struct error *err)
{
	return beneath_open(uploads_fd, upload_id, O_RDONLY | O_DIRECTORY, 0, err);
}

int upload_staging_create(const char *root, const char *upload_id, struct error *err)
{
	AUTO(close_fd) int uploads_fd = -1;
	AUTO(close_fd) int fd = -1;

	if (!make_dirs(root, 0755, err)) {
		return -1;
	}
	uploads_fd = open_uploads(root, true, err);
	if (uploads_fd < 0) {
		return -1;
	}
	if (mkdirat(uploads_fd, upload_id, 0700) != 0 && errno != EEXIST) {
		error_set_errno(
			err, "cannot make the folder of upload %s in '%s'", upload_id, root);
		return -1;
	}
	fd = open_upload(uploads_fd, upload_id, err);
	if (fd < 0) {
		return -1;
	}
	if ((mkdirat(fd, UPLOAD_STAGING_FILES, 0755) != 0 && errno != EEXIST) || !sync_folder(fd) ||
		!sync_folder(uploads_fd)) {
		error_set_errno(
			err, "cannot make the folder of upload %s in '%s'", upload_id, root);
		return -1;
	}
	return TAKE_FD(fd);
}

int upload_staging_open(const char *root, const char *upload_id, struct error *err)
{
	struct error why = { 0 };
	AUTO(close_fd) int uploads_fd = open_uploads(root, false, &why);
	int fd = uploads_fd < 0 ? -1 : open_upload(uploads_fd, upload_id, &why);

	if (fd < 0 && why.kind == ERROR_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND,
			"what was received is not in '%s' any more; start the upload again", root);
	} else if (fd < 0) {
		error_set(err, why.kind, "%s", why.message);
	}
	return fd;
}

bool upload_staging_remove(const char *root, const char *upload_id, struct error *err)
{
	AUTO(close_fd) int uploads_fd = open_uploads(root, false, err);
	AUTO(close_fd) int fd = uploads_fd < 0 ? -1 : open_upload(uploads_fd, upload_id, err);

	if (fd >= 0) {
		unlinkat(fd, UPLOAD_STAGING_HEAD, 0);
		unlinkat(fd, UPLOAD_STAGING_COMMIT, 0);
		fsync(fd);
	}
	return uploads_fd >= 0 && beneath_remove_tree(uploads_fd, upload_id, err);
}

void upload_staging_list(const char *root, struct strvec *upload_ids)
{
	int fd = open_uploads(root, false, NULL);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			strvec_push(upload_ids, entry->d_name);
		}
	}
	closedir(dir);
}

bool upload_staging_write_all(int fd, const struct strbuf *text, struct error *err)
{
	if (!write_all(fd, text->data, text->length)) {
		return error_set_errno(err, "cannot write in the upload's folder");
	}
	if (fdatasync(fd) != 0) {
		return error_set_errno(err, "cannot sync a file of the upload's folder");
	}
	return true;
}

bool upload_staging_write(
	int dir_fd, const char *name, const struct strbuf *text, struct error *err)
{
	return atomic_file_write_at(dir_fd, name, text->data, text->length, 0600, err);
}

bool upload_staging_read(
	int dir_fd, const char *name, size_t max_bytes, struct strbuf *text, struct error *err)
{
	return atomic_file_read_at(dir_fd, name, max_bytes, text, err);
}
