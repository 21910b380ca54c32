#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "kill_points.h"
#include "library/kept_record.h"
#include "suite.h"
#include "upload/commit_keep.h"
#include "upload/commit_record.h"
#include "upload/upload_commit.h"
#include "upload/upload_staging.h"
#include "upload_fixture.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces a function of the C library */

/*
 * Libraries are not watched: to end that takes the kernel some 10 ms, at each of the thousands of
 * starts here, and no card comes or goes.
 */
int inotify_init1(int flags)
{
	errno = ENOSYS;
	return -1;
}

/*
 * A commit, killed before each of its system calls, forward and back; on a disk without room; with
 * something in its way. The game is always one build or the other, without anything left over.
 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BLOCK_BYTES 4096

static struct upload_fixture fixture;

static bool in_memory;
static char image[80]; /* of the disk that home is; "": none */

static void setup(void)
{
	fixture_make_home(&fixture);
}

static void teardown(void)
{
	if (in_memory || image[0] != '\0') {
		ck_assert_int_eq(umount(fixture.home), 0);
	}
	if (image[0] != '\0') {
		ck_assert_int_eq(unlink(image), 0);
	}
	fixture_remove_home(&fixture);
}

/* --- Builds --- */

static const struct test_file old_build[] = {
	{ "bin/game", 5000, 1, true },
	{ "data/a", 100, 2, true },
	{ "data/kept", 300, 3, true },
	{ "data/zero", 0, 0, true },
	{ "gone/deep/old", 40, 4, true },
	{ "gone/zero", 0, 0, true },
	{ "turns", 30, 5, true },
	{ "was/a/file", 20, 6, true },
};
/*
 * A file replaced by one of the same size, one added, folders added; bytes become none; files and
 * folders that are gone; a file that becomes a folder, and the reverse.
 */
static const struct test_file new_build[] = {
	{ "bin/game", 6000, 11, true },
	{ "data/a", 100, 12, true },
	{ "data/added", 50, 15, true },
	{ "data/kept", 300, 3, true },
	{ "data/new/b", 70000, 13, true },
	{ "data/new/deep/c", 10, 16, true },
	{ "data/new/empty", 0, 0, true },
	{ "data/zero", 20, 17, true },
	{ "empty", 0, 0, true },
	{ "more/d", 5, 18, true },
	{ "turns/into/folder", 7, 19, true },
	{ "was", 8, 20, true },
	{ "z", 1, 14, true },
};
/* Of the new build: in a folder that exists, in none, in one that is moved as a whole. */
static const char *const new_folders[] = { "data/new/hollow", "data/void/a", "data/void/b",
	"more/x/y", "saves/slot", NULL };
#define NEW_FOLDERS_COUNT 8 /* with their parents */

static const struct test_file newer_build[] = {
	{ "bin/game", 6000, 21, true },
	{ "data/a", 100, 22, true },
	{ "data/added", 50, 25, true },
};

static unsigned seen_files, seen_folders;

static int count_entry(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
	seen_files += kind == FTW_F || kind == FTW_SL;
	seen_folders += kind == FTW_D;
	return 0;
}

static void count_tree(void)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	seen_files = seen_folders = 0;
	nftw(dir, count_entry, 16, FTW_PHYS);
}

static bool has_files(const struct test_file *files, size_t count)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	for (size_t i = 0; i < count; i++) {
		if (!has_content(dir, &files[i])) {
			return false;
		}
	}
	return true;
}

/* These files and no other file or folder. */
static bool is_old(void)
{
	count_tree();
	return has_files(old_build, COUNT(old_build)) && seen_files == COUNT(old_build) &&
	       seen_folders == 7;
}

static bool is_new(void)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	for (size_t i = 0; new_folders[i] != NULL; i++) {
		if (!path_exists(dir, new_folders[i])) {
			return false;
		}
	}
	count_tree();
	return has_files(new_build, COUNT(new_build)) && seen_files == COUNT(new_build) &&
	       seen_folders == 8 + NEW_FOLDERS_COUNT;
}

