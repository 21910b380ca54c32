#include "library/libraries.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "folder.h"
#include "library/game_registry.h"
#include "suite.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

/*
 * Cards are tmpfs mounts in a mount namespace of the test's own: each has a file system, and so a
 * UUID, of its own, and keeps its files while it is mounted elsewhere.
 */
static char home[FOLDER_BYTES];
static char place[FOLDER_BYTES + 32]; /* <home>/card/Games: card is the mount point */
static struct loop *loop;
static struct libraries *libraries;
static struct game_registry *registry;
static struct strvec extra;
static unsigned arrived_count, left_count, changed_count;
static struct error err;
static bool own_mounts; /* in a mount namespace of the test's own */

/* The disk does not answer when .capydeck is looked at, or when it is opened. */
enum answers { ANSWERS_ALL, NO_ANSWER_TO_LOOKING, NO_ANSWER_TO_OPENING };
static enum answers answers;

static bool is_unanswered(long number, const char *path, const struct open_how *how)
{
	if (answers == ANSWERS_ALL || number != SYS_openat2) {
		return false;
	}
	return answers == NO_ANSWER_TO_LOOKING
		       ? strcmp(path, ".capydeck") == 0 && (how->flags & O_PATH) != 0
		       : strcmp(path, ".capydeck/") == 0;
}

