#include "steam/images/image_store.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>

#define GRID "userdata/7/config/grid/"
#define PNG "\x89PNG\r\n\x1a\n"
#define JPEG "\xff\xd8\xff"
#define APP 3000000000u

static struct steam_home home;
static struct loop *loop;
static struct image_store *store;
static struct strvec told;	       /* paths below the home, or errors */
static struct image_store_item *again; /* is put once more, for the next app */

static void setup(void)
{
	steam_home_init(&home);
	loop = loop_create();
	store = image_store_create(loop, steam_home_path(&home, "downloads"));
}

static void teardown(void)
{
	image_store_destroy(store);
	loop_destroy(loop);
	strvec_finish(&told);
	steam_home_finish(&home);
}

static void on_stored(void *user, const char *path, const struct error *err);

static void put(struct image_store_item *item, uint32_t app_id, enum artwork_kind kind)
{
	image_store_put(item,
		&(struct image_store_place){
			.root = home.path, .account_id = "7", .app_id = app_id, .kind = kind },
		on_stored, item);
}

static void on_stored(void *user, const char *path, const struct error *err)
{
	ck_assert((path == NULL) == (err != NULL));
	strvec_push(&told, path != NULL ? path + strlen(home.path) + 1 : err->message);
	if (user == again) {
		again = NULL;
		put(user, APP + 1, ARTWORK_GRID);
	} else {
		image_store_release(user);
	}
}

static struct image_store_item *take_bytes(const char *text)
{
	struct strbuf bytes = { 0 };
	struct error err = { 0 };
	struct image_store_item *item;

	strbuf_append_text(&bytes, text);
	item = image_store_take(store, &(struct image_store_source){ .bytes_take = &bytes }, &err);
	ck_assert_msg(item != NULL, "%s", err.message);
	ck_assert_uint_eq(bytes.length, 0);
	return item;
}

static void ck_told(size_t index, const char *expected)
{
	ck_assert_uint_lt(index, told.count);
	ck_assert_msg(strstr(told.items[index], expected) != NULL, "%s", told.items[index]);
}

START_TEST(test_each_source)
{
	char *file;

	ck_assert_int_gt(asprintf(&file, "%s/0", home.path), 0);
	steam_home_write_text(&home, "0", JPEG "from a file");
	put(take_bytes(PNG "as bytes"), APP, ARTWORK_GRID);
	put(image_store_take(store,
		    &(struct image_store_source){
			    .data_url = "data:image/gif;base64,R0lGODlhYSBVUkw=" },
		    NULL),
		APP, ARTWORK_HERO);
	put(image_store_take(store, &(struct image_store_source){ .file = file }, NULL), APP,
		ARTWORK_LOGO);
	ck_assert_uint_eq(told.count, 0);
	image_store_drain(store);
	free(file);
	ck_assert_uint_eq(told.count, 3);
	ck_assert_str_eq(told.items[0], GRID "3000000000p.png");
	ck_assert_str_eq(told.items[1], GRID "3000000000_hero.png");
	ck_assert_str_eq(told.items[2], GRID "3000000000_logo.jpg");
	ck_assert(steam_home_exists(&home, GRID "3000000000_logo.jpg"));
}
END_TEST

START_TEST(test_what_is_no_image)
{
	put(take_bytes("<html>"), APP, ARTWORK_GRID);
	put(image_store_take(
		    store, &(struct image_store_source){ .data_url = "data:;base64,!!" }, NULL),
		APP, ARTWORK_GRID);
	put(image_store_take(store, &(struct image_store_source){ .file = "/nonexistent/0" }, NULL),
		APP, ARTWORK_GRID);
	image_store_drain(store);
	ck_told(0, "format that Steam does not show");
	ck_told(1, "base64");
	ck_told(2, "/nonexistent/0");
	ck_assert(!steam_home_exists(&home, GRID "3000000000p.png"));
}
END_TEST

START_TEST(test_the_later_one_stays)
{
	for (int i = 0; i < 8; i++) {
		put(take_bytes(i % 2 == 0 ? JPEG : PNG), APP, ARTWORK_GRID);
	}
	image_store_drain(store);
	ck_assert_uint_eq(told.count, 8);
	ck_assert(steam_home_exists(&home, GRID "3000000000p.png"));
	ck_assert(!steam_home_exists(&home, GRID "3000000000p.jpg"));
}
END_TEST

START_TEST(test_put_once_more_elsewhere)
{
	again = take_bytes(PNG);
	put(again, APP, ARTWORK_GRID);
	image_store_drain(store);
	ck_told(0, GRID "3000000000p.png");
	ck_told(1, GRID "3000000001p.png");
}
END_TEST

START_TEST(test_released_while_it_is_put)
{
	struct image_store_item *item = take_bytes(PNG);

	put(item, APP, ARTWORK_GRID);
	image_store_release(item);
	image_store_release(NULL);
	image_store_drain(store);
	ck_assert_uint_eq(told.count, 0);
	ck_assert(steam_home_exists(&home, GRID "3000000000p.png"));
}
END_TEST

START_TEST(test_what_waits_is_bounded)
{
	struct image_store_item *items[4];
	struct strbuf bytes = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < 4; i++) {
		strbuf_extend(&bytes, 16 * 1024 * 1024);
		bytes.length = 16 * 1024 * 1024;
		items[i] = image_store_take(
			store, &(struct image_store_source){ .bytes_take = &bytes }, &err);
		ck_assert_ptr_nonnull(items[i]);
	}
	strbuf_append_char(&bytes, 'x');
	ck_assert_ptr_null(image_store_take(
		store, &(struct image_store_source){ .bytes_take = &bytes }, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_uint_eq(bytes.length, 1);
	image_store_release(items[0]);
	items[0] =
		image_store_take(store, &(struct image_store_source){ .bytes_take = &bytes }, &err);
	ck_assert_ptr_nonnull(items[0]);
	for (size_t i = 0; i < 4; i++) {
		image_store_release(items[i]);
	}
}
END_TEST

START_TEST(test_folders_go_behind_their_images)
{
	char *dir = image_store_make_dir(store, NULL), *other = image_store_make_dir(store, NULL);
	char *file;

	ck_assert_ptr_nonnull(dir);
	ck_assert_str_ne(dir, other);
	ck_assert_int_gt(asprintf(&file, "%s/0", dir), 0);
	ck_assert(atomic_file_write(file, PNG, strlen(PNG), 0600, NULL));
	put(image_store_take(store, &(struct image_store_source){ .file = file }, NULL), APP,
		ARTWORK_GRID);
	image_store_remove_dir_take(store, dir);
	image_store_drain(store);
	ck_told(0, GRID "3000000000p.png");
	ck_assert_int_ne(access(file, F_OK), 0);
	ck_assert_int_eq(access(other, F_OK), 0);
	free(file);
	/* What a crash leaves is removed at the next start. */
	image_store_destroy(store);
	store = image_store_create(loop, steam_home_path(&home, "downloads"));
	ck_assert_int_ne(access(other, F_OK), 0);
	free(other);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("image_store");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_each_source);
	tcase_add_test(tcase, test_what_is_no_image);
	tcase_add_test(tcase, test_the_later_one_stays);
	tcase_add_test(tcase, test_put_once_more_elsewhere);
	tcase_add_test(tcase, test_released_while_it_is_put);
	tcase_add_test(tcase, test_what_waits_is_bounded);
	tcase_add_test(tcase, test_folders_go_behind_their_images);
	return run_tcase(tcase);
}
