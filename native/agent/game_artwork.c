#define LOG_MODULE "artwork"

#include "agent/game_artwork.h"

#include "agent/agent_session.h"
#include "agent/game_registry.h"
#include "agent/game_setup.h"
#include "agent/operation_announce.h"
#include "agent/upload_store.h"
#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "proto/proto_steam.h"
#include "steam/steam_artwork.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define UPLOAD_ID_MAX_BYTES 64
/* Of images that are still to be written: what a Hub can make us hold in memory. */
#define HELD_MAX_BYTES (64u * 1024 * 1024)

struct game_artwork {
	struct agent_services *services;
	struct worker *disk; /* one thread: what is asked for is done in its order */
	char *dir;
	size_t held_bytes;
	bool closing;
};

struct game_artwork *game_artwork_create(struct agent_services *services)
{
	struct game_artwork *artwork = xcalloc(1, sizeof(*artwork));

	artwork->services = services;
	artwork->disk = worker_create(services->loop, 1);
	artwork->dir = path_join(services->paths->state_dir, "artwork");
	return artwork;
}

void game_artwork_destroy(struct game_artwork *artwork)
{
	if (artwork == NULL) {
		return;
	}
	artwork->closing = true;
	worker_destroy(artwork->disk);
	artwork->services->game_artwork = NULL;
	free(artwork->dir);
	free(artwork);
}

/* They are ours, but they come back in paths: nothing else ever gets there. */
static bool is_upload_id(const char *id)
{
	size_t length =
		strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return length > 0 && length <= UPLOAD_ID_MAX_BYTES && id[length] == '\0';
}

void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT])
{
	out[ARTWORK_GRID] = urls->grid;
	out[ARTWORK_BANNER] = urls->banner;
	out[ARTWORK_HERO] = urls->hero;
	out[ARTWORK_LOGO] = urls->logo;
	out[ARTWORK_ICON] = urls->icon;
}

/* --- Images that wait --- */

struct keep {
	struct worker_job job;
	struct game_artwork *artwork;
	char *path;
	struct strbuf image;
	void (*done)(void *user, const struct error *err);
	void *user;
	struct error error;
};

static void run_keep(struct worker_job *job)
{
	struct keep *keep = (struct keep *)job;

	atomic_file_write(keep->path, keep->image.data, keep->image.length, 0600, &keep->error);
}

static void on_kept(struct worker_job *job)
{
	struct keep *keep = (struct keep *)job;
	bool failed = keep->error.kind != ERROR_NONE;

	if (failed) {
		log_warning("an image could not be kept: %s", keep->error.message);
	}
	keep->artwork->held_bytes -= keep->image.length;
	if (keep->done != NULL) {
		keep->done(keep->user, failed ? &keep->error : NULL);
	}
	strbuf_finish(&keep->image);
	free(keep->path);
	free(keep);
}

bool game_artwork_keep(struct agent_services *services, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err)
{
	struct game_artwork *artwork = services->game_artwork;
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	enum artwork_kind kind;
	struct keep *keep;

	strbuf_move(&data, image);
	if (!is_upload_id(upload_id)) {
		return error_set(err, ERROR_INVALID, "'%s' is no upload", upload_id);
	}
	if (!artwork_kind_find(type, &kind, err) ||
		!artwork_check(kind, data.data, data.length, err)) {
		return false;
	}
	if (data.length > HELD_MAX_BYTES - artwork->held_bytes) {
		return error_set(err, ERROR_CONFLICT,
			"images of %zu bytes are still to be written: send it again when they are",
			artwork->held_bytes);
	}
	keep = xcalloc(1, sizeof(*keep));
	keep->artwork = artwork;
	artwork->held_bytes += data.length;
	keep->job = (struct worker_job){ .run = run_keep, .done = on_kept };
	keep->path = xasprintf("%s/%s/%s", artwork->dir, upload_id, type);
	strbuf_move(&keep->image, &data);
	keep->done = done;
	keep->user = user;
	worker_submit(artwork->disk, &keep->job);
	return true;
}

/* --- Images that go --- */

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

static void run_removal(struct worker_job *job)
{
	struct removal *removal = (struct removal *)job;
	AUTO(close_fd) int fd = open(removal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && removal->upload_id != NULL) {
		beneath_remove_tree(fd, removal->upload_id, &removal->error);
	} else if (fd >= 0) {
		remove_others(fd, &removal->kept_ids, &removal->error);
	}
}

static void on_removed(struct worker_job *job)
{
	struct removal *removal = (struct removal *)job;

	if (removal->error.kind != ERROR_NONE) {
		log_warning("images that are no longer needed stay: %s", removal->error.message);
	}
	strvec_finish(&removal->kept_ids);
	free(removal->upload_id);
	free(removal->dir);
	free(removal);
}

static struct removal *make_removal(const struct game_artwork *artwork)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	removal->job = (struct worker_job){ .run = run_removal, .done = on_removed };
	removal->dir = xstrdup(artwork->dir);
	return removal;
}

void game_artwork_forget(struct agent_services *services, const char *upload_id)
{
	struct removal *removal;

	if (!is_upload_id(upload_id)) {
		return;
	}
	removal = make_removal(services->game_artwork);
	removal->upload_id = xstrdup(upload_id);
	worker_submit(services->game_artwork->disk, &removal->job);
}

static void push_upload_id(void *user, const struct upload_status *status)
{
	strvec_push(user, status->upload_id);
}

