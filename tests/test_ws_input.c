#include "ws/ws_input.h"

#include "core/loop.h"

#include <check.h>
#include <string.h>

#define MAX_BYTES (1024 * 1024)
#define LARGE_BYTES (128 * 1024)

static struct loop *loop;
static struct ws_input input;
static char large[LARGE_BYTES];

static void set_up(void)
{
	loop = loop_create();
	ws_input_init(&input, loop, MAX_BYTES);
	memset(large, 'x', sizeof(large));
}

static void tear_down(void)
{
	ws_input_finish(&input);
	loop_destroy(loop);
}

static void expect(enum ws_input_kind kind, size_t length)
{
	ck_assert_int_eq(input.ready_kind, kind);
	ck_assert_uint_eq(input.ready.length, length);
	input.ready_kind = WS_INPUT_NONE;
	strbuf_finish(&input.ready);
}

START_TEST(fragments_are_joined)
{
	ws_input_append(&input, false, false, 0, "ab", 2);
	ck_assert_int_eq(input.ready_kind, WS_INPUT_NONE);
	ck_assert(input.in_message);
	ws_input_append(&input, false, false, 0, "", 0);
	ws_input_append(&input, false, true, 0, "c", 1);
	ck_assert(!input.in_message);
	ck_assert_str_eq(strbuf_text(&input.ready), "abc");
	expect(WS_INPUT_TEXT, 3);
	ws_input_append(&input, true, true, 0, "", 0);
	expect(WS_INPUT_BINARY, 0);
}
END_TEST

START_TEST(the_limit_itself_passes)
{
	input.max_bytes = 4;
	ws_input_append(&input, true, true, 0, "abcd", 4);
	expect(WS_INPUT_BINARY, 4);
}
END_TEST

START_TEST(a_text_past_the_limit_is_thrown_away)
{
	input.max_bytes = 4;
	ws_input_append(&input, false, false, 0, "abcd", 4);
	ws_input_append(&input, false, false, 0, "e", 1);
	expect(WS_INPUT_TEXT_OVERSIZE, 0);
	ws_input_append(&input, false, true, 0, "the rest", 8);
	ck_assert_int_eq(input.ready_kind, WS_INPUT_NONE);
	ws_input_append(&input, false, true, 0, "next", 4);
	expect(WS_INPUT_TEXT, 4);
}
END_TEST

START_TEST(of_a_binary_one_the_start_is_kept)
{
	input.max_bytes = 4;
	ws_input_append(&input, true, false, 0, "abc", 3);
	ws_input_append(&input, true, false, 100, "defg", 4);
	ck_assert_int_eq(memcmp(input.ready.data, "abcd", 4), 0);
	expect(WS_INPUT_BINARY_OVERSIZE, 4);
	ws_input_append(&input, true, true, 0, "the rest", 8);
	ck_assert_int_eq(input.ready_kind, WS_INPUT_NONE);
}
END_TEST

/* What a stranger announces costs no memory before it comes. */
START_TEST(an_announced_length_is_not_believed)
{
	input.max_bytes = SIZE_MAX;
	ws_input_append(&input, true, false, SIZE_MAX, "a", 1);
	ck_assert_uint_le(input.message.capacity, 4 * 1024 * 1024);
}
END_TEST

START_TEST(a_buffer_serves_again)
{
	struct strbuf used = { 0 };
	const char *memory;

	ws_input_append(&input, true, true, 0, large, sizeof(large));
	ck_assert_int_eq(input.ready_kind, WS_INPUT_BINARY);
	memory = input.ready.data;
	strbuf_move(&used, &input.ready);
	input.ready_kind = WS_INPUT_NONE;
	ws_input_recycle_take(&input, &used);
	ck_assert_ptr_null(used.data);
	ws_input_append(&input, true, true, 0, large, sizeof(large));
	ck_assert_ptr_eq(input.ready.data, memory);
	expect(WS_INPUT_BINARY, sizeof(large));
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
	tcase_add_test(tcase, a_buffer_serves_again);
	return run_tcase(tcase);
}
