#include "steam/steam_artwork.h"

#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "steam/change/steam_driver.h"
#include "steam/images/artwork_fetch.h"
#include "steam/images/image_store.h"
#include "steam/steam.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Processes that download at once. */
#define FETCHES_MAX 16

struct steam_artwork {
	struct loop *loop;
	struct steam *steam;
	struct image_store *store;
	unsigned fetch_count;
	LIST_HEAD(, order) orders; /* unanswered; newest first */
};

enum image_state {
	IMAGE_FETCHING,
	IMAGE_STORING,
	IMAGE_SHOWING, /* it is in its place */
	IMAGE_ENDED,
};

struct image {
	struct order *order;
	enum artwork_kind kind;
	enum image_state state;
	struct strbuf bytes;	       /* as given; empty: there is a URL */
	struct image_store_item *item; /* in IMAGE_STORING */
	uint32_t app_id;	       /* of the name it is stored by */
	struct error error;	       /* of entering an icon in the shortcut */
	unsigned shown_awaited_count;
};

/* One call of steam_artwork_apply(). Once answered it lives on while others still use it. */
struct order {
	LIST_ENTRY(order) link;
	struct steam_artwork *artwork;
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
	unsigned holds; /* by Steam, which is showing an image of it */
};

/* --- The end of an order --- */

static void release_order(struct order *order)
{
	if (!order->answered || order->holds > 0) {
		return;
	}
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_finish(&order->images[i].bytes);
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

static void answer_order(struct order *order)
{
	LIST_REMOVE(order, link);
	loop_timer_destroy(order->deadline);
	end_fetch(order);
	if (order->dir != NULL) {
		/* After the images that are still to be read from there. */
		image_store_remove_dir_take(order->artwork->store, order->dir);
	}
	order->done(order->user, order->results);
	order->answered = true;
	release_order(order);
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

/* err NULL or of the kind NONE: the image is in place. */
static void end_image(struct image *image, const struct error *err)
{
	image->state = IMAGE_ENDED;
	if (err != NULL) {
		image->order->results[image->kind].error = *err; /* may be the item's */
	}
	image_store_release(TAKE_PTR(image->item));
}

static void answer_if_ended(struct order *order)
{
	if (all_ended(order)) {
		answer_order(order);
	}
}

/* Ends what is not in place yet, and no longer waits for Steam to show the rest. */
static void conclude(struct order *order, const struct error *err)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		struct image *image = &order->images[i];

		if (image->state != IMAGE_ENDED) {
			end_image(image, image->state == IMAGE_SHOWING ? NULL : err);
		}
	}
	answer_order(order);
}

static void on_deadline(void *user)
{
	struct error err;

	error_set(&err, ERROR_TIMEOUT, "the image did not arrive within %d seconds",
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
		release_order(order);
		return;
	}
	/* Images that Steam does not show now are found at its next start. */
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

static void show_image(struct image *image, const char *path)
{
	struct order *order = image->order;
	struct steam *steam = order->artwork->steam;
	const struct steam_artwork_shown shown = {
		.account_id = order->account_id,
		.app_id = image->app_id,
		.type = artwork_kind_name(image->kind),
		.asset_type = artwork_kind_asset_type(image->kind),
		.path = path,
	};

	image->state = IMAGE_SHOWING;
	image->shown_awaited_count = 1;
	order->holds++;
	steam_show_artwork(steam, &shown, on_shown, image);
	if (image->kind == ARTWORK_ICON) {
		image->shown_awaited_count++;
		order->holds++;
		steam_set_icon(steam, order->account_id, image->app_id, path, on_icon_set, image);
	}
}

/* --- Storing --- */

static void put_image(struct image *image);

static void on_stored(void *user, const char *path, const struct error *err)
{
	struct image *image = user;
	struct order *order = image->order;

	if (err != NULL) {
		end_image(image, err);
		answer_if_ended(order);
	} else if (image->app_id != steam_actual_app_id(order->artwork->steam, order->app_id)) {
		put_image(image); /* the others were renamed meanwhile */
	} else {
		show_image(image, path);
		image_store_release(TAKE_PTR(image->item));
	}
}

static void put_image(struct image *image)
{
	struct order *order = image->order;

	image->state = IMAGE_STORING;
	/* Steam may have chosen another id since the order was given. */
	image->app_id = steam_actual_app_id(order->artwork->steam, order->app_id);
	image_store_put(image->item,
		&(struct image_store_place){
			.root = order->root,
			.account_id = order->account_id,
			.app_id = image->app_id,
			.kind = image->kind,
		},
		on_stored, image);
}

static void store_image(struct image *image, const struct image_store_source *source)
{
	struct error err = { 0 };

	image->item = image_store_take(image->order->artwork->store, source, &err);
	if (image->item != NULL) {
		put_image(image);
	} else {
		end_image(image, &err);
	}
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
			store_image(image, &(struct image_store_source){ .file = results[i].path });
		} else {
			error_set(&err, ERROR_IO, "%s", results[i].error);
			end_image(image, &err);
		}
	}
	end_fetch(order);
	answer_if_ended(order);
}

