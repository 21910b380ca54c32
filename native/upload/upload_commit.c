#include "upload/upload_commit.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_record.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The game's folder, relative to root. */
static const char *relative_dir(const struct upload_commit *commit)
{
	const char *relative = commit->record->dir + strlen(commit->root);

	return relative + strspn(relative, "/"); /* root may be "/" itself */
}

static int open_root(const struct upload_commit *commit, struct error *err)
{
	int fd;

	if (!path_is_within(commit->record->dir, commit->root) ||
		strcmp(commit->record->dir, commit->root) == 0) {
		error_set(err, ERROR_INVALID, "'%s' is not below the library '%s'",
			commit->record->dir, commit->root);
		return -1;
	}
	fd = open(commit->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(err, "cannot open the library '%s'", commit->root);
	}
	return fd;
}

/* Opens the game's folder; *fd is -1 if it does not exist yet. */
static bool open_game(const struct upload_commit *commit, int *fd, struct error *err)
{
	AUTO(close_fd) int root_fd = open_root(commit, err);
	struct error why = { 0 };
	struct stat stat;

	*fd = -1;
	if (root_fd < 0) {
		return false;
	}
	if (!beneath_stat(root_fd, relative_dir(commit), &stat, &why)) {
		if (why.kind == ERROR_NOT_FOUND) {
			return true;
		}
		*err = why;
		return false;
	}
	if (!S_ISDIR(stat.st_mode)) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' is not a folder; move it away so that the game can be installed there",
			commit->record->dir);
	}
	*fd = beneath_open(root_fd, relative_dir(commit), O_RDONLY | O_DIRECTORY, 0, err);
	return *fd >= 0;
}

static bool refuse_conflict(const struct upload_commit *commit, const char *path,
	const struct stat *stat, const char *wanted, struct error *err)
{
	const char *found = S_ISDIR(stat->st_mode)   ? "a folder"
			    : S_ISLNK(stat->st_mode) ? "a link"
						     : "a file";

	return error_set(err, ERROR_CONFLICT,
		"'%s' in '%s' is %s, but the game has %s of that name; move it away and try again",
		path, commit->record->dir, found, wanted);
}

/*
 * Are all folders on the way to path folders, or missing? missing: in and out, the length of the
 * folder known not to exist; checked: how much of path was already checked with the previous one.
 */
static bool check_folders(const struct upload_commit *commit, int game_fd, const char *path,
	size_t checked, size_t *missing, struct error *err)
{
	AUTO(free_ptr) char *folder = xstrdup(path);
	char *slash = folder + checked;
	struct error why = { 0 };
	struct stat stat;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (!beneath_stat(game_fd, folder, &stat, &why)) {
			*missing = slash - folder;
			*err = why;
			return why.kind == ERROR_NOT_FOUND;
		}
		if (!S_ISDIR(stat.st_mode)) {
			return refuse_conflict(commit, folder, &stat, "a folder", err);
		}
		*slash = '/';
	}
	return true;
}

/* Obstacles must be found before files begin to move. */
static bool check_conflicts(const struct upload_commit *commit, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(close_fd) int game_fd = -1;
	const char *before = "";
	size_t missing = 0;

	if (!open_game(commit, &game_fd, err)) {
		return false;
	}
	for (size_t i = 0; game_fd >= 0 && i < record->files_count; i++) {
		const char *path = record->files[i].path;
		size_t shared = beneath_shared_folders(before, path);
		struct error why = { 0 };
		struct stat stat;

		before = path;
		if (missing > 0 && shared >= missing) {
			continue;
		}
		missing = 0;
		if (!check_folders(commit, game_fd, path, shared, &missing, &why)) {
			*err = why;
			return false;
		}
		if (missing > 0) {
			continue;
		}
		if (beneath_stat(game_fd, path, &stat, &why)) {
			if (S_ISDIR(stat.st_mode)) {
				return refuse_conflict(commit, path, &stat, "a file", err);
			}
		} else if (why.kind != ERROR_NOT_FOUND) {
			*err = why;
			return false;
		}
	}
	return true;
}

static bool same_folder(const char *a, const char *b)
{
	size_t length = path_base(a) - a;

	return path_base(b) - b == (ptrdiff_t)length && memcmp(a, b, length) == 0;
}

