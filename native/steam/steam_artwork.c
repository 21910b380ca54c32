#include "steam/steam_artwork.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/steam_driver.h"
#include "steam/images/artwork_fetch.h"
#include "steam/images/download_dir.h"
#include "steam/steam.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a Hub can have waiting: images at hand, and processes that download. */
#define AT_HAND_MAX_BYTES (64u * 1024 * 1024)
#define FETCHES_MAX 16

struct steam_artwork {
	struct loop *loop;
	/* One thread: images are stored in the order of their coming. */
	struct worker *store;
	struct steam *steam;
	char *downloads_dir;
	size_t at_hand_bytes;
	unsigned fetch_count;
	struct order *orders; /* not answered yet; newest first */
};

enum image_state {
	IMAGE_FETCHING,
	IMAGE_STORING,
	IMAGE_SHOWING, /* it is in its place */
	IMAGE_ENDED,
};

struct image {
	struct worker_job job; /* in IMAGE_STORING: all but state is the worker's */
	struct order *order;
	enum artwork_kind kind;
	enum image_state state;
	/* One of these, or else the file that was fetched. */
	struct strbuf bytes;
	char *data_url;
	char *file;
	size_t at_hand_bytes; /* of the first two, until it is stored */
	uint32_t app_id;      /* of the name it is stored by */
	char *path;	      /* where it is, once stored */
	struct error error;
	unsigned shown_awaited_count;
};

/* One call of steam_artwork_apply(). It lives on, answered, while others still work with it. */
struct order {
	struct steam_artwork *artwork;
	struct order *next;
	char *root, *account_id;
	uint32_t app_id; /* as given */
	struct image images[ARTWORK_KIND_COUNT];
	struct steam_artwork_result results[ARTWORK_KIND_COUNT];
	struct artwork_fetch *fetch;
	enum artwork_kind fetched_kinds[ARTWORK_KIND_COUNT]; /* in the order of the URLs */
	char *dir;					     /* of the downloads */
	struct loop_timer *deadline;
	steam_artwork_done *done;
	void *user;
	bool answered;
	unsigned holds; /* by the worker and by Steam */
};

/* --- The end of an order --- */

static void release(struct order *order)
{
	if (!order->answered || order->holds > 0) {
		return;
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&order->images[i].bytes);
		free(order->images[i].data_url);
		free(order->images[i].file);
		free(order->images[i].path);
	}
	free(order->root);
	free(order->account_id);
	free(order);
}

static void end_fetch(struct order *order)
{
	if (order->fetch != NULL) {
		artwork_fetch_destroy(TAKE_PTR(order->fetch));
		order->artwork->fetch_count--;
	}
}

static void answer(struct order *order)
{
	struct order **link = &order->artwork->orders;

	while (*link != order) {
		link = &(*link)->next;
	}
	*link = order->next;
	loop_timer_destroy(order->deadline);
	end_fetch(order);
	if (order->dir != NULL) {
		/* Behind the images that are still to be read from there. */
		download_dir_remove_take(order->artwork->store, order->dir);
	}
	order->done(order->user, order->results);
	order->answered = true;
	release(order);
}

static bool all_ended(const struct order *order)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		if (order->images[i].state != IMAGE_ENDED) {
			return false;
		}
	}
	return true;
}

/* err NULL or of the kind NONE: it is in its place. */
static void end_image(struct image *image, const struct error *err)
{
	image->state = IMAGE_ENDED;
	if (err != NULL) {
		image->order->results[image->kind].error = *err;
	}
}

static void answer_if_ended(struct order *order)
{
	if (all_ended(order)) {
		answer(order);
	}
}

/* Ends what is not in its place yet; Steam's word on the rest is no longer waited for. */
static void conclude(struct order *order, const struct error *err)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		struct image *image = &order->images[i];

		if (image->state != IMAGE_ENDED) {
			end_image(image, image->state == IMAGE_SHOWING ? NULL : err);
		}
	}
	answer(order);
}

static void on_deadline(void *user)
{
	struct error err;

	error_set(&err, ERROR_TIMEOUT, "the image was not there within %d seconds",
		STEAM_ARTWORK_DEADLINE_MS / 1000);
	conclude(user, &err);
}

/* --- Showing --- */

static void on_shown(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct image *image = user;
	struct order *order = image->order;

	order->holds--;
	if (image->state != IMAGE_SHOWING) {
		release(order);
		return;
	}
	/* What Steam does not show now, it finds at its next start. */
	if (--image->shown_awaited_count == 0) {
		end_image(image, &image->error);
		answer_if_ended(order);
	}
}

static void on_icon_set(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct image *image = user;

	if (err != NULL) {
		image->error = *err;
	}
	on_shown(image, outcome, NULL);
}