long syscall(long number, ...)
{
	static long (*real)(long number, ...);
	long values[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++) {
		values[i] = va_arg(list, long);
	}
	va_end(list);
	if (is_unanswered(number, (const char *)values[1], (const struct open_how *)values[2])) {
		errno = EIO;
		return -1;
	}
	if (real == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	}
	return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static char *in_home(const char *name)
{
	return xasprintf("%s/%s", home, name);
}

static bool is_folder(const char *path)
{
	struct stat stat_of;

	return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static void make(const char *path)
{
	ck_assert_msg(make_dirs(path, 0755, &err), "%s", err.message);
}

static bool on_count(
	void *user, const char *id, const char *root, struct library_held *held, bool *seen)
{
	for (size_t i = 0; i < game_registry_count(registry); i++) {
		const struct game *game = game_registry_at(registry, i);
		bool known = *id != '\0' && *game->library != '\0';

		if (known ? strcmp(game->library, id) == 0
			  : strncmp(game->dir, root, strlen(root)) == 0) {
			held->games++;
			if (seen != NULL) {
				*seen |= is_folder(game->dir);
			}
		}
	}
	return true;
}

static void on_arrived(void *user, const struct library *library)
{
	arrived_count++;
}

static void on_left(void *user, const struct library *library)
{
	left_count++;
}

static void on_changed(void *user)
{
	changed_count++;
}

static void start(void)
{
	AUTO(free_ptr) char *state = in_home("state");
	AUTO(free_ptr) char *games = in_home("state/games.json");
	AUTO(free_ptr) char *notice = NULL;

	registry = game_registry_create(games, &notice);
	libraries = libraries_create(
		&(struct libraries_options){
			.loop = loop,
			.state_dir = state,
			.home = home,
			.library_path = "~/Games",
			.library_extra = &extra,
			.count = on_count,
			.arrived = on_arrived,
			.left = on_left,
			.changed = on_changed,
		},
		&notice);
	ck_assert_msg(notice == NULL, "%s", notice);
	libraries_start(libraries);
}

static void stop(void)
{
	libraries_destroy(libraries);
	game_registry_destroy(registry);
}

static void restart(void)
{
	stop();
	start();
}

static void setup(void)
{
	own_mounts = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	folder_make(home);
	snprintf(place, sizeof(place), "%s/card/Games", home);
	strvec_push(&extra, place);
	arrived_count = left_count = changed_count = 0;
	answers = ANSWERS_ALL;
	err = (struct error){ 0 };
	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create();
	start();
}

static void teardown(void)
{
	stop();
	loop_destroy(loop);
	strvec_finish(&extra);
	folder_remove(home);
}

/* Until *count is at least that. */
static void wait_for(const unsigned *count, unsigned wanted)
{
	struct pollfd poll_fd = { .fd = loop_fd(loop), .events = POLLIN };

	while (*count < wanted) {
		ck_assert_int_gt(poll(&poll_fd, 1, 60 * 1000), 0);
		loop_dispatch(loop);
	}
}

/* The one that is listed for that folder first. */
static const struct library *at(const char *folder)
{
	for (size_t i = 0; i < libraries_count(libraries); i++) {
		const struct library *library = libraries_at(libraries, i);

		if (strcmp(library->place, folder) == 0) {
			return library;
		}
	}
	ck_abort_msg("no library in '%s'", folder);
}

/* Its id; caller frees. */
static char *claim(const char *root)
{
	char *id = NULL;

	ck_assert_msg(libraries_claim(libraries, root, &id, &err), "%s", err.message);
	return id;
}

static void ck_claim_refused(const char *root, const char *named)
{
	char *id = NULL;

	ck_assert(!libraries_claim(libraries, root, &id, &err));
	ck_assert_ptr_null(id);
	ck_assert_msg(strstr(err.message, named) != NULL, "%s", err.message);
}

static void install(const char *library, const char *dir)
{
	struct game game = {
		.dir = xstrdup(dir), .name = xstrdup("Doom"), .library = xstrdup(library)
	};

	ck_assert_msg(game_registry_put(registry, &game, &err), "%s", err.message);
	game_finish(&game);
}

/* A library that holds "Doom"; its id; caller frees. */
static char *claim_with_game(const char *root)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", root);
	char *id = claim(root);

	make(doom);
	install(id, doom);
	return id;
}

static bool check_game(const char *dir)
{
	return libraries_check_game(
		libraries, game_registry_find(registry, dir), "delete it", &err);
}

/* --- In a home --- */

START_TEST(test_the_first_use_makes_and_marks_it)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *marker = in_home("Games/.capydeck/library.json");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(free_ptr) char *id = NULL;
	AUTO(free_ptr) char *again = NULL;
	AUTO(close_fd) int fd = -1;

	ck_assert_int_eq(at(games)->presence, LIBRARY_UNUSED);
	ck_assert(at(games)->is_default);
	ck_assert(!is_folder(games));
	id = claim(games);
	ck_assert(is_folder(games));
	ck_assert(atomic_file_read(marker, 4096, &text, &err));
	ck_assert_ptr_nonnull(strstr(text.data, id));
	again = claim(games);
	ck_assert_str_eq(again, id);
	fd = library_open(games, id, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(library_open(games, "00000000000000000000000000000000", &err), 0);
	restart();
	ck_assert_int_eq(at(games)->presence, LIBRARY_PRESENT);
	ck_assert_str_eq(at(games)->id, id);
	ck_assert_str_eq(at(games)->problem, "");
	ck_assert_int_gt(at(games)->total_bytes, 0);
}
END_TEST

/* Whoever removed the marker, or broke it: it is the same file system. */
START_TEST(test_a_lost_marker_is_written_again)
{
	static const char *const contents[] = { NULL, "", "{}", "{\"version\":1,\"id\":\"../x\"}",
		"{\"version\":2,\"id\":\"00000000000000000000000000000000\"}", "\xff\xfe" };
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *marker = in_home("Games/.capydeck/library.json");
	AUTO(free_ptr) char *id = claim(games);
	AUTO(free_ptr) char *again = NULL;

	ck_assert_int_eq(unlink(marker), 0);
	if (contents[_i] != NULL) {
		ck_assert(
			atomic_file_write(marker, contents[_i], strlen(contents[_i]), 0644, &err));
	}
	restart();
	ck_assert_str_eq(at(games)->id, id);
	again = claim(games);
	ck_assert_str_eq(again, id);
}
END_TEST

START_TEST(test_a_folder_that_is_gone_is_not_made_again_while_games_are_registered)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *elsewhere = in_home("Moved");
	AUTO(free_ptr) char *doom = in_home("Games/Doom");
	AUTO(free_ptr) char *id = claim_with_game(games);

	libraries_count_again(libraries);
	ck_assert_int_eq(rename(games, elsewhere), 0);
	wait_for(&left_count, 1); /* by the watch */
	ck_claim_refused(games, "is gone; move it back");
	ck_assert(!is_folder(games));
	ck_assert(!check_game(doom));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_int_eq(rename(elsewhere, games), 0);
	wait_for(&arrived_count, 1);
	ck_assert(check_game(doom));
	/* Deleted by hand, and made anew: the owner goes on without. */
	ck_assert_int_eq(rename(games, elsewhere), 0);
	wait_for(&left_count, 2);
	make(games);
	wait_for(&arrived_count, 2);
	ck_assert_str_eq(at(games)->id, id);
	ck_assert(check_game(doom));
}
END_TEST

