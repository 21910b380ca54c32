#include "upload/commit_back.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_empty.h"
#include "upload/commit_file.h"
#include "upload/commit_moves.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"
#include "upload/commit_removed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The empty folders that are left of one whose files were moved one by one; others stay. */
static void remove_empty_folders(const struct commit_place *place, const struct commit_step *step)
{
	for (size_t i = step->end; i-- > step->first;) {
		AUTO(free_ptr) char *folder = xstrdup(place->record->files[i].path);
		char *slash;

		while ((slash = strrchr(folder, '/')) != NULL) {
			AUTO(close_fd) int fd = -1;

			*slash = '\0';
			fd = beneath_open_parent(place->game_fd, folder, false, NULL);
			if (fd < 0 || strlen(folder) < strlen(step->path) ||
				unlinkat(fd, path_base(folder), AT_REMOVEDIR) != 0) {
				break;
			}
		}
	}
}

static bool back_each(struct commit_place *place, const struct commit_step *step, struct error *err)
{
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };

	for (size_t i = step->first; i < step->end; i++) {
		const struct installed_file *file = &place->record->files[i];

		if (file->kept) {
			continue;
		}
		if (!commit_folder_enter(&folder, place, file->path, false, err) ||
			!commit_file_back(place, &folder, file, true, err)) {
			return false;
		}
	}
	commit_folder_finish(&folder);
	if (place->game_fd >= 0) {
		remove_empty_folders(place, step);
	}
	return true;
}

static bool back_folder(struct commit_place *place, struct commit_folder *folder,
	const struct commit_step *step, struct error *err)
{
	struct commit_folder_ends ends;

	if (!commit_folder_enter(folder, place, step->path, false, err) ||
		!commit_place_find_folder(&ends, place, folder, step->path, err)) {
		return false;
	}
	if (ends.to_fd < 0 || unlinkat(ends.to_fd, ends.to, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		return true; /* it was empty: only room had been made */
	}
	if (errno == ENOTDIR && commit_record_removes(place->record, step->path)) {
		return true; /* the old build's file is still there */
	}
	if (errno != ENOTEMPTY && errno != EEXIST) {
		return commit_file_refuse(place, step->path, err);
	}
	if (ends.staged || ends.from_fd < 0 || !place->moving) {
		return back_each(place, step, err);
	}
	if (renameat(ends.to_fd, ends.to, ends.from_fd, ends.from) != 0) {
		return commit_file_refuse(place, step->path, err);
	}
	return strcmp(step->path, ".") != 0 || commit_place_reopen(place, err);
}

static bool back_all(struct commit_place *place, struct error *err)
{
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };
	struct commit_step step = { 0 };

	while (commit_record_next(place->record, &step)) {
		if (step.file == NULL
				? !back_folder(place, &folder, &step, err)
				: !commit_folder_enter(&folder, place, step.path, false, err) ||
					  !commit_file_back(place, &folder, step.file,
						  step.file->added, err)) {
			return false;
		}
	}
	return true;
}

bool commit_back_run(struct commit_place *place, struct error *err)
{
	const struct strvec *made = &place->record->made;

	/* A folder that could not be opened on the way here would look like one that is not there.
	 */
	if (!commit_place_reopen(place, err)) {
		return false;
	}
	commit_empty_back(place);
	if (!back_all(place, err) || !commit_place_reopen(place, err) ||
		!commit_removed_back(place, err) ||
		!commit_moves_sync(place, place->game_fd, err) ||
		!commit_moves_sync(place, place->files_fd, err)) {
		return false;
	}
	for (size_t i = made->count; i-- > 0;) {
		AUTO(close_fd)
		int fd = beneath_open_parent(place->root_fd, made->items[i], false, NULL);

		if (fd >= 0) {
			unlinkat(fd, path_base(made->items[i]), AT_REMOVEDIR);
		}
	}
	return sync_folder(place->root_fd) && sync_folder(place->dir_fd)
		       ? true
		       : error_set_errno(err, "cannot flush the folders of the game");
}
