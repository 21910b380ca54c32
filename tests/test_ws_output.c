#include "suite.h"
#include "ws/ws_output.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static void push(struct ws_output *output, const char *text)
{
	struct strbuf data = { 0 };

	strbuf_append_text(&data, text);
	ws_output_push_take(output, &data, false);
	ck_assert_uint_eq(data.length, 0);
}

static void replace(struct ws_output *output, unsigned slot, const char *text)
{
	struct strbuf data = { 0 };

	strbuf_append_text(&data, text);
	ws_output_replace_take(output, slot, &data);
}

static void expect(struct ws_output *output, const char *text)
{
	struct ws_frame frame;

	ck_assert(ws_output_pop(output, &frame));
	ck_assert_str_eq(strbuf_text(&frame.data), text);
	strbuf_finish(&frame.data);
}

START_TEST(frames_leave_in_order)
{
	struct ws_output output = { 0 };
	char text[16];

	for (int round = 0; round < 3; round++) { /* the ring has grown and wraps around */
		for (int i = 0; i < 40; i++) {
			snprintf(text, sizeof(text), "%d", i);
			push(&output, text);
		}
		ck_assert_uint_eq(ws_output_count(&output), 40);
		for (int i = 0; i < 40; i++) {
			snprintf(text, sizeof(text), "%d", i);
			expect(&output, text);
			push(&output, "later");
		}
		for (int i = 0; i < 40; i++) {
			expect(&output, "later");
		}
		ck_assert(ws_output_empty(&output));
		ck_assert_uint_eq(output.queued_bytes, 0);
	}
	ws_output_finish(&output);
}
END_TEST

START_TEST(replaceable_ones_come_last_and_once)
{
	struct ws_output output = { 0 };

	replace(&output, 1, "second");
	replace(&output, 0, "old");
	replace(&output, 0, "first");
	push(&output, "frame");
	ck_assert_uint_eq(ws_output_count(&output), 3);
	ck_assert_uint_eq(
		output.queued_bytes, strlen("second") + strlen("first") + strlen("frame"));
	expect(&output, "frame");
	expect(&output, "first");
	expect(&output, "second");
	ck_assert(ws_output_empty(&output));
	ws_output_finish(&output);
}
END_TEST

START_TEST(tiny_frames_are_not_free)
{
	struct ws_output output = { 0 };

	for (int i = 0; i < 1000; i++) {
		push(&output, "");
	}
	ck_assert_uint_eq(output.queued_bytes, 0);
	ck_assert_uint_ge(ws_output_memory_bytes(&output), 1000 * sizeof(struct ws_frame));
	ws_output_finish(&output);
	ck_assert_uint_eq(ws_output_memory_bytes(&output), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ws_output");

	tcase_add_test(tcase, frames_leave_in_order);
	tcase_add_test(tcase, replaceable_ones_come_last_and_once);
	tcase_add_test(tcase, tiny_frames_are_not_free);
	return run_tcase(tcase);
}