START_TEST(test_an_empty_library_may_be_made_again)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *elsewhere = in_home("Moved");
	AUTO(free_ptr) char *id = claim(games);
	AUTO(free_ptr) char *next = NULL;

	ck_assert_int_eq(rename(games, elsewhere), 0);
	next = claim(games);
	ck_assert(is_folder(games));
	ck_assert_str_ne(next, id);
}
END_TEST

/* An earlier build left games.json and nothing else. */
START_TEST(test_an_earlier_home_is_taken_over)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *doom = in_home("Games/Doom");

	install("", doom);
	restart();
	ck_assert_int_eq(at(games)->presence, LIBRARY_AWAY);
	ck_claim_refused(games, "is not there");
	ck_assert(!check_game(doom));
	ck_assert(!is_folder(games));
	make(doom);
	wait_for(&arrived_count, 1);
	ck_assert_int_eq(at(games)->presence, LIBRARY_PRESENT);
	ck_assert_str_ne(at(games)->id, "");
	ck_assert(check_game(doom));
}
END_TEST

START_TEST(test_an_earlier_home_with_an_empty_folder_is_away)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *doom = in_home("Games/Doom");

	install("", doom);
	make(games);
	restart();
	ck_assert_int_eq(at(games)->presence, LIBRARY_AWAY);
	ck_claim_refused(games, "is not there");
}
END_TEST

/* --- In the way --- */

START_TEST(test_what_is_not_a_folder_is_refused)
{
	AUTO(free_ptr) char *games = in_home("Games");

	ck_assert(atomic_file_write(games, "x", 1, 0644, &err));
	ck_claim_refused(games, "is not a folder");
	ck_assert_int_eq(unlink(games), 0);
	ck_assert_int_eq(symlink("/nowhere/Games", games), 0);
	ck_claim_refused(games, "is a link to '/nowhere/Games', which does not exist");
	ck_assert_int_eq(unlink(games), 0);
	free(claim(games));
}
END_TEST

