#include "upload/commit_keep.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The way of one keeping. */
struct keeping {
	const struct commit_keep *keep;
	const struct commit_record *commit;
	bool moved; /* every file has: what is staged is the old build's */
	int root_fd;
	int dir_fd; /* the staging folder */
	char *id;   /* the keeping place's */
	struct kept_record record;
	struct strvec player, previous; /* paths of what was put by; sorted */
};

static void keeping_finish(struct keeping *keeping)
{
	close_fd(&keeping->root_fd);
	close_fd(&keeping->dir_fd);
	free(keeping->id);
	kept_record_finish(&keeping->record);
	strvec_finish(&keeping->player);
	strvec_finish(&keeping->previous);
}

static bool stat_below(int dir_fd, const char *folder, const char *path, bool *there,
	struct stat *stat, struct error *err)
{
	AUTO(free_ptr) char *full = xasprintf("%s/%s", folder, path);
	struct error why = { 0 };

	*there = beneath_stat(dir_fd, full, stat, &why);
	return *there || why.kind == ERROR_NOT_FOUND || why.kind == ERROR_INVALID ||
	       error_set(err, why.kind, "%s", why.message);
}

static bool move(struct keeping *keeping, const char *from, const char *to, const char *path,
	struct error *err)
{
	AUTO(free_ptr) char *source = xasprintf("%s/%s", from, path);
	AUTO(free_ptr) char *target = xasprintf("%s/%s", to, path);
	AUTO(close_fd) int from_fd = beneath_open_parent(keeping->dir_fd, source, false, err);
	AUTO(close_fd)
	int to_fd = from_fd < 0 ? -1 : beneath_open_parent(keeping->dir_fd, target, true, err);

	return to_fd >= 0 && (renameat(from_fd, path_base(path), to_fd, path_base(path)) == 0 ||
				     error_set_errno(err, "cannot keep the replaced '%s'", path));
}

static void note_player(
	struct keeping *keeping, const struct installed_file *file, const struct stat *stat)
{
	struct kept_record *record = &keeping->record;
	struct installed_file *entry;

	record->player =
		xrealloc(record->player, record->player_count + 1, sizeof(*record->player));
	entry = &record->player[record->player_count++];
	*entry = (struct installed_file){ .path = xstrdup(file->path),
		.size_bytes = stat->st_size,
		.mtime_s = stat->st_mtim.tv_sec,
		.mtime_ns = stat->st_mtim.tv_nsec };
	strvec_push(&keeping->player, file->path);
}

static void note_previous(struct keeping *keeping, const char *path, const struct stat *stat)
{
	keeping->record.previous_files++;
	keeping->record.previous_bytes += stat->st_size;
	strvec_push(&keeping->previous, path);
}

static bool has_time(const struct stat *stat, int64_t size_bytes, int64_t mtime_s, int64_t mtime_ns)
{
	return stat->st_size == size_bytes && stat->st_mtim.tv_sec == mtime_s &&
	       stat->st_mtim.tv_nsec == mtime_ns;
}

/* The old file, if it is still where the commit has put it. */
static bool put_by(struct keeping *keeping, const struct installed_file *file, struct error *err)
{
	const char *from =
		keeping->commit->exchange ? UPLOAD_STAGING_FILES : UPLOAD_STAGING_REPLACED;
	bool there, old;
	struct stat stat;

	if (!stat_below(keeping->dir_fd, from, file->path, &there, &stat, err)) {
		return false;
	}
	old = there && has_time(&stat, file->was_bytes, file->was_mtime_s, file->was_mtime_ns);
	if (there && S_ISDIR(stat.st_mode)) {
		return true;
	}
	if (there && (old || keeping->moved)) {
		/* One that was written while it was being replaced is the player's. */
		return move(keeping, from, file->player || !old ? KEPT_PLAYER : KEPT_PREVIOUS,
			file->path, err);
	}
	return true;
}

/* After all are put by: an earlier try may have done some of it. */
static bool count(struct keeping *keeping, const struct installed_file *file, struct error *err)
{
	struct stat stat;
	bool there;

	if (!stat_below(keeping->dir_fd, KEPT_PLAYER, file->path, &there, &stat, err)) {
		return false;
	}
	if (there && !S_ISDIR(stat.st_mode)) {
		note_player(keeping, file, &stat);
		return true;
	}
	if (!stat_below(keeping->dir_fd, KEPT_PREVIOUS, file->path, &there, &stat, err)) {
		return false;
	}
	/* An empty file without permissions only made room for one that was not moved. */
	if (there && !S_ISDIR(stat.st_mode) && (stat.st_size > 0 || (stat.st_mode & 0777) != 0)) {
		note_previous(keeping, file->path, &stat);
	}
	return true;
}