static void show(struct image *image)
{
	struct order *order = image->order;
	struct steam *steam = order->artwork->steam;
	const struct steam_artwork_shown shown = {
		.account_id = order->account_id,
		.app_id = image->app_id,
		.type = artwork_kind_name(image->kind),
		.asset_type = artwork_kind_asset_type(image->kind),
		.path = image->path,
	};

	image->state = IMAGE_SHOWING;
	image->shown_awaited_count = 1;
	order->holds++;
	steam_show_artwork(steam, &shown, on_shown, image);
	if (image->kind == ARTWORK_ICON) {
		image->shown_awaited_count++;
		order->holds++;
		steam_set_icon(
			steam, order->account_id, image->app_id, image->path, on_icon_set, image);
	}
}

/* --- Storing --- */

static bool hold(struct image *image, size_t bytes, struct error *err)
{
	struct steam_artwork *artwork = image->order->artwork;

	if (bytes > AT_HAND_MAX_BYTES - artwork->at_hand_bytes) {
		return error_set(err, ERROR_CONFLICT,
			"images of %zu bytes are still to be stored: send it again when they are",
			artwork->at_hand_bytes);
	}
	image->at_hand_bytes = bytes;
	artwork->at_hand_bytes += bytes;
	return true;
}

/* Its bytes are stored, or of no use. */
static void let_go(struct image *image)
{
	image->order->artwork->at_hand_bytes -= image->at_hand_bytes;
	image->at_hand_bytes = 0;
	strbuf_finish(&image->bytes);
	free(TAKE_PTR(image->data_url));
}

static void run_store(struct worker_job *job)
{
	struct image *image = (struct image *)job;
	const struct order *order = image->order;
	struct error *err = &image->error;

	if (image->data_url != NULL) {
		strbuf_reset(&image->bytes);
	}
	if ((image->data_url != NULL &&
		    !data_url_decode(&image->bytes, image->data_url, ARTWORK_MAX_BYTES, err)) ||
		(image->file != NULL &&
			!atomic_file_read(image->file, ARTWORK_MAX_BYTES, &image->bytes, err))) {
		return;
	}
	artwork_put(order->root, order->account_id, image->app_id, image->kind, image->bytes.data,
		image->bytes.length, &image->path, err);
}

static void store(struct image *image);

static void on_stored(struct worker_job *job)
{
	struct image *image = (struct image *)job;
	struct order *order = image->order;

	order->holds--;
	if (image->state != IMAGE_STORING) {
		let_go(image);
		release(order);
	} else if (image->error.kind != ERROR_NONE) {
		let_go(image);
		end_image(image, &image->error);
		answer_if_ended(order);
	} else if (image->app_id != steam_actual_app_id(order->artwork->steam, order->app_id)) {
		free(TAKE_PTR(image->path));
		store(image); /* the others were renamed meanwhile */
	} else {
		let_go(image);
		show(image);
	}
}

static void store(struct image *image)
{
	struct order *order = image->order;

	image->state = IMAGE_STORING;
	/* Steam may have chosen another id since the order was given. */
	image->app_id = steam_actual_app_id(order->artwork->steam, order->app_id);
	image->job = (struct worker_job){ .run = run_store, .done = on_stored };
	order->holds++;
	worker_submit(order->artwork->store, &image->job);
}

/* --- Fetching --- */

static void on_fetched(void *user, const struct artwork_fetched *results, size_t count)
{
	struct order *order = user;

	for (size_t i = 0; i < count; i++) {
		struct image *image = &order->images[order->fetched_kinds[i]];
		struct error err = { 0 };

		if (image->state != IMAGE_FETCHING) {
			continue;
		}
		if (results[i].path != NULL) {
			image->file = xstrdup(results[i].path);
			store(image);
		} else {
			error_set(&err, ERROR_IO, "%s", results[i].error);
			end_image(image, &err);
		}
	}
	end_fetch(order);
	answer_if_ended(order);
}

static void fetch(struct order *order, const char *const *urls, size_t count, bool allow_local)
{
	struct steam_artwork *artwork = order->artwork;
	struct error err = { 0 };

	if (artwork->fetch_count == FETCHES_MAX) {
		error_set(&err, ERROR_CONFLICT,
			"images of %d requests are being fetched: send it again when they are",
			FETCHES_MAX);
	} else {
		order->dir = download_dir_make(artwork->downloads_dir, &err);
	}
	if (order->dir != NULL) {
		order->fetch = artwork_fetch_create(artwork->loop,
			&(struct artwork_fetch_options){
				.urls = urls,
				.count = count,
				.dir = order->dir,
				.allow_local = allow_local,
			},
			on_fetched, order, &err);
	}
	artwork->fetch_count += order->fetch != NULL;
	for (size_t i = 0; order->fetch == NULL && i < count; i++) {
		end_image(&order->images[order->fetched_kinds[i]], &err);
	}
}

