#include "library/name_trial.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/random.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_DIGITS 16

bool name_trial_init(struct name_trial *trial, int folder_fd, struct error *err)
{
	AUTO(free_ptr) char *digits = random_hex(RANDOM_DIGITS);

	*trial = (struct name_trial){ .folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0),
		.name = xasprintf("names-%s", digits),
		.fd = -1 };
	if (trial->folder_fd >= 0 && mkdirat(folder_fd, trial->name, 0700) == 0) {
		trial->fd = openat(
			folder_fd, trial->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return trial->fd >= 0 ||
	       error_set_errno(err, "cannot find out which file names the disk accepts");
}

void name_trial_finish(struct name_trial *trial)
{
	close_fd(&trial->fd);
	if (trial->folder_fd >= 0) {
		beneath_remove_tree(trial->folder_fd, trial->name, NULL);
	}
	close_fd(&trial->folder_fd);
	free(trial->name);
	*trial = (struct name_trial){ .folder_fd = -1, .fd = -1 };
}

/* Do these say something about the disk or about us, whatever the name? */
static bool is_failure(int number)
{
	static const int failures[] = { EIO, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EROFS, ESTALE,
		ENODEV, ENXIO, ENOTCONN, ECONNABORTED, EHOSTDOWN, ETIMEDOUT, EINTR, ENOTDIR,
		EAGAIN };

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (number == failures[i]) {
			return true;
		}
	}
	return false;
}

enum name_trial_result name_trial_make(const struct name_trial *trial, const char *path)
{
	AUTO(close_fd)
	int fd =
		openat(trial->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0) {
		return NAME_TRIAL_NEW;
	}
	if (errno == EEXIST) {
		return NAME_TRIAL_SAME;
	}
	return is_failure(errno) ? NAME_TRIAL_FAILED : NAME_TRIAL_REFUSED;
}

bool name_trial_make_folder(const struct name_trial *trial, const char *path)
{
	return mkdirat(trial->fd, path, 0700) == 0 || errno == EEXIST;
}

void name_trial_remove_file(const struct name_trial *trial, const char *path)
{
	unlinkat(trial->fd, path, 0);
}

void name_trial_remove_folder(const struct name_trial *trial, const char *path)
{
	beneath_remove_tree(trial->fd, path, NULL);
}

bool name_trial_find(const struct name_trial *trial, const char *path, bool *found)
{
	struct stat stat;

	*found = fstatat(trial->fd, path, &stat, AT_SYMLINK_NOFOLLOW) == 0;
	return *found || !is_failure(errno);
}

bool name_trial_takes_size(const struct name_trial *trial, int64_t size_bytes)
{
	AUTO(close_fd)
	int fd = openat(trial->fd, "size", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		(uint64_t)size_bytes > limit.rlim_cur) {
		return false;
	}
	/* The kernel compares with the largest size of the file system; nothing is allocated. */
	return fd < 0 || lseek(fd, size_bytes, SEEK_SET) >= 0 || errno != EINVAL;
}
