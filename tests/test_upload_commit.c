#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_journal.h"
#include "upload/upload_staging.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Crashes. Those of a commit of an earlier build of this program are made by hand, step by step, as
 * they are found on the disk (test_commit_moves has those of this one); those of a whole agent by a
 * child process that a timer kills at a random moment.
 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB ((size_t)1024 * 1024)

static struct upload_fixture fixture;

static bool in_memory;

/* In memory where that may be had: checkpoints then keep up with the chunks, and are killed too. */
static void setup(void)
{
	fixture_make_home(&fixture);
	in_memory = mount("capydeck-test", fixture.home, "tmpfs", 0, "size=400m") == 0;
}

static void teardown(void)
{
	if (in_memory) {
		umount(fixture.home);
	}
	fixture_remove_home(&fixture);
}

static const struct test_file old_build[] = {
	{ "bin/game", 5000, 1, true },
	{ "data/a", 100, 2, true },
	{ "data/kept", 300, 3, true },
	{ "gone-in-new", 10, 4, true },
};
/* Sorted: the steps below move its files one by one. */
static const struct test_file new_build[] = {
	{ "bin/game", 6000, 11, true },
	{ "data/a", 100, 12, true },
	{ "data/kept", 300, 3, true },
	{ "data/new/empty", 0, 0, true },
	{ "data/new/b", 70000, 13, true },
	{ "z", 1, 14, true },
};

static void send_all(const char *hub, const char *game, const struct test_file *files, size_t count,
	struct init_answer *answer)
{
	ck_assert_msg(fixture_init(&fixture, hub, game, "", files, count, answer), "%s",
		answer->error.message);
	fixture_send(&fixture, hub, answer, files, count);
}

static bool has_build(const struct test_file *files, size_t count)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	for (size_t i = 0; i < count; i++) {
		if (!has_content(dir, &files[i])) {
			return false;
		}
	}
	return true;
}

static void install_old(void)
{
	struct init_answer answer;
	struct complete_answer complete;

	send_all(HUB, "Game", old_build, COUNT(old_build), &answer);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	init_answer_finish(&answer);
}

/* What an earlier build of this program wrote as commit record: it cannot be rolled back. */
static void write_record(const char *dir, int dir_fd)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	strbuf_appendf(&text,
		"{\"version\":1,\"hubId\":\"" HUB "\",\"gameName\":\"Game\",\"dir\":\"%s\","
		"\"executable\":\"bin/game\",\"sizeBytes\":76401,\"installedAt\":%ld,"
		"\"pending\":",
		dir, (long)time(NULL));
	json_write_string(&text, TEST_PENDING);
	strbuf_append_text(&text, ",\"files\":[");
	for (size_t i = 0; i < COUNT(new_build); i++) {
		bool kept = strcmp(new_build[i].path, "data/kept") == 0;
		AUTO(free_ptr)
		char *path = xasprintf("files/%s", new_build[i].path);
		struct stat stat_of;
		int at_fd = kept ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : dir_fd;

		ck_assert_int_eq(
			fstatat(at_fd, kept ? path + strlen("files/") : path, &stat_of, 0), 0);
		if (kept) {
			close(at_fd);
		}
		strbuf_appendf(&text,
			"%s{\"path\":\"%s\",\"size\":%ld,\"mtime\":%ld,\"mtimeNs\":%ld%s}",
			i > 0 ? "," : "", new_build[i].path, (long)new_build[i].size,
			(long)stat_of.st_mtim.tv_sec, stat_of.st_mtim.tv_nsec,
			kept ? ",\"kept\":true" : "");
	}
	strbuf_append_text(&text, "]}");
	ck_assert(atomic_file_write_at(
		dir_fd, UPLOAD_STAGING_COMMIT, text.data, text.length, 0600, NULL));
}

