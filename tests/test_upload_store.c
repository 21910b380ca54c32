#include "core/cleanup.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/upload_journal.h"
#include "upload/upload_staging.h"
#include "upload/upload_store.h"
#include "upload_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB (INT64_C(1024) * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct upload_fixture fixture;

static void setup(void)
{
	fixture_make_home(&fixture);
	fixture_start(&fixture);
}

static void teardown(void)
{
	fixture_stop(&fixture);
	fixture_remove_home(&fixture);
}

static const struct test_file small_game[] = {
	{ "bin/game", 5000, 1, true },
	{ "data/level one.pak", 3 * MIB + 17, 2, true },
	{ "data/maps/a.map", 4096, 3, true },
	{ "empty/keep.me", 0, 0, true },
	{ "readme.txt", 12, 5, true },
};

static char *game_dir(const char *name)
{
	return xasprintf("%s/%s", fixture.library, name);
}

static void install(const char *name, const struct test_file *files, size_t count)
{
	struct init_answer answer;
	struct complete_answer complete;

	ck_assert_msg(fixture_init(&fixture, HUB, name, "", files, count, &answer), "%s",
		answer.error.message);
	fixture_send(&fixture, HUB, &answer, files, count);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	init_answer_finish(&answer);
	fixture_settle(&fixture);
}

static void expect_content(const char *name, const struct test_file *files, size_t count)
{
	AUTO(free_ptr) char *dir = game_dir(name);

	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(has_content(dir, &files[i]), "%s/%s differs", dir, files[i].path);
	}
}

START_TEST(test_a_game_is_installed)
{
	AUTO(free_ptr) char *dir = game_dir("Small Game");
	struct init_answer answer;
	struct complete_answer complete;
	const struct game *game;

	ck_assert_msg(fixture_init(&fixture, HUB, "Small Game", NULL, small_game, COUNT(small_game),
			      &answer),
		"%s", answer.error.message);
	ck_assert_uint_eq(answer.resume_from.count, 0);
	ck_assert(!path_exists(fixture.library, "Small Game"));
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	ck_assert(!path_exists(fixture.library, "Small Game"));
	ck_assert_uint_eq(fixture.progress_count, 7);
	ck_assert_int_eq(fixture.last_transferred, 5000 + 3 * MIB + 17 + 4096 + 12);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	ck_assert_str_eq(complete.dir, dir);
	expect_content("Small Game", small_game, COUNT(small_game));
	fixture_settle(&fixture);
	ck_assert(!path_exists(fixture.library, ".capydeck/uploads/x"));
	game = game_registry_find(fixture.registry, dir);
	ck_assert_ptr_nonnull(game);
	ck_assert_str_eq(game->name, "Small Game");
	ck_assert_str_eq(game->executable, "bin/game");
	ck_assert_str_eq(game->pending, TEST_PENDING);
	ck_assert_int_eq(game->file_count, COUNT(small_game));
	/* A late cancel is not an error, and changes nothing. */
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, NULL));
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

/* Begins an upload that must work; the answer must be finished. */
static void begin(const char *hub, const char *name, const struct test_file *files, size_t count,
	struct init_answer *answer)
{
	ck_assert_msg(fixture_init(&fixture, hub, name, "", files, count, answer), "%s",
		answer->error.message);
}

static void restart(void)
{
	fixture_stop(&fixture);
	fixture_start(&fixture);
}

static void finish_upload(
	const char *name, struct init_answer *answer, const struct test_file *files, size_t count)
{
	struct complete_answer complete;

	fixture_send(&fixture, HUB, answer, files, count);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer->upload_id, NULL, &complete), "%s",
		complete.error.message);
	expect_content(name, files, count);
	init_answer_finish(answer);
	fixture_settle(&fixture);
}

/* What the PC no longer has goes, if it is ours and unchanged. */
START_TEST(test_an_update_removes_what_is_no_longer_in_the_manifest)
{
	static const struct test_file newer[] = {
		{ "bin/game", 6000, 11, true },
		{ "data/maps/b.map", 100, 12, true },
	};
	AUTO(free_ptr) char *dir = game_dir("Small Game");

	install("Small Game", small_game, COUNT(small_game));
	put_file(dir, "saves/slot 1", "my save");
	put_file(dir, "readme.txt", "my notes");
	install("Small Game", newer, COUNT(newer));
	expect_content("Small Game", newer, COUNT(newer));
	ck_assert(path_exists(dir, "saves/slot 1"));
	ck_assert(path_exists(dir, "readme.txt"));
	ck_assert(!path_exists(dir, "data/level one.pak"));
	ck_assert(!path_exists(dir, "data/maps/a.map"));
	ck_assert_uint_eq(game_registry_count(fixture.registry), 1);
}
END_TEST

START_TEST(test_execute_bits_are_set)
{
	static const struct test_file files[] = {
		{ "bin/game", 100, 1, false },
		{ "bin/other", 100, 1, false },
		{ "run.sh", 100, 1, false },
	};
	AUTO(free_ptr) char *dir = game_dir("Bits");
	AUTO(free_ptr) char *game = xasprintf("%s/bin/game", dir);
	AUTO(free_ptr) char *other = xasprintf("%s/bin/other", dir);
	AUTO(free_ptr) char *script = xasprintf("%s/run.sh", dir);
	AUTO(free_ptr) char *absolute = xasprintf("%s/RUN.sh", dir);
	struct init_answer answer;
	struct complete_answer complete;
	struct stat stat_of;

	begin(HUB, "Bits", files, COUNT(files), &answer);
	fixture_send(&fixture, HUB, &answer, files, COUNT(files));
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, "../run.sh", &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_INVALID);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, absolute, &complete));
	ck_assert_int_eq(stat(game, &stat_of), 0);
	ck_assert_int_eq(stat_of.st_mode & 0777, 0755);
	ck_assert_int_eq(stat(script, &stat_of), 0);
	ck_assert_int_eq(stat_of.st_mode & 0777, 0755);
	ck_assert_int_eq(stat(other, &stat_of), 0);
	ck_assert_int_eq(stat_of.st_mode & 0111, 0);
	ck_assert_str_eq(game_registry_find(fixture.registry, dir)->executable, "run.sh");
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_complete_names_the_first_gap)
{
	struct init_answer answer;
	struct complete_answer complete;

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_chunk(&fixture, HUB, answer.upload_id, &small_game[0], 0, 5000, NULL);
	fixture_chunk(&fixture, HUB, answer.upload_id, &small_game[1], 0, 1000, NULL);
	fixture_chunk(&fixture, HUB, answer.upload_id, &small_game[1], 2000, 1000, NULL);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(complete.error.message, "'data/level one.pak'"));
	ck_assert_ptr_nonnull(strstr(complete.error.message, "offset 1000 "));
	ck_assert(!path_exists(fixture.library, "Small Game"));
	finish_upload("Small Game", &answer, small_game, COUNT(small_game));
}
END_TEST

