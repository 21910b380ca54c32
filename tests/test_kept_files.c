#include "library/kept_files.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "libraries_fixture.h"
#include "library/game_registry.h"
#include "library/libraries.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces clock_gettime() */

#define HOUR_MS (INT64_C(60) * 60 * 1000)
#define ID "20260102-030405-abcdef"
#define OLD_ID "20250102-030405-abcdef"

static char top[64];
static char *games; /* the library */
static struct loop *loop;
static struct game_registry *registry;
static struct libraries *libraries;
static struct kept_files *kept;
static int64_t steady_shift_ms;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id == CLOCK_BOOTTIME) {
		now->tv_sec += steady_shift_ms / 1000;
	}
	return result;
}

static void write_text(const char *path, const char *text)
{
	AUTO(free_ptr) char *full = path_join(games, path);
	AUTO(free_ptr) char *folder = path_parent(full);
	FILE *file;

	ck_assert(make_dirs(folder, 0755, NULL));
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static const char *read_text(const char *path)
{
	static char text[64];
	AUTO(free_ptr) char *full = path_join(games, path);
	FILE *file = fopen(full, "r");
	size_t length = 0;

	if (file == NULL) {
		return "none";
	}
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static char *place_of(const char *id, const char *path)
{
	return xasprintf(KEPT_FOLDER "/Game/%s/%s", id, path);
}

static void keep(const char *id)
{
	AUTO(free_ptr) char *dir = path_join(games, "Game");
	AUTO(free_ptr) char *save = place_of(id, KEPT_PLAYER "/save/slot");
	AUTO(free_ptr) char *conf = place_of(id, KEPT_PLAYER "/conf");
	AUTO(free_ptr) char *old = place_of(id, KEPT_PREVIOUS "/game.exe");
	AUTO(free_ptr) char *place = place_of(id, ".");
	AUTO(free_ptr) char *full = path_join(games, place);
	AUTO(close_fd) int fd = -1;
	struct installed_file player[] = {
		{ .path = (char *)"conf", .size_bytes = 4 },
		{ .path = (char *)"save/slot", .size_bytes = 4 },
	};
	const struct kept_record record = { .dir = dir,
		.game_name = (char *)"Game",
		.build = (char *)"b",
		.executable = (char *)"game.exe",
		.kept_at = 1,
		.previous_bytes = 3,
		.previous_files = 1,
		.player = player,
		.player_count = 2 };

	write_text(save, "kept");
	write_text(conf, "mine");
	write_text(old, "old");
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(kept_record_write(&record, fd, NULL));
}

static void on_turned(void *user)
{
	loop_stop(loop);
}

/* Lets the timer of kept, which is due, do its work. */
static void turn(void)
{
	struct loop_timer *timer = loop_timer_create(loop, on_turned, NULL);

	loop_timer_set(timer, 1);
	loop_run(loop);
	loop_timer_destroy(timer);
}

static void start(void)
{
	kept = kept_files_create(&(struct kept_files_options){ .loop = loop,
		.registry = registry,
		.libraries = libraries,
		.expire_after_ms = 24 * HOUR_MS });
	turn();
}

/* What the timer does each hour. */
static void look(void)
{
	kept_files_set_expiry(kept, 24 * HOUR_MS);
	turn();
}

static void setup(void)
{
	AUTO(free_ptr) char *list = NULL;
	AUTO(free_ptr) char *dir = NULL;
	AUTO(free_ptr) char *id = NULL;
	char *notice = NULL;
	struct game game = { .name = (char *)"Game",
		.library = (char *)"",
		.hub_id = (char *)"h",
		.executable = (char *)"",
		.build = (char *)"",
		.user_id = (char *)"",
		.pending = (char *)"" };

	steady_shift_ms = 0;
	strcpy(top, "/tmp/capydeck-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	games = path_join(top, "Games");
	list = path_join(top, "games.json");
	dir = path_join(games, "Game");
	ck_assert(make_dirs(dir, 0755, NULL));
	loop = loop_create();
	registry = game_registry_create(list, &notice);
	game.dir = dir;
	ck_assert(game_registry_put(registry, &game, NULL));
	libraries = libraries_fixture_start(loop, top, top, games);
	ck_assert(libraries_claim(libraries, games, &id, NULL));
	write_text("Game/save/slot", "now");
	keep(ID);
	start();
}

static void teardown(void)
{
	AUTO(close_fd) int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	kept_files_destroy(kept);
	libraries_destroy(libraries);
	game_registry_destroy(registry);
	loop_destroy(loop);
	free(games);
	beneath_remove_tree(fd, ".", NULL);
	rmdir(top);
}

static size_t count_files(void)
{
	AUTO(kept_list_finish) struct kept_list list = { 0 };

	kept_files_list(kept, &list);
	return list.places_count == 1 ? list.places[0].record.player_count
				      : list.places_count * 100;
}

START_TEST(test_restoring_twice_changes_nothing)
{
	AUTO(free_ptr) char *save = place_of(ID, KEPT_PLAYER "/save/slot");
	struct error err = { 0 };
	size_t count;

	for (int i = 0; i < 2; i++) {
		ck_assert_msg(
			kept_files_restore(kept, ID, "save/slot", &count, &err), "%s", err.message);
		ck_assert_uint_eq(count, 1);
		ck_assert_str_eq(read_text("Game/save/slot"), i == 0 ? "kept" : "now");
		ck_assert_str_eq(read_text(save), i == 0 ? "now" : "kept");
		ck_assert_uint_eq(count_files(), 2);
	}
	ck_assert(!kept_files_restore(kept, ID, "no/such", &count, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!kept_files_restore(kept, "20", NULL, &count, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

/* What the game does not have any more is not kept twice. */
START_TEST(test_restoring_all)
{
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	struct error err = { 0 };
	size_t count;

	ck_assert_msg(kept_files_restore(kept, ID, NULL, &count, &err), "%s", err.message);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(read_text("Game/conf"), "mine");
	ck_assert_str_eq(read_text("Game/save/slot"), "kept");
	kept_files_list(kept, &list);
	ck_assert_uint_eq(list.places_count, 1);
	ck_assert_uint_eq(list.places[0].record.player_count, 1);
	ck_assert_str_eq(list.places[0].record.player[0].path, "save/slot");
	ck_assert_int_eq(list.places[0].player_bytes, 3);
}
END_TEST

START_TEST(test_a_folder_in_the_way_is_told)
{
	struct error err = { 0 };
	size_t count;

	write_text("Game/conf/x", "folder");
	ck_assert(!kept_files_restore(kept, ID, "conf", &count, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_uint_eq(count_files(), 2);
}
END_TEST

/* Only of the player's files, and only what the agent has seen pass. */
START_TEST(test_they_expire_by_time_that_has_passed)
{
	AUTO(free_ptr) char *previous = place_of(ID, KEPT_PREVIOUS "/game.exe");
	AUTO(free_ptr) char *save = place_of(ID, KEPT_PLAYER "/save/slot");

	steady_shift_ms = 23 * HOUR_MS;
	kept_files_destroy(kept);
	steady_shift_ms = 100 * HOUR_MS; /* while it does not run */
	start();
	ck_assert_uint_eq(count_files(), 2);
	steady_shift_ms += 2 * HOUR_MS;
	look();
	ck_assert_uint_eq(count_files(), 0);
	ck_assert_str_eq(read_text(save), "none");
	ck_assert_str_eq(read_text(previous), "old");
}
END_TEST

START_TEST(test_those_of_a_deleted_game_wait_for_it)
{
	AUTO(free_ptr) char *dir = path_join(games, "Game");
	AUTO(free_ptr) char *save = place_of(ID, KEPT_PLAYER "/save/slot");

	kept_files_forget_game(kept, dir); /* it is installed */
	ck_assert_uint_eq(count_files(), 2);
	ck_assert(game_registry_remove(registry, dir, NULL));
	ck_assert_uint_eq(count_files(), 0);
	steady_shift_ms = 1000 * HOUR_MS;
	look();
	ck_assert_str_eq(read_text(save), "kept");
	kept_files_forget_game(kept, dir);
	ck_assert_str_eq(read_text(save), "none");
}
END_TEST

START_TEST(test_a_previous_build_is_given_up)
{
	AUTO(free_ptr) char *dir = path_join(games, "Game");
	AUTO(free_ptr) char *new_file = place_of(ID, KEPT_PREVIOUS "/game.exe");
	AUTO(free_ptr) char *old_file = place_of(OLD_ID, KEPT_PREVIOUS "/game.exe");
	AUTO(free_ptr) char *save = place_of(OLD_ID, KEPT_PLAYER "/save/slot");
	AUTO(close_fd) int root_fd = open(games, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	keep(OLD_ID);
	ck_assert_int_eq(kept_files_previous_bytes(root_fd), 6);
	kept_files_drop_previous(root_fd, "/another", NULL);
	ck_assert_int_eq(kept_files_previous_bytes(root_fd), 6);
	kept_files_drop_previous(root_fd, dir, ID);
	ck_assert_int_eq(kept_files_previous_bytes(root_fd), 3);
	ck_assert_str_eq(read_text(old_file), "none");
	ck_assert_str_eq(read_text(save), "kept");
	ck_assert_str_eq(read_text(new_file), "old");
	kept_files_drop_previous(root_fd, NULL, NULL);
	ck_assert_int_eq(kept_files_previous_bytes(root_fd), 0);
}
END_TEST

START_TEST(test_discarding)
{
	AUTO(free_ptr) char *save = place_of(ID, KEPT_PLAYER "/save/slot");
	AUTO(close_fd) int root_fd = open(games, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	ck_assert_msg(kept_files_discard(kept, ID, &err), "%s", err.message);
	ck_assert_str_eq(read_text(save), "none");
	ck_assert_uint_eq(count_files(), 0);
	ck_assert_int_eq(kept_files_previous_bytes(root_fd), 3);
	kept_files_drop_previous(root_fd, NULL, NULL);
	ck_assert(!kept_files_discard(kept, ID, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_they_follow_their_game)
{
	AUTO(free_ptr) char *from = path_join(games, "Game");
	AUTO(free_ptr) char *to = path_join(games, "Moved");
	AUTO(close_fd) int root_fd = open(games, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct game game = { .dir = to, .name = (char *)"Game" };
	struct kept_list list = { 0 };

	ck_assert(game_registry_put(registry, &game, NULL));
	ck_assert(game_registry_remove(registry, from, NULL));
	kept_files_list(kept, &list);
	ck_assert_uint_eq(list.places_count, 0);
	ck_assert(kept_files_follow(root_fd, "/elsewhere", "/new", NULL));
	ck_assert(kept_files_follow(root_fd, from, to, NULL));
	kept_files_list(kept, &list);
	ck_assert_uint_eq(list.places_count, 1);
	ck_assert_str_eq(list.places[0].record.dir, to);
	ck_assert_uint_eq(list.places[0].record.player_count, 2);
	kept_list_finish(&list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("kept files");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_restoring_twice_changes_nothing);
	tcase_add_test(tests, test_restoring_all);
	tcase_add_test(tests, test_a_folder_in_the_way_is_told);
	tcase_add_test(tests, test_they_expire_by_time_that_has_passed);
	tcase_add_test(tests, test_those_of_a_deleted_game_wait_for_it);
	tcase_add_test(tests, test_a_previous_build_is_given_up);
	tcase_add_test(tests, test_discarding);
	tcase_add_test(tests, test_they_follow_their_game);
	return run_tcase(tests);
}