/* Leaves an upload of the new build whose commit record was just written. */
static void leave_prepared(char upload_id[64])
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	AUTO(close_fd) int dir_fd = -1;
	AUTO(close_fd) int empty_fd = -1;
	struct init_answer answer;
	struct error err = { 0 };

	fixture_start(&fixture);
	install_old();
	send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
	strcpy(upload_id, answer.upload_id);
	init_answer_finish(&answer);
	fixture_stop(&fixture);
	dir_fd = upload_staging_open(fixture.library, "", upload_id, &err);
	empty_fd = openat(dir_fd, "files/data/new/empty", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(empty_fd, 0);
	write_record(dir, dir_fd);
	ck_assert(has_build(old_build, COUNT(old_build)));
}

static void expect_rolled_forward(const char *upload_id)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	AUTO(free_ptr) char *staging = xasprintf("%s/.capydeck/uploads", fixture.library);

	ck_assert(has_build(new_build, COUNT(new_build)));
	ck_assert(!path_exists(staging, upload_id));
	ck_assert_int_eq(game_registry_find(fixture.registry, dir)->file_count, COUNT(new_build));
	/* The work after the files is still pending. */
	ck_assert_str_eq(game_registry_find(fixture.registry, dir)->pending, TEST_PENDING);
}

static void move_by_hand(const char *upload_id, const struct test_file *file)
{
	AUTO(free_ptr)
	char *from = xasprintf(
		"%s/.capydeck/uploads/%s/files/%s", fixture.library, upload_id, file->path);
	AUTO(free_ptr) char *to = xasprintf("%s/Game/%s", fixture.library, file->path);
	AUTO(free_ptr) char *folder = xstrdup(to);

	*strrchr(folder, '/') = '\0';
	ck_assert(make_dirs(folder, 0755, NULL));
	ck_assert_int_eq(rename(from, to), 0);
}

/* A crash after _i of the files were moved. */
START_TEST(test_a_crash_between_two_moves)
{
	char upload_id[64];

	leave_prepared(upload_id);
	for (int i = 0; i < _i; i++) {
		if (strcmp(new_build[i].path, "data/kept") != 0) {
			move_by_hand(upload_id, &new_build[i]);
		}
	}
	fixture_start(&fixture);
	expect_rolled_forward(upload_id);
	fixture_stop(&fixture);
}
END_TEST

/* A crash while the staging was being removed, with the commit record still there or not. */
START_TEST(test_a_crash_while_clearing_up)
{
	static const char *const steps[] = { "upload.json", "files", "journal", "commit.json" };
	AUTO(free_ptr) char *staging = NULL;
	AUTO(close_fd) int dir_fd = -1;
	char upload_id[64];
	struct error err;

	leave_prepared(upload_id);
	for (size_t i = 0; i < COUNT(new_build); i++) {
		if (strcmp(new_build[i].path, "data/kept") != 0) {
			move_by_hand(upload_id, &new_build[i]);
		}
	}
	staging = xasprintf("%s/.capydeck/uploads/%s", fixture.library, upload_id);
	dir_fd = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < _i; i++) {
		ck_assert(beneath_remove_tree(dir_fd, steps[i], &err));
	}
	fixture_start(&fixture);
	if (_i < (int)COUNT(steps)) {
		expect_rolled_forward(upload_id);
	} else {
		/* The record goes only after the registry was written: no one else will. */
		ck_assert(!path_exists(staging, "."));
		ck_assert(has_build(new_build, COUNT(new_build)));
	}
	fixture_stop(&fixture);
}
END_TEST

START_TEST(test_a_crash_before_the_record_changes_nothing)
{
	AUTO(free_ptr) char *record = NULL;
	struct init_answer answer;
	struct complete_answer complete;
	char upload_id[64];

	leave_prepared(upload_id);
	record = xasprintf("%s/.capydeck/uploads/%s/commit.json", fixture.library, upload_id);
	ck_assert_int_eq(unlink(record), 0);
	fixture_start(&fixture);
	ck_assert(has_build(old_build, COUNT(old_build)));
	/* All has been received: nothing is asked for again. */
	fixture.progress_count = 0;
	send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_uint_eq(fixture.progress_count, 0);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	init_answer_finish(&answer);
	fixture_settle(&fixture);
	expect_rolled_forward(upload_id);
	fixture_stop(&fixture);
}
END_TEST

