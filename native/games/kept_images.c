#define LOG_MODULE "artwork"

#include "games/kept_images.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define UPLOAD_ID_MAX_BYTES 64
/* Limit on images still to be written, which a Hub can make us hold in memory. */
#define HELD_MAX_BYTES (64u * 1024 * 1024)

struct kept_images {
	struct worker *disk; /* one thread: keeps the order of the calls */
	char *dir;
	size_t held_bytes;
};

/* Upload ids are ours, but a peer sends them back and they become part of paths. */
static bool is_upload_id(const char *id)
{
	size_t length =
		strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return length > 0 && length <= UPLOAD_ID_MAX_BYTES && id[length] == '\0';
}

/* --- Storing --- */

struct keep {
	struct worker_job job;
	struct kept_images *images;
	char *path;
	enum artwork_kind kind;
	struct strbuf image;
	char *data_url; /* to be decoded; NULL: the image is already decoded */
	size_t held_bytes;
	void (*done)(void *user, const struct error *err);
	void *user;
	struct error error;
};

static void keep_image(struct worker_job *job)
{
	struct keep *keep = CONTAINER_OF(job, struct keep, job);
	struct error *err = &keep->error;

	if (keep->data_url == NULL ||
		(data_url_decode(&keep->image, keep->data_url, ARTWORK_MAX_BYTES, err) &&
			artwork_check(keep->kind, keep->image.data, keep->image.length, err))) {
		atomic_file_write(keep->path, keep->image.data, keep->image.length, 0600, err);
	}
}

static void on_kept(struct worker_job *job)
{
	struct keep *keep = CONTAINER_OF(job, struct keep, job);
	bool failed = keep->error.kind != ERROR_NONE;

	if (failed) {
		log_warning("an image could not be stored: %s", keep->error.message);
	}
	keep->images->held_bytes -= keep->held_bytes;
	if (keep->done != NULL) {
		keep->done(keep->user, failed ? &keep->error : NULL);
	}
	strbuf_finish(&keep->image);
	free(keep->data_url);
	free(keep->path);
	free(keep);
}

static bool hold_bytes(struct kept_images *images, size_t bytes, struct error *err)
{
	if (bytes > HELD_MAX_BYTES - images->held_bytes) {
		return error_set(err, ERROR_CONFLICT,
			"%zu bytes of images are still being written; try again later",
			images->held_bytes);
	}
	images->held_bytes += bytes;
	return true;
}

/* For images held in memory. */
static struct keep *keep_create(struct kept_images *images, const char *upload_id,
	enum artwork_kind kind, size_t held_bytes)
{
	struct keep *keep = xcalloc(1, sizeof(*keep));

	keep->job = (struct worker_job){ .run = keep_image, .done = on_kept };
	keep->images = images;
	keep->path = xasprintf("%s/%s/%s", images->dir, upload_id, artwork_kind_name(kind));
	keep->kind = kind;
	keep->held_bytes = held_bytes;
	return keep;
}

bool kept_images_put(struct kept_images *images, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	enum artwork_kind kind;
	struct keep *keep;

	strbuf_move(&data, image);
	if (!is_upload_id(upload_id)) {
		return error_set(err, ERROR_INVALID, "'%s' is not an upload's id", upload_id);
	}
	if (!artwork_kind_find(type, &kind, err) ||
		!artwork_check(kind, data.data, data.length, err) ||
		!hold_bytes(images, data.length, err)) {
		return false;
	}
	keep = keep_create(images, upload_id, kind, data.length);
	strbuf_move(&keep->image, &data);
	keep->done = done;
	keep->user = user;
	worker_submit(images->disk, &keep->job);
	return true;
}

void kept_images_put_url_take(
	struct kept_images *images, const char *upload_id, enum artwork_kind kind, char *data_url)
{
	struct error err;
	struct keep *keep;

	assert(is_upload_id(upload_id));
	if (!hold_bytes(images, strlen(data_url), &err)) {
		log_warning("an image could not be stored: %s", err.message);
		free(data_url);
		return;
	}
	keep = keep_create(images, upload_id, kind, strlen(data_url));
	keep->data_url = data_url;
	worker_submit(images->disk, &keep->job);
}

/* --- Removing --- */