static void expect_chunk_error(const char *hub, const char *id, const struct test_file *file,
	int64_t offset, size_t length, enum error_kind kind, const char *text)
{
	struct error err = { 0 };

	ck_assert_int_eq(fixture_chunk(&fixture, hub, id, file, offset, length, &err), -1);
	ck_assert_msg(err.kind == kind && strstr(err.message, text) != NULL, "%d: %s", err.kind,
		err.message);
}

START_TEST(test_wrong_chunks_are_refused)
{
	static const struct test_file stranger = { "no/such", 100, 1, false };
	static const struct test_file nameless = { NULL, 100, 1, false };
	struct init_answer answer;

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	expect_chunk_error(HUB, "nonsense", &small_game[0], 0, 10, ERROR_NOT_FOUND, "nonsense");
	expect_chunk_error("hub-2", answer.upload_id, &small_game[0], 0, 10, ERROR_NOT_FOUND, "");
	expect_chunk_error(
		HUB, answer.upload_id, &stranger, 0, 10, ERROR_INVALID, "not in the manifest");
	expect_chunk_error(HUB, answer.upload_id, &small_game[0], 4995, 10, ERROR_INVALID, "5000");
	expect_chunk_error(HUB, answer.upload_id, &small_game[0], -1, 10, ERROR_INVALID, "-1");
	expect_chunk_error(
		HUB, answer.upload_id, &small_game[0], INT64_MAX, 10, ERROR_INVALID, "past");
	expect_chunk_error(HUB, NULL, &small_game[0], 0, 10, ERROR_INVALID, "'uploadId'");
	expect_chunk_error(HUB, answer.upload_id, &nameless, 0, 10, ERROR_INVALID, "'filePath'");
	finish_upload("Small Game", &answer, small_game, COUNT(small_game));
}
END_TEST

static void on_bad_checksum(struct upload_write *write,
	const struct upload_chunk_response *response, const struct error *err)
{
	ck_assert_ptr_null(response);
	ck_assert_int_eq(err->kind, ERROR_INVALID);
	ck_assert_str_eq(err->message, "checksum mismatch at readme.txt:2");
	*(bool *)write->user = true;
}

START_TEST(test_a_wrong_checksum_counts_for_nothing)
{
	struct init_answer answer;
	struct upload_write write = { .done = on_bad_checksum };
	char no_sum[] = "0000000000000000000000000000000000000000000000000000000000000000";
	char path[] = "readme.txt";
	bool answered = false;

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	strbuf_append_text(&write.message, "abc");
	write.header = (struct upload_chunk){
		.upload_id = answer.upload_id, .file_path = path, .offset = 2, .checksum = no_sum
	};
	write.user = &answered;
	upload_store_write(fixture.store, HUB, &write);
	fixture_wait(&fixture, &answered);
	strbuf_finish(&write.message);
	finish_upload("Small Game", &answer, small_game, COUNT(small_game));
}
END_TEST

static size_t write_rubbish_ahead(const char *hub, const char *id, const char *file_path,
	int64_t offset, size_t length, size_t ahead_bytes)
{
	AUTO(free_ptr) char *rubbish = xcalloc(1, length);
	const struct upload_chunk header = {
		.upload_id = id, .file_path = file_path, .offset = offset
	};

	return upload_store_write_ahead(fixture.store, hub, &header, rubbish, length, ahead_bytes);
}

START_TEST(test_bytes_written_ahead_count_only_with_their_chunk)
{
	const char *path = small_game[1].path;
	struct init_answer answer;
	struct complete_answer complete;
	const char *id = answer.upload_id;
	size_t first, second;

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_chunk(&fixture, HUB, id, &small_game[0], 0, 5000, NULL);
	/* Whole steps only; nothing more while the disk is slow. */
	first = write_rubbish_ahead(HUB, id, path, 0, MIB / 2 - 1, 0);
	ck_assert(first == 0 || first == MIB / 8 * 3);
	second = write_rubbish_ahead(HUB, id, path, 0, MIB, first);
	ck_assert(second == first || second == MIB);
	ck_assert(!fixture_complete(&fixture, HUB, id, NULL, &complete));
	ck_assert_ptr_nonnull(strstr(complete.error.message, "offset 0 "));
	/* Neither held bytes nor other Hubs' uploads are changed. */
	fixture_chunk(&fixture, HUB, id, &small_game[1], 0, MIB, NULL);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, path, 0, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, path, MIB - 1, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead("hub-2", id, path, MIB, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, "nonsense", path, MIB, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, "no/such", 0, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, NULL, 0, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, path, 3 * MIB, MIB, 0), 0);
	ck_assert_uint_eq(write_rubbish_ahead(HUB, id, path, -1, MIB, 0), 0);
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	finish_upload("Small Game", &answer, small_game, COUNT(small_game));
}
END_TEST

