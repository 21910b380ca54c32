/* Images that wait for their game. This file plays Steam, the uploads and the Hub. */
#include "games/game_artwork.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
#include "library/game_registry.h"
#include "proto/proto_steam.h"
#include "steam/steam_artwork.h"
#include "steam_home.h"
#include "suite.h"
#include "upload/upload_store.h"

#include <check.h>

#define SUITE_ALONE /* replaces functions of the library */
#define PNG "\x89PNG\r\n\x1a\n"
#define UPLOAD "0123456789abcdef"
#define MIB ((size_t)1024 * 1024)

static struct steam_home home;
static struct loop *loop;
static struct game_registry *registry;
static struct game_artwork *artwork;
static struct game_setup *game_setup;
static bool allow_local;
static char *compat_tool;
static struct error err;
static unsigned ended_count;

/* --- The other modules --- */

static const char *listed[4]; /* uploads; ends with NULL */

bool upload_store_is_complete(const struct upload_store *store)
{
	return true;
}

void upload_store_each(struct upload_store *store,
	void (*visit)(void *user, const struct upload_status *status), void *user)
{
	for (unsigned i = 0; listed[i] != NULL; i++) {
		visit(user, &(struct upload_status){ .upload_id = listed[i], .hub_id = "hub" });
	}
}

static struct strbuf told;

static void on_announced(void *user, const char *status, const char *game_name, const char *message)
{
	strbuf_appendf(&told, "%s %s: %s\n", game_name, status, message);
}

static struct {
	unsigned count;
	uint32_t app_id;
	bool allow_local;
	char *images[ARTWORK_KIND_COUNT]; /* NULL: none */
	char *urls[ARTWORK_KIND_COUNT];
	steam_artwork_done *done;
	void *user;
} order;

static void forget_order(void)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		free(TAKE_PTR(order.images[i]));
		free(TAKE_PTR(order.urls[i]));
	}
}

void steam_artwork_apply(struct steam_artwork *steam_artwork, struct steam_artwork_request *request,
	steam_artwork_done *done, void *user)
{
	forget_order();
	order.count++;
	order.app_id = request->app_id;
	order.allow_local = request->allow_local;
	order.done = done;
	order.user = user;
	ck_assert_str_eq(request->user_id, "7");
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		order.urls[i] = xstrdup_or_null(request->urls[i]);
		order.images[i] =
			request->images[i].length > 0 ? strbuf_detach(&request->images[i]) : NULL;
		strbuf_finish(&request->images[i]);
	}
	loop_stop(loop);
}

/* --- The tests' own --- */

static void setup(void)
{
	AUTO(free_ptr) char *games = NULL;
	char *notice = NULL;

	steam_home_init(&home);
	loop = loop_create();
	games = xstrdup(steam_home_path(&home, "games.json"));
	registry = game_registry_create(games, &notice);
	artwork = game_artwork_create(&(struct game_artwork_options){
		.loop = loop,
		.state_dir = home.path,
		.registry = registry,
		.allow_local = &allow_local,
		.announce = on_announced,
	});
	game_setup = game_setup_create(&(struct game_setup_options){
		.registry = registry,
		.artwork = artwork,
		.compat_tool = &compat_tool,
	});
}

static void answer_order(const struct steam_artwork_result *results)
{
	steam_artwork_done *done = order.done;

	order.done = NULL;
	done(order.user, results);
}

static void teardown(void)
{
	const struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };

	game_artwork_stop(artwork);
	if (order.done != NULL) {
		answer_order(results);
	}
	game_setup_destroy(game_setup);
	game_artwork_destroy(artwork);
	game_registry_destroy(registry);
	loop_destroy(loop);
	strbuf_finish(&told);
	forget_order();
	steam_home_finish(&home);
}

static void on_kept(void *user, const struct error *error)
{
	ck_assert_ptr_null(error);
	ended_count++;
	loop_stop(loop);
}

static bool keep_text(const char *upload_id, const char *type, const char *text)
{
	struct strbuf image = { 0 };
	unsigned before = ended_count;
	bool ok;

	strbuf_append_text(&image, text);
	ok = game_artwork_keep(artwork, upload_id, type, &image, on_kept, NULL, &err);
	ck_assert_uint_eq(ended_count, before);
	ck_assert_ptr_null(image.data);
	if (ok) {
		loop_run(loop);
		ck_assert_uint_eq(ended_count, before + 1);
	}
	return ok;
}

static void keep(const char *upload_id, const char *type, const char *text)
{
	ck_assert_msg(keep_text(upload_id, type, text), "%s", err.message);
}

static void ck_keep_fails(
	const char *upload_id, const char *type, const char *text, const char *sentence)
{
	ck_assert(!keep_text(upload_id, type, text));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
}

static bool was_finished;

static void on_ended(void *user, bool finished)
{
	was_finished = finished;
	ended_count++;
	loop_stop(loop);
}

static void apply(const char *upload_id, const struct artwork_urls *urls)
{
	ended_count = 0;
	game_artwork_apply(artwork, upload_id, "7", 5, "Celeste", urls, on_ended, NULL);
	ck_assert_uint_eq(ended_count + order.count, 0);
	loop_run(loop);
}