static bool is_kept_file(const char *place, const struct test_file *file)
{
	AUTO(free_ptr) char *player = path_join(place, KEPT_PLAYER);
	AUTO(free_ptr) char *previous = path_join(place, KEPT_PREVIOUS);

	return has_content(player, file) || has_content(previous, file);
}

/* Is everything that the update has replaced or removed in the keeping place? */
static bool is_old_kept(void)
{
	AUTO(free_ptr) char *pattern = xasprintf("%s/" KEPT_FOLDER "/Game/*", fixture.library);
	glob_t found;
	bool ok = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;

	for (size_t i = 0; i < COUNT(old_build) && ok; i++) {
		ok = strcmp(old_build[i].path, "data/kept") == 0 ||
		     is_kept_file(found.gl_pathv[0], &old_build[i]);
	}
	globfree(&found);
	return ok;
}

static bool is_absent(void)
{
	return !path_exists(fixture.library, "Game") && !path_exists(fixture.library, "deep");
}

static void send_all(const struct test_file *files, size_t count, const char *install_path,
	struct init_answer *answer)
{
	fixture.folders = files == new_build ? new_folders : NULL;
	ck_assert_msg(fixture_init(&fixture, HUB, "Game", install_path, files, count, answer), "%s",
		answer->error.message);
	fixture_send(&fixture, HUB, answer, files, count);
}

static void install(const struct test_file *files, size_t count)
{
	struct init_answer answer;
	struct complete_answer complete;

	send_all(files, count, "", &answer);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
}

static unsigned count_staging(void)
{
	AUTO(strvec_finish) struct strvec ids = { 0 };

	ck_assert(upload_staging_list(fixture.library, "", &ids, NULL));
	return (unsigned)ids.count;
}

static void empty_home(void)
{
	AUTO(close_fd) int fd = open(fixture.home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, ".", NULL));
}

/* --- A commit without a store: one thread, which can be traced --- */

static struct commit_record record;
static struct upload_commit commit = { .record = &record };
static char upload_id[64];
static bool is_first; /* no game is installed before */
static bool without_exchange;
static bool with_obstacle; /* a file that cannot be replaced, from just before the moves on */

/* What the new build does not have. */
static void fill_removed(const char *dir)
{
	static const char *const gone[] = { "gone/deep/old", "gone/zero", "turns", "was/a/file" };

	if (is_first) {
		return;
	}
	record.removed = xcalloc(COUNT(gone), sizeof(struct installed_file));
	record.removed_count = COUNT(gone);
	for (size_t i = 0; i < COUNT(gone); i++) {
		AUTO(free_ptr) char *path = xasprintf("%s/%s", dir, gone[i]);
		struct stat stat_of;

		ck_assert_int_eq(stat(path, &stat_of), 0);
		record.removed[i] = (struct installed_file){ .path = xstrdup(gone[i]),
			.size_bytes = stat_of.st_size,
			.mtime_s = stat_of.st_mtim.tv_sec,
			.mtime_ns = stat_of.st_mtim.tv_nsec };
	}
}