static void push_pending_id(struct strvec *ids, const struct game *game)
{
	AUTO(game_setup_finish) struct game_setup setup = { 0 };

	if (json_read_text(&setup, game_setup_fields, game->pending, strlen(game->pending), NULL) &&
		setup.upload_id != NULL) {
		strvec_push(ids, setup.upload_id);
	}
}

void game_artwork_sweep(struct agent_services *services)
{
	struct removal *removal = make_removal(services->game_artwork);

	upload_store_each(services->uploads, push_upload_id, &removal->kept_ids);
	for (size_t i = 0; i < game_registry_count(services->games); i++) {
		push_pending_id(&removal->kept_ids, game_registry_at(services->games, i));
	}
	worker_submit(services->game_artwork->disk, &removal->job);
}

/* --- Images in their places --- */

struct application {
	struct worker_job job; /* reads what waits */
	struct agent_services *services;
	char *dir;	 /* where it waits, or NULL */
	char *upload_id; /* of that, or NULL */
	char *account_id;
	uint32_t app_id;
	char *game_name;
	char *urls[ARTWORK_KIND_COUNT];
	struct strbuf images[ARTWORK_KIND_COUNT];
	void (*done)(void *user);
	void *user;
};

static void end(struct application *application)
{
	if (application->done != NULL) {
		application->done(application->user);
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&application->images[i]);
		free(application->urls[i]);
	}
	free(application->dir);
	free(application->upload_id);
	free(application->account_id);
	free(application->game_name);
	free(application);
}

static void announce(const struct application *application, const char *status, const char *message)
{
	struct agent_session *session = application->services->connected;

	if (session != NULL) {
		operation_announce(session, "artwork", status, application->game_name, message);
	}
}

/* One sentence of what came of it. */
static void describe(struct strbuf *out, const struct application *application,
	const struct steam_artwork_result *results)
{
	unsigned applied_count = 0;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		if (results[i].wanted && results[i].error.kind == ERROR_NONE) {
			strbuf_append_text(out, applied_count++ > 0 ? ", " : "Artwork applied: ");
			strbuf_append_text(out, artwork_kind_name((enum artwork_kind)i));
		}
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		const char *name = artwork_kind_name((enum artwork_kind)i);

		if (results[i].wanted && results[i].error.kind != ERROR_NONE) {
			log_warning("'%s' goes without its %s image: %s", application->game_name,
				name, results[i].error.message);
			strbuf_appendf(out, "%s%s: %s", out->length > 0 ? "; " : "", name,
				results[i].error.message);
		}
	}
}

static void on_applied(void *user, const struct steam_artwork_result *results)
{
	struct application *application = user;
	struct agent_services *services = application->services;
	AUTO(strbuf_finish) struct strbuf message = { 0 };

	/* An agent that is stopping leaves it all to the next start. */
	if (services->game_artwork != NULL) {
		describe(&message, application, results);
		announce(application, "complete", strbuf_text(&message));
		if (application->upload_id != NULL) {
			game_artwork_forget(services, application->upload_id);
		}
	}
	end(application);
}

static void run_read(struct worker_job *job)
{
	struct application *application = (struct application *)job;

	for (unsigned i = 0; application->dir != NULL && i < ARTWORK_KIND_COUNT; i++) {
		AUTO(free_ptr)
		char *path = path_join(application->dir, artwork_kind_name((enum artwork_kind)i));
		struct error err = { 0 };

		if (!atomic_file_read(path, ARTWORK_MAX_BYTES, &application->images[i], &err) &&
			err.kind != ERROR_NOT_FOUND) {
			log_warning("an image that was kept is lost: %s", err.message);
		}
	}
}

static void on_read(struct worker_job *job)
{
	struct application *application = (struct application *)job;
	struct agent_services *services = application->services;
	struct steam_artwork_request request = {
		.user_id = application->account_id,
		.app_id = application->app_id,
		.allow_local = services->config->artwork_local_servers,
	};
	bool wanted = false;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_move(&request.images[i], &application->images[i]);
		request.urls[i] = application->urls[i];
		wanted |= request.images[i].length > 0 ||
			  (request.urls[i] != NULL && *request.urls[i] != '\0');
	}
	if (wanted && !services->game_artwork->closing) {
		announce(application, "start", "Applying artwork");
		steam_artwork_apply(services->artwork, &request, on_applied, application);
		return;
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&request.images[i]);
	}
	end(application);
}

void game_artwork_apply(struct agent_services *services, const char *upload_id,
	const char *account_id, uint32_t app_id, const char *game_name,
	const struct artwork_urls *urls, void (*done)(void *user), void *user)
{
	struct application *application = xcalloc(1, sizeof(*application));
	const char *given[ARTWORK_KIND_COUNT] = { NULL };

	application->job = (struct worker_job){ .run = run_read, .done = on_read };
	application->services = services;
	if (upload_id != NULL && is_upload_id(upload_id)) {
		application->upload_id = xstrdup(upload_id);
		application->dir = path_join(services->game_artwork->dir, upload_id);
	}
	application->account_id = xstrdup_or_null(account_id);
	application->app_id = app_id;
	application->game_name = xstrdup(game_name);
	if (urls != NULL) {
		game_artwork_urls(urls, given);
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		application->urls[i] = xstrdup_or_null(given[i]);
	}
	application->done = done;
	application->user = user;
	worker_submit(services->game_artwork->disk, &application->job);
}