/* Where our own folders have to be, and until it is moved away. */
START_TEST(test_what_is_in_the_way_of_our_folders_is_named)
{
	static const struct {
		const char *path;
		bool is_link;
		const char *named;
	} cases[] = {
		{ ".capydeck", false, "'.capydeck' there is not a folder; move it away" },
		{ ".capydeck", true, "'.capydeck' there is a link, not a folder; move it away" },
		{ ".capydeck/uploads", false,
			"'.capydeck/uploads' there is not a folder; move it away" },
		{ ".capydeck/uploads", true,
			"'.capydeck/uploads' there is a link, not a folder; move it away" },
	};
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *first = claim(games);
	AUTO(free_ptr) char *again = NULL;
	AUTO(free_ptr) char *path = xasprintf("%s/%s", games, cases[_i].path);
	AUTO(free_ptr) char *aside = in_home("aside");
	bool is_whole = strcmp(cases[_i].path, ".capydeck") == 0;

	if (is_whole) {
		ck_assert_int_eq(rename(path, aside), 0);
	}
	if (cases[_i].is_link) {
		ck_assert_int_eq(symlink("/nowhere", path), 0);
	} else {
		ck_assert(atomic_file_write(path, "x", 1, 0644, &err));
	}
	ck_claim_refused(games, cases[_i].named);
	libraries_look(libraries);
	ck_assert(!at(games)->writable);
	ck_assert_ptr_nonnull(strstr(at(games)->problem, cases[_i].named));
	if (is_whole) {
		ck_assert_int_lt(library_open(games, first, &err), 0);
		ck_assert_ptr_nonnull(strstr(err.message, cases[_i].named));
	}
	ck_assert_int_eq(unlink(path), 0);
	again = claim(games);
	ck_assert_str_eq(again, first);
}
END_TEST

START_TEST(test_a_failing_disk_is_named)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *id = claim(games);
	AUTO(free_ptr)
	char *named = xasprintf("the disk of the library '%s' does not answer as it should: "
				"cannot open 'd3/f33': %s; check the disk",
		games, strerror(EIO));
	AUTO(free_ptr) char *aside = in_home("aside");
	struct error cause = { 0 };

	errno = EIO;
	error_set_errno(&err, "cannot open 'd3/f33'");
	libraries_explain(libraries, games, id, &err);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_str_eq(err.message, named);
	/* Also what it caused, in whatever words. */
	errno = EUCLEAN;
	error_set_errno(&cause, "cannot open 'd3/f33'");
	error_set_because(&err, &cause, "what was received of 'Doom' cannot be read now");
	libraries_explain(libraries, games, id, &err);
	ck_assert_ptr_nonnull(strstr(err.message, "does not answer as it should"));
	/* Something else that failed, whatever its name says. */
	errno = EACCES;
	error_set_errno(&err, "cannot open '%s'", strerror(EIO));
	libraries_explain(libraries, games, id, &err);
	ck_assert_ptr_null(strstr(err.message, "does not answer"));
	/* One that cannot even be looked at: whatever failed, it is that. */
	ck_assert_int_eq(rename(games, aside), 0);
	ck_assert_int_eq(symlink(games, games), 0);
	libraries_explain(libraries, games, id, &err);
	ck_assert_ptr_nonnull(strstr(err.message, "does not answer as it should"));
}
END_TEST

/* It is not known whether it is the one that has the game: it is neither made nor marked again. */
START_TEST(test_a_folder_of_ours_that_cannot_be_examined_now)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *doom = in_home("Games/Doom");
	AUTO(free_ptr) char *marker = in_home("Games/.capydeck/library.json");
	AUTO(free_ptr) char *id = claim_with_game(games);
	AUTO(strbuf_finish) struct strbuf before = { 0 }, after = { 0 };
	AUTO(free_ptr)
	char *sentence = xasprintf("the library '%s' cannot be read now: ", games);

	ck_assert(atomic_file_read(marker, 4096, &before, &err));
	answers = (enum answers)_i;
	libraries_look(libraries);
	ck_assert_int_eq(at(games)->presence, LIBRARY_UNREADABLE);
	ck_assert_uint_eq(left_count, 1);
	ck_assert_msg(strstr(at(games)->problem, sentence) == at(games)->problem, "%s",
		at(games)->problem);
	ck_assert_ptr_nonnull(strstr(at(games)->problem, strerror(EIO)));
	ck_claim_refused(games, sentence);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(!check_game(doom));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
	restart();
	ck_assert_int_eq(at(games)->presence, LIBRARY_UNREADABLE);
	ck_assert(!libraries_check_forgettable(libraries, id, &err));
	/* Nothing tells that it answers again: it is asked. */
	answers = ANSWERS_ALL;
	wait_for(&arrived_count, 1);
	ck_assert_str_eq(at(games)->id, id);
	ck_assert(check_game(doom));
	ck_assert(atomic_file_read(marker, 4096, &after, &err));
	ck_assert_str_eq(before.data, after.data);
}
END_TEST

