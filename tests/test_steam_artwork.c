/* Artwork from its sources to the grid folder; this file plays Steam and the downloads. */
#include "steam/steam_artwork.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/steam_driver.h"
#include "steam/images/artwork_fetch.h"
#include "steam/steam.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <dirent.h>

#define SUITE_ALONE /* replaces functions of the library */
#define GRID "userdata/7/config/grid/"
#define PNG "\x89PNG\r\n\x1a\n"
#define JPEG "\xff\xd8\xff"
#define APP 3000000000u
#define CALLS_MAX 16
#define ORDERS_MAX 20

/* --- Steam --- */

struct steam {
	bool found;
	uint32_t actual_app_id; /* of APP */
	struct error icon_error;
	bool holds_answers;
};

struct call {
	steam_done *done;
	void *user;
	struct error err;
};

static struct steam steam;
static struct loop *loop;
static struct steam_home home;
static struct call calls[CALLS_MAX];
static unsigned call_count, answered_count;
static struct steam_artwork_shown shown[CALLS_MAX]; /* texts: as they were called */
static char shown_types[CALLS_MAX][16];
static unsigned shown_count;
static char icon[4096];

bool steam_find_account(
	struct steam *self, const char *user_id, char **root, char **account_id, struct error *err)
{
	if (!self->found) {
		return error_set(err, ERROR_NOT_FOUND, "there is no Steam");
	}
	*root = xstrdup(home.path);
	*account_id = xstrdup(user_id != NULL ? user_id : "7");
	return true;
}

uint32_t steam_actual_app_id(const struct steam *self, uint32_t app_id)
{
	return app_id == APP ? self->actual_app_id : app_id;
}

/* Answers all calls that have come. */
static void answer_calls(void *user)
{
	while (answered_count < call_count) {
		const struct call *call = &calls[answered_count++];
		const struct steam_outcome outcome = { .app_id = APP, .account_id = "7" };
		bool failed = call->err.kind != ERROR_NONE;

		call->done(call->user, failed ? NULL : &outcome, failed ? &call->err : NULL);
	}
}

static void called(steam_done *done, void *user, const struct error *err)
{
	ck_assert_uint_lt(call_count, CALLS_MAX);
	calls[call_count++] = (struct call){ .done = done, .user = user, .err = *err };
	if (!steam.holds_answers) {
		loop_defer(loop, answer_calls, NULL);
	}
}

void steam_show_artwork(
	struct steam *self, const struct steam_artwork_shown *image, steam_done *done, void *user)
{
	const struct error refused = { .kind = ERROR_CONFLICT, .message = "it does not want to" };

	shown[shown_count] = *image;
	strcpy(shown_types[shown_count++], image->type);
	ck_assert_int_eq(access(image->path, R_OK), 0);
	ck_assert_str_eq(image->account_id, "7");
	called(done, user, &refused); /* which must not count as a failure */
}

void steam_set_icon(struct steam *self, const char *user_id, uint32_t app_id, const char *path,
	steam_done *done, void *user)
{
	ck_assert_str_eq(user_id, "7");
	ck_assert_uint_eq(app_id, self->actual_app_id);
	strcpy(icon, path);
	called(done, user, &self->icon_error);
}

/* --- Downloads --- */

struct artwork_fetch {
	char *dir;
	char *urls[ARTWORK_FETCH_COUNT_MAX];
	size_t count;
	bool allow_local;
	artwork_fetch_done *done;
	void *user;
};

static struct artwork_fetch *fetches[ORDERS_MAX];
static unsigned fetch_count, fetch_gone_count;

struct artwork_fetch *artwork_fetch_create(struct loop *on_loop,
	const struct artwork_fetch_options *options, artwork_fetch_done *done, void *user,
	struct error *err)
{
	struct artwork_fetch *fetch;

	if (strcmp(options->urls[0], "http://missing-program/") == 0) {
		error_set(err, ERROR_NOT_FOUND, "the program is missing");
		return NULL;
	}
	fetch = xcalloc(1, sizeof(*fetch));
	fetch->dir = xstrdup(options->dir);
	fetch->count = options->count;
	for (size_t i = 0; i < options->count; i++) {
		fetch->urls[i] = xstrdup(options->urls[i]);
	}
	fetch->allow_local = options->allow_local;
	fetch->done = done;
	fetch->user = user;
	fetches[fetch_count++] = fetch;
	return fetch;
}

void artwork_fetch_destroy(struct artwork_fetch *fetch)
{
	if (fetch == NULL) {
		return;
	}
	for (size_t i = 0; i < fetch->count; i++) {
		free(fetch->urls[i]);
	}
	free(fetch->dir);
	free(fetch);
	fetch_gone_count++;
}