static void fill_record(const char *replaces)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	commit_record_finish(&record);
	record = (struct commit_record){ .build = xstrdup(upload_id),
		.replaces = xstrdup(replaces),
		.hub_id = xstrdup(HUB),
		.game_name = xstrdup("Game"),
		.dir = xstrdup(dir),
		.executable = xstrdup("bin/game"),
		.pending = xstrdup(TEST_PENDING),
		.files = xcalloc(COUNT(new_build), sizeof(struct installed_file)),
		.files_count = COUNT(new_build) };
	for (size_t i = 0; new_folders[i] != NULL; i++) {
		strvec_push(&record.empty, new_folders[i]);
	}
	fill_removed(dir);
	for (size_t i = 0; i < COUNT(new_build); i++) {
		struct installed_file *file = &record.files[i];
		AUTO(free_ptr) char *path = xasprintf("%s/%s", dir, new_build[i].path);
		struct stat stat_of;

		file->path = xstrdup(new_build[i].path);
		file->size_bytes = new_build[i].size;
		file->kept = !is_first && strcmp(file->path, "data/kept") == 0;
		file->player = !is_first && strcmp(file->path, "data/a") == 0;
		if (file->kept) {
			ck_assert_int_eq(stat(path, &stat_of), 0);
			file->mtime_s = stat_of.st_mtim.tv_sec;
			file->mtime_ns = stat_of.st_mtim.tv_nsec;
		}
	}
}

/* "+i" on a file: false where that is not possible. */
static bool set_immutable(const char *path, bool on)
{
	AUTO(free_ptr) char *full = xasprintf("%s/Game/%s", fixture.library, path);
	AUTO(close_fd) int fd = open(full, O_RDONLY | O_CLOEXEC);
	int flags;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) {
		return false;
	}
	flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

/* A whole upload of the new build, over the old one; nothing of its commit has begun. */
static void leave_whole(void)
{
	AUTO(free_ptr) char *generation = NULL;
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct init_answer answer;

	set_immutable("data/zero", false);
	empty_home();
	fixture_start(&fixture);
	if (!is_first) {
		install(old_build, COUNT(old_build));
	}
	send_all(new_build, COUNT(new_build), "", &answer);
	strcpy(upload_id, answer.upload_id);
	init_answer_finish(&answer);
	generation = game_generation(game_registry_find(fixture.registry, dir));
	fixture_stop(&fixture);
	fill_record(generation);
	close_fd(&commit.dir_fd);
	commit.root = fixture.library;
	commit.state_dir = fixture.state;
	commit.dir_fd = upload_staging_open(fixture.library, "", upload_id, NULL);
	ck_assert_int_ge(commit.dir_fd, 0);
}

/* renameat2(RENAME_EXCHANGE) as on exFAT and NTFS. */
static void forbid_exchange(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RENAME_EXCHANGE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(code), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void act_keep(void)
{
	AUTO(free_ptr) char *games = xasprintf("%s/games.json", fixture.state);
	const struct commit_keep keep = {
		.root = fixture.library,
		.library = "",
		.upload_id = upload_id,
		.keep_previous = true,
	};
	char *notice = NULL;
	struct error err = { 0 };

	if (!commit_record_register(&record, game_registry_create(games, &notice), "", &err)) {
		_exit(5);
	}
	if (!commit_keep_run(&keep, &err)) {
		_exit(6);
	}
}

static void act_commit(void)
{
	struct error err = { 0 };

	if (without_exchange) {
		forbid_exchange();
	}
	if (upload_commit_prepare(&commit, &err) != UPLOAD_COMMIT_DONE) {
		_exit(2);
	}
	if (with_obstacle && !set_immutable("data/zero", true)) {
		_exit(3);
	}
	if (upload_commit_apply(&commit, &err) !=
		(with_obstacle ? UPLOAD_COMMIT_UNDONE : UPLOAD_COMMIT_DONE)) {
		_exit(4);
	}
	if (!with_obstacle) {
		act_keep();
	}
}

static bool is_immutable(const char *path)
{
	AUTO(free_ptr) char *full = xasprintf("%s/Game/%s", fixture.library, path);
	AUTO(close_fd) int fd = open(full, O_RDONLY | O_CLOEXEC);
	int flags = 0;

	return fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL) != 0;
}