/* Everything requested is done; nothing more can be requested. */
static void finish(void)
{
	game_artwork_stop(artwork);
}

START_TEST(test_applied_with_its_urls)
{
	const struct artwork_urls urls = { .grid = "http://a", .hero = "http://b" };
	struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };

	allow_local = true;
	keep(UPLOAD, "grid", PNG "older");
	keep(UPLOAD, "grid", PNG "newer");
	keep(UPLOAD, "icon", PNG "icon");
	keep("another", "grid", PNG "another");
	apply(UPLOAD, &urls);
	ck_assert_uint_eq(order.count, 1);
	ck_assert_uint_eq(order.app_id, 5);
	ck_assert(order.allow_local);
	ck_assert_str_eq(order.images[ARTWORK_GRID], PNG "newer");
	ck_assert_str_eq(order.images[ARTWORK_ICON], PNG "icon");
	ck_assert_ptr_null(order.images[ARTWORK_HERO]);
	ck_assert_str_eq(order.urls[ARTWORK_HERO], "http://b");
	ck_assert_str_eq(strbuf_text(&told), "Celeste start: Applying artwork\n");
	ck_assert_uint_eq(ended_count, 0);
	ck_assert(steam_home_exists(&home, "artwork/" UPLOAD "/grid"));

	results[ARTWORK_GRID].wanted = results[ARTWORK_ICON].wanted = true;
	results[ARTWORK_HERO].wanted = true;
	error_set(&results[ARTWORK_HERO].error, ERROR_IO, "404");
	answer_order(results);
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_ptr_nonnull(
		strstr(told.data, "complete: Artwork applied: grid, icon; hero: 404"));
	finish();
	ck_assert(!steam_home_exists(&home, "artwork/" UPLOAD));
	ck_assert(steam_home_exists(&home, "artwork/another/grid"));
}
END_TEST

START_TEST(test_nothing_to_apply)
{
	apply("unknown", NULL);
	ck_assert_uint_eq(ended_count, 1);
	apply(NULL, &(struct artwork_urls){ .grid = "" });
	ck_assert_uint_eq(ended_count, 1);
	apply("../" UPLOAD, NULL);
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_uint_eq(order.count, 0);
	ck_assert_uint_eq(told.length, 0);
}
END_TEST

START_TEST(test_what_is_kept_is_an_image_of_an_upload)
{
	ck_keep_fails("..", "grid", PNG, "'..' is not an upload");
	ck_keep_fails("a/../b", "grid", PNG, "is not an upload");
	ck_keep_fails("", "grid", PNG, "'' is not an upload");
	ck_keep_fails("0123456789012345678901234567890123456789012345678901234567890123456789",
		"grid", PNG, "is not an upload");
	ck_keep_fails(UPLOAD, "../grid", PNG, "'../grid'");
	ck_keep_fails(UPLOAD, "grid", "<html>", "the grid image");
	ck_keep_fails(UPLOAD, "grid", "", "the grid image");
	finish();
	ck_assert(!steam_home_exists(&home, "artwork"));
}
END_TEST

START_TEST(test_damaged_images_are_left_out)
{
	keep(UPLOAD, "grid", PNG);
	keep(UPLOAD, "hero", PNG);
	ck_assert(atomic_file_write(
		steam_home_path(&home, "artwork/" UPLOAD "/hero"), "\0\0", 2, 0600, NULL));
	apply(UPLOAD, NULL);
	ck_assert_ptr_nonnull(order.images[ARTWORK_GRID]);
	ck_assert_ptr_null(order.images[ARTWORK_HERO]);
}
END_TEST

START_TEST(test_forget_and_sweep)
{
	struct game game = { .dir = (char *)"/games/b",
		.name = (char *)"B",
		.pending = (char *)"{\"uploadId\":\"pending\"}" };

	ck_assert(game_registry_put(registry, &game, &err));
	keep("resumable", "grid", PNG);
	keep("pending", "grid", PNG);
	keep("gone", "grid", PNG);
	keep("gone", "hero", PNG);
	keep("forgotten", "grid", PNG);
	game_artwork_forget(artwork, "forgotten");
	game_artwork_forget(artwork, "..");
	listed[0] = "resumable";
	listed[1] = "forgotten";
	game_setup_sweep_images(game_setup);
	finish();
	ck_assert(steam_home_exists(&home, "artwork/resumable/grid"));
	ck_assert(steam_home_exists(&home, "artwork/pending/grid"));
	ck_assert(!steam_home_exists(&home, "artwork/gone"));
	ck_assert(!steam_home_exists(&home, "artwork/forgotten"));
	ck_assert(steam_home_exists(&home, "games.json"));
}
END_TEST

static void on_set_up(void *user, uint32_t app_id, bool later, const char *message)
{
	ck_assert_uint_eq(app_id, 0);
	ck_assert_msg(message == NULL, "%s", message);
	ended_count++;
}