/* The downloads end: each URL that ends in ".png" becomes an image, the others fail. */
static void deliver(struct artwork_fetch *fetch)
{
	struct artwork_fetched results[ARTWORK_FETCH_COUNT_MAX] = { 0 };
	size_t count = fetch->count;

	for (size_t i = 0; i < count; i++) {
		if (strstr(fetch->urls[i], ".png") == NULL) {
			results[i].error = xasprintf("'%s' answered 404", fetch->urls[i]);
			continue;
		}
		results[i].path = xasprintf("%s/%zu", fetch->dir, i);
		ck_assert(atomic_file_write(
			results[i].path, PNG "fetched", strlen(PNG "fetched"), 0600, NULL));
	}
	fetch->done(fetch->user, results, count);
	for (size_t i = 0; i < count; i++) {
		free(results[i].path);
		free(results[i].error);
	}
}

/* --- The tests' own --- */

static struct steam_artwork *artwork;
static struct steam_artwork_request request;
static unsigned done_count, awaited_count;
static bool is_done[ORDERS_MAX];
static struct steam_artwork_result results[ORDERS_MAX][ARTWORK_KIND_COUNT];

static void on_done(void *user, const struct steam_artwork_result *given)
{
	ck_assert(!is_done[(size_t)user]);
	is_done[(size_t)user] = true;
	memcpy(results[(size_t)user], given, sizeof(results[0]));
	if (++done_count == awaited_count) {
		loop_stop(loop);
	}
}

static void await(unsigned count)
{
	awaited_count = count;
	if (done_count < count) {
		loop_run(loop);
	}
	ck_assert_uint_eq(done_count, count);
}

static void create(void)
{
	artwork = steam_artwork_create(loop, &steam, steam_home_path(&home, "downloads"));
}

static void setup(void)
{
	steam_home_init(&home);
	loop = loop_create();
	steam = (struct steam){ .found = true, .actual_app_id = APP };
	create();
	request = (struct steam_artwork_request){ .app_id = APP };
}

static void teardown(void)
{
	steam_artwork_destroy(artwork);
	answer_calls(NULL);
	loop_destroy(loop);
	ck_assert_uint_eq(fetch_gone_count, fetch_count);
	steam_home_finish(&home);
}

/* number: of the results. */
static void apply(size_t number)
{
	steam_artwork_apply(artwork, &request, on_done, (void *)number);
	ck_assert(!is_done[number]);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		ck_assert_uint_eq(request.images[i].length, 0);
	}
	request = (struct steam_artwork_request){ .app_id = APP };
}

static void ck_file(const char *name, const char *text)
{
	AUTO(free_ptr) char *path = xasprintf(GRID "%s", name);
	AUTO(strbuf_finish) struct strbuf content = { 0 };

	steam_home_read(&home, path, &content);
	ck_assert_str_eq(strbuf_text(&content), text);
}

static void ck_no_file(const char *name)
{
	AUTO(free_ptr) char *path = xasprintf(GRID "%s", name);

	ck_assert(!steam_home_exists(&home, path));
}

static void ck_applied(size_t number, enum artwork_kind kind)
{
	ck_assert(results[number][kind].wanted);
	ck_assert_msg(results[number][kind].error.kind == ERROR_NONE, "%s",
		results[number][kind].error.message);
}

static void ck_failed(
	size_t number, enum artwork_kind image, enum error_kind kind, const char *sentence)
{
	const struct error *err = &results[number][image].error;

	ck_assert(results[number][image].wanted);
	ck_assert_int_eq(err->kind, kind);
	ck_assert_msg(strstr(err->message, sentence) != NULL, "%s", err->message);
}

/* Nothing is left of the downloads, once the store is done. */
static void ck_no_downloads(void)
{
	DIR *dir;
	unsigned count = 0;

	steam_artwork_destroy(artwork);
	artwork = NULL;
	dir = opendir(steam_home_path(&home, "downloads"));
	while (dir != NULL && readdir(dir) != NULL) {
		count++;
	}
	if (dir != NULL) {
		closedir(dir);
		ck_assert_uint_eq(count, 2);
	}
}

START_TEST(test_images_at_hand)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_append_text(&request.images[i], i % 2 == 0 ? PNG : JPEG);
		request.urls[i] = "http://not-needed/";
	}
	apply(0);
	await(1);
	ck_file("3000000000p.png", PNG);
	ck_file("3000000000.jpg", JPEG);
	ck_file("3000000000_hero.png", PNG);
	ck_file("3000000000_logo.jpg", JPEG);
	ck_file("3000000000_icon.png", PNG);
	ck_assert_uint_eq(shown_count, ARTWORK_KIND_COUNT);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		ck_applied(0, (enum artwork_kind)i);
		ck_assert_str_eq(shown_types[i], artwork_kind_name((enum artwork_kind)i));
		ck_assert_int_eq(
			shown[i].asset_type, artwork_kind_asset_type((enum artwork_kind)i));
	}
	ck_assert_str_eq(icon, steam_home_path(&home, GRID "3000000000_icon.png"));
	ck_assert_uint_eq(fetch_count, 0);
}
END_TEST

