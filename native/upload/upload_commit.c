#include "upload/upload_commit.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "upload/commit_back.h"
#include "upload/commit_empty.h"
#include "upload/commit_moves.h"
#include "upload/commit_place.h"
#include "upload/commit_plan.h"
#include "upload/commit_record.h"
#include "upload/commit_removed.h"
#include "upload/commit_room.h"
#include "upload/upload_journal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_STEP_S 2 /* the coarsest time that a file system keeps */
#define TIME_STEP_TRIES 3

/* --- The staged files --- */

static bool is_named(const struct upload_commit *commit, const char *path)
{
	for (size_t i = 0; i < 2; i++) {
		if (commit->executables[i] != NULL && strcmp(commit->executables[i], path) == 0) {
			return true;
		}
	}
	return false;
}

static bool begins_with(int fd, const char *magic, size_t length)
{
	char start[4] = { 0 };

	return pread(fd, start, sizeof(start), 0) >= 2 && memcmp(start, magic, length) == 0;
}

/* Nothing is sent for an empty file: it is staged now, so that all files are moved the same way. */
static bool stage_empty(int files_fd, const char *path, struct error *err)
{
	AUTO(close_fd) int folder_fd = beneath_open_parent(files_fd, path, true, err);
	AUTO(close_fd) int fd = -1;

	if (folder_fd < 0) {
		return false;
	}
	fd = beneath_open(folder_fd, path_base(path), O_WRONLY | O_CREAT | O_NONBLOCK, 0644, err);
	return fd >= 0;
}

/* Would the file and the one it replaces look the same? */
static bool is_like_before(const struct installed_file *file, const struct stat *stat)
{
	return !file->added && stat->st_size == file->was_bytes &&
	       stat->st_mtim.tv_sec == file->was_mtime_s &&
	       stat->st_mtim.tv_nsec == file->was_mtime_ns;
}

/*
 * After an interruption size and time tell which of two exchanged files is which: a staged one that
 * has both in common with the one it replaces gets another time.
 */
static bool make_distinct(int fd, const struct installed_file *file, struct stat *stat)
{
	for (int i = 0; i < TIME_STEP_TRIES && is_like_before(file, stat); i++) {
		struct timespec times[] = { stat->st_atim, stat->st_mtim };

		times[1].tv_sec += TIME_STEP_S;
		if (futimens(fd, times) != 0 || fsync(fd) != 0 || fstat(fd, stat) != 0) {
			return false;
		}
	}
	return true;
}

/* Gives a staged file its final mode, and records its time. */
static bool ready_file(const struct upload_commit *commit, int files_fd,
	struct installed_file *file, struct error *err)
{
	AUTO(close_fd) int fd = beneath_open(files_fd, file->path, O_RDWR | O_NONBLOCK, 0, err);
	struct stat stat;
	bool runs;

	if (fd < 0) {
		return false;
	}
	if (fstat(fd, &stat) != 0) {
		return error_set_errno(err, "cannot look at the received '%s'", file->path);
	}
	if (!S_ISREG(stat.st_mode) || stat.st_nlink != 1 || stat.st_size != file->size_bytes) {
		return error_set(err, ERROR_INVALID,
			"the received data of '%s' was changed by another program; start the "
			"upload again",
			file->path);
	}
	runs = begins_with(fd, "\177ELF", 4) || begins_with(fd, "#!", 2);
	file->program = runs || begins_with(fd, "MZ", 2);
	if ((runs || is_named(commit, file->path)) && (stat.st_mode & 0111) != 0111 &&
		(fchmod(fd, 0755) != 0 || fsync(fd) != 0)) {
		return error_set_errno(err, "cannot make '%s' executable", file->path);
	}
	if (!make_distinct(fd, file, &stat)) {
		return error_set_errno(err, "cannot change the time of '%s'", file->path);
	}
	file->mtime_s = stat.st_mtim.tv_sec;
	file->mtime_ns = stat.st_mtim.tv_nsec;
	return true;
}

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

static bool ready_files(const struct upload_commit *commit, int files_fd, struct error *err)
{
	struct commit_record *record = commit->record;
	AUTO(free_ptr) const char **empty = xcalloc(record->files_count, sizeof(char *));
	size_t empty_count = 0;

	for (size_t i = 0; i < record->files_count; i++) {
		struct installed_file *file = &record->files[i];

		/* It must not be moved along with its folder. */
		if (file->leftover && !beneath_remove_tree(files_fd, file->path, err)) {
			return false;
		}
		if (file->kept) {
			continue;
		}
		if (file->size_bytes == 0) {
			if (!stage_empty(files_fd, file->path, err)) {
				return false;
			}
			empty[empty_count++] = file->path;
		}
		if (!ready_file(commit, files_fd, file, err)) {
			return false;
		}
	}
	return empty_count == 0 || beneath_sync_folders(files_fd, path_at, empty_count, empty, err);
}

