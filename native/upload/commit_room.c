#include "upload/commit_room.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "upload/commit_empty.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"
#include "upload/commit_removed.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_empty(int dir_fd, const char *name, mode_t mode)
{
	int fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);

	return fd >= 0 && close(fd) == 0;
}

bool commit_room_can_exchange(int dir_fd, bool *can, struct error *err)
{
	static const char a[] = "exchange-a", b[] = "exchange-b";
	bool ok = (make_empty(dir_fd, a, 0600) || errno == EEXIST) &&
		  (make_empty(dir_fd, b, 0600) || errno == EEXIST);

	if (!ok) {
		error_set_errno(err, "cannot write to where the upload is received");
	} else {
		*can = renameat2(dir_fd, a, dir_fd, b, RENAME_EXCHANGE) == 0;
		ok = *can || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ||
		     error_set_errno(err, "cannot move a file where the upload is received");
	}
	unlinkat(dir_fd, a, 0);
	unlinkat(dir_fd, b, 0);
	return ok;
}

static bool room_failed(
	const struct commit_place *place, const char *what, const char *path, struct error *err)
{
	if (errno == EEXIST) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' has just appeared in '%s'; complete the upload again", path,
			place->record->dir);
	}
	return error_set_errno(err, "cannot make %s '%s' in '%s'", what, path, place->record->dir);
}

static bool make_below_root(
	struct commit_place *place, const char *path, bool may_exist, struct error *err)
{
	AUTO(close_fd) int fd = beneath_open_parent(place->root_fd, path, false, err);

	return fd >= 0 &&
	       (mkdirat(fd, path_base(path), 0755) == 0 || (may_exist && errno == EEXIST) ||
		       room_failed(place, "the folder", path, err));
}

static bool make_game_folder(struct commit_place *place, struct error *err)
{
	const struct strvec *made = &place->record->made;

	for (size_t i = 0; i < made->count; i++) {
		if (!make_below_root(place, made->items[i], true, err)) {
			return false;
		}
	}
	return make_below_root(place, place->relative, false, err) &&
	       commit_place_reopen(place, err);
}

static bool make_replaced_folder(const struct commit_place *place, int *fd, struct error *err)
{
	/* What an earlier attempt has left are empty files. */
	if (!beneath_remove_tree(place->dir_fd, UPLOAD_STAGING_REPLACED, err)) {
		return false;
	}
	if (mkdirat(place->dir_fd, UPLOAD_STAGING_REPLACED, 0700) != 0) {
		return error_set_errno(err, "cannot make a folder for the replaced files");
	}
	*fd = beneath_open(place->dir_fd, UPLOAD_STAGING_REPLACED, O_RDONLY | O_DIRECTORY, 0, err);
	return *fd >= 0;
}

/* For the file that will be replaced, where the two cannot be exchanged. */
static bool make_replaced(int replaced_fd, const char *path, struct error *err)
{
	AUTO(close_fd) int fd = beneath_open_parent(replaced_fd, path, true, err);

	return fd >= 0 &&
	       (make_empty(fd, path_base(path), 0) || errno == EEXIST ||
		       error_set_errno(err, "cannot make room for the replaced '%s'", path));
}

/* The name is that of a file or folder that goes first: its entry is the room. */
static bool is_taken(const struct commit_record *record, const struct commit_step *step)
{
	return step->file == NULL ? commit_record_removes(record, step->path)
				  : strvec_contains(&record->cleared, step->path);
}

bool commit_room_make(struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };
	AUTO(close_fd) int replaced_fd = -1;
	struct commit_step step = { 0 };

	if ((!record->exchange && !make_replaced_folder(place, &replaced_fd, err)) ||
		!commit_removed_room(place, err)) {
		return false;
	}
	while (commit_record_next(record, &step)) {
		if (strcmp(step.path, ".") == 0) {
			if (!make_game_folder(place, err)) {
				return false;
			}
			continue;
		}
		if (step.file != NULL && !step.file->added) {
			if (!record->exchange && !make_replaced(replaced_fd, step.path, err)) {
				return false;
			}
			continue;
		}
		if (is_taken(record, &step)) {
			continue;
		}
		if (!commit_folder_enter(&folder, place, step.path, false, err)) {
			return false;
		}
		if (step.file == NULL ? mkdirat(folder.to_fd, path_base(step.path), 0755) != 0
				      : !make_empty(folder.to_fd, path_base(step.path), 0)) {
			return room_failed(place, step.file == NULL ? "the folder" : "the file",
				step.path, err);
		}
	}
	return commit_empty_make(place, err);
}