/* The next start makes it one build or the other, and the Hub's next push the new one. */
static void check_commit(bool finished)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	bool blocked = is_immutable("data/zero");
	struct init_answer answer;
	struct complete_answer complete;
	bool old;

	if (finished && with_obstacle) {
		ck_assert(is_old()); /* before any start */
	}
	fixture_start(&fixture);
	old = is_first ? is_absent() : is_old();
	ck_assert_msg(old || is_new(), "%u files, %u folders", seen_files, seen_folders);
	ck_assert(!blocked || old);
	ck_assert(old || game_registry_find(fixture.registry, dir) != NULL);
	set_immutable("data/zero", false);
	if (old) {
		/* Nothing has to be sent again, and it has the folder that it would have had. */
		fixture.progress_count = 0;
		send_all(new_build, COUNT(new_build), "", &answer);
		ck_assert_str_eq(answer.upload_id, upload_id);
		ck_assert_uint_eq(fixture.progress_count, 0);
		ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete),
			"%s", complete.error.message);
		ck_assert_str_eq(complete.dir, dir);
		init_answer_finish(&answer);
		fixture_settle(&fixture);
	}
	ck_assert(is_new());
	ck_assert(is_first || is_old_kept());
	ck_assert_str_eq(game_registry_find(fixture.registry, dir)->pending, TEST_PENDING);
	fixture_stop(&fixture);
	ck_assert_uint_eq(count_staging(), 0);
}

/* In memory: what is synced does not matter to a process that is killed, and takes long. */
static void mount_memory(void)
{
	in_memory = mount("capydeck-test", fixture.home, "tmpfs", 0, "size=100m") == 0;
}

static void kill_everywhere(void)
{
	commit.dir_fd = -1;
	ck_assert_uint_gt(kill_points_run(leave_whole, act_commit, check_commit), 30);
	close_fd(&commit.dir_fd);
	commit_record_finish(&record);
}

START_TEST(test_killed_at_any_moment_of_an_update)
{
	mount_memory();
	kill_everywhere();
}
END_TEST

START_TEST(test_killed_at_any_moment_of_a_first_install)
{
	is_first = true;
	mount_memory();
	kill_everywhere();
}
END_TEST

START_TEST(test_killed_where_names_cannot_be_exchanged)
{
	without_exchange = true;
	mount_memory();
	kill_everywhere();
}
END_TEST

/* Only root may forbid a file to be replaced, and not on every file system. */
static bool can_forbid(void)
{
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);
	bool can;

	ck_assert(make_dirs(game, 0755, NULL));
	put_file(game, "probe", "x");
	can = set_immutable("probe", true) && set_immutable("probe", false);
	if (!can) {
		printf("skipped: no file can be made immutable here\n");
	}
	return can;
}

START_TEST(test_killed_at_any_moment_of_a_rollback)
{
	with_obstacle = true;
	without_exchange = _i == 1;
	mount_memory();
	if (can_forbid()) {
		kill_everywhere();
	}
}
END_TEST

/* --- What is in the way --- */