/* --- The commit --- */

static bool replaces_files(const struct commit_record *record)
{
	struct commit_step step = { 0 };

	while (commit_record_next(record, &step)) {
		if (step.file != NULL && !step.file->added) {
			return true;
		}
	}
	return false;
}

static const char *build_of(const struct commit_record *record)
{
	return record->build != NULL ? record->build : "";
}

/* Everything that leaves the game's folder as it is. */
static bool check_and_write(
	const struct upload_commit *commit, const struct commit_place *place, struct error *err)
{
	struct commit_record *record = commit->record;

	if (place->files_fd < 0) {
		return error_set(err, ERROR_NOT_FOUND,
			"the received data is no longer in '%s'; start the upload again",
			commit->root);
	}
	record->exchange = true;
	return commit_plan_make(place, record, err) && commit_empty_plan(place, record, err) &&
	       ready_files(commit, place->files_fd, err) &&
	       commit_empty_stage(place, record, err) &&
	       ((!replaces_files(record) && record->removed_count == 0) ||
		       commit_room_can_exchange(commit->dir_fd, &record->exchange, err)) &&
	       installed_manifest_prepare(commit->state_dir, record->dir, build_of(record),
		       record->files, record->files_count, err) &&
	       commit_record_write(record, commit->dir_fd, err);
}