START_TEST(test_each_fails_by_itself)
{
	steam.icon_error = (struct error){ .kind = ERROR_NOT_FOUND, .message = "no shortcut" };
	strbuf_append_text(&request.images[ARTWORK_GRID], "<html>");
	request.urls[ARTWORK_BANNER] = "file:///etc/passwd";
	request.urls[ARTWORK_HERO] = "data:image/png;base64,????";
	request.urls[ARTWORK_LOGO] = "data:image/png;base64,iVBORw0KGgo="; /* PNG's magic */
	request.urls[ARTWORK_ICON] = "DATA:,%89PNG%0d%0a%1a%0a";
	apply(0);
	await(1);
	ck_failed(0, ARTWORK_GRID, ERROR_INVALID, "the grid image");
	ck_failed(0, ARTWORK_BANNER, ERROR_INVALID, "'file:///etc/passwd'");
	ck_failed(0, ARTWORK_HERO, ERROR_INVALID, "base64");
	ck_failed(0, ARTWORK_ICON, ERROR_NOT_FOUND, "no shortcut");
	ck_applied(0, ARTWORK_LOGO);
	ck_file("3000000000_logo.png", PNG);
	ck_file("3000000000_icon.png", PNG);
}
END_TEST

START_TEST(test_downloads)
{
	request.urls[ARTWORK_GRID] = "https://images/a.png";
	request.urls[ARTWORK_BANNER] = "";
	request.urls[ARTWORK_HERO] = "HTTP://images/gone";
	request.urls[ARTWORK_ICON] = "http://images/icon.png";
	request.allow_local = true;
	apply(0);
	ck_assert_uint_eq(fetch_count, 1);
	ck_assert(fetches[0]->allow_local);
	ck_assert_uint_eq(fetches[0]->count, 3);
	deliver(fetches[0]);
	await(1);
	ck_applied(0, ARTWORK_GRID);
	ck_applied(0, ARTWORK_ICON);
	ck_failed(0, ARTWORK_HERO, ERROR_IO, "'HTTP://images/gone' answered 404");
	ck_assert(!results[0][ARTWORK_BANNER].wanted);
	ck_assert(!results[0][ARTWORK_LOGO].wanted);
	ck_file("3000000000p.png", PNG "fetched");
	ck_file("3000000000_icon.png", PNG "fetched");
	ck_no_downloads();
}
END_TEST

START_TEST(test_no_downloads_at_all)
{
	request.urls[ARTWORK_GRID] = "http://missing-program/";
	strbuf_append_text(&request.images[ARTWORK_HERO], PNG);
	apply(0);
	await(1);
	ck_failed(0, ARTWORK_GRID, ERROR_NOT_FOUND, "the program is missing");
	ck_applied(0, ARTWORK_HERO);
	ck_no_downloads();
}
END_TEST

START_TEST(test_no_steam)
{
	steam.found = false;
	request.urls[ARTWORK_GRID] = "http://images/a.png";
	apply(0);
	await(1);
	ck_failed(0, ARTWORK_GRID, ERROR_NOT_FOUND, "there is no Steam");
	ck_assert_uint_eq(fetch_count, 0);
}
END_TEST

START_TEST(test_nothing_wanted)
{
	apply(0);
	await(1);
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		ck_assert(!results[0][i].wanted);
	}
}
END_TEST

START_TEST(test_the_last_one_stays)
{
	request.urls[ARTWORK_GRID] = "http://images/slow.png";
	request.urls[ARTWORK_HERO] = "http://images/slow.png";
	apply(0);
	strbuf_append_text(&request.images[ARTWORK_GRID], PNG "newer");
	apply(1);
	await(1);
	ck_applied(1, ARTWORK_GRID);
	deliver(fetches[0]);
	await(2);
	ck_failed(0, ARTWORK_GRID, ERROR_CONFLICT, "newer");
	ck_applied(0, ARTWORK_HERO);
	ck_file("3000000000p.png", PNG "newer");
	/* Nothing is left of the third one to be fetched once the fourth has come. */
	request.urls[ARTWORK_GRID] = "http://images/slow.png";
	apply(2);
	strbuf_append_text(&request.images[ARTWORK_GRID], PNG "newest");
	apply(3);
	await(4);
	ck_assert_uint_eq(fetch_gone_count, 2);
	ck_failed(2, ARTWORK_GRID, ERROR_CONFLICT, "newer");
	ck_file("3000000000p.png", PNG "newest");
}
END_TEST

