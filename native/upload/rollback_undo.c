#include "upload/rollback_undo.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "library/libraries.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

bool rollback_undo_move(int from_fd, const char *from, int to_fd, const char *to, struct error *err)
{
	if (renameat(from_fd, from, to_fd, to) != 0) {
		return error_set_errno(err, "cannot move the previous build");
	}
	return (sync_folder(to_fd) && sync_folder(from_fd)) ||
	       error_set_errno(err, "cannot flush the folder of the previous build");
}

bool rollback_undo_run(
	const char *root, const char *library, const char *upload_id, struct error *err)
{
	AUTO(close_fd) int root_fd = library_open(root, library, err);
	AUTO(close_fd) int dir_fd = -1;
	AUTO(close_fd) int place_fd = -1;
	AUTO(strbuf_finish) struct strbuf folder = { 0 };
	struct error why = { 0 };
	struct stat stat;
	bool there;

	if (root_fd < 0) {
		return false;
	}
	dir_fd = upload_staging_open(root, library, upload_id, &why);
	if (dir_fd < 0 ||
		!atomic_file_read_at(dir_fd, UPLOAD_STAGING_ROLLBACK, PATH_MAX, &folder, &why)) {
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_INVALID ||
		       error_set(err, why.kind, "%s", why.message);
	}
	if (!commit_record_is_there(dir_fd, &there, err)) {
		return false;
	}
	if (there || !path_is_plain_relative(strbuf_text(&folder))) {
		return true;
	}
	place_fd = beneath_open(root_fd, strbuf_text(&folder), O_RDONLY | O_DIRECTORY, 0, &why);
	if (place_fd < 0) {
		return why.kind == ERROR_NOT_FOUND || error_set(err, why.kind, "%s", why.message);
	}
	if (fstatat(place_fd, KEPT_PREVIOUS, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
		return true; /* it has not moved yet */
	}
	return rollback_undo_move(dir_fd, UPLOAD_STAGING_FILES, place_fd, KEPT_PREVIOUS, err);
}