START_TEST(test_a_commit_that_cannot_go_on_is_taken_up_again)
{
	AUTO(free_ptr) char *obstacle = xasprintf("%s/Game/z", fixture.library);
	struct init_answer answer;
	char upload_id[64];

	leave_prepared(upload_id);
	/* A folder created after everything was checked. */
	ck_assert(make_dirs(obstacle, 0755, NULL));
	fixture_start(&fixture);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", new_build, COUNT(new_build), &answer));
	ck_assert_int_eq(answer.error.kind, ERROR_CONFLICT);
	fixture_settle(&fixture);
	ck_assert_int_eq(rmdir(obstacle), 0);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", new_build, COUNT(new_build), &answer));
	fixture_settle(&fixture);
	expect_rolled_forward(upload_id);
	fixture_stop(&fixture);
}
END_TEST

/* --- Kills at a random moment --- */

static struct test_file *make_many(size_t count)
{
	struct test_file *files = xcalloc(count, sizeof(*files));

	for (size_t i = 0; i < count; i++) {
		files[i] = (struct test_file){ .path = xasprintf("f%zu/file-%zu", i % 5, i),
			.size = i % 100 == 0 ? 3 * (int64_t)MIB / 2 : (int64_t)(i % 3000),
			.seed = (unsigned)i,
			.hashed = true };
	}
	return files;
}

static void free_many(struct test_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)files[i].path);
	}
	free(files);
}

/*
 * Runs act in a child that dies, without a chance to clear up, a moment after a random number of
 * chunks out of most were answered.
 */
