#include "control/offered_files.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct offered_file {
	LIST_ENTRY(offered_file) link;
	int64_t number; /* not 0 */
	int64_t bytes;
	int fd;
};

static void offered_file_destroy(struct offered_file *file)
{
	LIST_REMOVE(file, link);
	close(file->fd);
	free(file);
}

void offered_files_finish(struct offered_files *files)
{
	struct offered_file *file, *next;

	LIST_FOREACH_SAFE (file, &files->list, link, next) {
		offered_file_destroy(file);
	}
}

static struct offered_file *find_file(const struct offered_files *files, int64_t number)
{
	struct offered_file *file;

	LIST_FOREACH (file, &files->list, link) {
		if (file->number == number) {
			return file;
		}
	}
	return NULL;
}

/* 1 … 2^53 − 1, not guessable. */
static int64_t random_number(void)
{
	uint64_t bits;

	do {
		random_bytes(&bits, sizeof(bits));
		bits %= (uint64_t)JSON_INTEGER_MAX;
	} while (bits == 0);
	return (int64_t)bits;
}

int64_t offered_files_add(
	struct offered_files *files, const char *path, int64_t *bytes, struct error *err)
{
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct offered_file *file;
	struct stat status;

	if (fd < 0 && errno == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, "file '%s' does not exist", path);
		return 0;
	}
	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set_errno(err, "cannot read '%s'", path);
		return 0;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(err, ERROR_INVALID, "'%s' is not a file", path);
		return 0;
	}
	file = xcalloc(1, sizeof(*file));
	file->number = random_number();
	file->bytes = status.st_size;
	file->fd = TAKE_FD(fd);
	LIST_INSERT_HEAD(&files->list, file, link);
	*bytes = file->bytes;
	return file->number;
}

void offered_files_remove(struct offered_files *files, int64_t number)
{
	struct offered_file *file = find_file(files, number);

	if (file != NULL) {
		offered_file_destroy(file);
	}
}

bool offered_files_read(const struct offered_files *files, int64_t number, int64_t offset,
	size_t max, struct strbuf *data, int64_t *total, struct error *err)
{
	const struct offered_file *file = find_file(files, number);
	size_t before = data->length;
	ssize_t count;

	if (file == NULL) {
		return error_set(
			err, ERROR_NOT_FOUND, "no file %lld is offered", (long long)number);
	}
	if (offset < 0 || offset > file->bytes) {
		return error_set(err, ERROR_INVALID, "offset %lld is outside the file's %lld bytes",
			(long long)offset, (long long)file->bytes);
	}
	if ((int64_t)max > file->bytes - offset) {
		max = (size_t)(file->bytes - offset);
	}
	count = pread(file->fd, strbuf_extend(data, max), max, offset);
	if (count < 0) {
		data->length = before;
		return error_set_errno(err, "cannot read the offered file");
	}
	data->length = before + (size_t)count;
	*total = file->bytes;
	return true;
}