/* Without a marker or a UUID nothing would tell it from another one the next time. */
START_TEST(test_what_cannot_be_recognised_gets_no_id)
{
	strvec_push(&extra, "/proc");
	libraries_configure(libraries, "~/Games", &extra);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(at("/proc")->presence, LIBRARY_UNUSED);
		ck_assert_str_eq(at("/proc")->id, "");
		libraries_look(libraries);
	}
	ck_assert_uint_eq(arrived_count, 0);
	ck_assert_uint_eq(left_count, 0);
	ck_claim_refused("/proc", "games cannot be installed in '/proc'");
	ck_assert(!libraries_check_forgettable(libraries, "", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_a_list_that_cannot_be_read_now_is_not_replaced)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *list = in_home("state/libraries.json");
	AUTO(free_ptr) char *aside = in_home("aside");
	AUTO(free_ptr) char *id = claim(games);
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *state = in_home("state");
	AUTO(free_ptr) char *again = NULL;

	libraries_destroy(libraries);
	/* Root may read any file, but no folder. */
	ck_assert_int_eq(rename(list, aside), 0);
	ck_assert_int_eq(mkdir(list, 0700), 0);
	libraries = libraries_create(&(struct libraries_options){ .loop = loop,
					     .state_dir = state,
					     .home = home,
					     .library_path = "~/Games",
					     .count = on_count },
		&notice);
	libraries_start(libraries);
	ck_assert_str_eq(at(games)->id, id); /* by its marker */
	ck_claim_refused(games, "libraries.json");
	ck_assert_int_eq(rmdir(list), 0);
	ck_assert_int_eq(rename(aside, list), 0);
	again = claim(games);
	ck_assert_str_eq(again, id);
}
END_TEST

/* --- Cards --- */

static bool can_mount(void)
{
	if (!own_mounts) {
		fprintf(stderr, "skipped: needs root and a mount namespace of its own\n");
	}
	return own_mounts;
}

static void insert(const char *name)
{
	AUTO(free_ptr) char *card = in_home("card");
	AUTO(free_ptr) char *from = in_home(name);

	make(card);
	if (!is_folder(from)) {
		make(from);
		ck_assert_int_eq(mount(name, from, "tmpfs", 0, "size=1m"), 0);
	}
	ck_assert_int_eq(mount(from, card, NULL, MS_BIND, NULL), 0);
}

/* False: there are no cards on this machine. */
static bool insert_first(const char *name)
{
	if (!can_mount()) {
		return false;
	}
	insert(name);
	return true;
}

static void take_out(void)
{
	AUTO(free_ptr) char *card = in_home("card");

	ck_assert_int_eq(umount(card), 0);
}

static void throw_away(const char *name)
{
	AUTO(free_ptr) char *from = in_home(name);

	ck_assert_int_eq(umount2(from, MNT_DETACH), 0);
}

START_TEST(test_a_bare_mount_point_is_not_the_card)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *id = NULL;
	AUTO(free_ptr) char *again = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim_with_game(place);
	take_out();
	wait_for(&left_count, 1);
	ck_assert_int_eq(at(place)->presence, LIBRARY_AWAY);
	ck_assert_int_eq(at(place)->held.games, 1);
	ck_claim_refused(place, "is on the card 'card', which is not inserted; insert it");
	make(place); /* as an earlier build did */
	ck_claim_refused(place, "is on the card 'card', which is not inserted; insert it");
	ck_assert(!check_game(doom));
	ck_assert_str_eq(err.message,
		"'Doom' is on the card 'card', which is not inserted; insert it, then delete it");
	restart();
	ck_claim_refused(place, "is on the card 'card', which is not inserted; insert it");
	insert("A");
	wait_for(&arrived_count, 1);
	ck_assert(check_game(doom));
	again = claim(place);
	ck_assert_str_eq(again, id);
	take_out();
	throw_away("A");
}
END_TEST

