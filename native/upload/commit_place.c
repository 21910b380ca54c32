#include "upload/commit_place.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A folder that may be missing: *fd is −1 then. */
static bool open_if_there(int at_fd, const char *path, int *fd, struct error *err)
{
	struct error why = { 0 };

	close_fd(fd);
	*fd = beneath_open(at_fd, path, O_RDONLY | O_DIRECTORY, 0, &why);
	if (*fd >= 0 || why.kind == ERROR_NOT_FOUND) {
		return true;
	}
	if (why.kind == ERROR_INVALID) {
		return error_set(err, ERROR_CONFLICT,
			"%s; move it away so that the game can be installed there", why.message);
	}
	return error_pass(err, &why);
}

bool commit_place_reopen(struct commit_place *place, struct error *err)
{
	AUTO(free_ptr)
	char *parent = xasprintf(
		"%.*s", (int)(path_base(place->relative) - place->relative), place->relative);

	return open_if_there(
		       place->root_fd, *parent != '\0' ? parent : ".", &place->parent_fd, err) &&
	       open_if_there(place->root_fd, place->relative, &place->game_fd, err) &&
	       open_if_there(place->dir_fd, UPLOAD_STAGING_FILES, &place->files_fd, err);
}

bool commit_place_open(struct commit_place *place, const char *root, int dir_fd,
	const struct commit_record *record, struct error *err)
{
	struct stat at_root, staged;

	*place = (struct commit_place){ .record = record,
		.root = root,
		.dir_fd = dir_fd,
		.root_fd = -1,
		.parent_fd = -1,
		.game_fd = -1,
		.files_fd = -1 };
	if (!path_is_within(record->dir, root) || strcmp(record->dir, root) == 0) {
		return error_set(err, ERROR_INVALID, "'%s' is not below the library '%s'",
			record->dir, root);
	}
	place->relative = record->dir + strlen(root);
	place->relative += strspn(place->relative, "/"); /* root may be "/" itself */
	place->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->root_fd < 0) {
		return error_set_errno(err, "cannot open the library '%s'", root);
	}
	/* Its card may have been taken out since the staging folder was opened. */
	if (fstat(place->root_fd, &at_root) != 0 || fstat(dir_fd, &staged) != 0 ||
		at_root.st_dev != staged.st_dev) {
		return error_set(err, ERROR_IO,
			"the library that was in '%s' is no longer there; insert its card again",
			root);
	}
	return commit_place_reopen(place, err);
}

void commit_place_finish(struct commit_place *place)
{
	if (place->record == NULL) {
		return; /* never opened: its descriptors are none */
	}
	close_fd(&place->root_fd);
	close_fd(&place->parent_fd);
	close_fd(&place->game_fd);
	close_fd(&place->files_fd);
}

bool commit_place_is_one_way(const struct commit_place *place)
{
	return place->record->version == 1;
}

bool commit_place_same_folder(const char *a, const char *b)
{
	size_t length = path_base(a) - a;

	return path_base(b) - b == (ptrdiff_t)length && memcmp(a, b, length) == 0;
}

/* *fd is −1 if the folder does not exist. */
static bool open_parent(int at_fd, const char *path, bool make, int *fd, struct error *err)
{
	struct error why = { 0 };

	*fd = at_fd < 0 ? -1 : beneath_open_parent(at_fd, path, make, &why);
	return *fd >= 0 || at_fd < 0 || why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
}

void commit_folder_finish(struct commit_folder *folder)
{
	if (folder->path != NULL) {
		close_fd(&folder->from_fd);
		close_fd(&folder->to_fd);
	}
	*folder = (struct commit_folder){ 0 };
}

bool commit_folder_enter(struct commit_folder *folder, const struct commit_place *place,
	const char *path, bool make, struct error *err)
{
	int from_fd = -1, to_fd = -1;

	if (strcmp(path, ".") == 0) {
		return true;
	}
	if (folder->path != NULL && commit_place_same_folder(folder->path, path)) {
		return true;
	}
	commit_folder_finish(folder);
	if (!open_parent(place->files_fd, path, false, &from_fd, err) ||
		!open_parent(place->game_fd, path, make, &to_fd, err)) {
		close_fd(&from_fd);
		return false;
	}
	*folder = (struct commit_folder){ .path = path, .from_fd = from_fd, .to_fd = to_fd };
	return true;
}

bool commit_place_stat(
	int dir_fd, const char *name, bool *there, struct stat *stat, struct error *err)
{
	*there = dir_fd >= 0 && fstatat(dir_fd, name, stat, AT_SYMLINK_NOFOLLOW) == 0;
	return *there || dir_fd < 0 || errno == ENOENT ||
	       error_set_errno(err, "cannot look at '%s'", name);
}

bool commit_place_find_folder(struct commit_folder_ends *ends, const struct commit_place *place,
	const struct commit_folder *folder, const char *path, struct error *err)
{
	struct stat stat;

	if (strcmp(path, ".") == 0) {
		*ends = (struct commit_folder_ends){ .from_fd = place->dir_fd,
			.to_fd = place->parent_fd,
			.from = UPLOAD_STAGING_FILES,
			.to = path_base(place->relative) };
	} else {
		*ends = (struct commit_folder_ends){ .from_fd = folder->from_fd,
			.to_fd = folder->to_fd,
			.from = path_base(path),
			.to = path_base(path) };
	}
	return commit_place_stat(ends->from_fd, ends->from, &ends->staged, &stat, err);
}