/* --- Orders --- */

static bool has_scheme(const char *url, const char *scheme)
{
	return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* The order is newer: what others still fetch for the same places is no longer wanted. */
static void supersede_others(struct order *order)
{
	struct order *other = order->artwork->orders, *next;
	struct error err;

	error_set(&err, ERROR_CONFLICT, "a newer image of this kind has come meanwhile");
	for (; other != NULL; other = next) {
		bool hit = false;

		next = other->next;
		if (other == order || other->app_id != order->app_id ||
			strcmp(other->account_id, order->account_id) != 0) {
			continue;
		}
		for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
			if (order->images[i].state != IMAGE_ENDED &&
				other->images[i].state == IMAGE_FETCHING) {
				end_image(&other->images[i], &err);
				hit = true;
			}
		}
		if (hit) {
			answer_if_ended(other);
		}
	}
}

static void take_at_hand(struct image *image, const char *url)
{
	size_t bytes = image->bytes.length > 0 ? image->bytes.length : strlen(url);
	struct error err;

	if (!hold(image, bytes, &err)) {
		end_image(image, &err);
		return;
	}
	if (image->bytes.length == 0) {
		image->data_url = xstrdup(url);
	}
	store(image);
}

/* What is at hand goes to the store; what has to be fetched is fetched all at once. */
static void start(struct order *order, const struct steam_artwork_request *request)
{
	const char *urls[ARTWORK_KIND_COUNT];
	size_t url_count = 0;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		struct image *image = &order->images[i];
		const char *url = request->urls[i];
		struct error err = { 0 };

		if (!order->results[i].wanted) {
			image->state = IMAGE_ENDED;
		} else if (image->bytes.length > 0 || data_url_is(url)) {
			take_at_hand(image, url);
		} else if (has_scheme(url, "https://") || has_scheme(url, "http://")) {
			order->fetched_kinds[url_count] = image->kind;
			urls[url_count++] = url;
		} else {
			error_set(&err, ERROR_INVALID,
				"an image comes from an https, http or data URL, not from '%.80s'",
				url);
			end_image(image, &err);
		}
	}
	if (url_count > 0) {
		fetch(order, urls, url_count, request->allow_local);
	}
}

static struct order *make_order(struct steam_artwork *artwork,
	struct steam_artwork_request *request, steam_artwork_done *done, void *user)
{
	struct order *order = xcalloc(1, sizeof(*order));

	order->artwork = artwork;
	order->app_id = request->app_id;
	order->done = done;
	order->user = user;
	order->deadline = loop_timer_create(artwork->loop, on_deadline, order);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		struct image *image = &order->images[i];

		image->order = order;
		image->kind = (enum artwork_kind)i;
		strbuf_move(&image->bytes, &request->images[i]);
		order->results[i].wanted = image->bytes.length > 0 ||
					   (request->urls[i] != NULL && *request->urls[i] != '\0');
	}
	order->next = artwork->orders;
	artwork->orders = order;
	return order;
}

void steam_artwork_apply(struct steam_artwork *artwork, struct steam_artwork_request *request,
	steam_artwork_done *done, void *user)
{
	struct order *order = make_order(artwork, request, done, user);
	struct error err = { 0 };

	assert(request->app_id != 0);
	if (steam_find_account(
		    artwork->steam, request->user_id, &order->root, &order->account_id, &err)) {
		start(order, request);
		supersede_others(order);
	} else {
		for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
			end_image(&order->images[i], &err);
		}
	}
	/* Nothing to wait for: answered with the loop's next turn. */
	loop_timer_set(order->deadline, all_ended(order) ? 0 : STEAM_ARTWORK_DEADLINE_MS);
}

struct steam_artwork *steam_artwork_create(
	struct loop *loop, struct steam *steam, const char *downloads_dir)
{
	struct steam_artwork *artwork = xcalloc(1, sizeof(*artwork));

	artwork->loop = loop;
	artwork->store = worker_create(loop, 1);
	artwork->steam = steam;
	artwork->downloads_dir = xstrdup(downloads_dir);
	download_dir_clear(downloads_dir);
	return artwork;
}

void steam_artwork_destroy(struct steam_artwork *artwork)
{
	struct error err;

	if (artwork == NULL) {
		return;
	}
	error_set(&err, ERROR_CANCELLED, "the image was still to be fetched when the agent ended");
	for (struct order *order = artwork->orders; order != NULL; order = order->next) {
		end_fetch(order);
	}
	worker_drain(artwork->store);
	while (artwork->orders != NULL) {
		conclude(artwork->orders, &err);
	}
	worker_destroy(artwork->store);
	free(artwork->downloads_dir);
	free(artwork);
}