START_TEST(test_another_card_in_its_place_is_another_library)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *first = NULL;
	AUTO(free_ptr) char *second = NULL;
	AUTO(free_ptr) char *back = NULL;

	if (!insert_first("A")) {
		return;
	}
	first = claim_with_game(place);
	take_out();
	insert("B");
	second = claim(place);
	ck_assert_str_ne(first, second);
	ck_assert(!check_game(doom));
	ck_assert_ptr_nonnull(strstr(err.message, "another card is in its place"));
	restart();
	ck_assert_str_eq(at(place)->id, second);
	/* Both are listed: the first for its game. */
	ck_assert_uint_eq(libraries_count(libraries), 3);
	ck_assert_int_eq(libraries_at(libraries, 2)->presence, LIBRARY_AWAY);
	ck_assert_int_eq(libraries_at(libraries, 2)->held.games, 1);
	take_out();
	insert("A");
	back = claim(place);
	ck_assert_str_eq(back, first);
	ck_assert(check_game(doom));
	take_out();
	throw_away("A");
	throw_away("B");
}
END_TEST

START_TEST(test_a_new_card_in_the_place_of_another_holds_nothing)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *first = NULL;

	if (!insert_first("A")) {
		return;
	}
	first = claim_with_game(place);
	take_out();
	insert("B");
	libraries_look(libraries);
	ck_assert_int_eq(at(place)->presence, LIBRARY_UNUSED);
	ck_assert_int_eq(at(place)->held.games, 0);
	libraries_count_again(libraries);
	ck_assert_int_eq(at(place)->held.games, 0);
	ck_assert_int_eq(libraries_at(libraries, 2)->held.games, 1);
	take_out();
	throw_away("A");
	throw_away("B");
}
END_TEST

START_TEST(test_a_failing_card_is_named)
{
	AUTO(free_ptr) char *id = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim(place);
	errno = EIO;
	error_set_errno(&err, "cannot open 'd3/f33'");
	libraries_explain(libraries, place, id, &err);
	ck_assert_ptr_nonnull(strstr(err.message, "the card 'card' does not answer"));
	ck_assert_ptr_nonnull(strstr(err.message, "insert the card again, or check it in a PC"));
	take_out();
	throw_away("A");
}
END_TEST

/* The card is mounted at slot, with its folder at slot/Games. */
static void insert_at(const char *slot, const char *name)
{
	AUTO(free_ptr) char *from = in_home(name);

	make(slot);
	ck_assert_int_eq(mount(from, slot, NULL, MS_BIND, NULL), 0);
}

START_TEST(test_a_card_at_another_mount_point_is_recognised)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *slot = in_home("slot");
	AUTO(free_ptr) char *there = in_home("slot/Games");
	AUTO(free_ptr)
	char *sentence = xasprintf(
		"is on the card 'card', which is mounted at '%s' instead of '%s/card'; eject it "
		"and insert it again, or mount it there",
		slot, home);
	AUTO(free_ptr) char *id = NULL;
	AUTO(free_ptr) char *again = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim_with_game(place);
	take_out();
	insert_at(slot, "A");
	strvec_push(&extra, there);
	libraries_configure(libraries, "~/Games", &extra);
	/* At the first look, whichever of the places is looked at first. */
	ck_assert_int_eq(at(there)->presence, LIBRARY_PRESENT);
	ck_assert_str_eq(at(there)->id, id);
	ck_assert_int_eq(at(there)->held.games, 1);
	ck_assert_msg(strstr(at(there)->problem, sentence) != NULL, "%s", at(there)->problem);
	ck_assert_int_eq(at(place)->presence, LIBRARY_AWAY);
	ck_assert(at(place)->is_repeated);
	ck_assert(libraries_is_elsewhere(libraries, game_registry_find(registry, doom)));
	ck_claim_refused(place, sentence);
	ck_assert(!check_game(doom));
	ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
	again = claim(there); /* for new games */
	ck_assert_str_eq(again, id);
	/* Another card in its place changes only the remedy. */
	insert("B");
	libraries_look(libraries);
	ck_assert(!check_game(doom));
	ck_assert_ptr_nonnull(strstr(err.message, "eject both cards and insert this one first"));
	take_out();
	/* It is back. */
	ck_assert_int_eq(umount(slot), 0);
	insert("A");
	libraries_look(libraries);
	ck_assert_int_eq(at(place)->presence, LIBRARY_PRESENT);
	ck_assert_str_eq(at(place)->problem, "");
	ck_assert(at(there)->is_repeated);
	ck_assert_int_eq(at(there)->held.games, 0);
	ck_assert(check_game(doom));
	take_out();
	throw_away("A");
	throw_away("B");
}
END_TEST