static void expect_refused(const struct init_answer *answer, const char *words)
{
	struct complete_answer complete;

	ck_assert(!fixture_complete(&fixture, HUB, answer->upload_id, NULL, &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_CONFLICT);
	ck_assert_msg(strstr(complete.error.message, words) != NULL, "%s", complete.error.message);
	ck_assert(has_files(old_build, COUNT(old_build)));
}

static void begin_update(struct init_answer *answer)
{
	fixture_start(&fixture);
	install(old_build, COUNT(old_build));
	send_all(new_build, COUNT(new_build), "", answer);
}

static void end_update(struct init_answer *answer)
{
	struct complete_answer complete;

	ck_assert_msg(fixture_complete(&fixture, HUB, answer->upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert(is_new());
	init_answer_finish(answer);
	fixture_stop(&fixture);
}

START_TEST(test_a_file_that_cannot_be_replaced_is_named_before_anything_moves)
{
	struct init_answer answer;

	if (!can_forbid()) {
		return;
	}
	empty_home();
	begin_update(&answer);
	ck_assert(set_immutable("data/a", true));
	expect_refused(&answer, "'data/a'");
	ck_assert(is_old());
	ck_assert(set_immutable("data/a", false));
	/* The folder that the new files go to. */
	ck_assert(set_immutable("data", true));
	expect_refused(&answer, "the folder 'data'");
	ck_assert(is_old());
	ck_assert(set_immutable("data", false));
	end_update(&answer);
}
END_TEST

START_TEST(test_a_mount_in_the_game_is_named_before_anything_moves)
{
	static const char *const places[] = { "data/a", "data" };
	AUTO(free_ptr) char *path = xasprintf("%s/Game/%s", fixture.library, places[_i]);
	struct init_answer answer;

	begin_update(&answer);
	if (mount(path, path, NULL, MS_BIND, NULL) == 0) { /* as root */
		expect_refused(&answer, places[_i]);
		ck_assert_int_eq(umount(path), 0);
	}
	ck_assert(is_old());
	end_update(&answer);
}
END_TEST

/* --- A record of another time --- */

/* Its card is not there when the agent starts; _i: the record of an earlier build of this program.
 */
START_TEST(test_a_record_does_not_come_back_over_a_newer_build)
{
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	AUTO(free_ptr) char *away = xasprintf("%s/away", fixture.home);
	AUTO(free_ptr) char *in_place = NULL;
	struct error err = { 0 };

	commit.dir_fd = -1;
	leave_whole();
	in_place = xasprintf("%s/%s", uploads, upload_id);
	ck_assert_int_eq(upload_commit_prepare(&commit, &err), UPLOAD_COMMIT_DONE);
	ck_assert_int_eq(rename(in_place, away), 0);
	fixture_start(&fixture);
	install(newer_build, COUNT(newer_build));
	fixture_stop(&fixture);
	ck_assert_int_eq(rename(away, in_place), 0);
	fixture_start(&fixture);
	ck_assert(has_files(newer_build, COUNT(newer_build)));
	ck_assert_ptr_nonnull(strstr(fixture.notice, "installed again"));
	fixture_stop(&fixture);
	ck_assert_uint_eq(count_staging(), 0);
	close_fd(&commit.dir_fd);
}
END_TEST

/* The game was entered in the registry, and only its staging is still there. */
START_TEST(test_an_installed_game_is_left_alone)
{
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *games = xasprintf("%s/games.json", fixture.state);
	struct game_registry *registry;
	struct error err = { 0 };

	commit.dir_fd = -1;
	leave_whole();
	ck_assert_int_eq(upload_commit_prepare(&commit, &err), UPLOAD_COMMIT_DONE);
	ck_assert_int_eq(upload_commit_apply(&commit, &err), UPLOAD_COMMIT_DONE);
	if (_i == 1) {
		registry = game_registry_create(games, &notice);
		ck_assert(commit_record_register(&record, registry, "", &err));
		game_registry_destroy(registry);
	}
	/* Played meanwhile. */
	put_file(game, "data/added", "settings");
	ck_assert_int_eq(unlinkat(commit.dir_fd, "files/data/a", 0), 0);
	fixture_start(&fixture);
	ck_assert(has_files(new_build, 2));
	ck_assert(!has_files(&new_build[2], 1));
	ck_assert_ptr_nonnull(game_registry_find(fixture.registry, game));
	fixture_stop(&fixture);
	ck_assert_uint_eq(count_staging(), 0);
	close_fd(&commit.dir_fd);
}
END_TEST

/* What is staged is gone: it cannot be finished, and is not half done. */
START_TEST(test_a_lost_file_brings_the_old_build_back)
{
	static const char *const lost[] = { "files", "files/data/added", "files/data/zero",
		"files/more", "files/data/new/b", "files/data" };
	struct error err = { 0 };

	commit.dir_fd = -1;
	leave_whole();
	ck_assert_int_eq(upload_commit_prepare(&commit, &err), UPLOAD_COMMIT_DONE);
	ck_assert(beneath_remove_tree(commit.dir_fd, lost[_i], &err));
	fixture_start(&fixture);
	ck_assert(is_old());
	install(new_build, COUNT(new_build));
	ck_assert(is_new());
	fixture_stop(&fixture);
	close_fd(&commit.dir_fd);
}
END_TEST

static void remove_tree(const char *dir, const char *path)
{
	AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, path, NULL));
}

START_TEST(test_a_file_in_the_place_of_an_empty_folder_is_named)
{
	static const char *const places[] = { "saves", "data/void" };
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);
	struct init_answer answer;

	begin_update(&answer);
	put_file(game, places[_i], "mine");
	expect_refused(&answer, places[_i]);
	ck_assert(!path_exists(game, "more"));
	remove_tree(game, places[_i]);
	end_update(&answer);
}
END_TEST