struct removal {
	struct worker_job job;
	char *dir;
	char *upload_id;	/* NULL: all but … */
	struct strvec kept_ids; /* … those */
	struct error error;
};

static void remove_others(int dir_fd, const struct strvec *kept_ids, struct error *err)
{
	AUTO(strvec_finish) struct strvec names = { 0 };
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			!strvec_contains(kept_ids, entry->d_name)) {
			strvec_push(&names, entry->d_name);
		}
	}
	closedir(dir);
	for (size_t i = 0; i < names.count; i++) {
		beneath_remove_tree(dir_fd, names.items[i], err);
	}
}

static void remove_images(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);
	AUTO(close_fd) int fd = open(removal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && removal->upload_id != NULL) {
		beneath_remove_tree(fd, removal->upload_id, &removal->error);
	} else if (fd >= 0) {
		remove_others(fd, &removal->kept_ids, &removal->error);
	}
}

static void on_removed(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);

	if (removal->error.kind != ERROR_NONE) {
		log_warning("images that are no longer needed could not be removed: %s",
			removal->error.message);
	}
	strvec_finish(&removal->kept_ids);
	free(removal->upload_id);
	free(removal->dir);
	free(removal);
}

static struct removal *removal_create(const struct kept_images *images)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->job = (struct worker_job){ .run = remove_images, .done = on_removed };
	removal->dir = xstrdup(images->dir);
	return removal;
}

void kept_images_forget(struct kept_images *images, const char *upload_id)
{
	struct removal *removal;

	if (!is_upload_id(upload_id)) {
		return;
	}
	removal = removal_create(images);
	removal->upload_id = xstrdup(upload_id);
	worker_submit(images->disk, &removal->job);
}

void kept_images_forget_others(struct kept_images *images, const struct strvec *upload_ids)
{
	struct removal *removal = removal_create(images);

	strvec_copy(&removal->kept_ids, upload_ids);
	worker_submit(images->disk, &removal->job);
}

/* --- Reading --- */

struct reading {
	struct worker_job job;
	char *dir; /* NULL: nothing to read */
	struct strbuf images[ARTWORK_KIND_COUNT];
	bool is_incomplete; /* one cannot be read now */
	kept_images_done *done;
	void *user;
};

static void read_images(struct worker_job *job)
{
	struct reading *reading = CONTAINER_OF(job, struct reading, job);

	for (unsigned i = 0; reading->dir != NULL && i < ARTWORK_KIND_COUNT; i++) {
		AUTO(free_ptr)
		char *path = path_join(reading->dir, artwork_kind_name((enum artwork_kind)i));
		struct strbuf *image = &reading->images[i];
		struct error err = { 0 };

		if (!(atomic_file_read(path, ARTWORK_MAX_BYTES, image, &err) &&
			    artwork_check(
				    (enum artwork_kind)i, image->data, image->length, &err)) &&
			err.kind != ERROR_NOT_FOUND) {
			log_warning("a stored image is skipped: %s", err.message);
			reading->is_incomplete |=
				err.kind == ERROR_IO || err.kind == ERROR_NO_SPACE;
			strbuf_finish(image);
		}
	}
}

static void on_read(struct worker_job *job)
{
	struct reading *reading = CONTAINER_OF(job, struct reading, job);

	reading->done(reading->user, reading->images, !reading->is_incomplete);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&reading->images[i]);
	}
	free(reading->dir);
	free(reading);
}

void kept_images_read(
	struct kept_images *images, const char *upload_id, kept_images_done *done, void *user)
{
	struct reading *reading = xcalloc(1, sizeof(*reading));

	reading->job = (struct worker_job){ .run = read_images, .done = on_read };
	reading->dir = upload_id != NULL && is_upload_id(upload_id)
			       ? path_join(images->dir, upload_id)
			       : NULL;
	reading->done = done;
	reading->user = user;
	worker_submit(images->disk, &reading->job);
}

struct kept_images *kept_images_create(struct loop *loop, const char *state_dir)
{
	struct kept_images *images = xcalloc(1, sizeof(*images));

	images->disk = worker_create(loop, 1);
	images->dir = path_join(state_dir, "artwork");
	return images;
}

void kept_images_destroy(struct kept_images *images)
{
	if (images == NULL) {
		return;
	}
	worker_destroy(images->disk);
	free(images->dir);
	free(images);
}
