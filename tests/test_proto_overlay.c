#include "proto/proto_overlay.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <string.h>

START_TEST(an_order_comes_back_as_it_was)
{
	struct overlay_order order = {
		.code = "042137",
		.hub_name = "Олег's \"PC\"\n\u5c45\u9593",
		.left_ms = 59999,
		.total_ms = 60000,
		.language = "pt_BR",
		.large_text = true,
		.reduced_motion = true,
	};
	struct overlay_order read = { 0 };
	struct strbuf line = { 0 };
	struct error err = { 0 };

	json_write(&line, overlay_order_fields, &order);
	ck_assert_ptr_null(memchr(line.data, '\n', line.length)); /* it is one line */
	ck_assert_msg(json_read_text(&read, overlay_order_fields, line.data, line.length, &err),
		"%s", err.message);
	ck_assert_str_eq(read.code, order.code);
	ck_assert_str_eq(read.hub_name, order.hub_name);
	ck_assert_int_eq(read.left_ms, order.left_ms);
	ck_assert_int_eq(read.total_ms, order.total_ms);
	ck_assert_str_eq(read.language, order.language);
	ck_assert(read.large_text && read.reduced_motion);
	json_finish(&read, overlay_order_fields);
	strbuf_finish(&line);
}
END_TEST

START_TEST(an_order_needs_its_code_and_time)
{
	static const char *const lines[] = {
		"{}",
		"[]",
		"{\"hubName\":\"PC\",\"leftMs\":1,\"totalMs\":1}",
		"{\"code\":\"042137\",\"leftMs\":1,\"totalMs\":1}",
		"{\"code\":\"042137\",\"hubName\":\"PC\",\"totalMs\":1}",
		"{\"code\":42137,\"hubName\":\"PC\",\"leftMs\":1,\"totalMs\":1}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct overlay_order order = { 0 };
		struct error err = { 0 };

		ck_assert(!json_read_text(
			&order, overlay_order_fields, lines[i], strlen(lines[i]), &err));
		json_finish(&order, overlay_order_fields);
	}
}
END_TEST

START_TEST(a_ping_is_no_order_and_no_order_is_a_ping)
{
	static const char *const lines[] = {
		"{\"ping\":true}",
		"{\"code\":\"042137\",\"hubName\":\"PC\",\"leftMs\":1,\"totalMs\":1}",
	};
	struct strbuf line = { 0 };

	json_write(&line, overlay_ping_fields, &(struct overlay_ping){ .ping = true });
	ck_assert_str_eq(strbuf_text(&line), lines[0]);
	strbuf_finish(&line);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct overlay_order order = { 0 };
		struct overlay_ping ping = { 0 };
		size_t length = strlen(lines[i]);

		ck_assert_int_eq(
			json_read_text(&ping, overlay_ping_fields, lines[i], length, NULL), i == 0);
		ck_assert_int_eq(
			json_read_text(&order, overlay_order_fields, lines[i], length, NULL),
			i == 1);
		json_finish(&ping, overlay_ping_fields);
		json_finish(&order, overlay_order_fields);
	}
}
END_TEST

START_TEST(a_report_comes_back_as_it_was)
{
	static const char *const reports[][2] = {
		{ OVERLAY_SHOWN, NULL },
		{ OVERLAY_DISMISSED, NULL },
		{ OVERLAY_ALIVE, NULL },
		{ OVERLAY_FAILED, "no screen was found" },
	};

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		struct overlay_report report = { .status = reports[i][0], .reason = reports[i][1] };
		struct overlay_report read = { 0 };
		struct strbuf line = { 0 };
		struct error err = { 0 };

		json_write(&line, overlay_report_fields, &report);
		ck_assert(
			json_read_text(&read, overlay_report_fields, line.data, line.length, &err));
		ck_assert_str_eq(read.status, reports[i][0]);
		ck_assert_str_eq(read.reason != NULL ? read.reason : "",
			reports[i][1] != NULL ? reports[i][1] : "");
		json_finish(&read, overlay_report_fields);
		strbuf_finish(&line);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, an_order_comes_back_as_it_was);
	tcase_add_test(tests, an_order_needs_its_code_and_time);
	tcase_add_test(tests, a_ping_is_no_order_and_no_order_is_a_ping);
	tcase_add_test(tests, a_report_comes_back_as_it_was);
	return run_tcase(tests);
}
