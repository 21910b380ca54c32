#define LOG_MODULE "artwork"

#include "games/game_artwork.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "games/kept_images.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "proto/proto_steam.h"
#include "steam/change/shortcuts.h"
#include "steam/steam.h"
#include "steam/steam_artwork.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Limit on what is waiting, which a Hub can make us hold in memory. */
#define URLS_MAX_BYTES (16u * 1024 * 1024)

/* Images of one shortcut that are being applied or waiting for it. */
struct artwork_job {
	TAILQ_ENTRY(artwork_job) link;
	struct game_artwork *artwork;
	char *upload_id; /* whose images wait, or NULL */
	char *account_id;
	uint32_t app_id;
	char *game_name;
	char *urls[ARTWORK_KIND_COUNT];
	size_t url_bytes;
	bool is_finished; /* all its waiting images could be read */
	void (*done)(void *user, bool finished);
	void *user;
};

struct game_artwork {
	struct game_artwork_options options;
	struct kept_images *kept; /* NULL: stopped */
	size_t url_bytes;
	/*
	 * One after another: unfinished work found at the start would otherwise be more images and
	 * downloads at once than steam_artwork.h accepts.
	 */
	struct artwork_job *applying;
	TAILQ_HEAD(, artwork_job) waiting; /* the oldest first */
	bool stopping;
};

void game_artwork_urls(const struct artwork_urls *urls, const char *out[ARTWORK_KIND_COUNT])
{
	out[ARTWORK_GRID] = urls->grid;
	out[ARTWORK_BANNER] = urls->banner;
	out[ARTWORK_HERO] = urls->hero;
	out[ARTWORK_LOGO] = urls->logo;
	out[ARTWORK_ICON] = urls->icon;
}

/* --- Waiting images --- */

bool game_artwork_keep(struct game_artwork *artwork, const char *upload_id, const char *type,
	struct strbuf *image, void (*done)(void *user, const struct error *err), void *user,
	struct error *err)
{
	return kept_images_put(artwork->kept, upload_id, type, image, done, user, err);
}

void game_artwork_keep_url_take(
	struct game_artwork *artwork, const char *upload_id, enum artwork_kind kind, char *data_url)
{
	kept_images_put_url_take(artwork->kept, upload_id, kind, data_url);
}

void game_artwork_forget(struct game_artwork *artwork, const char *upload_id)
{
	kept_images_forget(artwork->kept, upload_id);
}

void game_artwork_forget_others(struct game_artwork *artwork, const struct strvec *upload_ids)
{
	kept_images_forget_others(artwork->kept, upload_ids);
}

/* --- Applying images --- */

static void artwork_job_free(struct artwork_job *job)
{
	if (job->done != NULL) {
		job->done(job->user, job->is_finished);
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		free(job->urls[i]);
	}
	free(job->upload_id);
	free(job->account_id);
	free(job->game_name);
	free(job);
}

static void drop_waiting(struct game_artwork *artwork)
{
	struct artwork_job *job;

	while ((job = TAILQ_FIRST(&artwork->waiting)) != NULL) {
		TAILQ_REMOVE(&artwork->waiting, job, link);
		artwork_job_free(job);
	}
}

static void on_read(void *user, struct strbuf found[ARTWORK_KIND_COUNT], bool all);

static void apply_next(struct game_artwork *artwork)
{
	struct artwork_job *job = TAILQ_FIRST(&artwork->waiting);

	if (artwork->applying != NULL || job == NULL || artwork->stopping) {
		return;
	}
	TAILQ_REMOVE(&artwork->waiting, job, link);
	artwork->applying = job;
	kept_images_read(artwork->kept, job->upload_id, on_read, job);
}

static void end_job(struct artwork_job *job)
{
	struct game_artwork *artwork = job->artwork;

	artwork->url_bytes -= job->url_bytes;
	artwork->applying = NULL;
	artwork_job_free(job);
	apply_next(artwork);
}

static void announce(const struct artwork_job *job, const char *status, const char *message)
{
	const struct game_artwork_options *options = &job->artwork->options;

	options->announce(options->user, status, job->game_name, message);
}

/* One sentence on the result. */
static void describe(struct strbuf *out, const struct artwork_job *job,
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
			log_warning("'%s' has no %s image: %s", job->game_name, name,
				results[i].error.message);
			strbuf_appendf(out, "%s%s: %s", out->length > 0 ? "; " : "", name,
				results[i].error.message);
		}
	}
}

static void on_applied(void *user, const struct steam_artwork_result *results)
{
	struct artwork_job *job = user;
	AUTO(strbuf_finish) struct strbuf message = { 0 };

	if (!job->artwork->stopping) { /* else the next start retries it */
		describe(&message, job, results);
		announce(job, "complete", strbuf_text(&message));
		if (job->upload_id != NULL && job->is_finished) {
			game_artwork_forget(job->artwork, job->upload_id);
		}
	}
	end_job(job);
}

