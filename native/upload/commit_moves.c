#include "upload/commit_moves.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_empty.h"
#include "upload/commit_file.h"
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

/* Every file of a folder that could not be moved as a whole, or of a record of version 1. */
static bool move_each(struct commit_place *place, size_t first, size_t end, struct error *err)
{
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };

	for (size_t i = first; i < end; i++) {
		const struct installed_file *file = &place->record->files[i];

		if (!file->kept && (!commit_folder_enter(&folder, place, file->path, true, err) ||
					   !commit_file_put(place, &folder, file, err))) {
			return false;
		}
	}
	return true;
}

/* Are the files of a folder that is staged, or was moved, all in it? */
static bool check_each(int dir_fd, const struct commit_record *record,
	const struct commit_step *step, struct error *err)
{
	for (size_t i = step->first; i < step->end; i++) {
		struct error why = { 0 };
		struct stat stat;

		if (record->files[i].kept) {
			continue; /* one that was deleted with the folder, and stays so */
		}
		if (dir_fd < 0) {
			return commit_file_lost(record->files[i].path, err);
		}
		if (!beneath_stat(dir_fd, record->files[i].path, &stat, &why)) {
			return why.kind == ERROR_IO ? error_pass(err, &why)
						    : commit_file_lost(record->files[i].path, err);
		}
	}
	return true;
}

static bool move_folder(struct commit_place *place, struct commit_folder *folder,
	const struct commit_step *step, bool again, struct error *err)
{
	struct commit_folder_ends ends;

	if (!commit_folder_enter(folder, place, step->path, true, err) ||
		!commit_place_find_folder(&ends, place, folder, step->path, err)) {
		return false;
	}
	if (!ends.staged) {
		return check_each(place->game_fd, place->record, step, err);
	}
	if (again && !check_each(place->files_fd, place->record, step, NULL)) {
		/* Partly moved, file by file, or lost. */
		return move_each(place, step->first, step->end, err);
	}
	if (renameat(ends.from_fd, ends.from, ends.to_fd, ends.to) == 0) {
		return strcmp(step->path, ".") != 0 || commit_place_reopen(place, err);
	}
	/* Somebody has put something into the folder that was made for it. */
	if (errno != ENOTEMPTY && errno != EEXIST) {
		return commit_file_refuse(place, step->path, err);
	}
	return commit_place_reopen(place, err) && move_each(place, step->first, step->end, err);
}

/* Files first: what is refused is refused before whole folders have moved. */
static bool move_all(struct commit_place *place, bool again, struct error *err)
{
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };

	for (int folders = 0; folders <= 1; folders++) {
		struct commit_step step = { 0 };

		while (commit_record_next(place->record, &step)) {
			if ((step.file == NULL) != folders) {
				continue;
			}
			if (step.file == NULL ? !move_folder(place, &folder, &step, again, err)
					      : !commit_folder_enter(
							&folder, place, step.path, true, err) ||
							!commit_file_move(place, &folder, step.file,
								again, err)) {
				return false;
			}
		}
	}
	return true;
}

/* --- Durability --- */

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

/* The folders in which names have changed, below one end of the place. */
bool commit_moves_sync(const struct commit_place *place, int dir_fd, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(free_ptr) const char **paths = xcalloc(record->files_count + 1, sizeof(char *));
	AUTO(commit_folder_finish) struct commit_folder folder = { 0 };
	struct commit_step step = { 0 };
	size_t count = 0;

	while (dir_fd >= 0 && commit_record_next(record, &step)) {
		if (strcmp(step.path, ".") == 0) {
			continue;
		}
		if (!commit_folder_enter(&folder, place, step.path, false, err)) {
			return false;
		}
		/* One that somebody has removed holds no name. */
		if ((dir_fd == place->game_fd ? folder.to_fd : folder.from_fd) >= 0) {
			paths[count++] = step.path;
		}
	}
	return dir_fd < 0 || beneath_sync_folders(dir_fd, path_at, count, paths, err);
}

/* The game's folder itself, and its parents, may be new. */
static bool sync_above(const struct commit_place *place, struct error *err)
{
	const char *relative = place->relative;

	return beneath_sync_folders(place->root_fd, path_at, 1, &relative, err);
}

/* Those that were put by where names cannot be exchanged. */
static bool sync_replaced(const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	AUTO(free_ptr) const char **paths = xcalloc(record->files_count + 1, sizeof(char *));
	AUTO(close_fd) int fd = -1;
	struct commit_step step = { 0 };
	size_t count = 0;

	while (!record->exchange && !commit_place_is_one_way(place) &&
		commit_record_next(record, &step)) {
		if (step.file != NULL && !step.file->added) {
			paths[count++] = step.path;
		}
	}
	if (count == 0) {
		return true;
	}
	fd = beneath_open(place->dir_fd, UPLOAD_STAGING_REPLACED, O_RDONLY | O_DIRECTORY, 0, err);
	return fd >= 0 && beneath_sync_folders(fd, path_at, count, paths, err);
}

bool commit_moves_run(struct commit_place *place, bool again, struct error *err)
{
	if (commit_place_is_one_way(place)) {
		AUTO(free_ptr) char *inside = xasprintf("%s/x", place->relative);
		AUTO(close_fd) int game_fd = beneath_open_parent(place->root_fd, inside, true, err);

		if (game_fd < 0 || !commit_place_reopen(place, err) ||
			!move_each(place, 0, place->record->files_count, err)) {
			return false;
		}
	} else if (place->game_fd < 0 &&
		   (place->record->folders.count == 0 ||
			   strcmp(place->record->folders.items[0], ".") != 0)) {
		return error_set(err, ERROR_NOT_FOUND,
			"the folder '%s' is gone; start the upload again", place->record->dir);
	} else if (!commit_removed_take(place, err) || !move_all(place, again, err)) {
		return false;
	}
	/* What was replaced first: it must not be lost with the power. */
	return commit_empty_settle(place, err) && commit_moves_sync(place, place->files_fd, err) &&
	       sync_replaced(place, err) && commit_removed_sync(place, err) &&
	       commit_moves_sync(place, place->game_fd, err) && sync_above(place, err);
}
