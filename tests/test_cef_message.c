#include "steam/cef/cef_message.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The argument as it stands in the script. */
static void written(struct strbuf *literal, const char *argument)
{
	struct strbuf message = { 0 };
	struct error err;
	cJSON *root;
	const cJSON *parameters;
	const char *expression;
	double id;
	bool yes;

	cef_message_write(&message, 42, argument);
	root = json_parse(message.data, message.length, &err);
	ck_assert_msg(root != NULL, "%s", err.message);
	ck_assert(json_number(json_member(root, "id"), &id) && id == 42);
	ck_assert_str_eq(json_string(json_member(root, "method")), "Runtime.evaluate");
	parameters = json_member(root, "params");
	ck_assert(json_bool(json_member(parameters, "awaitPromise"), &yes) && yes);
	ck_assert(json_bool(json_member(parameters, "returnByValue"), &yes) && yes);
	expression = json_string(json_member(parameters, "expression"));
	ck_assert_int_eq(expression[0], '(');
	ck_assert(strncmp(expression + 1, cef_message_script, strlen(cef_message_script)) == 0);
	expression += 1 + strlen(cef_message_script);
	ck_assert(strncmp(expression, ")(", 2) == 0);
	strbuf_reset(literal);
	strbuf_append_text(literal, expression + 2);
	ck_assert_int_eq(literal->data[literal->length - 1], ')');
	literal->data[--literal->length] = '\0';
	json_free(root);
	strbuf_finish(&message);
}

START_TEST(test_the_argument_is_one_literal)
{
	static const struct {
		const char *json, *literal;
	} pairs[] = {
		{ "{\"a\":1}", "{\"a\":1}" },
		{ "\"</script>\"", "\"\\u003c/script>\"" },
		{ "\"\u2028\u2029\"", "\"\\u2028\\u2029\"" },
		{ "\"a\u2027\u202a<\u20ac\"", "\"a\u2027\u202a\\u003c\u20ac\"" },
		{ "\"\\\"`${x}'\\\\\"", "\"\\\"`${x}'\\\\\"" },
		{ "\"<\"", "\"\\u003c\"" },
		{ "\"\xf0\x9f\x8e\xae\"", "\"\xf0\x9f\x8e\xae\"" },
	};
	struct strbuf literal = { 0 };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		written(&literal, pairs[i].json);
		ck_assert_str_eq(literal.data, pairs[i].literal);
	}
	strbuf_finish(&literal);
}
END_TEST

START_TEST(test_the_literal_means_the_same)
{
	struct strbuf json = { 0 };
	struct strbuf literal = { 0 };
	struct error err;
	cJSON *value;
	char text[4 * 256];
	size_t length = 0;

	/* Every ASCII character, and the edges of what is escaped. */
	for (char character = 1; character < 127; character++) {
		text[length++] = character;
	}
	snprintf(text + length, sizeof(text) - length, "\u2027\u2028\u2029\u202a<<\u2028");
	json_write_string(&json, text);
	written(&literal, json.data);
	value = json_parse(literal.data, literal.length, &err);
	ck_assert_msg(value != NULL, "%s", err.message);
	ck_assert_str_eq(json_string(value), text);
	json_free(value);
	strbuf_finish(&json);
	strbuf_finish(&literal);
}
END_TEST

static const struct {
	const char *name;
	enum cef_message message;
	enum error_kind kind;
	const char *says;
} answers[] = {
	{ "done", CEF_MESSAGE_DONE, ERROR_NONE, "" },
	{ "refused", CEF_MESSAGE_FAILED, ERROR_NOT_FOUND, "the app id 5" },
	{ "thrown", CEF_MESSAGE_FAILED, ERROR_CONFLICT, "Unexpected token" },
	{ "gone", CEF_MESSAGE_FAILED, ERROR_CONFLICT, "navigated or closed" },
	{ "nothing", CEF_MESSAGE_FAILED, ERROR_CONFLICT, "malformed answer" },
	{ "event", CEF_MESSAGE_OTHER, ERROR_NONE, "" },
};

