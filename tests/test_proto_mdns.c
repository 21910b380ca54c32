#include "proto/proto_mdns.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <string.h>

static void write_line(struct strbuf *line, const struct json_field *fields, const void *from)
{
	strbuf_reset(line);
	json_write(line, fields, from);
	ck_assert_ptr_null(memchr(line->data, '\n', line->length));
}

START_TEST(an_order_comes_back_as_it_was)
{
	struct mdns_order order = {
		.verb = MDNS_PUBLISH,
		.type = "_capydeploy._tcp",
		.name = "1a2b3c4d",
		.host = "capydeck-1a2b3c4d",
		.port = 9999,
	};
	struct mdns_order read = { 0 };
	struct strbuf line = { 0 };
	struct error err = { 0 };

	strvec_push(&order.txt, "name=Größe 10\n\"Deck\"");
	strvec_push(&order.txt, "seq=1");
	write_line(&line, mdns_order_fields, &order);
	ck_assert_msg(json_read_text(&read, mdns_order_fields, line.data, line.length, &err), "%s",
		err.message);
	ck_assert_str_eq(read.verb, order.verb);
	ck_assert_str_eq(read.type, order.type);
	ck_assert_str_eq(read.name, order.name);
	ck_assert_str_eq(read.host, order.host);
	ck_assert_uint_eq(read.port, order.port);
	ck_assert(strvec_equal(&read.txt, &order.txt));
	json_finish(&read, mdns_order_fields);
	strvec_finish(&order.txt);
	strbuf_finish(&line);
}
END_TEST

START_TEST(a_report_comes_back_as_it_was)
{
	struct mdns_report report = {
		.event = MDNS_SEEN,
		.interface = 2,
		.family = MDNS_IPV6,
		.name = "1a2b3c4d",
		.host = "steamdeck.local",
		.address = "fe80::1",
		.port = 65535,
	};
	struct mdns_report read = { 0 };
	struct strbuf line = { 0 };
	struct error err = { 0 };

	strvec_push(&report.txt, "id=1a2b3c4d");
	strvec_push(&report.txt, "\xff is what a stranger may send");
	write_line(&line, mdns_report_fields, &report);
	ck_assert_msg(json_read_text(&read, mdns_report_fields, line.data, line.length, &err), "%s",
		err.message);
	ck_assert_str_eq(read.event, report.event);
	ck_assert_uint_eq(read.interface, report.interface);
	ck_assert_str_eq(read.family, report.family);
	ck_assert_str_eq(read.name, report.name);
	ck_assert_str_eq(read.host, report.host);
	ck_assert_str_eq(read.address, report.address);
	ck_assert_uint_eq(read.port, report.port);
	ck_assert_uint_eq(read.txt.count, 2);
	ck_assert_str_eq(read.txt.items[1], "\xef\xbf\xbd is what a stranger may send");
	json_finish(&read, mdns_report_fields);
	strvec_finish(&report.txt);
	strbuf_finish(&line);
}
END_TEST

START_TEST(what_is_not_one_is_refused)
{
	static const char *const lines[] = { "", "[]", "{}", "{\"event\":1,\"verb\":1}" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct mdns_order order = { 0 };
		struct mdns_report report = { 0 };

		ck_assert(!json_read_text(
			&order, mdns_order_fields, lines[i], strlen(lines[i]), NULL));
		ck_assert(!json_read_text(
			&report, mdns_report_fields, lines[i], strlen(lines[i]), NULL));
		json_finish(&order, mdns_order_fields);
		json_finish(&report, mdns_report_fields);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("proto_mdns");

	tcase_add_test(tcase, an_order_comes_back_as_it_was);
	tcase_add_test(tcase, a_report_comes_back_as_it_was);
	tcase_add_test(tcase, what_is_not_one_is_refused);
	return run_tcase(tcase);
}