/* Can files be renamed from staging into this folder, or into a new one in it? */
static bool check_movable(
	const struct upload_commit *commit, int folder_fd, const char *folder, struct error *err)
{
	struct stat from, to;

	if (fstat(commit->dir_fd, &from) != 0 || fstat(folder_fd, &to) != 0 ||
		from.st_dev != to.st_dev) {
		return error_set(err, ERROR_CONFLICT,
			"the folder '%s' in '%s' is on another disk than the library; move it there "
			"and try again",
			folder, commit->record->dir);
	}
	return faccessat(folder_fd, ".", W_OK | X_OK, AT_EACCESS) == 0 ||
	       error_set(err, ERROR_CONFLICT,
		       "the folder '%s' in '%s' is not writable; make it writable and try again",
		       folder, commit->record->dir);
}

/* The deepest existing folder on the way to path; folder is cut to its name. */
static int open_deepest(int game_fd, char *folder, struct error *err)
{
	for (;;) {
		char *slash = strrchr(folder, '/');
		struct error why = { 0 };
		int fd;

		*(slash != NULL ? slash : folder) = '\0';
		fd = beneath_open(
			game_fd, slash != NULL ? folder : ".", O_PATH | O_DIRECTORY, 0, &why);
		if (fd >= 0) {
			return fd;
		}
		if (slash == NULL || why.kind != ERROR_NOT_FOUND) {
			*err = why;
			return -1;
		}
	}
}

static bool check_folders_movable(const struct upload_commit *commit, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(close_fd) int game_fd = -1;
	const char *before = NULL;

	if (!open_game(commit, &game_fd, err)) {
		return false;
	}
	for (size_t i = 0; game_fd >= 0 && i < record->files_count; i++) {
		AUTO(free_ptr) char *folder = xstrdup(record->files[i].path);
		AUTO(close_fd) int fd = -1;

		if (record->files[i].kept || (before != NULL && same_folder(before, folder))) {
			continue;
		}
		before = record->files[i].path;
		fd = open_deepest(game_fd, folder, err);
		if (fd < 0 || !check_movable(commit, fd, folder, err)) {
			return false;
		}
	}
	return true;
}

static bool check_kept(const struct upload_commit *commit, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(close_fd) int game_fd = -1;
	struct stat stat;

	if (!open_game(commit, &game_fd, err)) {
		return false;
	}
	for (size_t i = 0; i < record->files_count; i++) {
		const struct installed_file *file = &record->files[i];

		if (file->kept && (game_fd < 0 || !beneath_stat(game_fd, file->path, &stat, NULL) ||
					  !installed_file_is_untouched(file, &stat))) {
			return error_set(err, ERROR_INVALID,
				"'%s' in '%s' has changed since it was found to be up to date; "
				"start the upload again",
				file->path, record->dir);
		}
	}
	return true;
}

static bool wants_execute_bit(const struct upload_commit *commit, const char *path, int fd)
{
	unsigned char magic[4] = { 0 };

	for (size_t i = 0; i < 2; i++) {
		if (commit->executables[i] != NULL && strcmp(commit->executables[i], path) == 0) {
			return true;
		}
	}
	return pread(fd, magic, sizeof(magic), 0) >= 2 &&
	       (memcmp(magic, "\177ELF", 4) == 0 || memcmp(magic, "#!", 2) == 0);
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

/* Gives a staged file its final mode, and records its time. */
static bool ready_file(const struct upload_commit *commit, int files_fd,
	struct installed_file *file, struct error *err)
{
	AUTO(close_fd) int fd = beneath_open(files_fd, file->path, O_RDWR | O_NONBLOCK, 0, err);
	struct stat stat;

	if (fd < 0) {
		return false;
	}
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_nlink != 1 ||
		stat.st_size != file->size_bytes) {
		return error_set(err, ERROR_INVALID,
			"the received data of '%s' was changed by another program; start the "
			"upload again",
			file->path);
	}
	if (wants_execute_bit(commit, file->path, fd) && (stat.st_mode & 0111) != 0111 &&
		(fchmod(fd, 0755) != 0 || fsync(fd) != 0)) {
		return error_set_errno(err, "cannot make '%s' executable", file->path);
	}
	file->mtime_s = stat.st_mtim.tv_sec;
	file->mtime_ns = stat.st_mtim.tv_nsec;
	return true;
}

static int open_files(const struct upload_commit *commit, struct error *err)
{
	return beneath_open(commit->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, err);
}

/* For beneath_sync_folders(). */
static const char *path_at(const void *user, size_t index)
{
	return ((const char *const *)user)[index];
}

