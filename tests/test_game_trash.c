#include "library/game_trash.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "kill_points.h"
#include "libraries_fixture.h"
#include "library/game_registry.h"
#include "suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define PENDING "{\"wantsShortcut\":true}"
#define OLD_ID "0123456789abcdef"

static char top[64]; /* holds state/ and games/ */
static struct loop *loop;
static struct worker *worker;
static struct game_registry *registry;
static struct libraries *libraries;
static struct game_trash *trash;
static struct error err;

static int64_t wall_shift_s, steady_shift_ms; /* of the clocks */
static const char *mute_path;		      /* a part of the paths that lstat() cannot answer */
static const char *stuck_path;		      /* a part of the paths that cannot be renamed to */
static unsigned stuck_count;
static bool stuck_once_moved; /* a moved game cannot come back either */

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id == CLOCK_REALTIME) {
		now->tv_sec += wall_shift_s;
	} else if (id == CLOCK_BOOTTIME) {
		now->tv_sec += steady_shift_ms / 1000;
	}
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL) {
		*out = now.tv_sec;
	}
	return now.tv_sec;
}

int lstat(const char *path, struct stat *stat)
{
	if (mute_path != NULL && strstr(path, mute_path) != NULL) {
		errno = EIO;
		return -1;
	}
	return fstatat(AT_FDCWD, path, stat, AT_SYMLINK_NOFOLLOW);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (stuck_path != NULL &&
		(strstr(to, stuck_path) != NULL || (stuck_once_moved && strcmp(to, "Doom") == 0))) {
		stuck_count++;
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

/* "<top>/<name>", in one of a few buffers. */
static const char *at(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	ck_assert_msg(
		atomic_file_write(at(name), text, strlen(text), 0644, &err), "%s", err.message);
}

static void ck_file(const char *path, const char *text)
{
	AUTO(strbuf_finish) struct strbuf content = { 0 };

	ck_assert_msg(atomic_file_read(path, 1 << 20, &content, &err), "%s", err.message);
	ck_assert_str_eq(strbuf_text(&content), text);
}

static bool exists(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		count += entry->d_name[0] != '.';
	}
	closedir(dir);
	return count;
}

static void start_with_expiry(int64_t expire_after_ms)
{
	AUTO(free_ptr) char *notice = NULL, *second = NULL;

	registry = game_registry_create(at("state/games.json"), &notice);
	ck_assert_msg(notice == NULL, "%s", notice);
	libraries = libraries_fixture_start(loop, at("state"), top, at("games"));
	trash = game_trash_create(
		&(struct game_trash_options){
			.loop = loop,
			.worker = worker,
			.state_dir = at("state"),
			.registry = registry,
			.libraries = libraries,
			.expire_after_ms = expire_after_ms,
		},
		&second);
	ck_assert_msg(second == NULL, "%s", second);
}

static void start(void)
{
	start_with_expiry(7 * DAY_MS);
}

static void stop(void)
{
	game_trash_destroy(trash);
	libraries_destroy(libraries);
	game_registry_destroy(registry);
	trash = NULL;
	registry = NULL;
}

static void remove_all(void)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, ".", NULL));
	close(fd);
}

