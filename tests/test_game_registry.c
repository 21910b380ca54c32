#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "folder.h"
#include "library/game_registry.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_BYTES];
static char path[96];

static void setup(void)
{
	folder_make(folder);
	snprintf(path, sizeof(path), "%s/state/games.json", folder);
}

static void teardown(void)
{
	folder_remove(folder);
}

static struct game_registry *open_registry(void)
{
	AUTO(free_ptr) char *notice = NULL;
	struct game_registry *registry = game_registry_create(path, &notice);

	ck_assert_msg(notice == NULL, "%s", notice);
	return registry;
}

static void put(struct game_registry *registry, const char *dir, const char *name, uint32_t app_id)
{
	struct game game = { .dir = xstrdup(dir),
		.name = xstrdup(name),
		.app_id = app_id,
		.size_bytes = INT64_C(10000000000),
		.file_count = 3,
		.installed_at = 1700000000,
		.pending = xstrdup("{\"uploadId\":\"u\"}") };
	struct error err;

	ck_assert_msg(game_registry_put(registry, &game, &err), "%s", err.message);
	free(game.dir);
	free(game.name);
	free(game.pending);
}

START_TEST(test_games_survive)
{
	struct game_registry *registry = open_registry();
	const struct game *game;
	struct error err;

	put(registry, "/games/a", "A", 0x90000001);
	put(registry, "/games/b", "B", 0);
	put(registry, "/games/c", "C", 0x90000003);
	put(registry, "/games/a", "A renamed", 0x90000001);
	ck_assert(game_registry_remove(registry, "/games/b", &err));
	ck_assert(game_registry_remove(registry, "/games/never", &err));
	game_registry_destroy(registry);

	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	game = game_registry_find(registry, "/games/a");
	ck_assert_str_eq(game->name, "A renamed");
	ck_assert_str_eq(game->executable, "");
	ck_assert_int_eq(game->size_bytes, INT64_C(10000000000));
	ck_assert_str_eq(game->pending, "{\"uploadId\":\"u\"}");
	ck_assert_ptr_eq(game_registry_find_app(registry, 0x90000001), game);
	ck_assert_ptr_eq(game_registry_find_file(registry, "/games/a/bin/a b"), game);
	ck_assert_ptr_null(game_registry_find_file(registry, "/games/ab/bin"));
	ck_assert_ptr_null(game_registry_find_app(registry, 0));
	ck_assert_ptr_null(game_registry_find(registry, "/games/b"));
	ck_assert_str_eq(game_registry_at(registry, 1)->dir, "/games/c");
	ck_assert_ptr_null(game_registry_at(registry, 2));
	game_registry_destroy(registry);
}
END_TEST

START_TEST(test_a_file_that_does_not_parse_is_set_aside)
{
	static const char *const bad[] = { "{", "[]", "{\"version\":2,\"games\":[]}",
		"{\"version\":1,\"games\":5}" };
	AUTO(free_ptr) char *notice = NULL;
	struct game_registry *registry;
	struct error err;

	ck_assert(atomic_file_write(path, bad[_i], strlen(bad[_i]), 0600, &err));
	registry = game_registry_create(path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, ".corrupt-"));
	ck_assert_uint_eq(game_registry_count(registry), 0);
	put(registry, "/games/a", "A", 1);
	game_registry_destroy(registry);
}
END_TEST

/* Invalid entries; without "dir" or "name" the agent would crash later. */
static const char *const bad_games[] = {
	"7",
	"null",
	"{}",
	"{\"dir\":5,\"name\":\"B\"}",
	"{\"dir\":\"/games/b\"}",
	"{\"dir\":null,\"name\":\"B\"}",
	"{\"dir\":\"/games/b\",\"name\":null}",
	"{\"dir\":\"/games/b\",\"name\":[]}",
	"{\"dir\":\"/games/b\",\"name\":\"\"}",
	"{\"dir\":\"\",\"name\":\"B\"}",
	"{\"dir\":\"/\",\"name\":\"B\"}",
	"{\"dir\":\"games/b\",\"name\":\"B\"}",
	"{\"dir\":\"/games/../etc\",\"name\":\"B\"}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"executable\":\"/bin/sh\"}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"executable\":\"../c\"}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"hubId\":{}}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"appId\":-1}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"appId\":5000000000}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"userId\":1}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"sizeBytes\":-1}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"sizeBytes\":1e300}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"fileCount\":\"3\"}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"installedAt\":true}",
	"{\"dir\":\"/games/b\",\"name\":\"B\",\"pending\":{}}",
};

