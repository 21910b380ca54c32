#include "core/cleanup.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "suite.h"
#include "upload/upload_staging.h"
#include "upload_fixture.h"

#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (1024 * 1024)

/*
 * What cannot be read now is neither nothing nor damaged: nobody is told that it is gone, nothing
 * is written in its place or removed, and it is there again as soon as it can be read.
 */

/* --- A disk that fails --- */

/* Calls of this kind about this file fail, so many times. */
static const char *volatile fault_call; /* NULL: none */
static const char *volatile fault_name; /* how its path ends */
static volatile int fault_number;	/* errno */
static atomic_int fault_skip;		/* the first ones succeed */
static atomic_int fault_left;
static atomic_int faults_seen;
static atomic_int syncs_seen; /* of files called "….pak" */

static bool ends_in(const char *path, const char *end)
{
	size_t length = strlen(path), tail = strlen(end);

	return length >= tail && strcmp(path + length - tail, end) == 0;
}

static bool fails(const char *call, const char *path)
{
	if (fault_call == NULL || strcmp(fault_call, call) != 0 || !ends_in(path, fault_name) ||
		atomic_fetch_sub(&fault_skip, 1) > 0 || atomic_fetch_sub(&fault_left, 1) <= 0) {
		return false;
	}
	atomic_fetch_add(&faults_seen, 1);
	errno = fault_number;
	return true;
}

/* The path that a descriptor was opened with. */
static const char *path_of(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, size - 1);
	path[length > 0 ? length : 0] = '\0';
	return path;
}

static bool fails_fd(const char *call, int fd)
{
	char path[4096];

	return fault_call != NULL && fails(call, path_of(fd, path, sizeof(path)));
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	static int (*real)(int, const char *, int, ...);
	va_list values;
	mode_t mode;

	va_start(values, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(values, mode_t) : 0;
	va_end(values);
	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "openat");
	}
	return fails("open", path) ? -1 : real(dir_fd, path, flags, mode);
}

/* openat2() has no function of its own. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long values[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < COUNT(values); i++) {
		values[i] = va_arg(list, long);
	}
	va_end(list);
	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	}
	if (number == SYS_openat2 && fails("open", (const char *)values[1])) {
		return -1;
	}
	return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

int fstatat(int dir_fd, const char *path, struct stat *stat, int flags)
{
	static int (*real)(int, const char *, struct stat *, int);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "fstatat");
	}
	return fails("stat", path) ? -1 : real(dir_fd, path, stat, flags);
}

int lstat(const char *path, struct stat *stat)
{
	static int (*real)(const char *, struct stat *);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "lstat");
	}
	return fails("lstat", path) ? -1 : real(path, stat);
}

ssize_t read(int fd, void *buffer, size_t length)
{
	static ssize_t (*real)(int, void *, size_t);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "read");
	}
	return fails_fd("read", fd) ? -1 : real(fd, buffer, length);
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
	static ssize_t (*real)(int, void *, size_t, off_t);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "pread");
	}
	return fails_fd("read", fd) ? -1 : real(fd, buffer, length, offset);
}

struct dirent *readdir(DIR *dir)
{
	static struct dirent *(*real)(DIR *);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	}
	return fails_fd("list", dirfd(dir)) ? NULL : real(dir);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	static int (*real)(int, const char *, int, const char *, unsigned);

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "renameat2");
	}
	return fails("rename", from) ? -1 : real(from_fd, from, to_fd, to, flags);
}

int fdatasync(int fd)
{
	static int (*real)(int);
	char path[4096];

	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	}
	if (ends_in(path_of(fd, path, sizeof(path)), ".pak")) {
		atomic_fetch_add(&syncs_seen, 1);
	}
	return real(fd);
}

/* --- A clock that is fast: what is tried again after a second is seen soon --- */

#define CLOCK_RATE 20
#define NS_A_SECOND INT64_C(1000000000)

static int64_t clock_base_ns; /* 0: not fast yet */

