#include "upload/folder_sync.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"

#include <fcntl.h>
#include <string.h>

size_t folder_sync_shared(const char *a, const char *b)
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

bool folder_sync(int dir_fd, const char *(*path_at)(const void *user, size_t index), size_t count,
	const void *user, struct error *err)
{
	const char *before = "";

	if (!sync_folder(dir_fd)) {
		return error_set_errno(err, "cannot sync a folder");
	}
	for (size_t i = 0; i < count; i++) {
		const char *path = path_at(user, i);
		AUTO(free_ptr) char *folder = xstrdup(path);
		char *slash = folder + folder_sync_shared(before, path);

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
