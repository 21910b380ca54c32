#include "core/beneath.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool refuse_open(struct error *err, const char *path)
{
	switch (errno) {
	case ENOENT:
		return error_set(err, ERROR_NOT_FOUND, "'%s' does not exist", path);
	case ELOOP:
	case EXDEV:
	case ENOTDIR:
		return error_set(err, ERROR_INVALID,
			"'%s' leads through a link or something that is not a folder", path);
	case EISDIR:
		return error_set(err, ERROR_INVALID, "'%s' is a folder", path);
	case ENAMETOOLONG:
		return error_set(err, ERROR_INVALID, "the path '%s' is too long", path);
	default:
		return error_set_errno(err, "cannot open '%s'", path);
	}
}

/* The fallback: one component at a time, so that no step can follow a link. */
static int open_by_components(int dir_fd, const char *path, int flags, mode_t mode)
{
	AUTO(close_fd) int folder = -1;

	if (*path == '/') {
		errno = EXDEV;
		return -1;
	}
	for (;;) {
		size_t length = strcspn(path, "/");
		int at = folder >= 0 ? folder : dir_fd, next;
		char name[NAME_MAX + 1];

		if (length > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		if (strcmp(name, "..") == 0) {
			errno = EXDEV;
			return -1;
		}
		path += length + strspn(path + length, "/");
		if (*path == '\0') {
			return openat(at, name, flags | O_NOFOLLOW, mode);
		}
		next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			return -1;
		}
		close_fd(&folder);
		folder = next;
	}
}

/* As openat(), below dir_fd. extra: more RESOLVE_ flags; the fallback ignores them. */
static int open_beneath(int dir_fd, const char *path, int flags, mode_t mode, uint64_t extra)
{
	bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = creates ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | extra,
	};
	long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	/* EPERM: what a sandbox answers to calls it does not know. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN)) {
		return open_by_components(dir_fd, path, flags | O_CLOEXEC, mode);
	}
	return (int)fd;
}

int beneath_open(int dir_fd, const char *path, int flags, mode_t mode, struct error *err)
{
	int fd = open_beneath(dir_fd, path, flags, mode, 0);

	if (fd < 0) {
		refuse_open(err, path);
	}
	return fd;
}

/* Opens each folder of path up to its last component, creating missing ones. */
static int make_parents(int dir_fd, const char *path)
{
	AUTO(close_fd) int folder = openat(dir_fd, ".", FOLDER_FLAGS);
	const char *slash;

	while (folder >= 0 && (slash = strchr(path, '/')) != NULL) {
		AUTO(free_ptr) char *name = xasprintf("%.*s", (int)(slash - path), path);
		int next = open_beneath(folder, name, FOLDER_FLAGS, 0, 0);

		if (next < 0 && errno == ENOENT) {
			if (mkdirat(folder, name, 0755) < 0 && errno != EEXIST) {
				return -1;
			}
			next = open_beneath(folder, name, FOLDER_FLAGS, 0, 0);
		}
		if (next < 0) {
			return -1;
		}
		close_fd(&folder);
		folder = next;
		path = slash + strspn(slash, "/");
	}
	return TAKE_FD(folder);
}

int beneath_open_parent(int dir_fd, const char *path, bool make, struct error *err)
{
	size_t length = (size_t)(path_base(path) - path);
	AUTO(free_ptr) char *parent = xasprintf("%.*s", (int)length, path);
	int fd = open_beneath(dir_fd, length > 0 ? parent : ".", FOLDER_FLAGS, 0, 0);

	if (fd < 0 && errno == ENOENT && make) {
		fd = make_parents(dir_fd, path);
	}
	if (fd < 0) {
		refuse_open(err, path);
	}
	return fd;
}

bool beneath_stat(int dir_fd, const char *path, struct stat *out, struct error *err)
{
	AUTO(close_fd) int fd = open_beneath(dir_fd, path, O_PATH | O_NOFOLLOW, 0, 0);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0) {
		return refuse_open(err, path);
	}
	*out = stat;
	return true;
}

/* --- Making names durable --- */

size_t beneath_shared_folders(const char *a, const char *b)
{
	size_t shared = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
		if (a[i] == '/') {
			shared = i;
		}
	}
	return shared;
}

static bool sync_one(int dir_fd, const char *folder, struct error *err)
{
	AUTO(close_fd) int fd = beneath_open(dir_fd, folder, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0) {
		return false;
	}
	return sync_folder(fd) || error_set_errno(err, "cannot sync the folder '%s'", folder);
}

bool beneath_sync_folders(int dir_fd, const char *(*path_at)(const void *user, size_t index),
	size_t count, const void *user, struct error *err)
{
	const char *before = "";

	if (!sync_folder(dir_fd)) {
		return error_set_errno(err, "cannot sync a folder");
	}
	for (size_t i = 0; i < count; i++) {
		const char *path = path_at(user, i);
		AUTO(free_ptr) char *folder = xstrdup(path);
		char *slash = folder + beneath_shared_folders(before, path);

		before = path;
		while ((slash = strchr(slash + 1, '/')) != NULL) {
			*slash = '\0';
			if (!sync_one(dir_fd, folder, err)) {
				return false;
			}
			*slash = '/';
		}
	}
	return true;
}

/* --- Deleting a tree --- */

/*
 * One folder is open at a time, whatever the depth: a peer can nest folders deeper than there are
 * descriptors. The way back up is "..", compared with the folder seen on the way down.
 */
struct ancestor {
	dev_t device;
	ino_t inode;
	char *child; /* the folder we went down into */
};

