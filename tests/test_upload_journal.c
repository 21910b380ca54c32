#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "folder.h"
#include "suite.h"
#include "upload/upload_journal.h"

#include <check.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char folder[FOLDER_BYTES];
static int dir_fd;

static void setup(void)
{
	folder_make(folder);
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	close(dir_fd);
	folder_remove(folder);
}

struct seen {
	struct upload_journal_record records[64];
	size_t count;
};

static void see(void *user, const struct upload_journal_record *record)
{
	struct seen *seen = user;

	ck_assert_uint_lt(seen->count, 64);
	seen->records[seen->count++] = *record;
}

/* Head, five ranges, one state. */
static void write_sample(struct strbuf *text)
{
	upload_journal_write_head(text, DIGEST);
	for (int i = 0; i < 5; i++) {
		upload_journal_write_range(text, i, i * 100, i * 100 + 50);
	}
	upload_journal_write_state(
		text, &(struct upload_journal_state){
			      .at_ms = 1700000000123, .held_bytes = 250, .cancelled = true });
}

START_TEST(test_what_is_written_is_read)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(strbuf_finish) struct strbuf read = { 0 };
	struct upload_journal_state state;
	struct seen seen = { 0 };
	struct error err;
	bool found;

	write_sample(&text);
	ck_assert(upload_journal_replace(dir_fd, &text, &err));
	ck_assert(upload_journal_read(dir_fd, &read, &err));
	ck_assert(upload_journal_parse(read.data, read.length, DIGEST, see, &seen));
	ck_assert_uint_eq(seen.count, 6);
	ck_assert_int_eq(seen.records[4].kind, UPLOAD_JOURNAL_RANGE);
	ck_assert_uint_eq(seen.records[4].file, 4);
	ck_assert_int_eq(seen.records[4].start, 400);
	ck_assert_int_eq(seen.records[4].end, 450);
	ck_assert_int_eq(seen.records[5].kind, UPLOAD_JOURNAL_STATE);
	ck_assert(upload_journal_last_state(dir_fd, &found, &state, &err) && found);
	ck_assert_int_eq(state.at_ms, 1700000000123);
	ck_assert_int_eq(state.held_bytes, 250);
	ck_assert(state.cancelled);
}
END_TEST

START_TEST(test_a_torn_tail_claims_nothing)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	size_t whole = 0;

	write_sample(&text);
	for (size_t length = 0; length <= text.length; length++) {
		struct seen seen = { 0 };
		size_t lines = 0;

		for (size_t i = 0; i < length; i++) {
			lines += text.data[i] == '\n';
		}
		ck_assert(
			upload_journal_parse(text.data, length, DIGEST, see, &seen) == (lines > 0));
		ck_assert_uint_eq(seen.count, lines > 0 ? lines - 1 : 0);
		whole = seen.count;
	}
	ck_assert_uint_eq(whole, 6);
}
END_TEST

START_TEST(test_a_changed_byte_ends_belief)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	write_sample(&text);
	for (size_t at = 0; at < text.length; at++) {
		struct seen seen = { 0 };
		size_t line = 0;

		for (size_t i = 0; i < at; i++) {
			line += text.data[i] == '\n';
		}
		text.data[at] ^= 1;
		upload_journal_parse(text.data, text.length, DIGEST, see, &seen);
		text.data[at] ^= 1;
		/* At most what stands before the changed line. */
		ck_assert_uint_le(seen.count, line > 0 ? line - 1 : 0);
	}
}
END_TEST