static int64_t to_ns(const struct timespec *time)
{
	return time->tv_sec * NS_A_SECOND + time->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_A_SECOND, .tv_nsec = ns % NS_A_SECOND };
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock_base_ns != 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME)) {
		*now = from_ns(clock_base_ns + (to_ns(now) - clock_base_ns) * CLOCK_RATE);
	}
	return result;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *due, struct itimerspec *was)
{
	struct itimerspec real = *due;
	int64_t due_ns = to_ns(&due->it_value);

	if (clock_base_ns != 0 && (flags & TFD_TIMER_ABSTIME) != 0 && due_ns != 0) {
		/* Rounded up: at its time the timer is due by the fast clock too. */
		real.it_value = from_ns(clock_base_ns + (due_ns - clock_base_ns) / CLOCK_RATE + 1);
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &real, was);
}

static void break_disk(const char *call, const char *name, int number, int times)
{
	fault_name = name;
	fault_number = number;
	faults_seen = 0;
	fault_skip = 0;
	fault_left = times;
	fault_call = call;
}

static void heal(void)
{
	fault_call = NULL;
}

/* --- An upload that waits --- */

static struct upload_fixture fixture;
static char upload_id[64];

static void setup(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	clock_base_ns = to_ns(&now);
	fixture_make_home(&fixture);
	fixture_start(&fixture);
}

static void teardown(void)
{
	heal();
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static const struct test_file game[] = {
	{ "a.pak", MIB, 1, true },
	{ "data/b.pak", MIB, 2, true },
};
static const struct test_file update[] = {
	{ "a.pak", MIB, 3, true },
	{ "data/b.pak", MIB + 5, 4, true },
	{ "new/c.pak", 10, 5, true },
};

/* Has a.pak. */
static void leave_half(void)
{
	struct init_answer answer;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, 1);
	strcpy(upload_id, answer.upload_id);
	init_answer_finish(&answer);
	upload_store_hub_gone(fixture.store, HUB);
	fixture_settle(&fixture);
}

static void expect_resumed(void)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert_msg(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer), "%s",
		answer.error.message);
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), MIB);
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert(has_content(dir, &game[0]) && has_content(dir, &game[1]));
	init_answer_finish(&answer);
}

static void take_status(void *user, const struct upload_status *status)
{
	*(struct upload_status *)user = *status;
}

static void loop_wait(struct upload_fixture *of)
{
	struct pollfd poll_fd = { .fd = loop_fd(of->loop), .events = POLLIN };

	ck_assert_int_gt(poll(&poll_fd, 1, 60 * 1000), 0);
	loop_dispatch(of->loop);
}

/* Lets the loop run until the upload is listed, or is not any more. */
static void wait_for_upload(bool listed)
{
	for (;;) {
		struct upload_status status = { 0 };

		upload_store_each(fixture.store, take_status, &status);
		if ((status.upload_id != NULL) == listed) {
			return;
		}
		loop_wait(&fixture);
	}
}

/* --- At the start --- */

static const struct {
	const char *call;
	const char *name;
} at_start[] = {
	{ "open", "upload.json" },
	{ "read", "upload.json" },
	{ "open", "journal" },
	{ "read", "journal" },
	{ "stat", "commit.json" },
	{ "list", "uploads" },
	{ "open", "uploads/" },
};
static const int numbers[] = { EIO, EMFILE, ENFILE, EACCES, ENOMEM };

START_TEST(test_an_upload_is_there_again_when_it_can_be_read)
{
	size_t which = (size_t)_i % COUNT(at_start);

	leave_half();
	fixture_stop(&fixture);
	break_disk(at_start[which].call, at_start[which].name,
		numbers[(size_t)_i / COUNT(at_start)], 1);
	fixture_start(&fixture);
	ck_assert_int_eq(faults_seen, 1);
	heal();
	/* What comes first belongs to the library, which has a sentence of its own. */
	ck_assert_uint_eq(fixture.notice_count, *at_start[which].name != '\0' ? 1 : 0);
	wait_for_upload(true);
	expect_resumed();
}
END_TEST

/* Also one that stays so for some time, and is looked at more than once. */
START_TEST(test_an_upload_that_cannot_be_read_is_told_once)
{
	leave_half();
	fixture_stop(&fixture);
	break_disk("open", "upload.json", EIO, 1000);
	fixture_start(&fixture);
	while (faults_seen < 2) {
		loop_wait(&fixture);
	}
	ck_assert_uint_eq(fixture.notice_count, 1);
	ck_assert_ptr_nonnull(strstr(fixture.notice, upload_id));
	heal();
	wait_for_upload(true);
	expect_resumed();
}
END_TEST