static void run_and_kill(void (*act)(const struct test_file *files, size_t count),
	const struct test_file *files, size_t count, unsigned least, unsigned most)
{
	int status;
	pid_t child;

	fixture.progress_count = 0;
	fixture.fuse_chunks = least + (unsigned)random() % (most - least + 1);
	fixture.fuse_us = 1 + random() % 20000;
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		act(files, count);
		_exit(0);
	}
	fixture.fuse_chunks = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert((WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) ||
		  (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static void act_upload(const struct test_file *files, size_t count)
{
	struct init_answer answer;

	fixture_start(&fixture);
	send_all(HUB, "Game", files, count, &answer);
	_exit(0);
}

struct claims {
	const struct test_file *files; /* as the manifest sorts them */
	const char *staged;
};

static int compare_paths(const void *a, const void *b)
{
	return path_compare(
		((const struct test_file *)a)->path, ((const struct test_file *)b)->path);
}

/* Whatever the journal claims is there, and is what was sent. */
static void expect_claimed(void *user, const struct upload_journal_record *record)
{
	const struct claims *claims = user;
	const struct test_file *file = &claims->files[record->file];
	AUTO(free_ptr) char *path = xasprintf("%s/%s", claims->staged, file->path);
	size_t length = (size_t)(record->end - record->start);
	AUTO(free_ptr) char *held = NULL;
	AUTO(free_ptr) char *expected = NULL;
	AUTO(close_fd) int fd = -1;

	if (record->kind != UPLOAD_JOURNAL_RANGE) {
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	held = xcalloc(1, length);
	expected = xcalloc(1, length);
	ck_assert_int_eq(pread(fd, held, length, record->start), (ssize_t)length);
	content_fill(file, record->start, expected, length);
	ck_assert_mem_eq(held, expected, length);
}

static void expect_claims_true(const struct test_file *files)
{
	AUTO(strvec_finish) struct strvec ids = { 0 };

	ck_assert(upload_staging_list(fixture.library, "", &ids, NULL));
	for (size_t i = 0; i < ids.count; i++) {
		AUTO(strbuf_finish) struct strbuf text = { 0 };
		AUTO(close_fd)
		int dir_fd = upload_staging_open(fixture.library, "", ids.items[i], NULL);
		AUTO(free_ptr)
		char *staged =
			xasprintf("%s/.capydeck/uploads/%s/files", fixture.library, ids.items[i]);
		struct claims claims = { files, staged };
		char digest[SHA256_HEX_BYTES];

		if (!upload_journal_read(dir_fd, &text, NULL) || text.length < 100) {
			continue;
		}
		memcpy(digest, strstr(text.data, "journal 1 ") + 10, 64);
		digest[64] = '\0';
		ck_assert(upload_journal_parse(
			text.data, text.length, digest, expect_claimed, &claims));
	}
}

/* _i: the seed. Killed five times in a row, the upload is still completed. */
START_TEST(test_killed_while_receiving)
{
	size_t count = 2500;
	struct test_file *files = make_many(count);
	AUTO(free_ptr) struct test_file *sorted = xcalloc(count, sizeof(*sorted));
	struct init_answer answer;
	struct complete_answer complete;

	srandom((unsigned)_i);
	memcpy(sorted, files, count * sizeof(*files));
	qsort(sorted, count, sizeof(*sorted), compare_paths);
	for (int round = 0; round < 5; round++) {
		run_and_kill(act_upload, files, count, round % 2 == 0 ? 2050 : 1, 2500);
		expect_claims_true(sorted);
	}
	fixture_start(&fixture);
	send_all(HUB, "Game", files, count, &answer);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert(has_build(files, count));
	init_answer_finish(&answer);
	fixture_stop(&fixture);
	free_many(files, count);
}
END_TEST

static void act_complete(const struct test_file *files, size_t count)
{
	struct init_answer answer;
	struct complete_answer complete;

	fixture_start(&fixture);
	if (fixture_init(&fixture, HUB, "Game", "", files, count, &answer)) {
		fixture_send(&fixture, HUB, &answer, files, count);
		fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete);
		fixture_settle(&fixture);
	}
	_exit(0);
}

/* An installed game is the old build or the new one, never something between. */
START_TEST(test_killed_while_completing)
{
	size_t count = 300;
	struct test_file *files = make_many(count);

	srandom(4048);
	for (int round = 0; round < 25; round++) {
		AUTO(free_ptr) struct test_file *before = xcalloc(count, sizeof(*before));

		memcpy(before, files, count * sizeof(*files));
		for (size_t i = 0; i < count; i++) {
			files[i].seed += 1000;
		}
		run_and_kill(act_complete, files, count, 300, 303);
		fixture_start(&fixture);
		ck_assert_msg(has_build(files, count) || (round > 0 && has_build(before, count)) ||
				      !path_exists(fixture.library, "Game"),
			"round %d", round);
		if (!has_build(files, count)) {
			struct init_answer answer;
			struct complete_answer complete;

			send_all(HUB, "Game", files, count, &answer);
			ck_assert(
				fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
			init_answer_finish(&answer);
		}
		ck_assert(has_build(files, count));
		fixture_stop(&fixture);
	}
	free_many(files, count);
}
END_TEST

/* --- A disk that fills up half-way --- */

START_TEST(test_a_full_disk)
{
	static const struct test_file files[] = { { "a.pak", 12 * (int64_t)MIB, 1, true } };
	AUTO(free_ptr) char *filler = xasprintf("%s/filler", fixture.library);
	AUTO(close_fd) int fd = -1;
	struct init_answer answer, again;
	struct complete_answer complete;
	struct error err = { 0 };
	int64_t at = 0;

	ck_assert(make_dirs(fixture.library, 0755, NULL));
	if (mount("capydeck-test", fixture.library, "tmpfs", 0, "size=80m") != 0) {
		return; /* not root */
	}
	fixture_start(&fixture);
	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", files, 1, &answer), "%s",
		answer.error.message);
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(posix_fallocate(fd, 0, 75 * (off_t)MIB), 0);
	while (fixture_chunk(&fixture, HUB, answer.upload_id, files, at, MIB, &err) >= 0) {
		at += (int64_t)MIB;
	}
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	ck_assert_int_gt(at, 0);
	upload_store_cancel(fixture.store, HUB, answer.upload_id, NULL);
	fixture_settle(&fixture);
	/* No room: refused with numbers; the cancelled one is of the same game and is kept. */
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", files, 1, &again));
	ck_assert_int_eq(again.error.kind, ERROR_NO_SPACE);
	/* Room again: what came before is still there. */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert(fixture_init(&fixture, HUB, "Game", "", files, 1, &again));
	ck_assert_str_eq(again.upload_id, answer.upload_id);
	ck_assert_int_eq(init_answer_resume(&again, "a.pak"), at);
	fixture_send(&fixture, HUB, &again, files, 1);
	ck_assert(fixture_complete(&fixture, HUB, again.upload_id, NULL, &complete));
	ck_assert(has_build(files, 1));
	init_answer_finish(&again);
	init_answer_finish(&answer);
	fixture_stop(&fixture);
	close_fd(&fd);
	fd = -1;
	ck_assert_int_eq(umount(fixture.library), 0);
}
END_TEST

START_TEST(test_a_cancelled_upload_makes_room)
{
	static const struct test_file first[] = { { "a.pak", 12 * (int64_t)MIB, 1, true } };
	static const struct test_file second[] = { { "b.pak", 10 * (int64_t)MIB, 2, true } };
	struct init_answer answer, other;

	ck_assert(make_dirs(fixture.library, 0755, NULL));
	if (mount("capydeck-test", fixture.library, "tmpfs", 0, "size=80m") != 0) {
		return; /* not root */
	}
	fixture_start(&fixture);
	send_all(HUB, "First", first, 1, &answer);
	ck_assert(!fixture_init(&fixture, HUB, "Second", "", second, 1, &other));
	ck_assert_int_eq(other.error.kind, ERROR_NO_SPACE);
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, NULL));
	ck_assert(fixture_init(&fixture, HUB, "Second", "", second, 1, &other));
	ck_assert(!upload_store_discard(fixture.store, answer.upload_id, NULL));
	init_answer_finish(&answer);
	init_answer_finish(&other);
	fixture_stop(&fixture);
	ck_assert_int_eq(umount(fixture.library), 0);
}
END_TEST