START_TEST(test_an_entry_that_is_no_game_is_set_aside_alone)
{
	AUTO(free_ptr)
	char *text = xasprintf("{\"version\":1,\"games\":[{\"dir\":\"/games/a\",\"name\":\"A\","
			       "\"hubId\":null},%s,{\"dir\":\"/games/c\",\"name\":\"C\"}]}",
		bad_games[_i]);
	AUTO(free_ptr) char *notice = NULL;
	struct game_registry *registry;
	struct error err;

	ck_assert(atomic_file_write(path, text, strlen(text), 0600, &err));
	registry = game_registry_create(path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, ".corrupt-"));
	ck_assert_uint_eq(game_registry_count(registry), 2);
	ck_assert_str_eq(game_registry_at(registry, 0)->name, "A");
	ck_assert_str_eq(game_registry_at(registry, 0)->hub_id, "");
	ck_assert_str_eq(game_registry_at(registry, 1)->pending, "");
	ck_assert_ptr_null(game_registry_find(registry, "/games/b"));
	game_registry_destroy(registry);
	game_registry_destroy(open_registry());
}
END_TEST

/* Or forgetting the game would leave the other entry. */
START_TEST(test_a_folder_that_is_listed_twice_counts_once)
{
	static const char text[] =
		"{\"version\":1,\"games\":[{\"dir\":\"/games/a\",\"name\":\"A\"},"
		"{\"dir\":\"/games/b\",\"name\":\"B\"},"
		"{\"dir\":\"/games/a\",\"name\":\"Again\"}]}";
	struct game_registry *registry;

	ck_assert(atomic_file_write(path, text, sizeof(text) - 1, 0600, NULL));
	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	ck_assert_str_eq(game_registry_find(registry, "/games/a")->name, "A");
	ck_assert_str_eq(game_registry_find(registry, "/games/b")->name, "B");
	ck_assert(game_registry_remove(registry, "/games/a", NULL));
	ck_assert_ptr_null(game_registry_find(registry, "/games/a"));
	game_registry_destroy(registry);
}
END_TEST

START_TEST(test_a_file_that_cannot_be_read_now_is_not_replaced)
{
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *away = xasprintf("%s/away", folder);
	struct game_registry *registry = open_registry();
	struct game game = { .dir = (char *)"/games/b", .name = (char *)"B" };
	struct error err;

	put(registry, "/games/a", "A", 1);
	game_registry_destroy(registry);
	/* Root may read any file, but no folder. */
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	registry = game_registry_create(path, &notice);
	ck_assert_ptr_null(notice);
	ck_assert(!state_link_ready(game_registry_link(registry), &err));
	ck_assert_ptr_nonnull(strstr(err.message, "cannot be read now"));
	ck_assert(!game_registry_put(registry, &game, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(!game_registry_record(registry, &game, &err));
	ck_assert(!game_registry_remove(registry, "/games/a", &err));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(away, path), 0);
	put(registry, "/games/b", "B", 2);
	ck_assert_str_eq(game_registry_find(registry, "/games/a")->name, "A");
	game_registry_destroy(registry);
	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	game_registry_destroy(registry);
}
END_TEST

/* What has happened is known even while it cannot be saved, and is saved later. */
START_TEST(test_what_has_happened_is_recorded)
{
	AUTO(free_ptr) char *away = xasprintf("%s/away", folder);
	struct game_registry *registry = open_registry();
	struct game game = { .dir = (char *)"/games/a", .name = (char *)"A", .app_id = 7 };
	struct error err;

	put(registry, "/games/a", "A", 1);
	put(registry, "/games/b", "B", 2);
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!game_registry_record(registry, &game, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "'A' is not recorded yet"));
	ck_assert_str_eq(game_registry_find_app(registry, 7)->dir, "/games/a");
	game = *game_registry_find(registry, "/games/a"); /* its own texts */
	ck_assert(!game_registry_record(registry, &game, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "'A' is not recorded yet"));
	ck_assert(!game_registry_flush(registry, &err));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(away, path), 0);
	ck_assert(game_registry_flush(registry, &err));
	ck_assert(game_registry_flush(registry, &err));
	game_registry_destroy(registry);
	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	ck_assert_str_eq(game_registry_find_app(registry, 7)->name, "A");
	game_registry_destroy(registry);
}
END_TEST

