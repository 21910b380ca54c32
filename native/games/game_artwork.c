#define LOG_MODULE "artwork"

#include "games/game_artwork.h"

#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
#include "games/kept_images.h"
#include "hubs/agent_session.h"
#include "hubs/operation_announce.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "proto/proto_steam.h"
#include "steam/change/shortcuts.h"
#include "steam/steam.h"
#include "steam/steam_artwork.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

/* Of all that waits: what a Hub can make us hold in memory. */
#define URLS_MAX_BYTES (16u * 1024 * 1024)

struct application;

struct game_artwork {
	struct agent_services *services;
	struct kept_images *kept;
	size_t url_bytes;
	/*
	 * One after the other: what a start finds undone would otherwise be more images and
	 * downloads at once than steam_artwork.h takes.
	 */
	struct application *applying;
	struct application *waiting; /* application.next; the oldest first */
	bool closing;
};

void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT])
{
	out[ARTWORK_GRID] = urls->grid;
	out[ARTWORK_BANNER] = urls->banner;
	out[ARTWORK_HERO] = urls->hero;
	out[ARTWORK_LOGO] = urls->logo;
	out[ARTWORK_ICON] = urls->icon;
}

/* --- Images that wait --- */

bool game_artwork_keep(struct agent_services *services, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err)
{
	return kept_images_put(
		services->game_artwork->kept, upload_id, type, image, done, user, err);
}

void game_artwork_keep_url_take(struct agent_services *services, const char *upload_id,
	enum artwork_kind kind, char *data_url)
{
	kept_images_put_url_take(services->game_artwork->kept, upload_id, kind, data_url);
}

void game_artwork_forget(struct agent_services *services, const char *upload_id)
{
	kept_images_forget(services->game_artwork->kept, upload_id);
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
	AUTO(strvec_finish) struct strvec ids = { 0 };

	upload_store_each(services->uploads, push_upload_id, &ids);
	for (size_t i = 0; i < game_registry_count(services->games); i++) {
		push_pending_id(&ids, game_registry_at(services->games, i));
	}
	kept_images_forget_others(services->game_artwork->kept, &ids);
}

/* --- Images in their places --- */

struct application {
	struct agent_services *services;
	struct application *next;
	char *upload_id; /* whose images wait, or NULL */
	char *account_id;
	uint32_t app_id;
	char *game_name;
	char *urls[ARTWORK_KIND_COUNT];
	size_t url_bytes;
	void (*done)(void *user);
	void *user;
};

static void free_application(struct application *application)
{
	if (application->done != NULL) {
		application->done(application->user);
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		free(application->urls[i]);
	}
	free(application->upload_id);
	free(application->account_id);
	free(application->game_name);
	free(application);
}

static void end_waiting(struct game_artwork *artwork)
{
	while (artwork->waiting != NULL) {
		struct application *application = artwork->waiting;

		artwork->waiting = application->next;
		free_application(application);
	}
}

static void on_read(void *user, struct strbuf found[ARTWORK_KIND_COUNT]);

static void start_next(struct game_artwork *artwork)
{
	struct application *application = artwork->waiting;

	if (artwork->applying != NULL || application == NULL || artwork->closing) {
		return;
	}
	artwork->waiting = application->next;
	artwork->applying = application;
	kept_images_read(artwork->kept, application->upload_id, on_read, application);
}

static void end(struct application *application)
{
	/* NULL: the agent is stopping, and it is gone */
	struct game_artwork *artwork = application->services->game_artwork;

	if (artwork != NULL) {
		artwork->url_bytes -= application->url_bytes;
		artwork->applying = NULL;
	}
	free_application(application);
	if (artwork != NULL) {
		start_next(artwork);
	}
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

static void on_read(void *user, struct strbuf found[ARTWORK_KIND_COUNT])
{
	struct application *application = user;
	struct agent_services *services = application->services;
	struct steam_artwork_request request = {
		.user_id = application->account_id,
		.app_id = application->app_id,
		.allow_local = services->config->artwork_local_servers,
	};
	bool wanted = false;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_move(&request.images[i], &found[i]);
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

/* Copies. */
static void take_urls(struct application *application, const struct artwork_urls *urls)
{
	struct game_artwork *artwork = application->services->game_artwork;
	const char *given[ARTWORK_KIND_COUNT];
	size_t bytes = 0;

	game_artwork_urls(urls, given);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		bytes += given[i] != NULL ? strlen(given[i]) : 0;
	}
	if (bytes > URLS_MAX_BYTES - artwork->url_bytes) {
		log_warning("'%s' goes without its images: too many wait to be fetched",
			application->game_name);
		return;
	}
	artwork->url_bytes += bytes;
	application->url_bytes = bytes;
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		application->urls[i] = xstrdup_or_null(given[i]);
	}
}

