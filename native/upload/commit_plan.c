#include "upload/commit_plan.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "upload/commit_place.h"
#include "upload/commit_record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Files and folders that have one of these can be neither renamed nor replaced. */
#define FIXED_ATTRIBUTES (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)
#define STATX_WANTED (STATX_BASIC_STATS | STATX_MNT_ID)

/* The folder of the files that are being looked at. */
struct plan {
	const struct commit_place *place;
	struct commit_record *record;
	struct statx staging; /* for the file system and the mount */
	const char *path;     /* of the previous file; "" at first */
	size_t missing;	      /* length of the folder known not to exist; 0: all exist */
	bool missing_game;    /* the game's own folder */
	int folder_fd;	      /* −1: not open */
	bool movable;	      /* the open folder was found to be */
};

static void plan_finish(struct plan *plan)
{
	close_fd(&plan->folder_fd);
}

static bool refuse_conflict(const struct plan *plan, const char *path, mode_t mode,
	const char *wanted, struct error *err)
{
	const char *found = S_ISDIR(mode) ? "a folder" : S_ISLNK(mode) ? "a link" : "a file";

	return error_set(err, ERROR_CONFLICT,
		"'%s' in '%s' is %s, but the game has %s of that name; move it away and try again",
		path, plan->record->dir, found, wanted);
}

/* Can it be renamed? what: "folder" or "file". */
static bool check_fixed(const struct plan *plan, const struct statx *found, const char *what,
	const char *path, struct error *err)
{
	const char *dir = plan->record->dir;
	/* A rename does not leave its mount, even on the same file system. */
	bool is_mount = (found->stx_mask & STATX_MNT_ID) != 0 &&
			found->stx_mnt_id != plan->staging.stx_mnt_id;

	if (found->stx_dev_major != plan->staging.stx_dev_major ||
		found->stx_dev_minor != plan->staging.stx_dev_minor) {
		return error_set(err, ERROR_CONFLICT,
			"the %s '%s' in '%s' is on another disk than the library; move it there "
			"and try again",
			what, path, dir);
	}
	if (is_mount) {
		return error_set(err, ERROR_CONFLICT,
			"something is mounted on the %s '%s' in '%s', so that no file can be moved "
			"there; unmount it and try again",
			what, path, dir);
	}
	if ((found->stx_attributes & FIXED_ATTRIBUTES) != 0) {
		return error_set(err, ERROR_CONFLICT,
			"the %s '%s' in '%s' is marked as not to be changed; run 'sudo chattr -i "
			"-a' on it and try again",
			what, path, dir);
	}
	return true;
}

/* Can files be renamed from staging into the folder that is open, or into a new one in it? */
static bool check_movable(struct plan *plan, const char *folder, struct error *err)
{
	struct statx found;

	if (plan->movable) {
		return true;
	}
	if (statx(plan->folder_fd, "", AT_EMPTY_PATH, STATX_WANTED, &found) != 0) {
		return error_set_errno(
			err, "cannot look at the folder '%s' in '%s'", folder, plan->record->dir);
	}
	if (!check_fixed(plan, &found, "folder", folder, err)) {
		return false;
	}
	if (faccessat(plan->folder_fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		return errno == EACCES || errno == EPERM || errno == EROFS
			       ? error_set(err, ERROR_CONFLICT,
					 "the folder '%s' in '%s' is not writable; make it "
					 "writable and try again",
					 folder, plan->record->dir)
			       : error_set_errno(err, "cannot look at the folder '%s' in '%s'",
					 folder, plan->record->dir);
	}
	plan->movable = true;
	return true;
}

/* Are all folders on the way to path folders, or missing? Those up to checked are. */
static bool check_folders(struct plan *plan, const char *path, size_t checked, struct error *err)
{
	AUTO(free_ptr) char *folder = xstrdup(path);
	char *slash = folder + checked;
	struct error why = { 0 };
	struct stat stat;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (!beneath_stat(plan->place->game_fd, folder, &stat, &why)) {
			plan->missing = slash - folder;
			return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
		}
		if (!S_ISDIR(stat.st_mode) && commit_record_removes(plan->record, folder)) {
			plan->missing = slash - folder; /* by then */
			return true;
		}
		if (!S_ISDIR(stat.st_mode)) {
			return refuse_conflict(plan, folder, stat.st_mode, "a folder", err);
		}
		*slash = '/';
	}
	return true;
}

