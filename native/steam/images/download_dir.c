#include "steam/images/download_dir.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/worker.h"
#include "core/xalloc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char *download_dir_make(const char *parent, struct error *err)
{
	AUTO(free_ptr) char *dir = path_join(parent, "XXXXXX");

	if (!make_dirs(parent, 0700, err)) {
		return NULL;
	}
	if (mkdtemp(dir) == NULL) {
		error_set_errno(err, "cannot make a folder in '%s'", parent);
		return NULL;
	}
	return TAKE_PTR(dir);
}

/* What cannot be removed is left for the next start. */
void download_dir_clear(const char *parent)
{
	AUTO(close_fd) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		beneath_remove_tree(fd, ".", NULL);
		rmdir(parent);
	}
}

struct removal {
	struct worker_job job;
	char *dir;
};

static void run_removal(struct worker_job *job)
{
	download_dir_clear(((struct removal *)job)->dir);
}

static void free_removal(struct worker_job *job)
{
	free(((struct removal *)job)->dir);
	free(job);
}

void download_dir_remove_take(struct worker *worker, char *dir)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->job = (struct worker_job){ .run = run_removal, .done = free_removal };
	removal->dir = dir;
	worker_submit(worker, &removal->job);
}