void game_artwork_apply(struct agent_services *services, const char *upload_id,
	const char *account_id, uint32_t app_id, const char *game_name,
	const struct artwork_urls *urls, void (*done)(void *user), void *user)
{
	struct game_artwork *artwork = services->game_artwork;
	struct application *application = xcalloc(1, sizeof(*application));
	struct application **link = &artwork->waiting;

	application->services = services;
	application->upload_id = xstrdup_or_null(upload_id);
	application->account_id = xstrdup_or_null(account_id);
	application->app_id = app_id;
	application->game_name = xstrdup(game_name);
	if (urls != NULL) {
		take_urls(application, urls);
	}
	application->done = done;
	application->user = user;
	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = application;
	start_next(artwork);
}

/* --- Images that nobody needs any more --- */

struct discarding {
	struct worker_job job;
	char *root;
	char *account_id;
	uint32_t app_id;
	struct error error;
};

static void run_discarding(struct worker_job *job)
{
	struct discarding *discarding = (struct discarding *)job;

	artwork_remove(
		discarding->root, discarding->account_id, discarding->app_id, &discarding->error);
}

static void on_discarded(struct worker_job *job)
{
	struct discarding *discarding = (struct discarding *)job;

	if (discarding->error.kind != ERROR_NONE) {
		log_warning("images of a deleted game stay: %s", discarding->error.message);
	}
	free(discarding->root);
	free(discarding->account_id);
	free(discarding);
}

/* As far as can be told: what cannot be looked at may be in use. */
static bool is_in_use(
	const struct agent_services *services, const struct game *game, uint32_t app_id)
{
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	size_t trashed_count = 0;

	for (size_t i = 0; i < game_trash_count(services->trash); i++) {
		trashed_count += game_trash_at(services->trash, i)->game.app_id == game->app_id;
	}
	return trashed_count > 0 || game_registry_find_app(services->games, game->app_id) != NULL ||
	       game_registry_find_app(services->games, app_id) != NULL ||
	       !steam_list_shortcuts(services->steam, game->user_id, &list, NULL) ||
	       shortcut_list_find(&list, app_id) != NULL;
}

void game_artwork_discard(struct agent_services *services, const struct game *game)
{
	uint32_t app_id = steam_actual_app_id(services->steam, game->app_id);
	struct discarding *discarding;

	if (app_id == 0 || is_in_use(services, game, app_id)) {
		return;
	}
	discarding = xcalloc(1, sizeof(*discarding));
	discarding->job = (struct worker_job){ .run = run_discarding, .done = on_discarded };
	discarding->app_id = app_id;
	if (steam_find_account(services->steam, game->user_id, &discarding->root,
		    &discarding->account_id, &discarding->error)) {
		worker_submit(services->worker, &discarding->job);
	} else {
		on_discarded(&discarding->job);
	}
}

struct game_artwork *game_artwork_create(struct agent_services *services)
{
	struct game_artwork *artwork = xcalloc(1, sizeof(*artwork));

	artwork->services = services;
	artwork->kept = kept_images_create(services->loop, services->paths->state_dir);
	return artwork;
}

void game_artwork_destroy(struct game_artwork *artwork)
{
	if (artwork == NULL) {
		return;
	}
	artwork->closing = true;
	kept_images_destroy(artwork->kept);
	end_waiting(artwork);
	artwork->services->game_artwork = NULL;
	free(artwork);
}
