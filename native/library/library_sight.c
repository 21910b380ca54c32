#include "library/library_sight.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/install_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void library_sight_finish(struct library_sight *sight)
{
	free(sight->root);
	free(sight->id);
	free(sight->not_writable);
	disk_finish(&sight->disk);
	*sight = (struct library_sight){ 0 };
}

/* A name for people; caller frees. */
static char *user_name(uid_t id)
{
	const struct passwd *user = getpwuid(id);

	return user != NULL ? xstrdup(user->pw_name) : xasprintf("%u", (unsigned)id);
}

/*
 * A kernel that has met an error on a disk refuses to write there without calling it read-only, so
 * nothing but trying tells. Leaves no name behind.
 */
static void try_to_write(struct library_sight *sight, int fd)
{
	AUTO(close_fd) int file_fd = openat(fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (file_fd >= 0) {
		return;
	}
	switch (errno) {
	case EROFS:
		sight->disk.read_only = true;
		break;
	case EDQUOT:
		sight->disk.quota_used = true;
		break;
	case EIO:
		sight->writable = false;
		sight->not_writable =
			xasprintf("its disk fails: %s; check the card in a PC", strerror(errno));
		break;
	default:
		break; /* not every file system has files without a name */
	}
}

static void look_at_access(struct library_sight *sight, int fd)
{
	struct stat stat;

	sight->writable = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
	if (sight->writable && sight->kind == LIBRARY_SIGHT_FOLDER) {
		try_to_write(sight, fd);
	}
	if (sight->writable && sight->kind == LIBRARY_SIGHT_FOLDER) {
		sight->not_writable = library_marker_obstacle(fd, "uploads");
		sight->writable = sight->not_writable == NULL;
	}
	if (sight->not_writable != NULL || (sight->writable && !sight->disk.read_only)) {
		return;
	}
	sight->writable = false;
	if (sight->disk.read_only) {
		sight->not_writable = xasprintf(
			"it is mounted read-only; check the card, or its lock, and insert it again");
	} else if (fstat(fd, &stat) == 0 && stat.st_uid != geteuid()) {
		AUTO(free_ptr) char *owner = user_name(stat.st_uid);
		AUTO(free_ptr) char *own = user_name(geteuid());

		sight->not_writable =
			xasprintf("it belongs to the user '%s'; give '%s' the right to write there",
				owner, own);
	} else {
		sight->not_writable = xasprintf("writing there is not allowed; change its mode");
	}
}

/* The folder that is open, or the one above what is missing. */
static void look_inside(struct library_sight *sight, int fd, const char *path)
{
	struct error why = { 0 };
	struct stat stat;
	bool is_unread;

	if (!disk_examine(&sight->disk, fd, path, &why)) {
		sight->kind = LIBRARY_SIGHT_UNREADABLE;
		error_set_because(&sight->problem, &why, "the library '%s' cannot be read now: %s",
			sight->root, why.message);
		return;
	}
	look_at_access(sight, fd);
	if (sight->kind != LIBRARY_SIGHT_FOLDER) {
		return;
	}
	sight->own_folder = beneath_stat(fd, PATH_OWN_FOLDER, &stat, &why) && S_ISDIR(stat.st_mode);
	is_unread = why.kind == ERROR_IO;
	if (!is_unread) {
		sight->mark = library_marker_read(fd, &sight->id, &why);
	}
	if (is_unread || sight->mark == LIBRARY_MARK_UNREADABLE) {
		sight->kind = LIBRARY_SIGHT_UNREADABLE;
		error_set_because(&sight->problem, &why, "the library '%s' cannot be read now: %s",
			sight->root, why.message);
	}
}

static void look_above(struct library_sight *sight)
{
	AUTO(free_ptr) char *at = path_parent(sight->root);
	AUTO(close_fd) int fd = -1;

	while ((fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && strlen(at) > 1) {
		char *above = path_parent(at);

		free(at);
		at = above;
	}
	if (fd >= 0) {
		close(fd);
		fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd >= 0) {
		look_inside(sight, fd, at);
		return;
	}
	/* It can be entered but not listed: enough to know that nothing can be made in it. */
	sight->disk.mount_point = xstrdup("/");
	sight->disk.uuid = xstrdup("");
	sight->disk.label = xstrdup("");
	sight->not_writable = xasprintf("'%s' cannot be opened: %s", at, strerror(errno));
}

static bool is_broken_link(const char *place, char **target)
{
	struct stat stat_of;
	char text[4096];
	ssize_t length;

	*target = NULL;
	if (lstat(place, &stat_of) != 0 || !S_ISLNK(stat_of.st_mode)) {
		return false;
	}
	length = readlink(place, text, sizeof(text) - 1);
	text[length > 0 ? length : 0] = '\0';
	*target = xstrdup(text);
	return true;
}

static void explain_missing(struct library_sight *sight, const char *place, int number)
{
	AUTO(free_ptr) char *target = NULL;

	if (number == ENOENT && is_broken_link(place, &target)) {
		sight->kind = LIBRARY_SIGHT_BROKEN_LINK;
		error_set(&sight->problem, ERROR_NOT_FOUND,
			"the library '%s' is a link to '%s', which does not exist; insert its card, "
			"or correct the link",
			place, target);
	} else if (number == ENOENT) {
		sight->kind = LIBRARY_SIGHT_NOTHING;
	} else if (number == ENOTDIR) {
		sight->kind = LIBRARY_SIGHT_NOT_A_FOLDER;
		error_set(&sight->problem, ERROR_INVALID,
			"the library '%s' is not a folder; move away what is there, or change the "
			"setting library.path",
			place);
	} else {
		sight->kind = LIBRARY_SIGHT_UNREADABLE;
		errno = number;
		error_set_errno(&sight->problem, "the library '%s' cannot be read now", place);
	}
}

void library_sight_take(struct library_sight *sight, const char *place)
{
	AUTO(close_fd) int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int number = errno;

	*sight = (struct library_sight){ .kind = LIBRARY_SIGHT_FOLDER };
	sight->root = install_dir_resolve(place);
	if (sight->root == NULL) {
		sight->root = xstrdup(place);
	}
	if (fd >= 0) {
		look_inside(sight, fd, sight->root);
		return;
	}
	explain_missing(sight, place, number);
	look_above(sight);
}