/* Also its whole library: by itself, or as soon as the Hub asks. */
START_TEST(test_a_library_is_there_again_when_it_can_be_read)
{
	leave_half();
	fixture_stop(&fixture);
	break_disk("open", "library.json", numbers[_i / 2], 1);
	fixture_start(&fixture);
	ck_assert_int_eq(faults_seen, 1);
	heal();
	if (_i % 2 == 0) {
		wait_for_upload(true);
	}
	expect_resumed();
}
END_TEST

/* --- When it is taken up again --- */

static const struct {
	const char *call;
	const char *name;
} at_resume[] = {
	{ "open", "journal" },
	{ "read", "journal" },
	{ "open", "a.pak" },
	{ "open", "files" },
};

START_TEST(test_what_was_received_survives_a_resume_that_fails)
{
	struct init_answer answer;

	leave_half();
	break_disk(at_resume[_i % COUNT(at_resume)].call, at_resume[_i % COUNT(at_resume)].name,
		numbers[_i / COUNT(at_resume)], 1);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_int_eq(faults_seen, 1);
	ck_assert_int_eq(answer.error.kind, ERROR_IO);
	heal();
	expect_resumed();
}
END_TEST

/* --- Between two builds --- */

static void begin_update(struct init_answer *answer)
{
	struct complete_answer complete;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), answer));
	fixture_send(&fixture, HUB, answer, game, COUNT(game));
	ck_assert(fixture_complete(&fixture, HUB, answer->upload_id, NULL, &complete));
	init_answer_finish(answer);
	fixture_settle(&fixture);
	ck_assert(fixture_init(&fixture, HUB, "Game", "", update, COUNT(update), answer));
	fixture_send(&fixture, HUB, answer, update, COUNT(update));
}

static bool is_build(const struct test_file *files, size_t count)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);

	for (size_t i = 0; i < count; i++) {
		if (!has_content(dir, &files[i])) {
			return false;
		}
	}
	return true;
}

/* Another build has the same file: it is not sent again because of one error. */
START_TEST(test_what_another_build_has_received_is_not_given_up)
{
	static const struct test_file other[] = {
		{ "a.pak", MIB, 1, true },
		{ "data/b.pak", MIB, 9, true },
	};
	struct init_answer answer;

	leave_half();
	break_disk("read", _i == 0 ? "journal" : UPLOAD_STAGING_LIST, EIO, 1);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", other, COUNT(other), &answer));
	ck_assert_int_eq(faults_seen, 1);
	ck_assert_int_eq(answer.error.kind, ERROR_IO);
	heal();
	ck_assert(fixture_init(&fixture, HUB, "Game", "", other, COUNT(other), &answer));
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), MIB);
	init_answer_finish(&answer);
}
END_TEST

/* One error: all goes back, and the next try succeeds. */
START_TEST(test_a_move_that_fails_once_goes_back)
{
	struct init_answer answer;
	struct complete_answer complete;

	begin_update(&answer);
	break_disk("rename", "b.pak", EIO, 1);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(faults_seen, 1);
	heal();
	ck_assert_ptr_nonnull(strstr(complete.error.message, "data/b.pak"));
	ck_assert(is_build(game, COUNT(game)));
	ck_assert(!is_build(&update[2], 1));
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert(is_build(update, COUNT(update)));
	init_answer_finish(&answer);
}
END_TEST

#define OPENS 48 /* of "." while a game is installed for the first time; fewer are needed */

static bool is_listed(void)
{
	struct upload_status status = { 0 };

	upload_store_each(fixture.store, take_status, &status);
	return status.upload_id != NULL;
}

/* A folder cannot be opened, once or from then on: there is the whole game, or none of it. */
START_TEST(test_a_first_install_is_whole_or_nothing)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	bool for_good = _i >= OPENS;
	struct init_answer answer;
	struct complete_answer complete;
	bool installed;

	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	fixture_send(&fixture, HUB, &answer, game, COUNT(game));
	break_disk("open", ".", EIO, for_good ? 1000000 : 1);
	fault_skip = _i % OPENS;
	installed = fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete);
	fixture_settle(&fixture);
	heal();
	fixture_stop(&fixture);
	if (!installed && !for_good && strstr(complete.error.message, "will be finished") == NULL) {
		ck_assert_msg(access(dir, F_OK) != 0, "%s", complete.error.message);
	}
	fixture_start(&fixture);
	installed = game_registry_find(fixture.registry, dir) != NULL;
	ck_assert_int_ne(installed, is_listed());
	ck_assert_int_eq(installed, access(dir, F_OK) == 0);
	if (!installed) {
		init_answer_finish(&answer);
		ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
		ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	}
	ck_assert(is_build(game, COUNT(game)));
	init_answer_finish(&answer);
}
END_TEST