static bool put_all_by(struct keeping *keeping, struct error *err)
{
	const struct commit_record *commit = keeping->commit;
	struct commit_step step = { 0 };

	while (commit_record_next(commit, &step)) {
		if (step.file != NULL && !step.file->added && !put_by(keeping, step.file, err)) {
			return false;
		}
	}
	step = (struct commit_step){ 0 };
	while (commit_record_next(commit, &step)) {
		if (step.file != NULL && !step.file->added && !count(keeping, step.file, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < commit->removed_count; i++) {
		if (!count(keeping, &commit->removed[i], err)) {
			return false;
		}
	}
	return true;
}

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((char *const *)user)[index];
}

static int compare_paths(const void *a, const void *b)
{
	return path_compare(*(char *const *)a, *(char *const *)b);
}

static bool sync_names(
	const struct keeping *keeping, const char *name, struct strvec *paths, struct error *err)
{
	AUTO(close_fd) int fd = -1;

	if (paths->count == 0) {
		return true;
	}
	qsort(paths->items, paths->count, sizeof(*paths->items), compare_paths);
	fd = beneath_open(keeping->dir_fd, name, O_RDONLY | O_DIRECTORY, 0, err);
	return fd >= 0 && beneath_sync_folders(fd, path_at, paths->count, paths->items, err);
}

static bool write_record(struct keeping *keeping, struct error *err)
{
	const struct commit_record *commit = keeping->commit;
	struct kept_record record = keeping->record;
	const char *executable = commit->previous_executable;
	AUTO(free_ptr) char *build = xstrdup(commit->build);
	AUTO(free_ptr) char *previous = xstrdup(executable != NULL ? executable : "");
	AUTO(free_ptr) char *dir = xstrdup(commit->dir);
	AUTO(free_ptr) char *name = xstrdup(commit->game_name);

	record.build = build;
	record.executable = previous;
	record.dir = dir;
	record.game_name = name;
	record.kept_at = commit->installed_at;
	return kept_record_write(&record, keeping->dir_fd, err);
}

/* The name says when, and is the same at each try; caller frees. */
static char *place_of(const struct keeping *keeping)
{
	time_t at = keeping->commit->installed_at;
	char when[32];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	return xasprintf("%s/%s/%s-%.6s", KEPT_FOLDER, path_base(keeping->commit->dir), when,
		keeping->keep->upload_id);
}

/* The point at which it is kept, and no upload any more. */
static bool move_folder(struct keeping *keeping, struct error *err)
{
	AUTO(free_ptr)
	char *source = xasprintf("%s/%s", PATH_UPLOADS_FOLDER, keeping->keep->upload_id);
	AUTO(free_ptr) char *target = place_of(keeping);
	const char *path = target;
	AUTO(close_fd) int from_fd = beneath_open_parent(keeping->root_fd, source, false, err);
	AUTO(close_fd)
	int to_fd = from_fd < 0 ? -1 : beneath_open_parent(keeping->root_fd, target, true, err);

	if (to_fd < 0) {
		return false;
	}
	keeping->id = xstrdup(path_base(target));
	if (renameat2(from_fd, path_base(source), to_fd, path_base(target), RENAME_NOREPLACE) !=
			0 &&
		(errno != EINVAL ||
			renameat(from_fd, path_base(source), to_fd, path_base(target)) != 0)) {
		return error_set_errno(
			err, "cannot keep what was replaced in '%s'", keeping->commit->dir);
	}
	return beneath_sync_folders(keeping->root_fd, path_at, 1, &path, err) &&
	       (sync_folder(from_fd) || error_set_errno(err, "cannot flush the folder of uploads"));
}

/* What the upload needed; another try is not needed: nobody looks at it. */
static void clear_up(const struct keeping *keeping)
{
	static const char *const names[] = { UPLOAD_STAGING_HEAD, UPLOAD_STAGING_PREPARE,
		UPLOAD_STAGING_COMMIT, UPLOAD_STAGING_MOVED, UPLOAD_STAGING_FILES,
		UPLOAD_STAGING_REPLACED, UPLOAD_STAGING_ROLLBACK, "journal" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		beneath_remove_tree(keeping->dir_fd, names[i], NULL);
	}
}

static bool keep_folder(struct keeping *keeping, struct error *err)
{
	if (!put_all_by(keeping, err)) {
		return false;
	}
	if (!keeping->keep->keep_previous) {
		keeping->record.previous_files = keeping->record.previous_bytes = 0;
		strvec_finish(&keeping->previous);
	}
	if (keeping->player.count == 0 && keeping->previous.count == 0) {
		return true; /* it goes with the staging */
	}
	if (keeping->previous.count == 0 &&
		!beneath_remove_tree(keeping->dir_fd, KEPT_PREVIOUS, err)) {
		return false;
	}
	if (!sync_names(keeping, KEPT_PLAYER, &keeping->player, err) ||
		!sync_names(keeping, KEPT_PREVIOUS, &keeping->previous, err) ||
		!write_record(keeping, err) || !move_folder(keeping, err)) {
		return false;
	}
	clear_up(keeping);
	/* At most one is kept. */
	kept_files_drop_previous(keeping->root_fd, keeping->commit->dir, keeping->id);
	return true;
}

bool commit_keep_run(const struct commit_keep *keep, struct error *err)
{
	AUTO(commit_record_finish) struct commit_record commit = { 0 };
	AUTO(keeping_finish)
	struct keeping keeping = { .keep = keep, .commit = &commit, .root_fd = -1, .dir_fd = -1 };
	struct error why = { 0 };

	keeping.root_fd = library_open(keep->root, keep->library, err);
	if (keeping.root_fd < 0) {
		return false;
	}
	keeping.dir_fd = upload_staging_open(keep->root, keep->library, keep->upload_id, &why);
	if (keeping.dir_fd < 0) {
		return why.kind == ERROR_NOT_FOUND || error_set(err, why.kind, "%s", why.message);
	}
	switch (commit_record_read(&commit, keeping.dir_fd, &why)) {
	case COMMIT_MOVED:
		keeping.moved = true;
		break;
	case COMMIT_MOVING:
		break;
	case COMMIT_UNREADABLE:
		return error_set(err, why.kind, "%s", why.message);
	case COMMIT_NONE:
	case COMMIT_PREPARING:
	case COMMIT_DAMAGED:
		return true;
	}
	/* What one of version 1 has replaced is gone. */
	return commit.build == NULL || keep_folder(&keeping, err);
}