static const struct test_file big_hashed[] = {
	{ "a.pak", 5 * MIB + 5, 1, true },
	{ "b.pak", 4 * MIB, 2, true },
	{ "c.txt", 10, 3, true },
};
static const struct test_file big_plain[] = {
	{ "a.pak", 5 * MIB + 5, 1, false },
	{ "b.pak", 4 * MIB, 2, false },
	{ "c.txt", 10, 3, false },
};

/* a.pak whole, 2.5 MiB of b.pak, and a piece of it further on. */
static void send_half(const struct init_answer *answer, const struct test_file *files)
{
	fixture_send(&fixture, HUB, answer, files, 1);
	fixture_chunk(&fixture, HUB, answer->upload_id, &files[1], 0, 2 * MIB, NULL);
	fixture_chunk(&fixture, HUB, answer->upload_id, &files[1], 2 * MIB, MIB / 2, NULL);
	fixture_chunk(&fixture, HUB, answer->upload_id, &files[1], 3 * MIB, 100, NULL);
}

static void expect_paused(void *user, const struct upload_status *status)
{
	ck_assert_int_eq(status->state, UPLOAD_PAUSED);
	ck_assert_int_ge(status->expires_in_seconds, 0);
	ck_assert_int_eq(status->bytes_per_second, 0);
	*(int64_t *)user += status->transferred_bytes;
}

static void resume_with_hashes(bool across_restart)
{
	struct init_answer answer, again;
	int64_t held = 0;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	send_half(&answer, big_hashed);
	upload_store_hub_gone(fixture.store, HUB);
	expect_chunk_error(
		HUB, answer.upload_id, &big_hashed[2], 0, 10, ERROR_NOT_FOUND, "in progress");
	if (across_restart) {
		restart();
	}
	fixture_settle(&fixture);
	upload_store_each(fixture.store, expect_paused, &held);
	ck_assert_int_eq(held, 5 * MIB + 5 + 2 * MIB + MIB / 2 + 100);
	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &again);
	ck_assert_str_eq(again.upload_id, answer.upload_id);
	ck_assert_int_eq(init_answer_resume(&again, "a.pak"), 5 * MIB + 5);
	ck_assert_int_eq(init_answer_resume(&again, "b.pak"), 2 * MIB + MIB / 2);
	ck_assert_uint_eq(again.resume_from.count, 2);
	ck_assert_int_eq(fixture_chunk(&fixture, HUB, again.upload_id, &big_hashed[2], 0, 10, NULL),
		held + 10);
	finish_upload("Big", &again, big_hashed, COUNT(big_hashed));
	init_answer_finish(&answer);
}

START_TEST(test_resume_with_hashes_is_exact)
{
	resume_with_hashes(false);
}
END_TEST

START_TEST(test_resume_survives_a_restart)
{
	resume_with_hashes(true);
}
END_TEST

START_TEST(test_resume_without_hashes_asks_for_the_tails_again)
{
	struct init_answer answer, again;

	begin(HUB, "Big", big_plain, COUNT(big_plain), &answer);
	send_half(&answer, big_plain);
	upload_store_hub_gone(fixture.store, HUB);
	restart();
	begin(HUB, "Big", big_plain, COUNT(big_plain), &again);
	ck_assert_str_eq(again.upload_id, answer.upload_id);
	ck_assert_int_eq(init_answer_resume(&again, "a.pak"), 4 * MIB);
	ck_assert_int_eq(init_answer_resume(&again, "b.pak"), MIB);
	init_answer_finish(&answer);
	finish_upload("Big", &again, big_plain, COUNT(big_plain));
}
END_TEST

START_TEST(test_a_rebuilt_game_is_never_mixed_with_the_interrupted_one)
{
	static const struct test_file rebuilt[] = {
		{ "a.pak", 5 * MIB + 5, 1, false },
		{ "b.pak", 4 * MIB, 22, false },
		{ "c.txt", 10, 3, false },
	};
	struct init_answer answer, again;
	struct complete_answer complete;

	begin(HUB, "Big", big_plain, COUNT(big_plain), &answer);
	send_half(&answer, big_plain);
	upload_store_hub_gone(fixture.store, HUB);
	begin(HUB, "Big", rebuilt, COUNT(rebuilt), &again);
	ck_assert_int_eq(init_answer_resume(&again, "b.pak"), MIB);
	/* Completing without the tails is refused too. */
	ck_assert(!fixture_complete(&fixture, HUB, again.upload_id, NULL, &complete));
	expect_chunk_error(HUB, again.upload_id, &rebuilt[1], MIB, MIB, ERROR_INVALID, "changed");
	ck_assert(upload_store_cancel(fixture.store, HUB, again.upload_id, NULL));
	fixture_settle(&fixture);
	init_answer_finish(&again);
	begin(HUB, "Big", rebuilt, COUNT(rebuilt), &again);
	ck_assert_uint_eq(again.resume_from.count, 0);
	ck_assert_str_ne(again.upload_id, answer.upload_id);
	init_answer_finish(&answer);
	finish_upload("Big", &again, rebuilt, COUNT(rebuilt));
}
END_TEST

START_TEST(test_a_lost_link_unnoticed_is_taken_over)
{
	struct init_answer answer, again;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	send_half(&answer, big_hashed);
	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &again);
	ck_assert_str_eq(again.upload_id, answer.upload_id);
	ck_assert_int_eq(init_answer_resume(&again, "a.pak"), 5 * MIB + 5);
	init_answer_finish(&answer);
	finish_upload("Big", &again, big_hashed, COUNT(big_hashed));
}
END_TEST

START_TEST(test_cancel_keeps_staging_and_touches_no_game)
{
	static const struct test_file newer[] = { { "bin/game", 3 * MIB, 7, true } };
	struct init_answer answer, again;
	struct error err;

	install("Small Game", small_game, COUNT(small_game));
	begin(HUB, "Small Game", newer, 1, &answer);
	fixture_chunk(&fixture, HUB, answer.upload_id, &newer[0], 0, MIB, NULL);
	ck_assert(!upload_store_cancel(fixture.store, "hub-2", answer.upload_id, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, &err));
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, &err));
	expect_content("Small Game", small_game, COUNT(small_game));
	restart();
	begin(HUB, "Small Game", newer, 1, &again);
	ck_assert_int_eq(init_answer_resume(&again, "bin/game"), MIB);
	init_answer_finish(&answer);
	finish_upload("Small Game", &again, newer, 1);
}
END_TEST