/* It is not in somebody's hands because nobody can say: the game would get another name. */
START_TEST(test_a_folder_that_cannot_be_looked_at_is_not_taken)
{
	AUTO(free_ptr) char *dir = xasprintf("%s/Game", fixture.library);
	struct upload_status status = { 0 };
	struct init_answer answer;

	break_disk("lstat", "/Games/Game", EIO, 1);
	ck_assert(!fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	ck_assert_int_eq(faults_seen, 1);
	ck_assert_int_eq(answer.error.kind, ERROR_IO);
	heal();
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	upload_store_each(fixture.store, take_status, &status);
	ck_assert_str_eq(status.dir, dir);
	init_answer_finish(&answer);
}
END_TEST

/* Half moved, and neither forward nor back. */
static void leave_stuck(void)
{
	struct init_answer answer;
	struct complete_answer complete;

	begin_update(&answer);
	strcpy(upload_id, answer.upload_id);
	break_disk("rename", ".pak", EIO, 1000000);
	fault_skip = 1;
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(complete.error.message, "will be finished"));
	ck_assert(!is_build(game, COUNT(game)) && !is_build(update, COUNT(update)));
	init_answer_finish(&answer);
}

static const struct {
	const char *call;
	const char *name;
} at_recovery[] = {
	{ "rename", ".pak" },
	{ "open", "commit.json" },
	{ "read", "commit.json" },
	{ "stat", "a.pak" },
	{ "stat", "b.pak" },
	{ "open", "files" },
	{ "open", "Game" },
};

/* The disk comes back; until then nothing of the commit is given up. */
START_TEST(test_a_commit_ends_when_the_disk_is_back)
{
	struct upload_status status = { 0 };

	leave_stuck();
	break_disk(at_recovery[_i].call, at_recovery[_i].name, EIO, 1000000);
	while (faults_seen == 0) {
		loop_wait(&fixture);
	}
	upload_store_each(fixture.store, take_status, &status);
	ck_assert_int_eq(status.state, UPLOAD_COMPLETING);
	ck_assert(!is_build(update, COUNT(update)));
	heal();
	wait_for_upload(false);
	ck_assert_uint_eq(fixture.installed_count, 1);
	ck_assert(is_build(update, COUNT(update)));
}
END_TEST

/* The same at the next start, which finds the record. */
START_TEST(test_a_commit_ends_at_a_later_start)
{
	leave_stuck();
	fixture_stop(&fixture);
	break_disk(at_recovery[_i].call, at_recovery[_i].name, EIO, 1000000);
	fixture_start(&fixture);
	ck_assert_int_ge(faults_seen, 1);
	ck_assert_uint_ge(fixture.notice_count, 1);
	heal();
	wait_for_upload(false);
	ck_assert_uint_eq(fixture.installed_count, 1);
	ck_assert(is_build(update, COUNT(update)));
}
END_TEST

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The second waits longer than the first, whatever else is looked at meanwhile. */
START_TEST(test_tries_become_rarer)
{
	int64_t first_ms;

	leave_stuck();
	break_disk("open", "commit.json", EIO, 1000000);
	while (faults_seen == 0) {
		loop_wait(&fixture);
	}
	first_ms = now_ms();
	while (faults_seen == 1) {
		loop_wait(&fixture);
	}
	ck_assert_int_ge(now_ms() - first_ms, 1900);
	heal();
}
END_TEST

