#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <string.h>

START_TEST(starts_empty)
{
	struct strbuf buf = { 0 };
	AUTO(free_ptr) char *text = NULL;

	ck_assert_str_eq(strbuf_text(&buf), "");
	strbuf_reset(&buf);
	strbuf_append(&buf, NULL, 0);
	ck_assert_ptr_null(buf.data);
	text = strbuf_detach(&buf);
	ck_assert_str_eq(text, "");
	strbuf_finish(&buf);
	strbuf_finish(NULL);
}
END_TEST

START_TEST(appends_every_way)
{
	AUTO(strbuf_finish) struct strbuf buf = { 0 };

	strbuf_append_text(&buf, "ab");
	strbuf_append_char(&buf, 'c');
	strbuf_append(&buf, "d\0e", 3);
	strbuf_appendf(&buf, "%d-%s", 42, "x");
	memcpy(strbuf_extend(&buf, 2), "yz", 2);
	ck_assert_uint_eq(buf.length, 12);
	ck_assert_mem_eq(buf.data, "abcd\0e42-xyz", 13);
	ck_assert_uint_ge(buf.capacity, buf.length);
	strbuf_reset(&buf);
	ck_assert_str_eq(strbuf_text(&buf), "");
}
END_TEST

START_TEST(formats_across_its_capacity)
{
	/* Every length around the capacity, where the second try of the formatting sets in. */
	for (int length = 0; length < 300; length++) {
		AUTO(strbuf_finish) struct strbuf buf = { 0 };

		strbuf_append_char(&buf, '<');
		strbuf_appendf(&buf, "%*s>", length, "");
		ck_assert_uint_eq(buf.length, (size_t)length + 2);
		ck_assert_uint_eq(strlen(buf.data), buf.length);
		ck_assert_int_eq(buf.data[buf.length - 1], '>');
	}
}
END_TEST

START_TEST(has_writable_headroom)
{
	AUTO(strbuf_finish) struct strbuf buf = { 0 };

	strbuf_append_text(&buf, "payload");
	memset(buf.data - STRBUF_HEADROOM, 0xaa, STRBUF_HEADROOM);
	for (int i = 0; i < 1000; i++) {
		strbuf_append_text(&buf, "0123456789");
	}
	ck_assert_mem_eq(buf.data, "payload0123456789", 17);
	memset(buf.data - STRBUF_HEADROOM, 0xaa, STRBUF_HEADROOM);
	ck_assert_uint_eq(buf.length, 10007);
}
END_TEST

START_TEST(reserves_exactly_and_keeps_memory)
{
	AUTO(strbuf_finish) struct strbuf buf = { 0 };
	const char *data;

	strbuf_reserve(&buf, 0);
	ck_assert_str_eq(buf.data, "");
	strbuf_reserve(&buf, 1000);
	ck_assert_uint_eq(buf.capacity, 1000);
	data = buf.data;
	memset(strbuf_extend(&buf, 1000), 'x', 1000);
	ck_assert_ptr_eq(buf.data, data);
	strbuf_reserve(&buf, 10);
	ck_assert_uint_eq(buf.capacity, 1000);
	strbuf_reset(&buf);
	ck_assert_ptr_eq(buf.data, data);
}
END_TEST

START_TEST(moves_and_detaches)
{
	AUTO(strbuf_finish) struct strbuf from = { 0 }, to = { 0 };
	AUTO(free_ptr) char *text = NULL;

	strbuf_append_text(&to, "old");
	strbuf_append_text(&from, "new");
	strbuf_move(&to, &from);
	ck_assert_ptr_null(from.data);
	ck_assert_uint_eq(from.length, 0);
	ck_assert_str_eq(strbuf_text(&to), "new");
	text = strbuf_detach(&to);
	ck_assert_str_eq(text, "new");
	ck_assert_ptr_null(to.data);
	text = xrealloc(text, 100, 1);
}
END_TEST

START_TEST(takes_lines)
{
	AUTO(strbuf_finish) struct strbuf input = { 0 }, line = { 0 };

	ck_assert(!strbuf_take_line(&input, &line));
	strbuf_append_text(&input, "one\n\nthr");
	ck_assert(strbuf_take_line(&input, &line));
	ck_assert_str_eq(strbuf_text(&line), "one");
	ck_assert(strbuf_take_line(&input, &line));
	ck_assert_uint_eq(line.length, 0);
	ck_assert(!strbuf_take_line(&input, &line));
	ck_assert_str_eq(strbuf_text(&input), "thr");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("strbuf");

	tcase_add_test(tcase, starts_empty);
	tcase_add_test(tcase, appends_every_way);
	tcase_add_test(tcase, formats_across_its_capacity);
	tcase_add_test(tcase, has_writable_headroom);
	tcase_add_test(tcase, reserves_exactly_and_keeps_memory);
	tcase_add_test(tcase, moves_and_detaches);
	tcase_add_test(tcase, takes_lines);
	return run_tcase(tcase);
}