static void on_quick_init(
	void *user, const struct upload_init_response *response, const struct error *err)
{
	ck_assert_ptr_nonnull(response);
	*(bool *)user = true;
}

START_TEST(test_a_cancel_that_overtakes_a_resume_does_not_stop_it)
{
	static const struct test_file file = { "only", 100, 1, false };
	struct init_upload request = { 0 };
	struct init_answer answer;
	struct complete_answer complete;
	bool answered = false;

	begin(HUB, "One", &file, 1, &answer);
	upload_store_hub_gone(fixture.store, HUB);
	fixture_settle(&fixture);
	request.config.game_name = "One";
	request.total_size = 100;
	request.files = xcalloc(1, sizeof(*request.files));
	request.files_count = 1;
	request.files[0].relative_path = "only";
	request.files[0].size = 100;
	upload_store_init(fixture.store, HUB, &request, on_quick_init, &answered);
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, NULL));
	fixture_wait(&fixture, &answered);
	fixture_settle(&fixture);
	fixture_chunk(&fixture, HUB, answer.upload_id, &file, 0, 100, NULL);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	init_answer_finish(&answer);
}
END_TEST

/* Journals that the upload was left some hours ago. */
static void age(const char *upload_id, int64_t hours, bool cancelled)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int dir_fd = upload_staging_open(fixture.library, "", upload_id, NULL);
	struct upload_journal_state state = {
		.at_ms = (time(NULL) - hours * 3600) * 1000,
		.held_bytes = 5,
		.cancelled = cancelled,
		.kept_ms = hours > 0 ? hours * 3600 * 1000 : 0, /* the agent ran all the time */
	};

	upload_journal_write_state(&text, &state);
	ck_assert(upload_journal_append(dir_fd, &text, NULL));
}

/* Leaves an upload of that age, restarts, and tells whether it is resumed. */
static bool is_resumed_after(
	const struct test_file *files, size_t count, int64_t hours, bool cancelled)
{
	struct init_answer answer, again;
	bool resumed;

	begin(HUB, "Aged", files, count, &answer);
	fixture_send(&fixture, HUB, &answer, files, 1);
	fixture_stop(&fixture);
	age(answer.upload_id, hours, cancelled);
	fixture_start(&fixture);
	loop_dispatch(fixture.loop);
	begin(HUB, "Aged", files, count, &again);
	resumed = strcmp(answer.upload_id, again.upload_id) == 0;
	ck_assert(resumed == (again.resume_from.count > 0));
	init_answer_finish(&answer);
	init_answer_finish(&again);
	return resumed;
}

START_TEST(test_how_long_uploads_can_be_resumed)
{
	ck_assert(is_resumed_after(big_plain, COUNT(big_plain), 0, true));
	ck_assert(!is_resumed_after(big_plain, COUNT(big_plain), 2, false));
	/* The clock was set back meanwhile. */
	ck_assert(!is_resumed_after(big_plain, COUNT(big_plain), -30, false));
	ck_assert(is_resumed_after(big_hashed, COUNT(big_hashed), -30, false));
	ck_assert(is_resumed_after(big_hashed, COUNT(big_hashed), 6 * 24, false));
	ck_assert(!is_resumed_after(big_hashed, COUNT(big_hashed), 8 * 24, false));
	ck_assert(is_resumed_after(big_hashed, COUNT(big_hashed), 23, true));
	ck_assert(!is_resumed_after(big_hashed, COUNT(big_hashed), 25, true));
}
END_TEST

START_TEST(test_rubbish_in_the_staging_folder_is_cleared_up)
{
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	struct init_answer answer;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	put_file(uploads, "no-head/files/x", "x");
	put_file(uploads, "bad-head/upload.json", "{}");
	put_file(uploads, "no-folder", "x");
	restart();
	ck_assert(!path_exists(uploads, "no-head"));
	/* Damaged is not the same as nothing: the owner decides. */
	ck_assert(path_exists(uploads, "bad-head"));
	ck_assert(path_exists(uploads, answer.upload_id));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_another_manifest_supersedes_the_interrupted_one)
{
	static const struct test_file other[] = { { "other.bin", 100, 1, true } };
	AUTO(free_ptr) char *staging = NULL;
	struct init_answer answer, again;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	send_half(&answer, big_hashed);
	staging = xasprintf("%s/.capydeck/uploads", fixture.library);
	ck_assert(path_exists(staging, answer.upload_id));
	begin(HUB, "Big", other, 1, &again);
	ck_assert_str_ne(again.upload_id, answer.upload_id);
	expect_chunk_error(HUB, answer.upload_id, &big_hashed[2], 0, 10, ERROR_NOT_FOUND, "");
	fixture_settle(&fixture);
	ck_assert(!path_exists(staging, answer.upload_id));
	init_answer_finish(&answer);
	finish_upload("Big", &again, other, 1);
}
END_TEST

/*
 * A crash or a disk that failed can leave two of them; the one that is not resumed goes, whatever
 * still works on both.
 */
