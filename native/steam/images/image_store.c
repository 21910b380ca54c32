#include "steam/images/image_store.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/error.h"
#include "core/list.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Limit on what a Hub can have waiting in memory. */
#define WAITING_MAX_BYTES (64u * 1024 * 1024)

struct image_store {
	struct worker *worker; /* one thread: keeps the order of arrival */
	char *downloads_dir;
	size_t waiting_bytes;
};

struct image_store_item {
	struct worker_job job;
	struct image_store *store;
	enum {
		IDLE,	 /* with its owner */
		PUT,	 /* with the worker, which then owns everything else */
		ORPHANED /* the same, but nothing waits for it */
	} state;
	struct strbuf bytes;
	char *data_url;
	char *file;
	size_t waiting_bytes; /* of the first two */
	char *root;
	char *account_id;
	uint32_t app_id;
	enum artwork_kind kind;
	char *path; /* its place, once it is stored */
	struct error err;
	image_store_done *done;
	void *user;
};

static void destroy_item(struct image_store_item *item)
{
	item->store->waiting_bytes -= item->waiting_bytes;
	strbuf_finish(&item->bytes);
	free(item->data_url);
	free(item->file);
	free(item->root);
	free(item->account_id);
	free(item->path);
	free(item);
}

struct image_store_item *image_store_take(
	struct image_store *store, const struct image_store_source *source, struct error *err)
{
	size_t bytes = source->bytes_take != NULL ? source->bytes_take->length
		       : source->data_url != NULL ? strlen(source->data_url)
						  : 0;
	struct image_store_item *item;

	if (bytes > WAITING_MAX_BYTES - store->waiting_bytes) {
		error_set(err, ERROR_CONFLICT,
			"%zu bytes of images are still waiting to be stored; try again later",
			store->waiting_bytes);
		return NULL;
	}
	item = xcalloc(1, sizeof(*item));
	item->store = store;
	item->waiting_bytes = bytes;
	store->waiting_bytes += bytes;
	if (source->bytes_take != NULL) {
		strbuf_move(&item->bytes, source->bytes_take);
	}
	item->data_url = xstrdup_or_null(source->data_url);
	item->file = xstrdup_or_null(source->file);
	return item;
}

static bool load_bytes(struct image_store_item *item)
{
	if (item->data_url != NULL) {
		strbuf_reset(&item->bytes);
		return data_url_decode(&item->bytes, item->data_url, ARTWORK_MAX_BYTES, &item->err);
	}
	return item->file == NULL ||
	       atomic_file_read(item->file, ARTWORK_MAX_BYTES, &item->bytes, &item->err);
}

static void run_put(struct worker_job *job)
{
	struct image_store_item *item = CONTAINER_OF(job, struct image_store_item, job);

	if (load_bytes(item)) {
		artwork_put(item->root, item->account_id, item->app_id, item->kind,
			item->bytes.data, item->bytes.length, &item->path, &item->err);
	}
}

static void put_finished(struct worker_job *job)
{
	struct image_store_item *item = CONTAINER_OF(job, struct image_store_item, job);

	if (item->state == ORPHANED) {
		destroy_item(item);
		return;
	}
	item->state = IDLE;
	item->done(item->user, item->path, item->path == NULL ? &item->err : NULL);
}

static void replace_text(char **text, const char *with)
{
	char *copy = xstrdup(with);

	free(*text);
	*text = copy;
}

void image_store_put(struct image_store_item *item, const struct image_store_place *place,
	image_store_done *done, void *user)
{
	assert(item->state == IDLE);
	replace_text(&item->root, place->root);
	replace_text(&item->account_id, place->account_id);
	item->app_id = place->app_id;
	item->kind = place->kind;
	item->done = done;
	item->user = user;
	item->err = (struct error){ 0 };
	free(TAKE_PTR(item->path));
	item->state = PUT;
	item->job = (struct worker_job){ .run = run_put, .done = put_finished };
	worker_submit(item->store->worker, &item->job);
}

void image_store_release(struct image_store_item *item)
{
	if (item == NULL) {
		return;
	}
	if (item->state == PUT) {
		item->state = ORPHANED;
	} else {
		destroy_item(item);
	}
}

/* --- Folders for downloads --- */

char *image_store_make_dir(struct image_store *store, struct error *err)
{
	AUTO(free_ptr) char *dir = path_join(store->downloads_dir, "XXXXXX");

	if (!make_dirs(store->downloads_dir, 0700, err)) {
		return NULL;
	}
	if (mkdtemp(dir) == NULL) {
		error_set_errno(err, "cannot create a folder in '%s'", store->downloads_dir);
		return NULL;
	}
	return TAKE_PTR(dir);
}

/* What cannot be removed is left for the next start. */
static void remove_dir(const char *dir)
{
	AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		beneath_remove_tree(fd, ".", NULL);
		rmdir(dir);
	}
}

struct removal {
	struct worker_job job;
	char *dir;
};

static void run_removal(struct worker_job *job)
{
	remove_dir(CONTAINER_OF(job, struct removal, job)->dir);
}

static void removal_finished(struct worker_job *job)
{
	struct removal *removal = CONTAINER_OF(job, struct removal, job);

	free(removal->dir);
	free(removal);
}

void image_store_remove_dir_take(struct image_store *store, char *dir)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->job = (struct worker_job){ .run = run_removal, .done = removal_finished };
	removal->dir = dir;
	worker_submit(store->worker, &removal->job);
}

/* --- Items --- */

struct image_store *image_store_create(struct loop *loop, const char *downloads_dir)
{
	struct image_store *store = xcalloc(1, sizeof(*store));

	store->worker = worker_create(loop, 1);
	store->downloads_dir = xstrdup(downloads_dir);
	remove_dir(downloads_dir);
	return store;
}

void image_store_drain(struct image_store *store)
{
	worker_drain(store->worker);
}

void image_store_destroy(struct image_store *store)
{
	if (store == NULL) {
		return;
	}
	worker_destroy(store->worker);
	assert(store->waiting_bytes == 0);
	free(store->downloads_dir);
	free(store);
}