START_TEST(test_of_another_manifest_nothing_is_believed)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct seen seen = { 0 };

	write_sample(&text);
	ck_assert(!upload_journal_parse(text.data, text.length, OTHER, see, &seen));
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(test_append)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(strbuf_finish) struct strbuf more = { 0 };
	struct seen seen = { 0 };
	struct error err;

	upload_journal_write_range(&more, 9, 0, 1);
	ck_assert(!upload_journal_append(dir_fd, &more, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	write_sample(&text);
	ck_assert(upload_journal_replace(dir_fd, &text, &err));
	ck_assert(upload_journal_append(dir_fd, &more, &err));
	ck_assert(upload_journal_read(dir_fd, &text, &err));
	ck_assert(upload_journal_parse(text.data, text.length, DIGEST, see, &seen));
	ck_assert_uint_eq(seen.count, 7);
	ck_assert_uint_eq(seen.records[6].file, 9);
}
END_TEST

/* On a file system of one page or two, half an append must be undone. */
START_TEST(test_a_full_disk_leaves_no_torn_line)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(strbuf_finish) struct strbuf more = { 0 };
	AUTO(strbuf_finish) struct strbuf read = { 0 };
	AUTO(close_fd) int full_fd = -1;
	struct seen seen = { 0 };
	struct error err;

	if (mount("capydeck-test", folder, "tmpfs", 0, "size=8k") != 0) {
		return; /* not root */
	}
	full_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_sample(&text);
	ck_assert(upload_journal_replace(full_fd, &text, &err));
	while (more.length < 64 * 1024) {
		upload_journal_write_range(&more, 9, 0, 1);
	}
	ck_assert(!upload_journal_append(full_fd, &more, &err));
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	ck_assert(upload_journal_read(full_fd, &read, &err));
	ck_assert_uint_eq(read.length, text.length);
	ck_assert(upload_journal_parse(read.data, read.length, DIGEST, see, &seen));
	ck_assert_uint_eq(seen.count, 6);
	unlinkat(full_fd, "journal", 0);
	close_fd(&full_fd);
	full_fd = -1;
	ck_assert_int_eq(umount(folder), 0);
}
END_TEST

/* Earlier versions had three numbers, and read no line that has more. */
START_TEST(test_the_time_a_pause_took_is_read_if_it_is_there)
{
	static const int64_t times_ms[] = { 0, 1, 86400000, JSON_INTEGER_MAX };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct upload_journal_state state = { 0 };
	struct error err = { 0 };
	bool found;

	for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++) {
		strbuf_reset(&text);
		upload_journal_write_head(&text, DIGEST);
		upload_journal_write_state(
			&text, &(struct upload_journal_state){
				       .at_ms = 5, .held_bytes = 6, .kept_ms = times_ms[i] });
		ck_assert_int_eq(strstr(text.data, "state 5 6 0\n") != NULL, times_ms[i] == 0);
		ck_assert(upload_journal_replace(dir_fd, &text, NULL));
		ck_assert(upload_journal_last_state(dir_fd, &found, &state, &err) && found);
		ck_assert_int_eq(state.held_bytes, 6);
		ck_assert_int_eq(state.kept_ms, times_ms[i]);
	}
}
END_TEST

START_TEST(test_the_last_state_is_found_in_a_long_journal)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct upload_journal_state state = { 0 };
	struct error err = { 0 };
	bool found;

	upload_journal_write_head(&text, DIGEST);
	for (int i = 0; i < 10000; i++) {
		upload_journal_write_range(&text, i, 0, 1);
		upload_journal_write_state(
			&text, &(struct upload_journal_state){ .at_ms = i, .held_bytes = i });
	}
	strbuf_append_text(&text, "00000000 state 1 2");
	ck_assert(upload_journal_replace(dir_fd, &text, &err));
	ck_assert(upload_journal_last_state(dir_fd, &found, &state, &err) && found);
	ck_assert_int_eq(state.held_bytes, 9999);
	strbuf_reset(&text);
	ck_assert(upload_journal_replace(dir_fd, &text, &err));
	ck_assert(upload_journal_last_state(dir_fd, &found, &state, &err) && !found);
	/* What is no file is no journal; and one that is away has no state. */
	ck_assert_int_eq(unlinkat(dir_fd, "journal", 0), 0);
	ck_assert(upload_journal_last_state(dir_fd, &found, &state, &err) && !found);
	/* Without its folder nobody can say. */
	ck_assert(!upload_journal_last_state(-1, &found, &state, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("journal");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_what_is_written_is_read);
	tcase_add_test(tests, test_a_torn_tail_claims_nothing);
	tcase_add_test(tests, test_a_changed_byte_ends_belief);
	tcase_add_test(tests, test_of_another_manifest_nothing_is_believed);
	tcase_add_test(tests, test_append);
	tcase_add_test(tests, test_a_full_disk_leaves_no_torn_line);
	tcase_add_test(tests, test_the_time_a_pause_took_is_read_if_it_is_there);
	tcase_add_test(tests, test_the_last_state_is_found_in_a_long_journal);
	return run_tcase(tests);
}