START_TEST(test_plan_that_cannot_be_read_is_dropped_as_a_whole)
{
	struct game game = { .dir = (char *)"/games/b",
		.name = (char *)"B",
		.pending = (char *)"{\"wantsShortcut\":true,\"uploadId\":7}" };

	ck_assert(game_registry_put(registry, &game, &err));
	game_setup_start(game_setup, game.dir, on_set_up, NULL);
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_str_eq(game_registry_find(registry, game.dir)->pending, "");
}
END_TEST

/* From within an order's done, where no loop runs. */
static void on_counted(void *user, bool finished)
{
	ended_count++;
}

START_TEST(test_one_after_the_other)
{
	const struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };
	const struct artwork_urls urls = { .grid = "http://a" };

	for (uint32_t i = 1; i <= 40; i++) {
		game_artwork_apply(artwork, NULL, "7", i, "Hades", &urls, on_counted, NULL);
	}
	for (uint32_t i = 1; i <= 40; i++) {
		loop_run(loop);
		ck_assert_uint_eq(order.count, i);
		ck_assert_uint_eq(order.app_id, i);
		answer_order(results);
		ck_assert_uint_eq(ended_count, i);
	}
}
END_TEST

/* A Hub can send any number of them, of any length. */
START_TEST(test_waiting_urls_have_bounds)
{
	const struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };
	AUTO(free_ptr) char *url = xcalloc(1, MIB + 1);
	const struct artwork_urls urls = { .grid = url };

	memset(url, 'x', MIB);
	for (unsigned i = 0; i < 20; i++) {
		game_artwork_apply(artwork, NULL, "7", 6, "Hades", &urls, on_counted, NULL);
	}
	game_artwork_apply(artwork, NULL, "7", 6, "Hades", NULL, on_ended, NULL);
	for (unsigned i = 0; i < 16; i++) {
		loop_run(loop);
		answer_order(results);
	}
	loop_run(loop);
	ck_assert_uint_eq(order.count, 16);
	ck_assert_uint_eq(ended_count, 21);
	game_artwork_apply(artwork, NULL, "7", 6, "Hades", &urls, on_counted, NULL);
	loop_run(loop);
	ck_assert_uint_eq(order.count, 17);
	answer_order(results);
}
END_TEST

START_TEST(test_data_urls_wait_decoded)
{
	game_artwork_keep_url_take(
		artwork, UPLOAD, ARTWORK_GRID, xstrdup("data:image/png,%89PNG\r\n%1a\nhere"));
	game_artwork_keep_url_take(
		artwork, UPLOAD, ARTWORK_HERO, xstrdup("data:image/png;base64,!!"));
	game_artwork_keep_url_take(artwork, UPLOAD, ARTWORK_LOGO, xstrdup("data:,<html>"));
	apply(UPLOAD, NULL);
	ck_assert_str_eq(order.images[ARTWORK_GRID], PNG "here");
	ck_assert_ptr_null(order.images[ARTWORK_HERO]);
	ck_assert_ptr_null(order.images[ARTWORK_LOGO]);
}
END_TEST

START_TEST(test_stopping_leaves_it_to_the_next_start)
{
	const struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };

	/* One is being applied, one still to be read. */
	keep(UPLOAD, "grid", PNG);
	keep("another", "grid", PNG);
	apply(UPLOAD, NULL);
	game_artwork_apply(artwork, "another", "7", 6, "Hades", NULL, on_ended, NULL);
	finish();
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_uint_eq(order.count, 1);
	answer_order(results);
	ck_assert_uint_eq(ended_count, 2);
	ck_assert(steam_home_exists(&home, "artwork/" UPLOAD "/grid"));
	ck_assert(steam_home_exists(&home, "artwork/another/grid"));
	ck_assert_str_eq(strbuf_text(&told), "Celeste start: Applying artwork\n");
}
END_TEST

/* Root may read any file, but no folder. */
START_TEST(test_images_that_cannot_be_read_now_stay)
{
	const struct steam_artwork_result results[ARTWORK_KIND_COUNT] = { 0 };

	keep(UPLOAD, "hero", PNG);
	steam_home_mkdir(&home, "artwork/" UPLOAD "/grid/x");
	apply(UPLOAD, NULL);
	ck_assert_ptr_nonnull(order.images[ARTWORK_HERO]);
	answer_order(results);
	ck_assert(!was_finished);
	finish();
	ck_assert(steam_home_exists(&home, "artwork/" UPLOAD "/hero"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("game_artwork");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_applied_with_its_urls);
	tcase_add_test(tcase, test_nothing_to_apply);
	tcase_add_test(tcase, test_what_is_kept_is_an_image_of_an_upload);
	tcase_add_test(tcase, test_damaged_images_are_left_out);
	tcase_add_test(tcase, test_images_that_cannot_be_read_now_stay);
	tcase_add_test(tcase, test_forget_and_sweep);
	tcase_add_test(tcase, test_plan_that_cannot_be_read_is_dropped_as_a_whole);
	tcase_add_test(tcase, test_one_after_the_other);
	tcase_add_test(tcase, test_waiting_urls_have_bounds);
	tcase_add_test(tcase, test_data_urls_wait_decoded);
	tcase_add_test(tcase, test_stopping_leaves_it_to_the_next_start);
	return run_tcase(tcase);
}