/* --- Damage --- */

static void overwrite(const char *path, int how)
{
	AUTO(close_fd) int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t length = lseek(fd, 0, SEEK_END);

	ck_assert_int_gt(length, 0);
	switch (how) {
	case 0:
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		break;
	case 1:
		ck_assert_int_eq(ftruncate(fd, length / 2), 0);
		break;
	case 2:
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(ftruncate(fd, length), 0);
		break;
	default:
		ck_assert_int_eq(pwrite(fd, "\"version\":9", 12, 1), 12);
		break;
	}
}

static void expect_sent_again(const char *upload_id)
{
	struct init_answer answer;
	struct complete_answer complete;

	send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
	expect_rolled_forward(upload_id);
}

/* Half of the files are in the game, and its record cannot be read: _i says why. */
START_TEST(test_a_damaged_record_costs_a_transfer_only)
{
	AUTO(free_ptr) char *record = NULL;
	char upload_id[64];

	leave_prepared(upload_id);
	record = xasprintf("%s/.capydeck/uploads/%s/commit.json", fixture.library, upload_id);
	move_by_hand(upload_id, &new_build[1]);
	overwrite(record, _i);
	fixture_start(&fixture);
	expect_sent_again(upload_id);
	fixture_stop(&fixture);
}
END_TEST