/* A copy has the marker, too, but is on another file system. */
START_TEST(test_a_copy_of_a_card_is_not_the_card)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *command = NULL;
	AUTO(free_ptr) char *id = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim_with_game(place);
	command = xasprintf("cp -a '%s' '%s'", place, games);
	ck_assert_int_eq(system(command), 0);
	take_out();
	libraries_look(libraries);
	ck_assert_str_eq(at(games)->id, id);
	ck_assert_str_eq(at(games)->problem, "");
	ck_assert(!at(place)->is_repeated);
	ck_assert(!libraries_is_elsewhere(libraries, game_registry_find(registry, doom)));
	ck_assert_ptr_nonnull(strstr(at(place)->problem, "is not inserted; insert it"));
	throw_away("A");
}
END_TEST

START_TEST(test_a_folder_that_was_moved_is_recognised)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *doom = in_home("Games/Doom");
	AUTO(free_ptr) char *moved = in_home("Moved");
	AUTO(free_ptr) char *sentence = NULL;
	AUTO(free_ptr) char *id = claim_with_game(games);

	ck_assert_int_eq(rename(games, moved), 0);
	libraries_configure(libraries, moved, &extra);
	sentence = xasprintf("the library folder '%s' is now at '%s'; move it back", games, moved);
	ck_assert_str_eq(at(moved)->problem, sentence);
	ck_assert_str_eq(at(games)->problem, sentence);
	ck_assert(at(games)->is_repeated);
	ck_assert(!check_game(doom));
	ck_assert_int_eq(rename(moved, games), 0);
	ck_assert(check_game(doom));
}
END_TEST

START_TEST(test_a_card_that_was_only_seen_is_missed)
{
	if (!insert_first("A")) {
		return;
	}
	libraries_look(libraries);
	take_out();
	make(place); /* what is beneath is no card */
	ck_claim_refused(place, "is on the card 'card', which is not inserted");
	insert("A");
	free(claim(place));
	take_out();
	throw_away("A");
}
END_TEST

START_TEST(test_a_card_over_a_folder_in_use_is_another_library)
{
	AUTO(free_ptr) char *below = NULL;
	AUTO(free_ptr) char *above = NULL;
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);

	if (!can_mount()) {
		return;
	}
	below = claim_with_game(place);
	insert("A");
	above = claim(place);
	ck_assert_str_ne(above, below);
	ck_assert(!check_game(doom));
	take_out();
	ck_assert(check_game(doom));
	throw_away("A");
}
END_TEST

