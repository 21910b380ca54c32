#include "upload/staging_files.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_FILE_LIMIT 16 /* plus pinned ones, as many as chunks are in flight */
#define OPEN_FOLDER_LIMIT 16

struct staging_folder {
	char *path; /* NULL: a free slot */
	size_t length;
	int fd;
	unsigned long used_at;
};

struct staging_files {
	int dir_fd;
	struct staging_file **open;
	size_t count;
	size_t capacity;
	struct staging_folder folders[OPEN_FOLDER_LIMIT];
	unsigned long clock;
};

struct staging_files *staging_files_create(int dir_fd_take)
{
	struct staging_files *files = xcalloc(1, sizeof(*files));

	files->dir_fd = dir_fd_take;
	return files;
}

static void forget_folder(struct staging_folder *folder)
{
	if (folder->path != NULL) {
		close(folder->fd);
		free(folder->path);
	}
	*folder = (struct staging_folder){ 0 };
}

static void close_file(struct staging_files *files, size_t slot)
{
	struct staging_file *file = files->open[slot];

	assert(file->pins == 0);
	close(file->fd);
	free(file);
	files->open[slot] = files->open[--files->count];
}

void staging_files_destroy(struct staging_files *files)
{
	if (files == NULL) {
		return;
	}
	while (files->count > 0) {
		close_file(files, files->count - 1);
	}
	for (size_t i = 0; i < OPEN_FOLDER_LIMIT; i++) {
		forget_folder(&files->folders[i]);
	}
	close_fd(&files->dir_fd);
	free(files->open);
	free(files);
}

/* The open folder that contains path; borrowed until the next call. */
static int folder_of(struct staging_files *files, const char *path, struct error *err)
{
	size_t length = path_base(path) - path;
	struct staging_folder *oldest = &files->folders[0];
	int fd;

	if (length == 0) {
		return files->dir_fd;
	}
	for (size_t i = 0; i < OPEN_FOLDER_LIMIT; i++) {
		struct staging_folder *folder = &files->folders[i];

		if (folder->path != NULL && folder->length == length &&
			memcmp(folder->path, path, length) == 0) {
			folder->used_at = ++files->clock;
			return folder->fd;
		}
		oldest = folder->used_at < oldest->used_at ? folder : oldest;
	}
	fd = beneath_open_parent(files->dir_fd, path, true, err);
	if (fd < 0) {
		return -1;
	}
	forget_folder(oldest);
	oldest->path = xstrdup(path);
	oldest->length = length;
	oldest->fd = fd;
	oldest->used_at = ++files->clock;
	return fd;
}

static int open_file(struct staging_files *files, const char *path, struct error *err)
{
	int folder_fd = folder_of(files, path, err);
	AUTO(close_fd) int fd = -1;
	struct stat stat;

	if (folder_fd < 0) {
		return -1;
	}
	/* Without O_NONBLOCK a FIFO at that path would block the loop. */
	fd = beneath_open(folder_fd, path_base(path), O_RDWR | O_CREAT | O_NONBLOCK, 0644, err);
	if (fd < 0) {
		return -1;
	}
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_nlink != 1) {
		error_set(err, ERROR_INVALID,
			"'%s' in the upload's folder was not made by this program", path);
		return -1;
	}
	return TAKE_FD(fd);
}

static void close_oldest(struct staging_files *files)
{
	size_t oldest = files->count;

	for (size_t i = 0; i < files->count; i++) {
		if (files->open[i]->pins == 0 &&
			(oldest == files->count ||
				files->open[i]->used_at < files->open[oldest]->used_at)) {
			oldest = i;
		}
	}
	if (oldest < files->count) {
		close_file(files, oldest);
	}
}

struct staging_file *staging_files_pin(
	struct staging_files *files, size_t index, const char *path, bool keep, struct error *err)
{
	struct staging_file *file;
	int fd;

	for (size_t i = 0; i < files->count; i++) {
		file = files->open[i];
		if (file->index == index) {
			file->pins++;
			file->keep |= keep;
			file->used_at = ++files->clock;
			return file;
		}
	}
	if (files->count >= OPEN_FILE_LIMIT) {
		close_oldest(files);
	}
	fd = open_file(files, path, err);
	if (fd < 0) {
		return NULL;
	}
	if (files->count == files->capacity) {
		files->capacity = files->capacity == 0 ? OPEN_FILE_LIMIT : 2 * files->capacity;
		files->open = xrealloc(files->open, files->capacity, sizeof(struct staging_file *));
	}
	file = xcalloc(1, sizeof(*file));
	*file = (struct staging_file){
		.fd = fd, .index = index, .pins = 1, .keep = keep, .used_at = ++files->clock
	};
	files->open[files->count++] = file;
	return file;
}

void staging_files_unpin(struct staging_files *files, struct staging_file *file)
{
	assert(file->pins > 0);
	if (--file->pins > 0 || (file->keep && files->count <= OPEN_FILE_LIMIT)) {
		return;
	}
	for (size_t i = 0; i < files->count; i++) {
		if (files->open[i] == file) {
			close_file(files, i);
			return;
		}
	}
}