/* The folder of path is the open one; or only its parents exist, and plan->missing says which. */
static bool enter_folder(struct plan *plan, const char *path, struct error *err)
{
	size_t shared = beneath_shared_folders(plan->path, path);
	bool same = plan->path[0] != '\0' && commit_place_same_folder(plan->path, path);
	AUTO(free_ptr) char *upto = NULL;

	plan->path = path;
	if (same || (plan->missing > 0 && shared >= plan->missing)) {
		return true;
	}
	plan->missing = 0;
	if (!check_folders(plan, path, shared, err)) {
		return false;
	}
	/* Of a missing folder the one that it is made in. */
	upto = plan->missing > 0 ? xasprintf("%.*s", (int)plan->missing, path) : xstrdup(path);
	close_fd(&plan->folder_fd);
	plan->movable = false;
	plan->folder_fd = beneath_open_parent(plan->place->game_fd, upto, false, err);
	return plan->folder_fd >= 0;
}

/* The path's folder, for a sentence. */
static char *folder_name(const char *path, size_t length)
{
	AUTO(free_ptr) char *upto = xasprintf("%.*s", (int)length, path);

	return path_parent(upto);
}

static bool note_folder(struct plan *plan, const char *path, struct error *err)
{
	struct strvec *folders = &plan->record->folders;
	AUTO(free_ptr) char *above = folder_name(path, plan->missing);
	const char *last = folders->count > 0 ? folders->items[folders->count - 1] : NULL;

	if (last != NULL && strlen(last) == plan->missing &&
		strncmp(last, path, plan->missing) == 0) {
		return true;
	}
	strvec_push_take(folders, xasprintf("%.*s", (int)plan->missing, path));
	return check_movable(plan, above, err);
}

/*
 * Is there nothing in a folder but what is removed? Then it goes too, with all that are in it.
 * *clear: yes.
 */
static bool clear_folder(struct plan *plan, const char *path, bool *clear, struct error *err)
{
	int fd = beneath_open(plan->place->game_fd, path, O_RDONLY | O_DIRECTORY, 0, err);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool ok = true;

	if (fd >= 0 && folder == NULL) {
		close(fd);
	}
	if (folder == NULL) {
		return false;
	}
	*clear = true;
	while (ok && *clear && (errno = 0, entry = readdir(folder)) != NULL) {
		AUTO(free_ptr) char *inside = path_join(path, entry->d_name);
		struct stat stat;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		if (fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
			ok = error_set_errno(err, "cannot look at '%s'", inside);
		} else if (S_ISDIR(stat.st_mode)) {
			ok = clear_folder(plan, inside, clear, err);
		} else {
			*clear = commit_record_removes(plan->record, inside);
		}
	}
	if (ok && *clear && errno != 0) {
		ok = error_set_errno(err, "cannot read the folder '%s'", path);
	}
	closedir(folder);
	if (ok && *clear) {
		strvec_push(&plan->record->cleared, path);
	}
	return ok;
}

static bool look_at_folder(struct plan *plan, struct installed_file *file, const char *above,
	const struct statx *found, struct error *err)
{
	bool clear = false;

	if (!check_fixed(plan, found, "folder", file->path, err) ||
		!clear_folder(plan, file->path, &clear, err)) {
		return false;
	}
	if (!clear) {
		return refuse_conflict(plan, file->path, found->stx_mode, "a file", err);
	}
	file->added = true;
	return check_movable(plan, above, err);
}

static bool is_as_before(const struct installed_file *file, const struct statx *found)
{
	return file->was_bytes == (int64_t)found->stx_size &&
	       file->was_mtime_s == found->stx_mtime.tv_sec &&
	       file->was_mtime_ns == found->stx_mtime.tv_nsec;
}

/* What is found where a file of the game goes. */
static bool look_at_file(struct plan *plan, struct installed_file *file, struct error *err)
{
	AUTO(free_ptr) char *above = folder_name(file->path, strlen(file->path));
	struct statx found;

	if (statx(plan->folder_fd, path_base(file->path), AT_SYMLINK_NOFOLLOW, STATX_WANTED,
		    &found) != 0) {
		file->added = errno == ENOENT;
		return file->added ? check_movable(plan, above, err)
				   : error_set_errno(err, "cannot look at '%s' in '%s'", file->path,
					     plan->record->dir);
	}
	if (S_ISDIR(found.stx_mode)) {
		return look_at_folder(plan, file, above, &found, err);
	}
	/* It has just been written: then it is not what was compared. */
	file->player |= file->added || (file->was_mtime_s != 0 && !is_as_before(file, &found));
	file->added = false;
	file->was_bytes = (int64_t)found.stx_size;
	file->was_mtime_s = found.stx_mtime.tv_sec;
	file->was_mtime_ns = found.stx_mtime.tv_nsec;
	return check_movable(plan, above, err) &&
	       check_fixed(plan, &found, "file", file->path, err);
}

static bool changed_since(const struct plan *plan, const char *path, struct error *err)
{
	return error_set(err, ERROR_INVALID,
		"'%s' in '%s' has changed since it was found to be up to date; start the upload "
		"again",
		path, plan->record->dir);
}