/* Ends the commit of a game that is the old build again. */
static enum upload_commit_end end_undone(
	const struct upload_commit *commit, const struct commit_place *place, struct error *err)
{
	/* What is not the new build's must not count as received. */
	if (place->doubtful && !upload_journal_set_aside(commit->dir_fd, err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	if (!commit_record_remove(commit->dir_fd, err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	installed_manifest_drop(commit->state_dir, place->record->dir, build_of(place->record));
	return UPLOAD_COMMIT_UNDONE;
}

static enum upload_commit_end move_back(
	const struct upload_commit *commit, struct commit_place *place, struct error *err)
{
	return commit_back_run(place, err) ? end_undone(commit, place, err) : UPLOAD_COMMIT_STUCK;
}

/* err: why it could not be done. */
static enum upload_commit_end go_back(
	const struct upload_commit *commit, struct commit_place *place, struct error *err)
{
	struct error why = { 0 };
	enum upload_commit_end end = move_back(commit, place, &why);

	if (end == UPLOAD_COMMIT_STUCK) {
		error_set_because(err, err, "%s; and what has moved cannot be moved back: %s",
			err->message, why.message);
	}
	return end;
}

static enum upload_commit_end withdraw(
	const struct upload_commit *commit, const struct commit_record *record, struct error *err)
{
	AUTO(commit_place_finish) struct commit_place place = { 0 };

	return commit_place_open(&place, commit->root, commit->dir_fd, record, err)
		       ? move_back(commit, &place, err)
		       : UPLOAD_COMMIT_STUCK;
}

/* An attempt may have failed so that not even its room could be taken away. */
static bool withdraw_earlier(const struct upload_commit *commit, struct error *err)
{
	AUTO(commit_record_finish) struct commit_record record = { 0 };

	switch (commit_record_read(&record, commit->dir_fd, err)) {
	case COMMIT_NONE:
		return true;
	case COMMIT_PREPARING:
		return withdraw(commit, &record, err) == UPLOAD_COMMIT_UNDONE;
	case COMMIT_DAMAGED:
		return commit_record_remove(commit->dir_fd, err);
	case COMMIT_MOVING:
	case COMMIT_MOVED:
		return error_set(
			err, ERROR_CONFLICT, "'%s' is still being moved into place", record.dir);
	case COMMIT_UNREADABLE:
		break;
	}
	return false;
}

/* Before anything is promised. */
static enum upload_commit_end refuse(const struct upload_commit *commit, struct error *err)
{
	if (err->kind == ERROR_NO_SPACE) {
		error_set(err, ERROR_NO_SPACE,
			"there is not enough room to install '%s': %s; free some space in '%s' and "
			"complete the upload again",
			commit->record->game_name, err->message, commit->root);
	}
	return UPLOAD_COMMIT_UNDONE;
}

enum upload_commit_end upload_commit_prepare(const struct upload_commit *commit, struct error *err)
{
	AUTO(commit_place_finish) struct commit_place place = { 0 };
	bool stands = false;

	if (!withdraw_earlier(commit, err)) {
		return UPLOAD_COMMIT_UNDONE;
	}
	if (!commit_place_open(&place, commit->root, commit->dir_fd, commit->record, err) ||
		!check_and_write(commit, &place, err)) {
		commit_record_remove(commit->dir_fd, NULL); /* it may exist, even if not durably */
		installed_manifest_drop(
			commit->state_dir, commit->record->dir, build_of(commit->record));
		return refuse(commit, err);
	}
	if (commit_room_make(&place, err) && commit_record_promise(commit->dir_fd, &stands, err)) {
		return UPLOAD_COMMIT_DONE;
	}
	if (stands) {
		return UPLOAD_COMMIT_STUCK;
	}
	/* Not promised: what cannot be taken away now is taken away at the next start. */
	move_back(commit, &place, NULL);
	return refuse(commit, err);
}

/* The tries of a commit: what may pass is tried again, before all goes back. */
enum tries {
	TRIES_FIRST, /* directly after the promise: somebody waits for the answer */
	TRIES_MORE,
	TRIES_LAST,
};

static bool may_pass(const struct error *err)
{
	return err->kind == ERROR_IO || err->kind == ERROR_NO_SPACE;
}

/* Every file is in place. What is ours must be known before the game is entered as installed. */
static enum upload_commit_end end_moved(
	const struct upload_commit *commit, const struct commit_place *place, struct error *err)
{
	const struct commit_record *record = place->record;
	struct error why = { 0 };

	commit_removed_tidy(place);
	if (installed_manifest_adopt(commit->state_dir, record->dir, build_of(record),
		    record->files, record->files_count, &why)) {
		return UPLOAD_COMMIT_DONE;
	}
	error_set(err, why.kind,
		"the files of '%s' are in place, but the list of them cannot be written: %s",
		record->game_name, why.message);
	return UPLOAD_COMMIT_STUCK;
}

static enum upload_commit_end finish_moved(const struct upload_commit *commit, struct error *err)
{
	AUTO(commit_place_finish) struct commit_place place = { 0 };

	return commit_place_open(&place, commit->root, commit->dir_fd, commit->record, err)
		       ? end_moved(commit, &place, err)
		       : UPLOAD_COMMIT_STUCK;
}

static enum upload_commit_end apply(
	const struct upload_commit *commit, enum tries tries, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(commit_place_finish) struct commit_place place = { 0 };

	if (!commit_place_open(&place, commit->root, commit->dir_fd, record, err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	place.moving = true;
	if (commit_moves_run(&place, tries != TRIES_FIRST, err)) {
		commit_record_note_moved(commit->dir_fd);
		return end_moved(commit, &place, err);
	}
	if (record->version == 1) {
		/* What it has replaced is gone; the Hub can only send what is missing. */
		return err->kind == ERROR_NOT_FOUND && commit_record_remove(commit->dir_fd, err)
			       ? UPLOAD_COMMIT_UNDONE
			       : UPLOAD_COMMIT_STUCK;
	}
	if (tries == TRIES_MORE && may_pass(err)) {
		return UPLOAD_COMMIT_STUCK;
	}
	return go_back(commit, &place, err);
}

enum upload_commit_end upload_commit_apply(const struct upload_commit *commit, struct error *err)
{
	return apply(commit, TRIES_FIRST, err);
}

static enum upload_commit_end set_aside(const struct upload_commit *commit, struct error *err)
{
	struct error why = { 0 };

	if (commit_record_set_aside(commit->dir_fd, &why)) {
		return UPLOAD_COMMIT_UNDONE;
	}
	error_set_because(err, &why, "%s, and %s", err->message, why.message);
	return UPLOAD_COMMIT_STUCK;
}

enum upload_commit_end upload_commit_resume(const struct upload_commit *commit,
	const struct game *known, bool last_try, struct error *err)
{
	struct commit_record *record = commit->record;
	enum commit_state state = commit_record_read(record, commit->dir_fd, err);

	switch (state) {
	case COMMIT_NONE:
		return UPLOAD_COMMIT_NONE;
	case COMMIT_UNREADABLE:
		return UPLOAD_COMMIT_STUCK;
	case COMMIT_DAMAGED:
		return set_aside(commit, err);
	case COMMIT_PREPARING:
		return withdraw(commit, record, err);
	case COMMIT_MOVING:
	case COMMIT_MOVED:
		break;
	}
	if (known != NULL && json_is_given(record->build) &&
		strcmp(known->build, record->build) == 0) {
		return UPLOAD_COMMIT_OVER; /* only the staging was not removed yet */
	}
	if (commit_record_is_over(record, known)) {
		installed_manifest_drop(commit->state_dir, record->dir, build_of(record));
		error_set(err, ERROR_CONFLICT,
			"the interrupted installation in '%s' was dropped: the game has been "
			"installed again or deleted since",
			record->dir);
		return UPLOAD_COMMIT_OVER;
	}
	return state == COMMIT_MOVED ? finish_moved(commit, err)
				     : apply(commit, last_try ? TRIES_LAST : TRIES_MORE, err);
}