static bool ready_files(const struct upload_commit *commit, struct error *err)
{
	struct commit_record *record = commit->record;
	AUTO(free_ptr) const char **empty = xcalloc(record->files_count, sizeof(char *));
	AUTO(close_fd) int files_fd = open_files(commit, err);
	size_t empty_count = 0;

	if (files_fd < 0) {
		return false;
	}
	for (size_t i = 0; i < record->files_count; i++) {
		struct installed_file *file = &record->files[i];

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

bool upload_commit_prepare(const struct upload_commit *commit, struct error *err)
{
	if (!check_conflicts(commit, err) || !check_folders_movable(commit, err) ||
		!check_kept(commit, err) || !ready_files(commit, err)) {
		return false;
	}
	if (!commit_record_write(commit->record, commit->dir_fd, err)) {
		commit_record_remove(commit->dir_fd); /* it may exist, even if not durably */
		return false;
	}
	return true;
}

/* The source and destination folder of one path, kept open for the next file in the same folder. */
struct move {
	const char *path; /* the previous one; NULL at first */
	int from_fd;	  /* -1: nothing is left in it */
	int to_fd;
};

static void move_finish(struct move *move)
{
	close_fd(&move->from_fd);
	close_fd(&move->to_fd);
}

static bool move_enter(
	struct move *move, int files_fd, int game_fd, const char *path, struct error *err)
{
	struct error why = { 0 };

	if (move->path != NULL && same_folder(move->path, path)) {
		return true;
	}
	move_finish(move);
	*move = (struct move){ .path = path, .from_fd = -1, .to_fd = -1 };
	move->to_fd = beneath_open_parent(game_fd, path, true, err);
	if (move->to_fd < 0) {
		return false;
	}
	move->from_fd = files_fd < 0 ? -1 : beneath_open_parent(files_fd, path, false, &why);
	if (move->from_fd < 0 && files_fd >= 0 && why.kind != ERROR_NOT_FOUND) {
		*err = why;
		return false;
	}
	return true;
}

/* Was it moved before a crash? */
static bool is_moved(const struct move *move, const struct installed_file *file)
{
	struct stat stat;

	return fstatat(move->to_fd, path_base(file->path), &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (file->size_bytes == 0 ? S_ISREG(stat.st_mode)
				      : installed_file_is_untouched(file, &stat));
}

static bool move_file(const struct move *move, const struct installed_file *file, struct error *err)
{
	const char *name = path_base(file->path);

	if (move->from_fd >= 0 && renameat(move->from_fd, name, move->to_fd, name) == 0) {
		return true;
	}
	if (move->from_fd >= 0 && errno != ENOENT) {
		return error_set_errno(err, "cannot move '%s' into the game", file->path);
	}
	return is_moved(move, file) ||
	       error_set(err, ERROR_NOT_FOUND,
		       "the received data of '%s' is gone; start the upload again", file->path);
}

static bool move_files(
	const struct upload_commit *commit, int files_fd, int game_fd, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(move_finish) struct move move = { .from_fd = -1, .to_fd = -1 };

	for (size_t i = 0; i < record->files_count; i++) {
		const struct installed_file *file = &record->files[i];

		if (!file->kept && (!move_enter(&move, files_fd, game_fd, file->path, err) ||
					   !move_file(&move, file, err))) {
			return false;
		}
	}
	return true;
}

/* For beneath_sync_folders(): the paths of a record. */
static const char *record_path(const void *user, size_t index)
{
	return ((const struct commit_record *)user)->files[index].path;
}

bool upload_commit_apply(const struct upload_commit *commit, struct error *err)
{
	const struct commit_record *record = commit->record;
	AUTO(close_fd) int root_fd = open_root(commit, err);
	struct error why = { 0 };
	AUTO(close_fd) int files_fd = open_files(commit, &why);
	AUTO(free_ptr) char *inside = NULL;
	AUTO(close_fd) int game_fd = -1;
	struct commit_record game_only;

	if (root_fd < 0) {
		return false;
	}
	/* It may be missing if everything has been moved. */
	if (files_fd < 0 && why.kind != ERROR_NOT_FOUND) {
		*err = why;
		return false;
	}
	inside = xasprintf("%s/x", relative_dir(commit));
	game_fd = beneath_open_parent(root_fd, inside, true, err);
	if (game_fd < 0 || !move_files(commit, files_fd, game_fd, err)) {
		return false;
	}
	/* The game's folder itself may be new, and its parents too. */
	game_only = (struct commit_record){ .files = &(struct installed_file){ .path = inside } };
	return beneath_sync_folders(game_fd, record_path, record->files_count, record, err) &&
	       beneath_sync_folders(root_fd, record_path, 1, &game_only, err) &&
	       installed_manifest_write(
		       commit->state_dir, record->dir, record->files, record->files_count, err);
}