static void on_read(void *user, struct strbuf found[ARTWORK_KIND_COUNT], bool all)
{
	struct artwork_job *job = user;
	const struct game_artwork_options *options = &job->artwork->options;
	struct steam_artwork_request request = {
		.user_id = job->account_id,
		.app_id = job->app_id,
		.allow_local = *options->allow_local,
	};
	bool wanted = false;

	job->is_finished = all;
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_move(&request.images[i], &found[i]);
		request.urls[i] = job->urls[i];
		wanted |= request.images[i].length > 0 ||
			  (request.urls[i] != NULL && *request.urls[i] != '\0');
	}
	if (wanted && !job->artwork->stopping) {
		announce(job, "start", "Applying artwork");
		steam_artwork_apply(options->steam_artwork, &request, on_applied, job);
		return;
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&request.images[i]);
	}
	end_job(job);
}

static void copy_urls(struct artwork_job *job, const struct artwork_urls *urls)
{
	struct game_artwork *artwork = job->artwork;
	const char *given[ARTWORK_KIND_COUNT];
	size_t bytes = 0;

	game_artwork_urls(urls, given);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		bytes += given[i] != NULL ? strlen(given[i]) : 0;
	}
	if (bytes > URLS_MAX_BYTES - artwork->url_bytes) {
		log_warning(
			"'%s' is installed without its images; too many are waiting to be fetched",
			job->game_name);
		return;
	}
	artwork->url_bytes += bytes;
	job->url_bytes = bytes;
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		job->urls[i] = xstrdup_or_null(given[i]);
	}
}

void game_artwork_apply(struct game_artwork *artwork, const char *upload_id, const char *account_id,
	uint32_t app_id, const char *game_name, const struct artwork_urls *urls,
	void (*done)(void *user, bool finished), void *user)
{
	struct artwork_job *job = xcalloc(1, sizeof(*job));

	job->artwork = artwork;
	job->upload_id = xstrdup_or_null(upload_id);
	job->account_id = xstrdup_or_null(account_id);
	job->app_id = app_id;
	job->game_name = xstrdup(game_name);
	job->done = done;
	job->user = user;
	if (artwork->stopping) {
		artwork_job_free(job);
		return;
	}
	if (urls != NULL) {
		copy_urls(job, urls);
	}
	TAILQ_INSERT_TAIL(&artwork->waiting, job, link);
	apply_next(artwork);
}

/* --- Removing images --- */

struct discarding {
	struct worker_job job;
	char *root;
	char *account_id;
	uint32_t app_id;
	struct error error;
};

static void discard_images(struct worker_job *job)
{
	struct discarding *discarding = CONTAINER_OF(job, struct discarding, job);

	artwork_remove(
		discarding->root, discarding->account_id, discarding->app_id, &discarding->error);
}

static void on_discarded(struct worker_job *job)
{
	struct discarding *discarding = CONTAINER_OF(job, struct discarding, job);

	if (discarding->error.kind != ERROR_NONE) {
		log_warning("the images of a deleted game could not be removed: %s",
			discarding->error.message);
	}
	free(discarding->root);
	free(discarding->account_id);
	free(discarding);
}

/* As far as is known: what cannot be examined may be in use. */
static bool is_in_use(
	const struct game_artwork_options *options, const struct game *game, uint32_t app_id)
{
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	size_t trashed_count = 0;

	for (size_t i = 0; i < game_trash_count(options->trash); i++) {
		trashed_count += game_trash_at(options->trash, i)->game.app_id == game->app_id;
	}
	return trashed_count > 0 ||
	       game_registry_find_app(options->registry, game->app_id) != NULL ||
	       game_registry_find_app(options->registry, app_id) != NULL ||
	       !steam_list_shortcuts(options->steam, game->user_id, &list, NULL) ||
	       shortcut_list_find(&list, app_id) != NULL;
}

void game_artwork_discard(struct game_artwork *artwork, const struct game *game)
{
	const struct game_artwork_options *options = &artwork->options;
	uint32_t app_id = steam_actual_app_id(options->steam, game->app_id);
	struct discarding *discarding;

	if (app_id == 0 || is_in_use(options, game, app_id)) {
		return;
	}
	discarding = xcalloc(1, sizeof(*discarding));
	discarding->job = (struct worker_job){ .run = discard_images, .done = on_discarded };
	discarding->app_id = app_id;
	if (steam_find_account(options->steam, game->user_id, &discarding->root,
		    &discarding->account_id, &discarding->error)) {
		worker_submit(options->worker, &discarding->job);
	} else {
		on_discarded(&discarding->job);
	}
}

/* --- Creating and destroying --- */

struct game_artwork *game_artwork_create(const struct game_artwork_options *options)
{
	struct game_artwork *artwork = xcalloc(1, sizeof(*artwork));

	artwork->options = *options;
	artwork->kept = kept_images_create(options->loop, options->state_dir);
	TAILQ_INIT(&artwork->waiting);
	return artwork;
}

void game_artwork_stop(struct game_artwork *artwork)
{
	if (artwork == NULL) {
		return;
	}
	artwork->stopping = true;
	kept_images_destroy(TAKE_PTR(artwork->kept));
	drop_waiting(artwork);
}

void game_artwork_destroy(struct game_artwork *artwork)
{
	if (artwork == NULL) {
		return;
	}
	assert(artwork->applying == NULL);
	game_artwork_stop(artwork);
	free(artwork);
}