/* What was there before, or is used meanwhile, is not taken away. */
START_TEST(test_an_empty_folder_of_the_old_build_stays_on_the_way_back)
{
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);
	AUTO(free_ptr) char *old = xasprintf("%s/data/void/a", game);
	struct error err = { 0 };

	commit.dir_fd = -1;
	leave_whole();
	ck_assert(make_dirs(old, 0755, NULL));
	ck_assert_int_eq(upload_commit_prepare(&commit, &err), UPLOAD_COMMIT_DONE);
	put_file(game, "saves/slot/1", "progress");
	ck_assert(path_exists(game, "data/void/b"));
	ck_assert(beneath_remove_tree(commit.dir_fd, "files/data/added", &err));
	fixture_start(&fixture);
	ck_assert(path_exists(game, "data/void/a"));
	ck_assert(!path_exists(game, "data/void/b"));
	ck_assert(path_exists(game, "saves/slot/1"));
	ck_assert(!path_exists(game, "more"));
	fixture_stop(&fixture);
	close_fd(&commit.dir_fd);
}
END_TEST

/* The running game writes into the folder that was made for the new one. */
START_TEST(test_what_the_game_writes_meanwhile_stays)
{
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);
	struct error err = { 0 };

	commit.dir_fd = -1;
	leave_whole();
	ck_assert_int_eq(upload_commit_prepare(&commit, &err), UPLOAD_COMMIT_DONE);
	put_file(game, "data/new/save", "progress");
	fixture_start(&fixture);
	ck_assert(has_files(new_build, COUNT(new_build)));
	ck_assert(path_exists(game, "data/new/save"));
	ck_assert(path_exists(game, "data/new/hollow"));
	fixture_stop(&fixture);
	close_fd(&commit.dir_fd);
}
END_TEST

/* --- A disk without room --- */

static bool shell(const char *command)
{
	return system(command) == 0;
}

/*
 * A small ext4 with home on it: its folders need blocks, and there may be none. Its image is in
 * memory where it can be: what counts is the file system, not the disk below it.
 */
static bool mount_small_disk(void)
{
	AUTO(free_ptr) char *make = NULL;

	if (access("/dev/shm", W_OK) == 0) {
		snprintf(image, sizeof(image), "/dev/shm/%s.image", path_base(fixture.home));
	} else {
		snprintf(image, sizeof(image), "%s.image", fixture.home);
	}
	make = xasprintf("truncate -s 100M %s && mkfs.ext4 -q -m 0 -N 512 %s && "
			 "mount -o loop %s %s",
		image, image, image, fixture.home);
	if (shell(make)) {
		return true;
	}
	unlink(image);
	image[0] = '\0';
	return false;
}

static uint64_t free_blocks(int fd)
{
	struct statvfs room;

	ck_assert_int_eq(syncfs(fd), 0);
	ck_assert_int_eq(fstatvfs(fd, &room), 0);
	return room.f_bavail;
}