START_TEST(test_of_two_interrupted_uploads_one_is_resumed)
{
	static const struct test_file other[] = { { "other.bin", 100, 1, true } };
	AUTO(free_ptr) char *uploads = xasprintf("%s/.capydeck/uploads", fixture.library);
	AUTO(free_ptr) char *aside = xasprintf("%s/aside", fixture.home);
	AUTO(free_ptr) char *staging = NULL;
	struct init_answer kept, gone, again;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &kept);
	send_half(&kept, big_hashed);
	staging = xasprintf("%s/%s", uploads, kept.upload_id);
	fixture_stop(&fixture);
	ck_assert_int_eq(rename(staging, aside), 0);
	fixture_start(&fixture);
	begin(HUB, "Big", other, 1, &gone);
	fixture_stop(&fixture);
	ck_assert_int_eq(rename(aside, staging), 0);
	fixture.thread_count = 1; /* keeps the order of requests */
	fixture_start(&fixture);
	fixture_init_send(&fixture, HUB, "Big", "", big_hashed, COUNT(big_hashed), &again);
	ck_assert(upload_store_cancel(fixture.store, HUB, gone.upload_id, NULL));
	ck_assert(upload_store_cancel(fixture.store, HUB, kept.upload_id, NULL));
	fixture_wait(&fixture, &again.answered);
	ck_assert_str_eq(again.upload_id, kept.upload_id);
	fixture_settle(&fixture);
	ck_assert(!path_exists(uploads, gone.upload_id));
	init_answer_finish(&kept);
	init_answer_finish(&gone);
	finish_upload("Big", &again, big_hashed, COUNT(big_hashed));
}
END_TEST

START_TEST(test_unchanged_files_are_not_sent_again)
{
	struct test_file newer[COUNT(small_game)];
	AUTO(free_ptr) char *dir = game_dir("Small Game");
	AUTO(free_ptr) char *touched = xasprintf("%s/data/maps/a.map", dir);
	struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct init_answer answer;

	memcpy(newer, small_game, sizeof(newer));
	newer[0].seed = 99;
	install("Small Game", small_game, COUNT(small_game));
	/* With only a new time the file is read: the content is the same. */
	ck_assert_int_eq(utimensat(AT_FDCWD, touched, long_ago, 0), 0);
	/* What only the Deck changed stays. */
	put_file(dir, "readme.txt", "not the same");
	begin(HUB, "Small Game", newer, COUNT(newer), &answer);
	ck_assert_int_eq(init_answer_resume(&answer, "bin/game"), 0);
	ck_assert_int_eq(init_answer_resume(&answer, "data/level one.pak"), 3 * MIB + 17);
	ck_assert_int_eq(init_answer_resume(&answer, "data/maps/a.map"), 4096);
	ck_assert_int_eq(init_answer_resume(&answer, "readme.txt"), 12);
	finish_upload("Small Game", &answer, newer, COUNT(newer) - 1);
	ck_assert(path_exists(dir, "readme.txt"));
	ck_assert(!has_content(dir, &newer[COUNT(newer) - 1]));
	ck_assert_uint_eq(game_registry_count(fixture.registry), 1);
}
END_TEST

START_TEST(test_unchanged_files_that_change_meanwhile_are_noticed)
{
	AUTO(free_ptr) char *dir = game_dir("Small Game");
	AUTO(free_ptr) char *archive = xasprintf("%s/data/level one.pak", dir);
	struct init_answer answer;
	struct complete_answer complete;

	install("Small Game", small_game, COUNT(small_game));
	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	ck_assert_int_eq(init_answer_resume(&answer, "data/level one.pak"), 3 * MIB + 17);
	ck_assert_int_eq(unlink(archive), 0);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_ptr_nonnull(strstr(complete.error.message, "'data/level one.pak'"));
	init_answer_finish(&answer);
	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	ck_assert_int_eq(init_answer_resume(&answer, "data/level one.pak"), 0);
	finish_upload("Small Game", &answer, small_game, COUNT(small_game));
}
END_TEST

START_TEST(test_a_hub_that_sends_all_the_same_is_served)
{
	struct init_answer answer, nothing = { 0 };
	struct complete_answer complete;

	install("Small Game", small_game, COUNT(small_game));
	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_send(&fixture, HUB, (strcpy(nothing.upload_id, answer.upload_id), &nothing),
		small_game, COUNT(small_game));
	ck_assert_int_eq(fixture.last_transferred, 5000 + 3 * MIB + 17 + 4096 + 12);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_type_conflicts_are_refused_before_anything_moves)
{
	static const struct test_file files[] = {
		{ "a/b/file", 10, 1, false },
		{ "first", 10, 2, false },
		{ "z", 10, 3, false },
	};
	static const struct test_file clashes[][2] = {
		{ { "first", 10, 9, false }, { "a", 10, 9, false } },
		{ { "first", 10, 9, false }, { "z/deep/er", 10, 9, false } },
		{ { "first", 10, 9, false }, { "link/file", 10, 9, false } },
	};
	AUTO(free_ptr) char *dir = game_dir("Clash");
	AUTO(free_ptr) char *link = xasprintf("%s/link", dir);

	install("Clash", files, COUNT(files));
	ck_assert_int_eq(symlink(fixture.home, link), 0);
	put_file(dir, "a/mine", "is in the way");
	put_file(dir, "z", "changed, and so as well");
	for (size_t i = 0; i < COUNT(clashes); i++) {
		struct init_answer answer;
		struct complete_answer complete;

		begin(HUB, "Clash", clashes[i], 2, &answer);
		fixture_send(&fixture, HUB, &answer, clashes[i], 2);
		ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
		ck_assert_int_eq(complete.error.kind, ERROR_CONFLICT);
		expect_content("Clash", files, COUNT(files) - 1);
		ck_assert(path_exists(dir, "z"));
		ck_assert(!path_exists(fixture.home, "file"));
		init_answer_finish(&answer);
	}
}
END_TEST

/* Its files are in their places: what came now would be moved over them when it is finished. */
START_TEST(test_chunks_after_a_commit_that_failed_are_refused)
{
	AUTO(free_ptr) char *games = xasprintf("%s/games.json", fixture.state);
	struct init_answer answer;
	struct complete_answer complete;

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	mkdir(fixture.state, 0700);
	ck_assert_int_eq(mkdir(games, 0700), 0);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_ptr_nonnull(strstr(complete.error.message, "are in place"));
	expect_content("Small Game", small_game, COUNT(small_game));
	expect_chunk_error(
		HUB, answer.upload_id, &small_game[0], 0, 1000, ERROR_INVALID, "being completed");
	ck_assert_int_eq(rmdir(games), 0);
	ck_assert_msg(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete), "%s",
		complete.error.message);
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