START_TEST(test_each_state_of_a_card_has_its_sentence)
{
	AUTO(free_ptr) char *card = in_home("card");
	AUTO(free_ptr) char *id = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim(place);
	ck_assert_int_eq(mount(NULL, card, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	wait_for(&left_count, 1);
	ck_assert_int_eq(at(place)->presence, LIBRARY_PRESENT);
	ck_assert(!at(place)->writable);
	ck_claim_refused(place, "is mounted read-only");
	ck_assert_int_eq(mount(NULL, card, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL), 0);
	wait_for(&arrived_count, 1);
	ck_assert(at(place)->writable);
	ck_assert(!at(place)->executable);
	ck_assert_ptr_nonnull(strstr(at(place)->problem, "will not start"));
	free(claim(place)); /* allowed */
	take_out();
	throw_away("A");
}
END_TEST

START_TEST(test_a_link_to_a_card)
{
	AUTO(free_ptr) char *games = in_home("Games");
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *id = NULL;

	if (!insert_first("A")) {
		return;
	}
	make(place);
	ck_assert_int_eq(symlink(place, games), 0);
	id = claim_with_game(place);
	restart();
	ck_assert_int_eq(at(games)->presence, LIBRARY_PRESENT);
	take_out();
	wait_for(&left_count, 1);
	ck_assert_int_eq(at(games)->presence, LIBRARY_AWAY);
	ck_assert(!check_game(doom));
	throw_away("A");
}
END_TEST

START_TEST(test_a_lost_card_can_be_forgotten)
{
	AUTO(free_ptr) char *doom = xasprintf("%s/Doom", place);
	AUTO(free_ptr) char *id = NULL;

	if (!insert_first("A")) {
		return;
	}
	id = claim(place);
	install(id, doom);
	ck_assert(!libraries_forget(libraries, id, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	take_out();
	wait_for(&left_count, 1);
	ck_assert_msg(libraries_forget(libraries, id, &err), "%s", err.message);
	ck_assert(!libraries_forget(libraries, id, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	throw_away("A");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("libraries");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_the_first_use_makes_and_marks_it);
	tcase_add_loop_test(tcase, test_a_lost_marker_is_written_again, 0, 6);
	tcase_add_test(
		tcase, test_a_folder_that_is_gone_is_not_made_again_while_games_are_registered);
	tcase_add_test(tcase, test_an_empty_library_may_be_made_again);
	tcase_add_test(tcase, test_an_earlier_home_is_taken_over);
	tcase_add_test(tcase, test_an_earlier_home_with_an_empty_folder_is_away);
	tcase_add_test(tcase, test_what_is_not_a_folder_is_refused);
	tcase_add_loop_test(tcase, test_what_is_in_the_way_of_our_folders_is_named, 0, 4);
	tcase_add_test(tcase, test_a_failing_disk_is_named);
	tcase_add_loop_test(tcase, test_a_folder_of_ours_that_cannot_be_examined_now,
		NO_ANSWER_TO_LOOKING, NO_ANSWER_TO_OPENING + 1);
	tcase_add_test(tcase, test_what_cannot_be_recognised_gets_no_id);
	tcase_add_test(tcase, test_a_list_that_cannot_be_read_now_is_not_replaced);
	tcase_add_test(tcase, test_a_bare_mount_point_is_not_the_card);
	tcase_add_test(tcase, test_another_card_in_its_place_is_another_library);
	tcase_add_test(tcase, test_a_new_card_in_the_place_of_another_holds_nothing);
	tcase_add_test(tcase, test_a_failing_card_is_named);
	tcase_add_test(tcase, test_a_card_at_another_mount_point_is_recognised);
	tcase_add_test(tcase, test_a_copy_of_a_card_is_not_the_card);
	tcase_add_test(tcase, test_a_folder_that_was_moved_is_recognised);
	tcase_add_test(tcase, test_a_card_that_was_only_seen_is_missed);
	tcase_add_test(tcase, test_a_card_over_a_folder_in_use_is_another_library);
	tcase_add_test(tcase, test_each_state_of_a_card_has_its_sentence);
	tcase_add_test(tcase, test_a_link_to_a_card);
	tcase_add_test(tcase, test_a_lost_card_can_be_forgotten);
	return run_tcase(tcase);
}
