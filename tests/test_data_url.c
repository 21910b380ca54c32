#include "core/data_url.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>

static struct strbuf out;
static struct error err;

static void teardown(void)
{
	strbuf_finish(&out);
}

static void ck_decodes(const char *url, const char *text)
{
	strbuf_reset(&out);
	strbuf_append_text(&out, ">");
	ck_assert_msg(data_url_decode(&out, url, 8, &err), "%s", err.message);
	ck_assert_str_eq(strbuf_text(&out) + 1, text);
}

static void ck_fails(const char *url, enum error_kind kind)
{
	strbuf_reset(&out);
	strbuf_append_text(&out, ">");
	ck_assert(!data_url_decode(&out, url, 8, &err));
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(strbuf_text(&out), ">");
}

START_TEST(test_is)
{
	ck_assert(data_url_is("data:,"));
	ck_assert(data_url_is("Data:image/png;base64,"));
	ck_assert(!data_url_is("data"));
	ck_assert(!data_url_is("http://data:"));
	ck_assert(!data_url_is(""));
}
END_TEST

START_TEST(test_base64)
{
	ck_decodes("data:image/png;base64,aGVsbG8=", "hello");
	ck_decodes("data:image/png;base64,aGVsbG8", "hello");
	ck_decodes("data:;base64,aGVsbG8=", "hello");
	ck_decodes("DATA:image/png;charset=utf-8;name=a;BASE64,aGVsbG8=", "hello");
	ck_decodes("data:image/png;base64,aGVs%0Abg%3D%3d", "heln");
	ck_decodes("data:image/png;base64,aGV s\r\nbG8=\n", "hello");
	ck_decodes("data:image/png;base64,", "");
	ck_fails("data:image/png;base64,a", ERROR_INVALID);
	ck_fails("data:image/png;base64,aGVs?G8=", ERROR_INVALID);
	ck_fails("data:image/png;base64,%zzaGVsbG8=", ERROR_INVALID);
}
END_TEST

START_TEST(test_percent)
{
	ck_decodes("data:,hello", "hello");
	ck_decodes("data:text/plain,a%20b%2Cc,d", "a b,c,d");
	ck_decodes("data:base64,hello", "hello"); /* a media type, by its place */
	ck_decodes("data:,100%", "100%");
	ck_decodes("data:,%4", "%4");
	ck_decodes("data:,%g0%4g", "%g0%4g");
	strbuf_reset(&out);
	ck_assert(data_url_decode(&out, "data:,a%00b", 8, &err));
	ck_assert_uint_eq(out.length, 3);
}
END_TEST

START_TEST(test_limits)
{
	ck_decodes("data:,12345678", "12345678");
	ck_decodes("data:;base64,%4D%54%49%7A%4E%44%55%32%4E%7A%67%3D", "12345678");
	ck_fails("data:,123456789", ERROR_TOO_LARGE);
	ck_fails("data:;base64,MTIzNDU2Nzg5", ERROR_TOO_LARGE);
	ck_fails("data:,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		ERROR_TOO_LARGE);
	ck_fails("data:", ERROR_INVALID);
	ck_fails("data:image/png;base64", ERROR_INVALID);
	ck_fails("http://a,b", ERROR_INVALID);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("data_url");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, test_is);
	tcase_add_test(tcase, test_base64);
	tcase_add_test(tcase, test_percent);
	tcase_add_test(tcase, test_limits);
	return run_tcase(tcase);
}