START_TEST(test_one_that_cannot_be_stays_behind)
{
	request.urls[ARTWORK_GRID] = "http://images/slow.png";
	apply(0);
	request.urls[ARTWORK_GRID] = "ftp://images/newer.png";
	apply(1);
	await(1);
	ck_failed(1, ARTWORK_GRID, ERROR_INVALID, "ftp:");
	ck_assert_uint_eq(fetch_gone_count, 0);
	deliver(fetches[0]);
	await(2);
	ck_applied(0, ARTWORK_GRID);
}
END_TEST

START_TEST(test_steam_chose_another_id)
{
	request.urls[ARTWORK_GRID] = "http://images/a.png";
	apply(0);
	steam.actual_app_id = 5;
	deliver(fetches[0]);
	await(1);
	ck_file("5p.png", PNG "fetched");
	ck_no_file("3000000000p.png");
	ck_assert_uint_eq(shown[0].app_id, 5);
}
END_TEST

START_TEST(test_steam_chooses_another_id_meanwhile)
{
	request.urls[ARTWORK_GRID] = "data:,%89PNG%0d%0a%1a%0a";
	strbuf_append_text(&request.images[ARTWORK_HERO], PNG);
	apply(0);
	steam.actual_app_id = 5;
	await(1);
	ck_applied(0, ARTWORK_GRID);
	ck_file("5p.png", PNG);
	ck_file("5_hero.png", PNG);
	ck_assert_uint_eq(shown_count, 2);
	ck_assert_uint_eq(shown[0].app_id, 5);
}
END_TEST

START_TEST(test_limits)
{
	char *large = xcalloc(1, 20 * 1024 * 1024 + 1);

	memset(large, 'x', 20 * 1024 * 1024);
	memcpy(large, PNG, strlen(PNG));
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		strbuf_append_text(&request.images[i], large);
	}
	apply(0);
	await(1);
	ck_applied(0, ARTWORK_HERO);
	ck_failed(0, ARTWORK_LOGO, ERROR_CONFLICT, "62914560 bytes");
	strbuf_append_text(&request.images[ARTWORK_LOGO], large); /* there is room again */
	apply(1);
	await(2);
	ck_applied(1, ARTWORK_LOGO);
	free(large);
	for (unsigned i = 0; i <= 16; i++) {
		request.app_id = 10 + i;
		request.urls[ARTWORK_GRID] = "http://images/slow.png";
		apply(2 + i);
	}
	await(3);
	ck_failed(18, ARTWORK_GRID, ERROR_CONFLICT, "16 requests");
}
END_TEST

START_TEST(test_destroy_in_the_middle)
{
	steam.holds_answers = true;
	request.urls[ARTWORK_GRID] = "http://images/a.png";
	strbuf_append_text(&request.images[ARTWORK_ICON], PNG);
	apply(0);
	strbuf_append_text(&request.images[ARTWORK_HERO], "no image");
	apply(1);
	ck_no_downloads();
	ck_assert_uint_eq(done_count, 2);
	ck_failed(0, ARTWORK_GRID, ERROR_CANCELLED, "the agent ended before");
	ck_failed(1, ARTWORK_HERO, ERROR_INVALID, "the hero image");
	/* Images at hand are in place, and Steam has the icon. */
	ck_applied(0, ARTWORK_ICON);
	ck_file("3000000000_icon.png", PNG);
	ck_assert_str_eq(icon, steam_home_path(&home, GRID "3000000000_icon.png"));
	ck_assert_uint_eq(call_count, 2);
	/* Steam ends after us. */
	answer_calls(NULL);
	ck_assert_uint_eq(done_count, 2);
}
END_TEST

START_TEST(test_rubbish_of_a_killed_process_goes)
{
	steam_artwork_destroy(artwork);
	steam_home_write_text(&home, "downloads/abc/0", "half an image");
	create();
	ck_assert(!steam_home_exists(&home, "downloads"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_artwork");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_images_at_hand);
	tcase_add_test(tcase, test_each_fails_by_itself);
	tcase_add_test(tcase, test_downloads);
	tcase_add_test(tcase, test_no_downloads_at_all);
	tcase_add_test(tcase, test_no_steam);
	tcase_add_test(tcase, test_nothing_wanted);
	tcase_add_test(tcase, test_the_last_one_stays);
	tcase_add_test(tcase, test_one_that_cannot_be_stays_behind);
	tcase_add_test(tcase, test_steam_chose_another_id);
	tcase_add_test(tcase, test_steam_chooses_another_id_meanwhile);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_destroy_in_the_middle);
	tcase_add_test(tcase, test_rubbish_of_a_killed_process_goes);
	return run_tcase(tcase);
}