/* Without the list of what is installed the next update could not tell what is the player's. */
START_TEST(test_a_list_of_files_that_cannot_be_written_is_told_before_anything_moves)
{
	AUTO(free_ptr) char *manifests = xasprintf("%s/manifests", fixture.state);
	struct init_answer answer;
	struct complete_answer complete;

	mkdir(fixture.state, 0700);
	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	ck_assert_int_eq(symlink("/nowhere/else", manifests), 0);
	ck_assert(!fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	ck_assert_int_eq(complete.error.kind, ERROR_IO);
	ck_assert(!path_exists(fixture.library, "Small Game"));
	ck_assert_int_eq(unlink(manifests), 0);
	ck_assert(fixture_complete(&fixture, HUB, answer.upload_id, NULL, &complete));
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_links_planted_in_staging_are_not_followed)
{
	static const struct test_file files[] = {
		{ "folder/file", 10, 1, false },
		{ "link", 10, 2, false },
	};
	AUTO(free_ptr) char *staged = NULL;
	AUTO(free_ptr) char *folder = NULL;
	AUTO(free_ptr) char *link = NULL;
	struct init_answer answer;

	put_file(fixture.home, "precious", "do not touch");
	begin(HUB, "Links", files, COUNT(files), &answer);
	staged = xasprintf("%s/.capydeck/uploads/%s/files", fixture.library, answer.upload_id);
	folder = xasprintf("%s/folder", staged);
	link = xasprintf("%s/link", staged);
	ck_assert_int_eq(symlink(fixture.home, folder), 0);
	ck_assert_int_eq(symlink("../../../../../precious", link), 0);
	expect_chunk_error(HUB, answer.upload_id, &files[0], 0, 10, ERROR_INVALID, "link");
	expect_chunk_error(HUB, answer.upload_id, &files[1], 0, 10, ERROR_INVALID, "link");
	ck_assert(!path_exists(fixture.home, "file"));
	unlink(folder);
	unlink(link);
	ck_assert_int_eq(mkfifo(link, 0600), 0);
	expect_chunk_error(
		HUB, answer.upload_id, &files[1], 0, 10, ERROR_INVALID, "not made by this program");
	unlink(link);
	finish_upload("Links", &answer, files, COUNT(files));
}
END_TEST

START_TEST(test_another_hub_is_told_that_the_game_is_busy)
{
	struct init_answer answer, other;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	ck_assert(!fixture_init(&fixture, "hub-2", "Big", "", big_hashed, 3, &other));
	ck_assert_int_eq(other.error.kind, ERROR_CONFLICT);
	/* Once the first has gone, the second starts from nothing; both keep what is theirs. */
	fixture_send(&fixture, HUB, &answer, big_hashed, 1);
	upload_store_hub_gone(fixture.store, HUB);
	begin("hub-2", "Big", big_hashed, COUNT(big_hashed), &other);
	ck_assert_uint_eq(other.resume_from.count, 0);
	ck_assert_str_ne(other.upload_id, answer.upload_id);
	init_answer_finish(&answer);
	init_answer_finish(&other);
}
END_TEST

static void count_visits(void *user, const struct upload_status *status)
{
	(*(unsigned *)user)++;
}

START_TEST(test_the_owner_discards)
{
	AUTO(free_ptr) char *staging = xasprintf("%s/.capydeck/uploads", fixture.library);
	struct init_answer answer;
	unsigned count = 0;
	struct error err;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	fixture_send(&fixture, HUB, &answer, big_hashed, 1);
	ck_assert(!upload_store_discard(fixture.store, "nonsense", &err));
	ck_assert(upload_store_discard(fixture.store, answer.upload_id, &err));
	upload_store_each(fixture.store, count_visits, &count);
	ck_assert_uint_eq(count, 0);
	fixture_settle(&fixture);
	ck_assert(!path_exists(staging, answer.upload_id));
	ck_assert(upload_store_cancel(fixture.store, HUB, answer.upload_id, &err));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_paused_uploads_expire)
{
	AUTO(free_ptr) char *staging = xasprintf("%s/.capydeck/uploads", fixture.library);
	struct init_answer answer;
	unsigned count;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	fixture_send(&fixture, HUB, &answer, big_hashed, 1);
	upload_store_set_expiry(fixture.store, 0);
	fixture_settle(&fixture);
	ck_assert(path_exists(staging, answer.upload_id));
	upload_store_hub_gone(fixture.store, HUB);
	do {
		loop_dispatch(fixture.loop);
		fixture_settle(&fixture);
		count = 0;
		upload_store_each(fixture.store, count_visits, &count);
	} while (count > 0);
	ck_assert(!path_exists(staging, answer.upload_id));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_a_hub_that_goes_during_init_leaves_a_paused_upload)
{
	struct init_answer answer = { 0 };
	int64_t held = 0;

	begin(HUB, "Big", big_hashed, COUNT(big_hashed), &answer);
	upload_store_hub_gone(fixture.store, HUB);
	upload_store_hub_gone(fixture.store, HUB);
	upload_store_each(fixture.store, expect_paused, &held);
	ck_assert_int_eq(held, 0);
	init_answer_finish(&answer);
}
END_TEST

static void on_late_write(struct upload_write *write, const struct upload_chunk_response *response,
	const struct error *err)
{
	(*(unsigned *)write->user)++;
	strbuf_finish(&write->message);
}

START_TEST(test_the_store_stops_with_everything_under_way)
{
	struct init_answer answer;
	struct upload_write writes[8] = { 0 };
	char path[] = "a.pak";
	unsigned answers = 0;

	begin(HUB, "Big", big_plain, COUNT(big_plain), &answer);
	for (size_t i = 0; i < COUNT(writes); i++) {
		strbuf_extend(&writes[i].message, MIB / 2);
		memset(writes[i].message.data, 'x', MIB / 2);
		/* Every other one overlaps the one before. */
		writes[i].header = (struct upload_chunk){ .upload_id = answer.upload_id,
			.file_path = path,
			.offset = (int64_t)i * (MIB / 4) };
		writes[i].pipelined = true;
		writes[i].done = on_late_write;
		writes[i].user = &answers;
		upload_store_write(fixture.store, HUB, &writes[i]);
	}
	ck_assert_uint_gt(upload_store_in_flight_bytes(fixture.store), 0);
	restart();
	ck_assert_uint_eq(answers, COUNT(writes));
	init_answer_finish(&answer);
	begin(HUB, "Big", big_plain, COUNT(big_plain), &answer);
	ck_assert_int_eq(init_answer_resume(&answer, "a.pak"), MIB);
	init_answer_finish(&answer);
}
END_TEST

struct late {
	unsigned count;
	enum error_kind kind;
};

static void on_late_init(
	void *user, const struct upload_init_response *response, const struct error *err)
{
	struct late *late = user;

	late->count++;
	late->kind = err != NULL ? err->kind : ERROR_NONE;
}

static void on_late_complete(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct late *late = user;

	late->count++;
	late->kind = err != NULL ? err->kind : ERROR_NONE;
}

START_TEST(test_finding_the_upload_that_is_meant)
{
	static const struct test_file files[] = { { "a.pak", 100, 1, true } };
	struct upload_filter of_hub = { .hub_id = HUB };
	struct upload_status found = { .upload_id = "untouched" };
	struct init_answer first, second;

	ck_assert(!upload_store_find(fixture.store, &of_hub, &found));
	ck_assert_str_eq(found.upload_id, "untouched");
	begin(HUB, "First", files, COUNT(files), &first);
	begin("hub-2", "Second", files, COUNT(files), &second);
	ck_assert(upload_store_find(fixture.store, &of_hub, &found));
	ck_assert_str_eq(found.upload_id, first.upload_id);
	of_hub.upload_id = second.upload_id;
	ck_assert(!upload_store_find(fixture.store, &of_hub, &found));
	ck_assert(upload_store_find(fixture.store,
		&(struct upload_filter){ .dir = found.dir, .receiving = true }, &found));
	ck_assert_str_eq(found.game_name, "First");
	/* Without a filter the one that was active last; one that is paused is none. */
	ck_assert(upload_store_find(fixture.store, &(struct upload_filter){ 0 }, &found));
	ck_assert_str_eq(found.upload_id, second.upload_id);
	upload_store_hub_gone(fixture.store, HUB);
	upload_store_hub_gone(fixture.store, "hub-2");
	ck_assert(!upload_store_find(fixture.store, &(struct upload_filter){ 0 }, &found));
	init_answer_finish(&first);
	init_answer_finish(&second);
}
END_TEST

START_TEST(test_answers_come_before_the_store_is_gone)
{
	struct init_upload request = { 0 };
	struct init_answer answer;
	struct late init = { 0 }, complete = { 0 };

	begin(HUB, "Small Game", small_game, COUNT(small_game), &answer);
	fixture_send(&fixture, HUB, &answer, small_game, COUNT(small_game));
	request.config.game_name = "Late";
	request.files = xcalloc(1, sizeof(*request.files));
	request.files_count = 1;
	request.files[0].relative_path = "x";
	upload_store_init(fixture.store, HUB, &request, on_late_init, &init);
	upload_store_complete(
		fixture.store, HUB, answer.upload_id, NULL, NULL, on_late_complete, &complete);
	restart();
	ck_assert_uint_eq(init.count, 1);
	ck_assert_int_eq(init.kind, ERROR_CANCELLED);
	ck_assert_uint_eq(complete.count, 1);
	/* It had begun: then it is finished. */
	ck_assert_int_eq(complete.kind, ERROR_NONE);
	expect_content("Small Game", small_game, COUNT(small_game));
	init_answer_finish(&answer);
}
END_TEST

START_TEST(test_chunks_in_any_order_and_twice)
{
	static const struct test_file files[] = {
		{ "one", 100000, 1, true },
		{ "two", 300000, 2, true },
	};
	struct init_answer answer;
	int64_t total = 0;

	srandom(4711);
	begin(HUB, "Random", files, COUNT(files), &answer);
	while (total < 380000) { /* chance takes long to find the last holes */
		const struct test_file *file = &files[random() % 2];
		int64_t offset = random() % file->size;
		size_t length = 1 + random() % 9000;
		int64_t now;

		if (offset + (int64_t)length > file->size) {
			length = (size_t)(file->size - offset);
		}
		now = fixture_chunk(&fixture, HUB, answer.upload_id, file, offset, length, NULL);
		ck_assert_int_ge(now, total);
		total = now;
		ck_assert_int_eq(
			fixture_chunk(&fixture, HUB, answer.upload_id, file, offset, length, NULL),
			total);
		if (random() % 100 == 0) {
			restart();
			init_answer_finish(&answer);
			begin(HUB, "Random", files, COUNT(files), &answer);
		}
	}
	finish_upload("Random", &answer, files, COUNT(files));
}
END_TEST

START_TEST(test_thousands_of_small_files)
{
	struct test_file *files = xcalloc(2000, sizeof(*files));
	struct init_answer answer;

	for (size_t i = 0; i < 2000; i++) {
		files[i] = (struct test_file){ .path = xasprintf(
						       "folder %zu/%zu/file-%zu", i % 7, i % 31, i),
			.size = (int64_t)(i % 50),
			.seed = (unsigned)i,
			.hashed = i % 2 == 0 };
	}
	begin(HUB, "Many", files, 2000, &answer);
	finish_upload("Many", &answer, files, 2000);
	for (size_t i = 0; i < 2000; i++) {
		free((char *)files[i].path);
	}
	free(files);
}
END_TEST

/* A disk that never finishes: every thread of the worker waits for the test. */
struct obstacle {
	struct worker_job job;
	int wait_fd;
	bool over;
};

static void obstruct(struct worker_job *job)
{
	char byte;

	ck_assert_int_ge(read(((struct obstacle *)job)->wait_fd, &byte, 1), 0);
}

static void obstacle_gone(struct worker_job *job)
{
	((struct obstacle *)job)->over = true;
}

static void count_answer(struct upload_write *write, const struct upload_chunk_response *response,
	const struct error *err)
{
	ck_assert((err == NULL) == (write->header.checksum == NULL));
	(*(unsigned *)write->user)++;
	json_finish(&write->header, upload_chunk_fields);
	strbuf_finish(&write->message);
	free(write);
}

static void send_zeroes(
	const char *upload_id, int64_t offset, const char *checksum, unsigned *answered)
{
	struct upload_write *write = xcalloc(1, sizeof(*write));

	memset(strbuf_extend(&write->message, MIB), 0, MIB);
	write->header.upload_id = json_keep(&write->header.tree, upload_id);
	write->header.file_path = "big";
	write->header.offset = offset;
	write->header.checksum = json_keep(&write->header.tree, checksum);
	write->done = count_answer;
	write->user = answered;
	upload_store_write(fixture.store, HUB, write);
}

static void wait_for(const unsigned *count, unsigned wanted)
{
	struct pollfd poll_fd = { .fd = loop_fd(fixture.loop), .events = POLLIN };

	while (*count < wanted) {
		ck_assert_int_gt(poll(&poll_fd, 1, 60 * 1000), 0);
		loop_dispatch(fixture.loop);
	}
}

START_TEST(test_a_slow_disk_holds_the_hub_back)
{
	static const struct test_file files[] = { { "big", 120 * MIB, 1, false } };
	struct obstacle obstacles[3] = { 0 };
	struct init_answer answer;
	unsigned answered = 0, refused = 0;
	int pipe_fds[2];

	begin(HUB, "Slow", files, 1, &answer);
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	for (size_t i = 0; i < COUNT(obstacles); i++) {
		obstacles[i] = (struct obstacle){ .job = { .run = obstruct, .done = obstacle_gone },
			.wait_fd = pipe_fds[0] };
		worker_submit(fixture.worker, &obstacles[i].job);
	}
	/* A checkpoint of 32 MiB, which cannot begin, and 64 MiB after it. */
	for (unsigned i = 0; i < 120; i++) {
		send_zeroes(answer.upload_id, i * MIB, NULL, &answered);
		wait_for(&answered, i < 96 ? i + 1 : 96);
	}
	/* Chunks are written in their order: once this one is answered, all others were written. */
	send_zeroes(answer.upload_id, 0, "not its checksum", &refused);
	wait_for(&refused, 1);
	ck_assert_uint_eq(answered, 96);
	ck_assert_uint_eq(upload_store_in_flight_bytes(fixture.store), 24 * MIB);
	close(pipe_fds[1]);
	wait_for(&answered, 120);
	ck_assert_uint_eq(upload_store_in_flight_bytes(fixture.store), 0);
	fixture_settle(&fixture);
	close(pipe_fds[0]);
	init_answer_finish(&answer);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_a_game_is_installed);
	tcase_add_test(tests, test_an_update_removes_what_is_no_longer_in_the_manifest);
	tcase_add_test(tests, test_execute_bits_are_set);
	tcase_add_test(tests, test_complete_names_the_first_gap);
	tcase_add_test(tests, test_wrong_chunks_are_refused);
	tcase_add_test(tests, test_a_wrong_checksum_counts_for_nothing);
	tcase_add_test(tests, test_bytes_written_ahead_count_only_with_their_chunk);
	tcase_add_test(tests, test_resume_with_hashes_is_exact);
	tcase_add_test(tests, test_resume_survives_a_restart);
	tcase_add_test(tests, test_resume_without_hashes_asks_for_the_tails_again);
	tcase_add_test(tests, test_a_rebuilt_game_is_never_mixed_with_the_interrupted_one);
	tcase_add_test(tests, test_a_lost_link_unnoticed_is_taken_over);
	tcase_add_test(tests, test_cancel_keeps_staging_and_touches_no_game);
	tcase_add_test(tests, test_a_cancel_that_overtakes_a_resume_does_not_stop_it);
	tcase_add_test(tests, test_how_long_uploads_can_be_resumed);
	tcase_add_test(tests, test_rubbish_in_the_staging_folder_is_cleared_up);
	tcase_add_test(tests, test_another_manifest_supersedes_the_interrupted_one);
	tcase_add_test(tests, test_of_two_interrupted_uploads_one_is_resumed);
	tcase_add_test(tests, test_unchanged_files_are_not_sent_again);
	tcase_add_test(tests, test_unchanged_files_that_change_meanwhile_are_noticed);
	tcase_add_test(tests, test_a_hub_that_sends_all_the_same_is_served);
	tcase_add_test(tests, test_type_conflicts_are_refused_before_anything_moves);
	tcase_add_test(tests, test_chunks_after_a_commit_that_failed_are_refused);
	tcase_add_test(
		tests, test_a_list_of_files_that_cannot_be_written_is_told_before_anything_moves);
	tcase_add_test(tests, test_links_planted_in_staging_are_not_followed);
	tcase_add_test(tests, test_another_hub_is_told_that_the_game_is_busy);
	tcase_add_test(tests, test_the_owner_discards);
	tcase_add_test(tests, test_paused_uploads_expire);
	tcase_add_test(tests, test_a_hub_that_goes_during_init_leaves_a_paused_upload);
	tcase_add_test(tests, test_the_store_stops_with_everything_under_way);
	tcase_add_test(tests, test_finding_the_upload_that_is_meant);
	tcase_add_test(tests, test_answers_come_before_the_store_is_gone);
	tcase_add_test(tests, test_chunks_in_any_order_and_twice);
	tcase_add_test(tests, test_a_slow_disk_holds_the_hub_back);
	tcase_add_test(tests, test_thousands_of_small_files);
	return run_tcase(tests);
}