/* The record is there, but not its files. */
START_TEST(test_lost_files_are_not_called_installed)
{
	static const char *const lost[] = { "files", "files/data/a", "files/z" };
	AUTO(free_ptr) char *staging = NULL;
	AUTO(close_fd) int dir_fd = -1;
	char upload_id[64];

	leave_prepared(upload_id);
	staging = xasprintf("%s/.capydeck/uploads/%s", fixture.library, upload_id);
	dir_fd = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(beneath_remove_tree(dir_fd, lost[_i], NULL));
	fixture_start(&fixture);
	expect_sent_again(upload_id);
	fixture_stop(&fixture);
}
END_TEST

START_TEST(test_a_repeated_commit_leaves_what_the_game_wrote)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	char upload_id[64];

	leave_prepared(upload_id);
	for (size_t i = 0; i < COUNT(new_build); i++) {
		if (strcmp(new_build[i].path, "data/kept") != 0) {
			move_by_hand(upload_id, &new_build[i]);
		}
	}
	put_file(dir, "data/new/empty", "saved");
	fixture_start(&fixture);
	fixture_stop(&fixture);
	ck_assert(!has_content(dir, &new_build[3]));
	ck_assert(has_content(dir, &new_build[5]));
}
END_TEST

static void expect_refused(void)
{
	struct init_answer answer;
	struct complete_answer complete;

	send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(complete.error.message, "'data'"));
	ck_assert(has_build(old_build, COUNT(old_build)));
	init_answer_finish(&answer);
}

static void expect_accepted(void)
{
	struct init_answer answer;
	struct complete_answer complete;

	send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert(has_build(new_build, COUNT(new_build)));
	init_answer_finish(&answer);
}

START_TEST(test_a_folder_that_cannot_be_written_to_is_found_in_time)
{
	AUTO(free_ptr) char *data = xasprintf("%s/Game/data", fixture.library);

	fixture_start(&fixture);
	install_old();
	if (mount(data, data, NULL, MS_BIND, NULL) == 0) { /* as root */
		ck_assert_int_eq(
			mount(NULL, data, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
		expect_refused();
		ck_assert_int_eq(umount(data), 0);
		expect_accepted();
	}
	fixture_stop(&fixture);
}
END_TEST

START_TEST(test_a_folder_on_another_disk_is_found_in_time)
{
	AUTO(free_ptr) char *data = xasprintf("%s/Game/data", fixture.library);
	AUTO(free_ptr) char *game = xasprintf("%s/Game", fixture.library);

	fixture_start(&fixture);
	install_old();
	if (mount("capydeck-test", data, "tmpfs", 0, "size=1m") == 0) { /* as root */
		struct init_answer answer;
		struct complete_answer complete;

		send_all(HUB, "Game", new_build, COUNT(new_build), &answer);
		ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
		ck_assert_int_eq(complete.error.kind, ERROR_CONFLICT);
		ck_assert(has_content(game, &old_build[0]));
		init_answer_finish(&answer);
		ck_assert_int_eq(umount(data), 0);
		expect_accepted();
	}
	fixture_stop(&fixture);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("crashes");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, test_a_crash_between_two_moves, 0, (int)COUNT(new_build) + 1);
	tcase_add_loop_test(tests, test_a_crash_while_clearing_up, 0, 5);
	tcase_add_test(tests, test_a_crash_before_the_record_changes_nothing);
	tcase_add_test(tests, test_a_commit_that_cannot_go_on_is_taken_up_again);
	tcase_add_loop_test(tests, test_a_damaged_record_costs_a_transfer_only, 0, 4);
	tcase_add_loop_test(tests, test_lost_files_are_not_called_installed, 0, 3);
	tcase_add_test(tests, test_a_repeated_commit_leaves_what_the_game_wrote);
	tcase_add_test(tests, test_a_folder_that_cannot_be_written_to_is_found_in_time);
	tcase_add_test(tests, test_a_folder_on_another_disk_is_found_in_time);
	tcase_add_loop_test(tests, test_killed_while_receiving, 0, 5);
	tcase_add_test(tests, test_killed_while_completing);
	tcase_add_test(tests, test_a_full_disk);
	tcase_add_test(tests, test_a_cancelled_upload_makes_room);
	return run_tcase(tests);
}