static void count_change(void *user)
{
	++*(unsigned *)user;
}

START_TEST(test_a_game_moves_with_all_that_is_known_of_it)
{
	struct game_registry *registry = open_registry();
	struct error err = { 0 };

	put(registry, "/games/Doom", "Doom", 7);
	put(registry, "/games/Quake", "Quake", 8);
	ck_assert(!game_registry_move(registry, "/games/None", "/card/None", "card", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!game_registry_move(registry, "/games/Doom", "/games/Quake", "card", &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert(game_registry_move(registry, "/games/Doom", "/card/Doom", "card", &err));
	game_registry_destroy(registry);
	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	ck_assert_ptr_null(game_registry_find(registry, "/games/Doom"));
	ck_assert_uint_eq(game_registry_find(registry, "/card/Doom")->app_id, 7);
	ck_assert_str_eq(game_registry_find(registry, "/card/Doom")->library, "card");
	game_registry_destroy(registry);
}
END_TEST

START_TEST(test_a_listener_hears_of_changes)
{
	struct game_registry *registry = open_registry();
	unsigned count = 0;
	struct error err;

	put(registry, "/games/a", "A", 1);
	game_registry_set_changed(registry, count_change, &count);
	put(registry, "/games/a", "A", 2);
	ck_assert_uint_eq(count, 1);
	ck_assert(game_registry_remove(registry, "/games/a", &err));
	ck_assert_uint_eq(count, 2);
	ck_assert(game_registry_remove(registry, "/games/a", &err)); /* was not there */
	ck_assert_uint_eq(count, 2);
	game_registry_destroy(registry);
}
END_TEST

static bool move_to_card(void *user, struct game *game)
{
	if (strcmp(game->dir, user) != 0) {
		return false;
	}
	free(game->dir);
	game->dir = xstrdup("/card/moved");
	return true;
}

START_TEST(test_all_games_change_in_one_write)
{
	struct game_registry *registry = open_registry();
	unsigned count = 0;

	put(registry, "/games/Doom", "Doom", 7);
	put(registry, "/games/Quake", "Quake", 8);
	game_registry_set_changed(registry, count_change, &count);
	ck_assert(game_registry_change(registry, move_to_card, (void *)"/none", NULL));
	ck_assert_uint_eq(count, 0);
	ck_assert(game_registry_change(registry, move_to_card, (void *)"/games/Doom", NULL));
	ck_assert_uint_eq(count, 1);
	game_registry_destroy(registry);
	registry = open_registry();
	ck_assert_uint_eq(game_registry_count(registry), 2);
	ck_assert_uint_eq(game_registry_find(registry, "/card/moved")->app_id, 7);
	ck_assert_uint_eq(game_registry_find(registry, "/games/Quake")->app_id, 8);
	game_registry_destroy(registry);
}
END_TEST

START_TEST(test_a_failed_write_changes_nothing)
{
	struct game_registry *registry = open_registry();
	unsigned count = 0;
	struct game game = { 0 };
	AUTO(free_ptr) char *dir = xstrdup("/games/b");
	AUTO(free_ptr) char *name = xstrdup("B");
	AUTO(free_ptr) char *state = xasprintf("%s/state", folder);
	AUTO(free_ptr) char *away = xasprintf("%s/away", folder);
	struct error err = { 0 };

	put(registry, "/games/a", "A", 1);
	game_registry_set_changed(registry, count_change, &count);
	/* A file where the folder was: nothing can be written below it. */
	ck_assert_int_eq(rename(state, away), 0);
	ck_assert(atomic_file_write(state, "x", 1, 0600, &err));
	game.dir = dir;
	game.name = name;
	ck_assert(!game_registry_put(registry, &game, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(game_registry_count(registry), 1);
	ck_assert(!game_registry_remove(registry, "/games/a", &err));
	ck_assert(!game_registry_move(registry, "/games/a", "/card/a", "card", &err));
	ck_assert(!game_registry_change(registry, move_to_card, (void *)"/games/a", &err));
	ck_assert_str_eq(game_registry_find(registry, "/games/a")->name, "A");
	ck_assert_uint_eq(count, 0);
	game_registry_destroy(registry);
}
END_TEST

START_TEST(test_what_was_reserved_is_there_on_a_full_disk)
{
	AUTO(free_ptr) char *state = xasprintf("%s/state", folder);
	AUTO(free_ptr) char *filler = xasprintf("%s/filler", state);
	char dir[] = "/games/new", name[] = "New", other[] = "Other", build[] = "b";
	struct game game = { .dir = dir, .name = name, .build = build };
	struct game_registry *registry;
	struct error err = { 0 };
	char block[4096] = { 1 };
	int fd;

	ck_assert_int_eq(mkdir(state, 0700), 0);
	if (mount("capydeck-test", state, "tmpfs", 0, "size=256k") != 0) {
		return; /* not root */
	}
	registry = open_registry();
	put(registry, "/games/a", "A", 1);
	ck_assert(game_registry_reserve(registry, 100, &err));
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) > 0) {
	}
	close(fd);
	ck_assert(game_registry_put(registry, &game, &err));
	ck_assert_str_eq(game_registry_find(registry, "/games/new")->build, "b");
	/* It was used: the next one does without, and nothing changes. */
	fd = open(filler, O_WRONLY | O_APPEND | O_CLOEXEC);
	while (write(fd, block, sizeof(block)) > 0) {
	}
	close(fd);
	ck_assert(!game_registry_reserve(registry, 100, &err));
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	game.name = other;
	ck_assert(!game_registry_put(registry, &game, &err));
	ck_assert_str_eq(game_registry_find(registry, "/games/new")->name, "New");
	game_registry_release(registry);
	game_registry_destroy(registry);
	ck_assert_int_eq(umount(state), 0);
}
END_TEST

START_TEST(test_builds_are_told_apart)
{
	struct game game = { .installed_at = 1700000000 };
	char build[] = "0123";
	AUTO(free_ptr) char *none = game_generation(NULL);
	AUTO(free_ptr) char *dated = game_generation(&game);
	AUTO(free_ptr) char *named = NULL;

	game.build = build;
	named = game_generation(&game);
	ck_assert_str_eq(none, "");
	ck_assert_str_eq(dated, "@1700000000");
	ck_assert_str_eq(named, "0123");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("registry");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_games_survive);
	tcase_add_loop_test(tests, test_a_file_that_does_not_parse_is_set_aside, 0, 4);
	tcase_add_loop_test(tests, test_an_entry_that_is_no_game_is_set_aside_alone, 0,
		(int)(sizeof(bad_games) / sizeof(bad_games[0])));
	tcase_add_test(tests, test_a_folder_that_is_listed_twice_counts_once);
	tcase_add_test(tests, test_a_file_that_cannot_be_read_now_is_not_replaced);
	tcase_add_test(tests, test_what_has_happened_is_recorded);
	tcase_add_test(tests, test_a_game_moves_with_all_that_is_known_of_it);
	tcase_add_test(tests, test_a_listener_hears_of_changes);
	tcase_add_test(tests, test_all_games_change_in_one_write);
	tcase_add_test(tests, test_a_failed_write_changes_nothing);
	tcase_add_test(tests, test_what_was_reserved_is_there_on_a_full_disk);
	tcase_add_test(tests, test_builds_are_told_apart);
	return run_tcase(tests);
}