static bool look_at_kept(struct plan *plan, const struct installed_file *file, struct error *err)
{
	struct stat stat;
	bool there;

	if (plan->missing_game || plan->missing > 0) {
		return changed_since(plan, file->path, err);
	}
	return commit_place_stat(plan->folder_fd, path_base(file->path), &there, &stat, err) &&
	       ((there && installed_file_is_untouched(file, &stat)) ||
		       changed_since(plan, file->path, err));
}

static bool look_at(struct plan *plan, struct installed_file *file, struct error *err)
{
	if (file->stays) {
		return true; /* whatever it is */
	}
	if (!plan->missing_game && !enter_folder(plan, file->path, err)) {
		return false;
	}
	if (file->kept) {
		return look_at_kept(plan, file, err);
	}
	if (!plan->missing_game && plan->missing == 0) {
		return look_at_file(plan, file, err);
	}
	file->added = file->player = false;
	file->was_bytes = file->was_mtime_s = file->was_mtime_ns = 0;
	return plan->missing_game || note_folder(plan, file->path, err);
}

/* A file that is removed; *goes: it is still there, and as it was found. */
static bool look_at_removed(
	struct plan *plan, const struct installed_file *file, bool *goes, struct error *err)
{
	AUTO(free_ptr) char *above = folder_name(file->path, strlen(file->path));
	struct statx found;

	*goes = false;
	if (!enter_folder(plan, file->path, err)) {
		return false;
	}
	if (plan->missing > 0) {
		return true;
	}
	if (statx(plan->folder_fd, path_base(file->path), AT_SYMLINK_NOFOLLOW, STATX_WANTED,
		    &found) != 0) {
		return errno == ENOENT || error_set_errno(err, "cannot look at '%s' in '%s'",
						  file->path, plan->record->dir);
	}
	*goes = S_ISREG(found.stx_mode) && file->size_bytes == (int64_t)found.stx_size &&
		file->mtime_s == found.stx_mtime.tv_sec &&
		file->mtime_ns == found.stx_mtime.tv_nsec;
	return !*goes || (check_movable(plan, above, err) &&
				 check_fixed(plan, &found, "file", file->path, err));
}

/* Before the others, which may go where these are. */
static bool look_at_all_removed(struct plan *plan, struct error *err)
{
	struct commit_record *record = plan->record;
	size_t count = 0;

	for (size_t i = 0; i < record->removed_count; i++) {
		struct installed_file file = record->removed[i];
		bool goes = false;

		if (!plan->missing_game && !look_at_removed(plan, &file, &goes, err)) {
			return false;
		}
		/* Exchanged, so that the record still owns each. */
		record->removed[i] = record->removed[count];
		record->removed[count] = file;
		count += goes;
	}
	while (record->removed_count > count) {
		json_finish(&record->removed[--record->removed_count], installed_file_fields);
	}
	close_fd(&plan->folder_fd);
	plan->folder_fd = -1;
	plan->path = "";
	plan->missing = 0;
	return true;
}

/* Which folders above the game's are missing too, and can one be made in the last that exists? */
static bool look_above(struct plan *plan, struct error *err)
{
	const struct commit_place *place = plan->place;
	AUTO(free_ptr) char *folder = xstrdup(place->relative);
	char *slash = folder;
	struct error why = { 0 };
	struct stat stat;

	strvec_push(&plan->record->folders, ".");
	plan->folder_fd = beneath_open(place->root_fd, ".", O_PATH | O_DIRECTORY, 0, err);
	while (plan->folder_fd >= 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (beneath_stat(place->root_fd, folder, &stat, &why)) {
			close_fd(&plan->folder_fd);
			plan->folder_fd =
				beneath_open(place->root_fd, folder, O_PATH | O_DIRECTORY, 0, err);
		} else if (why.kind == ERROR_NOT_FOUND) {
			strvec_push(&plan->record->made, folder);
		} else {
			return error_pass(err, &why);
		}
		*slash = '/';
	}
	return plan->folder_fd >= 0 && check_movable(plan, "..", err);
}

bool commit_plan_make(
	const struct commit_place *place, struct commit_record *record, struct error *err)
{
	AUTO(plan_finish)
	struct plan plan = { .place = place,
		.record = record,
		.path = "",
		.missing_game = place->game_fd < 0,
		.folder_fd = -1 };

	strvec_finish(&record->folders);
	strvec_finish(&record->made);
	strvec_finish(&record->cleared);
	if (statx(place->dir_fd, "", AT_EMPTY_PATH, STATX_WANTED, &plan.staging) != 0) {
		return error_set_errno(err, "cannot look at what was received");
	}
	if (!look_at_all_removed(&plan, err) || (plan.missing_game && !look_above(&plan, err))) {
		return false;
	}
	for (size_t i = 0; i < record->files_count; i++) {
		if (!look_at(&plan, &record->files[i], err)) {
			return false;
		}
	}
	return true;
}
