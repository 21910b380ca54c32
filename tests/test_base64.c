#include "core/base64.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <string.h>

/* RFC 4648 §10, and all digits. */
static const struct {
	const char *bytes;
	const char *text;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xef\xbe", "/+++" },
};

START_TEST(test_examples)
{
	struct strbuf text = { 0 }, bytes = { 0 };

	base64_encode(&text, pairs[_i].bytes, strlen(pairs[_i].bytes));
	ck_assert_str_eq(strbuf_text(&text), pairs[_i].text);
	ck_assert(base64_decode(&bytes, pairs[_i].text, strlen(pairs[_i].text), NULL));
	ck_assert_uint_eq(bytes.length, strlen(pairs[_i].bytes));
	ck_assert_mem_eq(strbuf_text(&bytes), pairs[_i].bytes, bytes.length);
	strbuf_finish(&text);
	strbuf_finish(&bytes);
}
END_TEST

START_TEST(test_url_alphabet_is_unpadded)
{
	char url[BASE64URL_BYTES(6)];
	size_t length = strcspn(pairs[_i].text, "=");

	base64url_encode(url, pairs[_i].bytes, strlen(pairs[_i].bytes));
	ck_assert_uint_eq(strlen(url), length);
	for (size_t i = 0; i < length; i++) {
		char digit = pairs[_i].text[i];

		ck_assert_int_eq(url[i], digit == '+' ? '-' : digit == '/' ? '_' : digit);
	}
}
END_TEST

START_TEST(test_every_byte_returns)
{
	struct strbuf text = { 0 }, bytes = { 0 };
	unsigned char all[256];

	for (unsigned i = 0; i < sizeof(all); i++) {
		all[i] = (unsigned char)i;
	}
	for (size_t length = sizeof(all) - 3; length <= sizeof(all); length++) {
		strbuf_reset(&text);
		strbuf_reset(&bytes);
		base64_encode(&text, all, length);
		ck_assert_uint_eq(text.length % 4, 0);
		ck_assert(base64_decode(&bytes, text.data, text.length, NULL));
		ck_assert_uint_eq(bytes.length, length);
		ck_assert_mem_eq(bytes.data, all, length);
	}
	strbuf_finish(&text);
	strbuf_finish(&bytes);
}
END_TEST

START_TEST(test_refused)
{
	static const char *const wrong[] = { "Z", "Zg=", "Zm9v\n", "Zm-v", "=", "Z===" };
	struct strbuf bytes = { 0 };
	struct error err;

	strbuf_append_text(&bytes, "kept");
	ck_assert(!base64_decode(&bytes, wrong[_i], strlen(wrong[_i]), &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_uint_eq(bytes.length, 4);
	strbuf_finish(&bytes);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("base64");

	tcase_add_loop_test(tcase, test_examples, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_loop_test(
		tcase, test_url_alphabet_is_unpadded, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tcase, test_every_byte_returns);
	tcase_add_loop_test(tcase, test_refused, 0, 6);
	return run_tcase(tcase);
}