static void fetch_images(
	struct order *order, const char *const *urls, size_t count, bool allow_local)
{
	struct steam_artwork *artwork = order->artwork;
	struct error err = { 0 };

	if (artwork->fetch_count == FETCHES_MAX) {
		error_set(&err, ERROR_CONFLICT,
			"%d requests are already fetching images: try again later", FETCHES_MAX);
	} else {
		order->dir = image_store_make_dir(artwork->store, &err);
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

/* Ends the downloads of older orders that this one replaces. */
static void supersede_others(struct order *order)
{
	struct order *other, *next;
	struct error err;

	error_set(&err, ERROR_CONFLICT, "replaced by a newer image of this kind");
	LIST_FOREACH_SAFE (other, &order->artwork->orders, link, next) {
		bool hit = false;

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

/* Images at hand go to the store; the others are fetched all at once. */
static void start_order(struct order *order, const struct steam_artwork_request *request)
{
	const char *urls[ARTWORK_KIND_COUNT];
	size_t url_count = 0;

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		struct image *image = &order->images[i];
		const char *url = request->urls[i];
		struct error err = { 0 };

		if (!order->results[i].wanted) {
			image->state = IMAGE_ENDED;
		} else if (image->bytes.length > 0) {
			store_image(
				image, &(struct image_store_source){ .bytes_take = &image->bytes });
		} else if (data_url_is(url)) {
			store_image(image, &(struct image_store_source){ .data_url = url });
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
		fetch_images(order, urls, url_count, request->allow_local);
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
	LIST_INSERT_HEAD(&artwork->orders, order, link);
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
		start_order(order, request);
		supersede_others(order);
	} else {
		for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
			end_image(&order->images[i], &err);
		}
	}
	/* Nothing to wait for: answered on the loop's next turn. */
	loop_timer_set(order->deadline, all_ended(order) ? 0 : STEAM_ARTWORK_DEADLINE_MS);
}

struct steam_artwork *steam_artwork_create(
	struct loop *loop, struct steam *steam, const char *downloads_dir)
{
	struct steam_artwork *artwork = xcalloc(1, sizeof(*artwork));

	artwork->loop = loop;
	artwork->steam = steam;
	artwork->store = image_store_create(loop, downloads_dir);
	return artwork;
}

void steam_artwork_destroy(struct steam_artwork *artwork)
{
	struct order *order;
	struct error err;

	if (artwork == NULL) {
		return;
	}
	error_set(&err, ERROR_CANCELLED, "the agent ended before the image was fetched");
	LIST_FOREACH (order, &artwork->orders, link) {
		end_fetch(order);
	}
	image_store_drain(artwork->store);
	while ((order = LIST_FIRST(&artwork->orders)) != NULL) {
		conclude(order, &err);
	}
	image_store_destroy(artwork->store);
	free(artwork);
}

bool steam_artwork_read(struct steam *steam, const char *user_id, uint32_t app_id, int64_t offset,
	size_t max_bytes, struct strbuf *data, struct artwork_part *part, struct error *err)
{
	AUTO(free_ptr) char *root = NULL;
	AUTO(free_ptr) char *account_id = NULL;

	return steam_find_account(steam, user_id, &root, &account_id, err) &&
	       artwork_read(root, account_id, steam_actual_app_id(steam, app_id), offset, max_bytes,
		       data, part, err);
}