START_TEST(test_answers)
{
	struct strbuf text = { 0 };
	struct error err = { 0 };
	uint32_t app_id = 0;
	char file[128];

	snprintf(file, sizeof(file), "tests/fixtures/cef_message/%s.json", answers[_i].name);
	ck_assert(atomic_file_read(file, 1 << 20, &text, NULL));
	ck_assert_int_eq(
		cef_message_read(text.data, text.length, 7, &app_id, &err), answers[_i].message);
	ck_assert_int_eq(err.kind, answers[_i].kind);
	ck_assert_ptr_nonnull(strstr(err.message, answers[_i].says));
	ck_assert_uint_eq(app_id, answers[_i].message == CEF_MESSAGE_DONE ? 3000000001 : 0);
	ck_assert_int_eq(
		cef_message_read(text.data, text.length, 8, &app_id, &err), CEF_MESSAGE_OTHER);
	strbuf_finish(&text);
}
END_TEST

/* Any reply of a page is an answer or a failure with a message. */
START_TEST(test_odd_replies)
{
	static const char *const values[] = { "null", "true", "0", "-1", "1e300", "\"\"", "\"x\"",
		"[]", "[null]", "{}", "{\"a\":1}" };
	static const char *const replies[] = {
		"%s",
		"{\"id\":7,\"result\":%s}",
		"{\"id\":7,\"error\":%s}",
		"{\"id\":7,\"error\":{\"message\":%s}}",
		"{\"id\":7,\"result\":{\"exceptionDetails\":%s}}",
		"{\"id\":7,\"result\":{\"exceptionDetails\":{\"exception\":{\"description\":%s}}}}",
		"{\"id\":7,\"result\":{\"result\":%s}}",
		"{\"id\":7,\"result\":{\"result\":{\"value\":%s}}}",
		"{\"id\":7,\"result\":{\"result\":{\"value\":{\"ok\":%s}}}}",
		"{\"id\":7,\"result\":{\"result\":{\"value\":{\"ok\":true,\"appId\":%s}}}}",
		"{\"id\":7,\"result\":{\"result\":{\"value\":{\"ok\":false,\"kind\":%s}}}}",
		"{\"id\":7,\"result\":{\"result\":{\"value\":{\"ok\":false,\"message\":%s}}}}",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct strbuf text = { 0 };
		struct error err = { 0 };
		uint32_t app_id = 0;
		enum cef_message message;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		strbuf_appendf(&text, replies[_i], values[i]);
#pragma GCC diagnostic pop
		message = cef_message_read(text.data, text.length, 7, &app_id, &err);
		ck_assert_int_eq(message == CEF_MESSAGE_FAILED, err.kind != ERROR_NONE);
		ck_assert(message != CEF_MESSAGE_OTHER || _i == 0);
		strbuf_finish(&text);
	}
}
END_TEST

/* --- The list of pages --- */

static const struct {
	const char *name;
	const char *path; /* NULL: an error */
	enum error_kind kind;
} lists[] = {
	{ "chromium", "/devtools/page/5878049DE9C225A66457BEA9D6DB660B", ERROR_NONE },
	{ "deck", "/devtools/page/B3", ERROR_NONE },
	{ "old", "/devtools/page/C9", ERROR_NONE },
	{ "valve", "/devtools/page/E1", ERROR_NONE },
	{ "attached", "/devtools/page/D2", ERROR_NONE },
	{ "hostile", "/devtools/page/F1", ERROR_NONE },
	{ "none", NULL, ERROR_NOT_FOUND },
	{ "object", NULL, ERROR_INVALID },
	{ "cut", NULL, ERROR_INVALID },
};

START_TEST(test_the_right_page)
{
	struct strbuf list = { 0 };
	struct error err = { 0 };
	char file[128];
	char *path;

	snprintf(file, sizeof(file), "tests/fixtures/cef_target/%s.json", lists[_i].name);
	ck_assert(atomic_file_read(file, 1 << 20, &list, NULL));
	path = cef_message_find_page(list.data, list.length, &err);
	ck_assert_pstr_eq(path, lists[_i].path);
	ck_assert_int_eq(err.kind, lists[_i].kind);
	free(path);
	strbuf_finish(&list);
}
END_TEST

START_TEST(test_no_list)
{
	ck_assert_ptr_null(cef_message_find_page("", 0, NULL));
	ck_assert_ptr_null(cef_message_find_page("[]", 2, NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cef_message");

	tcase_add_test(tcase, test_the_argument_is_one_literal);
	tcase_add_test(tcase, test_the_literal_means_the_same);
	tcase_add_loop_test(tcase, test_answers, 0, sizeof(answers) / sizeof(*answers));
	tcase_add_loop_test(tcase, test_odd_replies, 0, 12);
	tcase_add_loop_test(tcase, test_the_right_page, 0, sizeof(lists) / sizeof(*lists));
	tcase_add_test(tcase, test_no_list);
	return run_tcase(tcase);
}