static void setup(void)
{
	strcpy(top, "/tmp/capydeck-trash-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	err = (struct error){ 0 };
	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create();
	worker = worker_create(loop, 2);
	start();
}

static void teardown(void)
{
	stop();
	worker_destroy(worker);
	loop_destroy(loop);
	remove_all();
	rmdir(top);
}

/* The timer, and then all deleting. */
static void run_loop(void)
{
	loop_dispatch(loop);
	worker_drain(worker);
}

static void register_game(const char *name)
{
	struct game game = {
		.dir = xstrdup(at(name)),
		.name = xstrdup("Doom"),
		.executable = xstrdup("doom"),
		.app_id = 3000000000u,
		.user_id = xstrdup("39734274"),
		.size_bytes = 6,
		.pending = xstrdup(PENDING),
	};

	ck_assert_msg(game_registry_put(registry, &game, &err), "%s", err.message);
	game_finish(&game);
}

static void install(const char *name)
{
	AUTO(free_ptr) char *file = xasprintf("%s/bin/doom", name);

	write_file(file, "binary");
	register_game(name);
}

static const struct game *find(const char *name)
{
	return game_registry_find(registry, at(name));
}

/* Caller frees. */
static char *put(const char *name)
{
	const struct trashed_game *trashed = game_trash_put(trash, find(name), &err);

	ck_assert_msg(trashed != NULL, "%s", err.message);
	return xstrdup(trashed->id);
}

static void restore(const char *id)
{
	struct trashed_game restored = { 0 };

	ck_assert_msg(game_trash_restore(trash, id, &restored, &err), "%s", err.message);
	trashed_game_finish(&restored);
}

/* A trash.json as an earlier run left it, of one game in games/Doom. list: where it stands in. */
static void write_record(const char *list, int64_t deleted_at)
{
	bool discarded = strcmp(list, "discarded") == 0;
	AUTO(free_ptr)
	char *game = xasprintf("{\"id\":\"" OLD_ID "\",\"game\":{\"dir\":\"%s\",\"name\":\"Doom\","
			       "\"appId\":3000000000},\"deletedAt\":%" PRId64 "}",
		at("games/Doom"), deleted_at);
	AUTO(free_ptr)
	char *text = xasprintf("{\"version\":1,\"games\":[%s],\"discarded\":[%s]}",
		discarded ? "" : game, discarded ? game : "");

	write_file("state/trash.json", text);
}

/* Restarts with what a crash left: the record, and the game's place. */
static void crash(const char *game_at, bool registered)
{
	if (game_at != NULL) {
		write_file(game_at, "binary");
	}
	if (registered) {
		register_game("games/Doom");
	}
	stop();
	write_record("games", time(NULL));
	start();
}

START_TEST(test_a_game_is_moved)
{
	const struct trashed_game *trashed;
	AUTO(free_ptr) char *file = NULL;
	struct stat status;

	install("games/Doom");
	trashed = game_trash_put(trash, find("games/Doom"), &err);
	ck_assert_msg(trashed != NULL, "%s", err.message);
	ck_assert(!exists(at("games/Doom")));
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert_uint_eq(strlen(trashed->id), 16);
	ck_assert_uint_eq(trashed->game.app_id, 3000000000u);
	ck_assert_str_eq(trashed->game.pending, PENDING);
	ck_assert_int_ge(game_trash_expires_in_s(trash, trashed), 7 * 24 * 60 * 60 - 600);
	file = xasprintf("games/.capydeck/trash/%s", trashed->id);
	ck_assert_str_eq(trashed->folder, at(file));
	ck_assert_int_eq(stat(at("games/.capydeck"), &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0755);
	run_loop();
	ck_assert_uint_eq(game_trash_count(trash), 1);
	free(file);
	file = xasprintf("%s/bin/doom", game_trash_at(trash, 0)->folder);
	ck_file(file, "binary");
}
END_TEST

START_TEST(test_a_game_is_restored)
{
	AUTO(free_ptr) char *id = NULL;
	AUTO(trashed_game_finish) struct trashed_game restored = { 0 };

	install("games/Doom");
	id = put("games/Doom");
	stop();
	start();
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_msg(game_trash_restore(trash, id, &restored, &err), "%s", err.message);
	ck_assert_str_eq(find("games/Doom")->pending, PENDING);
	ck_assert_str_eq(restored.folder, at("games/Doom"));
	ck_file(at("games/Doom/bin/doom"), "binary");
	ck_assert_uint_eq(find("games/Doom")->app_id, 3000000000u);
	ck_assert_str_eq(find("games/Doom")->user_id, "39734274");
	ck_assert_uint_eq(game_trash_count(trash), 0);
	stop();
	start();
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_assert(!game_trash_restore(trash, id, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_nothing_is_replaced_by_restoring)
{
	AUTO(free_ptr) char *id = NULL;
	struct trashed_game restored = { 0 };

	install("games/Doom");
	id = put("games/Doom");
	write_file("games/Doom/save", "the user's");
	ck_assert(!game_trash_restore(trash, id, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_null(find("games/Doom"));
	register_game("games/Doom");
	ck_assert(!game_trash_restore(trash, id, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_file(at("games/Doom/save"), "the user's");
	ck_assert_uint_eq(game_trash_count(trash), 1);
}
END_TEST

START_TEST(test_the_same_game_twice)
{
	AUTO(free_ptr) char *first = NULL;
	AUTO(free_ptr) char *second = NULL;

	install("games/Doom");
	first = put("games/Doom");
	install("games/Doom");
	write_file("games/Doom/version", "2");
	second = put("games/Doom");
	ck_assert_str_ne(first, second);
	ck_assert_uint_eq(game_trash_count(trash), 2);
	ck_assert_str_eq(game_trash_at(trash, 1)->id, second);
	restore(first);
	ck_assert(!exists(at("games/Doom/version")));
	free(put("games/Doom"));
	restore(second);
	ck_file(at("games/Doom/version"), "2");
	ck_assert_uint_eq(game_trash_count(trash), 1);
}
END_TEST

START_TEST(test_discarding_deletes)
{
	AUTO(free_ptr) char *id = NULL;
	AUTO(free_ptr) char *folder = NULL;

	install("games/Doom");
	install("games/Quake");
	write_file("elsewhere/save", "precious");
	ck_assert_int_eq(symlink(at("elsewhere"), at("games/Doom/saves")), 0);
	id = put("games/Doom");
	folder = xstrdup(game_trash_at(trash, 0)->folder);
	free(put("games/Quake"));
	ck_assert_msg(game_trash_discard(trash, id, &err), "%s", err.message);
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_str_eq(path_base(game_trash_at(trash, 0)->game.dir), "Quake");
	ck_assert(!game_trash_discard(trash, id, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	run_loop();
	ck_assert(!exists(folder));
	ck_assert(exists(game_trash_at(trash, 0)->folder));
	ck_file(at("elsewhere/save"), "precious");
}
END_TEST

START_TEST(test_an_expired_game_is_deleted)
{
	AUTO(free_ptr) char *folder = NULL;

	install("games/Doom");
	free(put("games/Doom"));
	folder = xstrdup(game_trash_at(trash, 0)->folder);
	game_trash_set_expiry(trash, 0);
	run_loop();
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_assert(!exists(folder));
	stop();
	start();
	ck_assert_uint_eq(game_trash_count(trash), 0);
}
END_TEST

START_TEST(test_deleting_goes_on_after_a_crash)
{
	stop();
	write_file("games/.capydeck/trash/" OLD_ID "/bin/doom", "binary");
	write_record("discarded", 0);
	start();
	ck_assert_uint_eq(game_trash_count(trash), 0);
	run_loop();
	ck_assert(exists(at("games/.capydeck/trash")));
	ck_assert(!exists(at("games/.capydeck/trash/" OLD_ID)));
	ck_file(at("state/trash.json"), "{\"version\":1,\"games\":[],\"discarded\":[]}\n");
}
END_TEST

START_TEST(test_what_cannot_be_deleted_is_tried_again)
{
	stop();
	write_file("games/elsewhere/" OLD_ID "/save", "precious");
	write_file("games/.capydeck/x", "");
	ck_assert_int_eq(symlink(at("games/elsewhere"), at("games/.capydeck/trash")), 0);
	write_record("discarded", 0);
	start();
	run_loop();
	ck_file(at("games/elsewhere/" OLD_ID "/save"), "precious");
	ck_assert_int_eq(unlink(at("games/.capydeck/trash")), 0);
	stop();
	start();
	run_loop();
	ck_file(at("state/trash.json"), "{\"version\":1,\"games\":[],\"discarded\":[]}\n");
}
END_TEST

static int64_t days_left(void)
{
	const struct trashed_game *game = game_trash_at(trash, 0);

	/* Rounded: the test itself takes a moment. */
	return (game_trash_expires_in_s(trash, game) * 1000 + DAY_MS / 2) / DAY_MS;
}

/* The device's clock may be wrong, and be set, in every direction: it counts for nothing. */
START_TEST(test_the_device_clock_deletes_nothing)
{
	static const int64_t deleted_at[] = { 0, 1, 1577836800, 1u << 31, INT64_C(1) << 40 };
	static const int64_t shifts_s[] = { 0, -3650 * 86400, 10 * 86400, 3650 * 86400 };

	stop();
	write_file("games/.capydeck/trash/" OLD_ID "/bin/doom", "binary");
	for (size_t i = 0; i < sizeof(deleted_at) / sizeof(deleted_at[0]); i++) {
		write_record("games", deleted_at[i]); /* as an earlier version wrote it */
		for (size_t n = 0; n < sizeof(shifts_s) / sizeof(shifts_s[0]); n++) {
			wall_shift_s = shifts_s[n];
			start();
			run_loop();
			ck_assert_int_eq(days_left(), 7);
			wall_shift_s = -shifts_s[n];
			game_trash_set_expiry(trash, 7 * DAY_MS); /* looks at the clock */
			run_loop();
			ck_assert_int_eq(days_left(), 7);
			stop();
		}
	}
	wall_shift_s = 0;
	ck_file(at("games/.capydeck/trash/" OLD_ID "/bin/doom"), "binary");
	start();
}
END_TEST

/* Only time during which the agent runs counts, over all of its runs. */
START_TEST(test_time_is_counted_over_several_runs)
{
	AUTO(free_ptr) char *id = NULL;

	install("games/Doom");
	id = put("games/Doom");
	steady_shift_ms = 3 * DAY_MS;
	ck_assert_int_eq(days_left(), 4);
	stop();
	steady_shift_ms = 0; /* another boot */
	wall_shift_s = 365 * 86400;
	start();
	run_loop();
	ck_assert_int_eq(days_left(), 4);
	steady_shift_ms = 2 * DAY_MS;
	install("games/Quake");
	free(put("games/Quake")); /* saves the list */
	ck_assert_int_eq(days_left(), 2);
	ck_assert_int_ge(game_trash_expires_in_s(trash, game_trash_at(trash, 1)), 7 * 86400 - 600);
	stop();
	start();
	steady_shift_ms += 3 * DAY_MS;
	game_trash_set_expiry(trash, 7 * DAY_MS);
	run_loop();
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_str_eq(path_base(game_trash_at(trash, 0)->game.dir), "Quake");
	ck_assert_int_eq(days_left(), 4);
	ck_assert(!exists(at("games/.capydeck/trash")) ||
		  count_entries(at("games/.capydeck/trash")) == 1);
	steady_shift_ms = wall_shift_s = 0;
}
END_TEST

START_TEST(test_crash_before_the_move)
{
	crash("games/Doom/bin/doom", true);
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_assert_ptr_nonnull(find("games/Doom"));
	stop();
	start();
	ck_assert_uint_eq(game_trash_count(trash), 0);
}
END_TEST

START_TEST(test_crash_after_the_move)
{
	crash("games/.capydeck/trash/" OLD_ID "/bin/doom", true);
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_ptr_null(find("games/Doom"));
	restore(OLD_ID);
	ck_file(at("games/Doom/bin/doom"), "binary");
	ck_assert_uint_eq(find("games/Doom")->app_id, 3000000000u);
}
END_TEST

/* Where the folder is decides; as long as the disk does not say where, nothing is decided. */
START_TEST(test_a_disk_that_does_not_answer)
{
	static const char *const mutes[] = { "games/Doom", ("trash/" OLD_ID), "games" };

	for (size_t i = 0; i < sizeof(mutes) / sizeof(mutes[0]); i++) {
		mute_path = mutes[i];
		crash("games/.capydeck/trash/" OLD_ID "/bin/doom", true);
		ck_assert_uint_eq(game_trash_count(trash), 1);
		ck_assert_ptr_nonnull(find("games/Doom"));
		mute_path = NULL;
		game_trash_resume(trash);
		ck_assert_uint_eq(game_trash_count(trash), 1);
		ck_assert_ptr_null(find("games/Doom"));
	}
	restore(OLD_ID);
	ck_file(at("games/Doom/bin/doom"), "binary");
}
END_TEST

/* Whatever fails: each game is in one of the lists, and where that list says. */
START_TEST(test_a_list_that_cannot_be_written)
{
	static const char *const lists[] = { "games.json", "trash.json" };
	AUTO(free_ptr) char *id = NULL;
	struct trashed_game restored;

	install("games/Doom");
	for (size_t i = 0; i < 2; i++) {
		stuck_path = lists[i];
		ck_assert_ptr_null(game_trash_put(trash, find("games/Doom"), &err));
		ck_assert_int_eq(err.kind, ERROR_IO);
		stuck_path = NULL;
		ck_assert_uint_eq(game_trash_count(trash), 0);
		ck_file(at("games/Doom/bin/doom"), "binary");
		stop();
		start();
		ck_assert_uint_eq(game_trash_count(trash), 0);
		ck_assert_ptr_nonnull(find("games/Doom"));
	}
	id = put("games/Doom");
	stuck_path = "games.json";
	ck_assert(!game_trash_restore(trash, id, &restored, &err));
	stuck_path = "trash.json";
	ck_assert(!game_trash_discard(trash, id, &err));
	ck_assert_uint_eq(game_trash_count(trash), 1);
	game_trash_set_expiry(trash, 0);
	stuck_count = 0;
	run_loop();
	run_loop();
	ck_assert_uint_eq(stuck_count, 1); /* the next try comes later */
	ck_assert_uint_eq(game_trash_count(trash), 1);
	game_trash_set_expiry(trash, 7 * DAY_MS);
	stuck_path = NULL;
	restore(id);
	ck_file(at("games/Doom/bin/doom"), "binary");
}
END_TEST

/*
 * From the move on: neither the registry nor the folder can be brought to what it was. The second
 * time it is not even known where the folder is.
 */
START_TEST(test_a_game_that_cannot_come_back_is_deleted)
{
	const struct trashed_game *game;

	install("games/Doom");
	stuck_path = "games.json";
	stuck_once_moved = true;
	mute_path = _i == 1 ? ".capydeck/trash/" : NULL;
	game = game_trash_put(trash, find("games/Doom"), &err);
	ck_assert_ptr_nonnull(game);
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert(!game_registry_flush(registry, &err));
	stuck_path = NULL;
	mute_path = NULL;
	stuck_once_moved = false;
	stop();
	start();
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert_uint_eq(game_trash_count(trash), 1);
	restore(game_trash_at(trash, 0)->id);
	ck_file(at("games/Doom/bin/doom"), "binary");
}
END_TEST

START_TEST(test_a_game_installed_anew_is_kept_beside)
{
	write_file("games/Doom/bin/doom", "new");
	crash("games/.capydeck/trash/" OLD_ID "/bin/doom", true);
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_file(at("games/Doom/bin/doom"), "new");
}
END_TEST

START_TEST(test_a_disk_that_is_out)
{
	struct trashed_game restored = { 0 };

	crash(NULL, false);
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert(!game_trash_restore(trash, OLD_ID, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert_uint_eq(game_trash_count(trash), 1);
	write_file("games/.capydeck/trash/" OLD_ID "/bin/doom", "binary");
	restore(OLD_ID);
	free(put("games/Doom"));
	ck_assert_uint_eq(count_entries(at("games/.capydeck/trash")), 1);
	ck_assert_int_eq(rename(at("games"), at("out")), 0);
	stop();
	start_with_expiry(0);
	run_loop();
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_assert_int_eq(rename(at("out"), at("games")), 0);
	stop();
	start();
	run_loop();
	ck_assert(exists(at("games/.capydeck/trash")));
	ck_assert_uint_eq(count_entries(at("games/.capydeck/trash")), 0);
	ck_file(at("state/trash.json"), "{\"version\":1,\"games\":[],\"discarded\":[]}\n");
}
END_TEST

START_TEST(test_a_game_that_is_gone_leaves_the_registry)
{
	register_game("games/Doom");
	ck_assert_ptr_null(game_trash_put(trash, find("games/Doom"), &err));
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert_uint_eq(game_trash_count(trash), 0);
	write_file("games/x", "");
	register_game("games/Doom");
	ck_assert_ptr_null(game_trash_put(trash, find("games/Doom"), &err));
	ck_assert_int_eq(err.kind, ERROR_NONE);
	ck_assert(!exists(at("games/.capydeck")));
}
END_TEST

START_TEST(test_only_a_registered_folder_is_moved)
{
	struct game stranger = { .dir = xstrdup(at("games/Doom")), .name = xstrdup("Doom") };

	write_file("elsewhere/save", "precious");
	write_file("games/x", "");
	ck_assert_int_eq(symlink(at("elsewhere"), at("games/Doom")), 0);
	ck_assert_ptr_null(game_trash_put(trash, &stranger, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	register_game("games/Doom");
	ck_assert_ptr_null(game_trash_put(trash, &stranger, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_file(at("elsewhere/save"), "precious");
	game_finish(&stranger);
}
END_TEST

/* state: a file of ours that cannot be written. */
static void ck_put_fails(const char *state)
{
	AUTO(free_ptr) char *inside = xasprintf("%s/in/the/way", state);

	unlink(at(state));
	write_file(inside, "");
	ck_assert_ptr_null(game_trash_put(trash, find("games/Doom"), &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, state));
	ck_file(at("games/Doom/bin/doom"), "binary");
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_assert_uint_eq(game_trash_count(trash), 0);
}

START_TEST(test_what_cannot_be_noted_is_not_moved)
{
	install("games/Doom");
	ck_put_fails("state/games.json");
	ck_put_fails("state/trash.json");
}
END_TEST

START_TEST(test_a_linked_trash_is_not_used)
{
	install("games/Doom");
	write_file("elsewhere/x", "");
	ck_assert_int_eq(symlink(at("elsewhere"), at("games/.capydeck")), 0);
	ck_assert_ptr_null(game_trash_put(trash, find("games/Doom"), &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_file(at("games/Doom/bin/doom"), "binary");
	ck_assert_ptr_nonnull(find("games/Doom"));
	ck_assert(!exists(at("elsewhere/trash")));
}
END_TEST

/* Both leave nothing running, so that a child process starts what it needs itself. */
static void prepare_installed(void)
{
	stop();
	remove_all();
	start();
	install("games/Doom");
	stop();
}

static void prepare_deleted(void)
{
	prepare_installed();
	start();
	free(put("games/Doom"));
	stop();
}

static void delete_it(void)
{
	start();
	free(put("games/Doom"));
}

static void restore_it(void)
{
	start();
	restore(game_trash_at(trash, 0)->id);
}

/* It is in one place as a whole, and may go to the other. */
static void check_one_place(void)
{
	start();
	if (game_trash_count(trash) == 0) {
		ck_file(at("games/Doom/bin/doom"), "binary");
		ck_assert_uint_eq(find("games/Doom")->app_id, 3000000000u);
		free(put("games/Doom"));
	}
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_ptr_null(find("games/Doom"));
	ck_assert(!exists(at("games/Doom")));
	restore(game_trash_at(trash, 0)->id);
	ck_file(at("games/Doom/bin/doom"), "binary");
}

static void check_deleting(bool finished)
{
	ck_assert(!finished || !exists(at("games/Doom")));
	check_one_place();
}

static void check_restoring(bool finished)
{
	ck_assert(!finished || exists(at("games/Doom")));
	check_one_place();
}

START_TEST(test_killed_at_every_step)
{
	ck_assert_uint_gt(kill_points_run(prepare_installed, delete_it, check_deleting), 20);
	ck_assert_uint_gt(kill_points_run(prepare_deleted, restore_it, check_restoring), 20);
}
END_TEST

START_TEST(test_a_damaged_list_is_set_aside)
{
	static const char *const lists[] = {
		"{\"version\":2,\"games\":[]}",
		"{\"version\":1,\"games\":[{\"id\":\"../../../../etc\",\"deletedAt\":0,"
		"\"game\":{\"dir\":\"/g/Doom\",\"name\":\"Doom\"}}]}",
		"{\"version\":1,\"games\":[],\"discarded\":[{\"id\":\"" OLD_ID
		"\",\"deletedAt\":0,\"game\":{\"dir\":\"/g/../Doom\",\"name\":\"Doom\"}}]}",
		"{\"version\":1,\"games\":[],\"discarded\":[{\"id\":\"" OLD_ID
		"\",\"deletedAt\":0,\"game\":{\"dir\":\"Doom\",\"name\":\"Doom\"}}]}",
		"{\"version\":1,\"games\":[{\"id\":null,\"deletedAt\":0,\"game\":null}]}",
		"{\"version\":1,\"games\":[{\"id\":\"" OLD_ID "\",\"deletedAt\":-1,"
		"\"game\":{\"dir\":\"/g/Doom\",\"name\":\"Doom\"}}]}",
		"{\"version\":1,\"games\":[{\"id\":\"" OLD_ID "\",\"deletedAt\":\"x\","
		"\"game\":{\"dir\":\"/g/Doom\",\"name\":\"Doom\"}}]}",
		"{\"version\":1,\"games\":[{\"id\":\"" OLD_ID "\",\"deletedAt\":0,"
		"\"game\":{\"dir\":\"/g/Doom\"}}],\"discarded\":null}",
		"{\"version\":1,\"games\":[{\"id\":\"" OLD_ID "\",\"deletedAt\":0,"
		"\"game\":[]}]}",
		"{\"version\":1,\"games\":{},\"discarded\":[]}",
	};
	AUTO(free_ptr) char *notice = NULL;

	write_file("state/trash.json", lists[_i]);
	game_trash_destroy(trash);
	trash = game_trash_create(
		&(struct game_trash_options){
			.loop = loop,
			.worker = worker,
			.state_dir = at("state"),
			.registry = registry,
			.libraries = libraries,
			.expire_after_ms = DAY_MS,
		},
		&notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, "trash.json.corrupt-"));
	ck_assert_uint_eq(game_trash_count(trash), 0);
	ck_assert_ptr_null(game_trash_at(trash, 0));
}
END_TEST

/* The valid ones are used; a list that cannot be read now is read later, not replaced. */
START_TEST(test_entries_stand_alone_and_a_list_is_read_later)
{
	static const char list[] =
		"{\"version\":1,\"games\":[{\"id\":7},{\"id\":\"" OLD_ID "\",\"deletedAt\":0,"
		"\"game\":{\"dir\":\"/nowhere/Doom\",\"name\":\"Doom\"}}]}";
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *later = NULL;
	AUTO(free_ptr) char *path = xstrdup(at("state/trash.json"));
	const struct game_trash_options options = {
		.loop = loop,
		.worker = worker,
		.state_dir = xstrdup(at("state")),
		.registry = registry,
		.libraries = libraries,
		.expire_after_ms = INT64_MAX / 4,
	};
	struct trashed_game restored;

	write_file("state/trash.json", list);
	game_trash_destroy(trash);
	trash = game_trash_create(&options, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_uint_eq(game_trash_count(trash), 1);
	ck_assert_str_eq(game_trash_at(trash, 0)->game.hub_id, "");
	game_trash_destroy(trash);
	/* Root may read any file, but no folder. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	trash = game_trash_create(&options, &later);
	ck_assert_ptr_null(later);
	ck_assert(!game_trash_restore(trash, OLD_ID, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_int_eq(rmdir(path), 0);
	write_file("state/trash.json", list);
	ck_assert(!game_trash_restore(trash, OLD_ID, &restored, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND); /* its disk */
	ck_assert_uint_eq(game_trash_count(trash), 1);
	free((char *)options.state_dir);
}
END_TEST

START_TEST(test_destroyed_while_deleting)
{
	AUTO(free_ptr) char *id = NULL;

	install("games/Doom");
	id = put("games/Doom");
	ck_assert(game_trash_discard(trash, id, &err));
	stop();
	worker_drain(worker);
	start();
	run_loop();
	ck_file(at("state/trash.json"), "{\"version\":1,\"games\":[],\"discarded\":[]}\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("game_trash");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_a_game_is_moved);
	tcase_add_test(tcase, test_a_game_is_restored);
	tcase_add_test(tcase, test_nothing_is_replaced_by_restoring);
	tcase_add_test(tcase, test_the_same_game_twice);
	tcase_add_test(tcase, test_discarding_deletes);
	tcase_add_test(tcase, test_an_expired_game_is_deleted);
	tcase_add_test(tcase, test_deleting_goes_on_after_a_crash);
	tcase_add_test(tcase, test_what_cannot_be_deleted_is_tried_again);
	tcase_add_test(tcase, test_the_device_clock_deletes_nothing);
	tcase_add_test(tcase, test_time_is_counted_over_several_runs);
	tcase_add_test(tcase, test_crash_before_the_move);
	tcase_add_test(tcase, test_crash_after_the_move);
	tcase_add_test(tcase, test_a_disk_that_does_not_answer);
	tcase_add_test(tcase, test_a_list_that_cannot_be_written);
	tcase_add_loop_test(tcase, test_a_game_that_cannot_come_back_is_deleted, 0, 2);
	tcase_add_test(tcase, test_a_game_installed_anew_is_kept_beside);
	tcase_add_test(tcase, test_a_disk_that_is_out);
	tcase_add_test(tcase, test_a_game_that_is_gone_leaves_the_registry);
	tcase_add_test(tcase, test_only_a_registered_folder_is_moved);
	tcase_add_test(tcase, test_what_cannot_be_noted_is_not_moved);
	tcase_add_test(tcase, test_a_linked_trash_is_not_used);
	tcase_add_test(tcase, test_killed_at_every_step);
	tcase_add_loop_test(tcase, test_a_damaged_list_is_set_aside, 0, 10);
	tcase_add_test(tcase, test_entries_stand_alone_and_a_list_is_read_later);
	tcase_add_test(tcase, test_destroyed_while_deleting);
	return run_tcase(tcase);
}