/* Leaves that many blocks. */
static void fill_disk(const char *filler, uint64_t left)
{
	AUTO(close_fd) int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	off_t size = 0;

	for (off_t piece = 16 * 1024 * 1024; piece >= BLOCK_BYTES; piece /= 2) {
		while (fallocate(fd, 0, size, piece) == 0) {
			size += piece;
		}
	}
	ck_assert_int_eq(fsync(fd), 0);
	while (free_blocks(fd) < left) {
		size -= BLOCK_BYTES;
		ck_assert_int_eq(ftruncate(fd, size), 0);
	}
}

static void complete_on_full_disk(uint64_t left)
{
	AUTO(free_ptr) char *filler = xasprintf("%s/filler", fixture.home);
	struct init_answer answer;
	struct complete_answer complete;
	bool done;

	fixture_start(&fixture);
	if (!is_first) {
		install(old_build, COUNT(old_build));
	}
	send_all(new_build, COUNT(new_build), is_first ? "~/Games/deep/er" : "", &answer);
	upload_store_hub_gone(fixture.store, HUB); /* all is on the disk */
	fixture_settle(&fixture);
	init_answer_finish(&answer);
	send_all(new_build, COUNT(new_build), is_first ? "~/Games/deep/er" : "", &answer);
	fill_disk(filler, left);
	done = fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete);
	ck_assert_msg(done || complete.error.kind == ERROR_NO_SPACE, "%s", complete.error.message);
	fixture_settle(&fixture);
	if (!is_first) {
		ck_assert_msg(done ? is_new() : is_old(), "%d with %u blocks: %u files, %u folders",
			done, (unsigned)left, seen_files, seen_folders);
	} else {
		ck_assert(done || is_absent());
	}
	fixture_stop(&fixture);
	fixture_start(&fixture); /* on the full disk */
	ck_assert(is_first || (done ? is_new() : is_old()));
	ck_assert_int_eq(unlink(filler), 0);
	fixture_stop(&fixture);
	fixture_start(&fixture);
	init_answer_finish(&answer);
	send_all(new_build, COUNT(new_build), is_first ? "~/Games/deep/er" : "", &answer);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert(is_first || (is_new() && is_old_kept()));
	init_answer_finish(&answer);
	fixture_settle(&fixture);
	fixture_stop(&fixture);
}

/* _i: that many free blocks, for a first install where it is odd. */
START_TEST(test_no_room_is_found_out_in_time)
{
	is_first = _i % 2 != 0;
	if (mount_small_disk()) {
		complete_on_full_disk((uint64_t)_i / 2);
	} else {
		printf("skipped: no ext4 can be mounted here\n");
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("moves");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, test_killed_at_any_moment_of_an_update);
	tcase_add_test(tests, test_killed_at_any_moment_of_a_first_install);
	tcase_add_test(tests, test_killed_where_names_cannot_be_exchanged);
	tcase_add_loop_test(tests, test_killed_at_any_moment_of_a_rollback, 0, 2);
	tcase_add_test(tests, test_a_file_that_cannot_be_replaced_is_named_before_anything_moves);
	tcase_add_loop_test(tests, test_a_mount_in_the_game_is_named_before_anything_moves, 0, 2);
	tcase_add_test(tests, test_a_record_does_not_come_back_over_a_newer_build);
	tcase_add_loop_test(tests, test_an_installed_game_is_left_alone, 0, 2);
	tcase_add_loop_test(tests, test_a_lost_file_brings_the_old_build_back, 0, 6);
	tcase_add_loop_test(tests, test_a_file_in_the_place_of_an_empty_folder_is_named, 0, 2);
	tcase_add_test(tests, test_an_empty_folder_of_the_old_build_stays_on_the_way_back);
	tcase_add_test(tests, test_what_the_game_writes_meanwhile_stays);
	tcase_add_loop_test(tests, test_no_room_is_found_out_in_time, 0, 48);
	return run_tcase(tests);
}