struct removal {
	DIR *dir;
	dev_t device; /* of the whole tree: other file systems are not entered */
	struct ancestor *ancestors;
	size_t depth, capacity;
};

static void removal_finish(struct removal *removal)
{
	if (removal->dir != NULL) {
		closedir(removal->dir);
	}
	for (size_t i = 0; i < removal->depth; i++) {
		free(removal->ancestors[i].child);
	}
	free(removal->ancestors);
}

/* Replaces the open folder. */
static bool enter_take(struct removal *removal, int fd)
{
	DIR *dir = fdopendir(fd);

	if (dir == NULL) {
		close_fd(&fd);
		return false;
	}
	if (removal->dir != NULL) {
		closedir(removal->dir);
	}
	removal->dir = dir;
	return true;
}

static bool descend(struct removal *removal, const char *name)
{
	int here = dirfd(removal->dir);
	AUTO(close_fd)
	int child = open_beneath(here, name, FOLDER_FLAGS, 0, RESOLVE_NO_XDEV);
	struct stat stat_here, stat_child;

	if (child < 0 || fstat(child, &stat_child) < 0 || fstat(here, &stat_here) < 0) {
		return false;
	}
	if (stat_child.st_dev != removal->device) {
		errno = EXDEV;
		return false;
	}
	if (removal->depth == removal->capacity) {
		removal->capacity = removal->capacity * 2 + 8;
		removal->ancestors = xrealloc(
			removal->ancestors, removal->capacity, sizeof(*removal->ancestors));
	}
	removal->ancestors[removal->depth++] = (struct ancestor){
		.device = stat_here.st_dev,
		.inode = stat_here.st_ino,
		.child = xstrdup(name),
	};
	return enter_take(removal, TAKE_FD(child));
}

/* Goes back up from an emptied folder and deletes it. */
static bool ascend(struct removal *removal)
{
	struct ancestor *above = &removal->ancestors[removal->depth - 1];
	AUTO(close_fd) int fd = openat(dirfd(removal->dir), "..", FOLDER_FLAGS);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0) {
		return false;
	}
	if (stat.st_dev != above->device || stat.st_ino != above->inode) {
		errno = EXDEV; /* the folder was moved away while we were in it */
		return false;
	}
	if (unlinkat(fd, above->child, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		return false;
	}
	free(above->child);
	removal->depth--;
	return enter_take(removal, TAKE_FD(fd));
}

/* Empties the open folder, or goes down into a folder of it that is not empty. */
static bool empty_open_folder(struct removal *removal, bool *emptied)
{
	struct dirent *entry;

	*emptied = false;
	while ((errno = 0, entry = readdir(removal->dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		if (unlinkat(dirfd(removal->dir), entry->d_name, 0) == 0 || errno == ENOENT) {
			continue;
		}
		if (errno != EISDIR) {
			return false;
		}
		if (unlinkat(dirfd(removal->dir), entry->d_name, AT_REMOVEDIR) < 0) {
			return (errno == ENOTEMPTY || errno == EEXIST) &&
			       descend(removal, entry->d_name);
		}
	}
	*emptied = true;
	return errno == 0;
}

/* Errors in errno: EXDEV when it, or something in it, is on another device. */
static bool empty_folder_take(int fd, dev_t device)
{
	AUTO(removal_finish) struct removal removal = { .device = device };
	struct stat stat;
	bool emptied;

	if (!enter_take(&removal, fd) || fstat(fd, &stat) < 0) {
		return false;
	}
	if (stat.st_dev != device) {
		errno = EXDEV;
		return false;
	}
	for (;;) {
		if (!empty_open_folder(&removal, &emptied)) {
			return false;
		}
		if (!emptied) {
			continue;
		}
		if (removal.depth == 0) {
			return true;
		}
		if (!ascend(&removal)) {
			return false;
		}
	}
}

static bool remove_failed(struct error *err, const char *path)
{
	if (errno == EXDEV) {
		return error_set(err, ERROR_INVALID,
			"cannot delete '%s': another file system is mounted in it", path);
	}
	return error_set_errno(err, "cannot delete '%s'", path);
}

bool beneath_remove_tree(int dir_fd, const char *path, struct error *err)
{
	const char *base = path_base(path);
	AUTO(close_fd) int parent = -1;
	struct error reason;
	struct stat stat;
	int fd;

	if (strcmp(path, ".") == 0) {
		fd = openat(dir_fd, ".", FOLDER_FLAGS);
		return (fd >= 0 && fstat(dir_fd, &stat) == 0 &&
			       empty_folder_take(fd, stat.st_dev)) ||
		       remove_failed(err, path);
	}
	if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
		return error_set(err, ERROR_INVALID,
			"'%s' cannot be deleted: it does not name a file or folder", path);
	}
	parent = beneath_open_parent(dir_fd, path, false, &reason);
	if (parent < 0) {
		return reason.kind == ERROR_NOT_FOUND || error_pass(err, &reason);
	}
	if (unlinkat(parent, base, 0) == 0 || errno == ENOENT) {
		return true;
	}
	if (errno != EISDIR || fstat(parent, &stat) < 0) {
		return remove_failed(err, path);
	}
	fd = open_beneath(parent, base, FOLDER_FLAGS, 0, RESOLVE_NO_XDEV);
	if (fd < 0 || !empty_folder_take(fd, stat.st_dev) ||
		unlinkat(parent, base, AT_REMOVEDIR) < 0) {
		return remove_failed(err, path);
	}
	return true;
}
