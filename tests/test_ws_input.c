#include "suite.h"
#include "ws/ws_input.h"

#include "core/loop.h"

#include <check.h>
#include <string.h>

#define MAX_BYTES (1024 * 1024)
#define LARGE_BYTES (128 * 1024)

static struct loop *loop;
static struct ws_input input;
static char large[LARGE_BYTES];

static bool wants;
static size_t part_bytes; /* of the last report */
static enum ws_input_kind kind;
static struct strbuf message;
static bool was_pending; /* while it was reported */

static bool is_wanted(void *user)
{
	return wants;
}

static void on_part(void *user, const struct strbuf *part)
{
	part_bytes = part->length;
}

static void on_message(void *user, enum ws_input_kind its_kind, struct strbuf *its)
{
	kind = its_kind;
	was_pending = ws_input_is_pending(&input);
	strbuf_move(&message, its);
}

static const struct ws_input_events events = {
	.is_wanted = is_wanted,
	.part = on_part,
	.message = on_message,
};

static void set_up(void)
{
	wants = true;
	part_bytes = 0;
	kind = WS_INPUT_NONE;
	loop = loop_create();
	ws_input_init(&input, loop, MAX_BYTES, &events, NULL);
	memset(large, 'x', sizeof(large));
}

static void tear_down(void)
{
	strbuf_finish(&message);
	ws_input_finish(&input);
	loop_destroy(loop);
}

static void expect(enum ws_input_kind expected, const char *text)
{
	ck_assert(ws_input_is_ready(&input));
	ws_input_report(&input, false);
	ck_assert(!ws_input_is_ready(&input));
	ck_assert_int_eq(kind, expected);
	ck_assert_str_eq(strbuf_text(&message), text);
}

START_TEST(fragments_are_joined)
{
	ws_input_append(&input, false, false, 0, "ab", 2);
	ck_assert(!ws_input_is_ready(&input));
	ck_assert(ws_input_is_pending(&input));
	ws_input_append(&input, false, false, 0, "", 0);
	ws_input_append(&input, false, true, 0, "c", 1);
	expect(WS_INPUT_TEXT, "abc");
	ck_assert(!was_pending && !ws_input_is_pending(&input));
	ws_input_append(&input, true, true, 0, "", 0);
	expect(WS_INPUT_BINARY, "");
}
END_TEST

START_TEST(the_limit_itself_passes)
{
	input.max_bytes = 4;
	ws_input_append(&input, true, true, 0, "abcd", 4);
	expect(WS_INPUT_BINARY, "abcd");
}
END_TEST

START_TEST(a_text_past_the_limit_is_thrown_away)
{
	input.max_bytes = 4;
	ws_input_append(&input, false, false, 0, "abcd", 4);
	ws_input_append(&input, false, false, 0, "e", 1);
	expect(WS_INPUT_TEXT_OVERSIZE, "");
	ws_input_append(&input, false, true, 0, "the rest", 8);
	ck_assert(!ws_input_is_ready(&input));
	ws_input_append(&input, false, true, 0, "next", 4);
	expect(WS_INPUT_TEXT, "next");
}
END_TEST

START_TEST(of_a_binary_one_the_start_is_kept)
{
	input.max_bytes = 4;
	ws_input_append(&input, true, false, 0, "abc", 3);
	ws_input_append(&input, true, false, 100, "defg", 4);
	expect(WS_INPUT_BINARY_OVERSIZE, "abcd");
	ws_input_append(&input, true, true, 0, "the rest", 8);
	ck_assert(!ws_input_is_ready(&input));
}
END_TEST

/* What a guest announces costs no memory before it arrives. */
START_TEST(an_announced_length_is_not_believed)
{
	input.max_bytes = SIZE_MAX;
	ws_input_append(&input, true, false, SIZE_MAX, "a", 1);
	ck_assert_uint_le(input.message.capacity, 4 * 1024 * 1024);
}
END_TEST

START_TEST(parts_are_reported_once)
{
	ws_input_append(&input, true, false, 0, "abc", 3);
	ws_input_report_parts(&input);
	ck_assert_uint_eq(part_bytes, 3);
	part_bytes = 0;
	ws_input_report_parts(&input);
	ck_assert_uint_eq(part_bytes, 0);
	ws_input_append(&input, true, true, 0, "d", 1);
	expect(WS_INPUT_BINARY, "abcd");
	ck_assert_uint_eq(part_bytes, 4);
}
END_TEST

START_TEST(what_is_not_wanted_is_kept)
{
	wants = false;
	ws_input_append(&input, true, true, 0, "abc", 3);
	ws_input_report_parts(&input);
	ws_input_report(&input, false);
	ck_assert(ws_input_is_ready(&input));
	ck_assert_uint_eq(part_bytes, 0);
	wants = true;
	ws_input_report(&input, true);
	ck_assert_int_eq(kind, WS_INPUT_BINARY);
	ck_assert(was_pending); /* of the next one something is here */
}
END_TEST

START_TEST(a_buffer_serves_again)
{
	const char *memory;

	ws_input_append(&input, true, true, 0, large, sizeof(large));
	ws_input_report(&input, false);
	memory = message.data;
	ws_input_recycle_take(&input, &message);
	ck_assert_ptr_null(message.data);
	ws_input_append(&input, true, true, 0, large, sizeof(large));
	ws_input_report(&input, false);
	ck_assert_ptr_eq(message.data, memory);
	ck_assert_uint_eq(message.length, sizeof(large));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ws_input");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, fragments_are_joined);
	tcase_add_test(tcase, the_limit_itself_passes);
	tcase_add_test(tcase, a_text_past_the_limit_is_thrown_away);
	tcase_add_test(tcase, of_a_binary_one_the_start_is_kept);
	tcase_add_test(tcase, an_announced_length_is_not_believed);
	tcase_add_test(tcase, parts_are_reported_once);
	tcase_add_test(tcase, what_is_not_wanted_is_kept);
	tcase_add_test(tcase, a_buffer_serves_again);
	return run_tcase(tcase);
}