/* Somebody has cleaned up the card, or finished it on another device. */
START_TEST(test_a_commit_with_nothing_left_of_it_ends)
{
	AUTO(free_ptr) char *staging = NULL;
	AUTO(free_ptr) char *away = xasprintf("%s/.capydeck/away", fixture.library);
	struct init_answer answer;

	leave_stuck();
	staging = xasprintf("%s/.capydeck/uploads/%s", fixture.library, upload_id);
	ck_assert_int_eq(rename(staging, away), 0);
	heal();
	wait_for_upload(false);
	ck_assert_uint_eq(fixture.installed_count, 0);
	ck_assert_ptr_nonnull(strstr(fixture.notice, "upload it again"));
	ck_assert(fixture_init(&fixture, HUB, "Game", "", update, COUNT(update), &answer));
	init_answer_finish(&answer);
}
END_TEST

/* --- Chunks --- */

static const struct test_file plain[] = { { "p.pak", 3 * MIB, 7, false } };

/* Without hashes the tail is sent again and compared: an error is not a difference. */
START_TEST(test_a_tail_that_cannot_be_read_is_no_other_build)
{
	struct init_answer answer;
	struct error err = { 0 };

	ck_assert(fixture_init(&fixture, HUB, "Plain", "", plain, 1, &answer));
	ck_assert_int_eq(fixture_chunk(&fixture, HUB, answer.upload_id, plain, 0, MIB, &err), MIB);
	ck_assert_int_eq(
		fixture_chunk(&fixture, HUB, answer.upload_id, plain, MIB, MIB, &err), 2 * MIB);
	strcpy(upload_id, answer.upload_id);
	init_answer_finish(&answer);
	upload_store_hub_gone(fixture.store, HUB);
	fixture_settle(&fixture);
	ck_assert(fixture_init(&fixture, HUB, "Plain", "", plain, 1, &answer));
	ck_assert_str_eq(answer.upload_id, upload_id);
	ck_assert_int_eq(init_answer_resume(&answer, "p.pak"), MIB);
	break_disk("read", "p.pak", EIO, 1);
	ck_assert_int_lt(fixture_chunk(&fixture, HUB, upload_id, plain, MIB, MIB, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_IO);
	heal();
	ck_assert_int_eq(fixture_chunk(&fixture, HUB, upload_id, plain, MIB, MIB, &err), 2 * MIB);
	init_answer_finish(&answer);
}
END_TEST

/* What replaces bytes on the disk is not on the disk before it is synced. */
START_TEST(test_a_chunk_that_is_sent_again_is_synced_again)
{
	struct init_answer answer;
	struct error err = { 0 };

	leave_half();
	ck_assert(fixture_init(&fixture, HUB, "Game", "", game, COUNT(game), &answer));
	syncs_seen = 0;
	ck_assert_int_eq(fixture_chunk(&fixture, HUB, upload_id, game, 0, 1000, &err), MIB);
	upload_store_hub_gone(fixture.store, HUB);
	fixture_settle(&fixture);
	ck_assert_int_eq(syncs_seen, 1);
	init_answer_finish(&answer);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("unreadable");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, test_an_upload_is_there_again_when_it_can_be_read, 0,
		(int)(COUNT(at_start) * COUNT(numbers)));
	tcase_add_loop_test(tests, test_a_library_is_there_again_when_it_can_be_read, 0,
		2 * (int)COUNT(numbers));
	tcase_add_test(tests, test_an_upload_that_cannot_be_read_is_told_once);
	tcase_add_loop_test(tests, test_what_was_received_survives_a_resume_that_fails, 0,
		(int)(COUNT(at_resume) * COUNT(numbers)));
	tcase_add_loop_test(tests, test_what_another_build_has_received_is_not_given_up, 0, 2);
	tcase_add_test(tests, test_a_move_that_fails_once_goes_back);
	tcase_add_test(tests, test_a_folder_that_cannot_be_looked_at_is_not_taken);
	tcase_add_loop_test(tests, test_a_first_install_is_whole_or_nothing, 0, 2 * OPENS);
	tcase_add_loop_test(
		tests, test_a_commit_ends_when_the_disk_is_back, 0, (int)COUNT(at_recovery));
	tcase_add_loop_test(tests, test_a_commit_ends_at_a_later_start, 0, (int)COUNT(at_recovery));
	tcase_add_test(tests, test_tries_become_rarer);
	tcase_add_test(tests, test_a_commit_with_nothing_left_of_it_ends);
	tcase_add_test(tests, test_a_tail_that_cannot_be_read_is_no_other_build);
	tcase_add_test(tests, test_a_chunk_that_is_sent_again_is_synced_again);
	return run_tcase(tests);
}
