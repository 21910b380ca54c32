/*
 * Whatever a page answers: an id and no error, or an error of a kind that callers know. Whatever is
 * asked, the request is JSON, and its argument is a literal that no script sees as anything else.
 */
#include "steam/cef/cef_message.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "fuzz.h"

#include <string.h>

#define ID 7

static void check_answer(const char *text, size_t length)
{
	uint32_t app_id = 0;
	struct error err = { 0 };
	enum cef_message message = cef_message_read(text, length, ID, &app_id, &err);

	fuzz_require((message == CEF_MESSAGE_FAILED) == (err.kind != ERROR_NONE));
	fuzz_require(message == CEF_MESSAGE_DONE || app_id == 0);
	fuzz_require(err.kind == ERROR_NONE || err.kind == ERROR_CONFLICT ||
		     err.kind == ERROR_NOT_FOUND || err.kind == ERROR_IO);
}

/* The input as the argument of a request. */
static void check_request(const char *text, size_t length)
{
	AUTO(json_free_ptr) cJSON *argument = json_parse(text, length, NULL);
	AUTO(strbuf_finish) struct strbuf literal = { 0 }, request = { 0 };
	AUTO(json_free_ptr) cJSON *read = NULL;
	const char *expression, *at;
	size_t script_length = strlen(cef_message_script);
	double id;

	if (argument == NULL) {
		return;
	}
	json_print(argument, &literal);
	cef_message_write(&request, ID, strbuf_text(&literal));
	read = json_parse(request.data, request.length, NULL);
	fuzz_require(json_number(json_member(read, "id"), &id) && id == ID);
	expression = json_string(json_member(json_member(read, "params"), "expression"));
	fuzz_require(expression != NULL && expression[0] == '(');
	fuzz_require(strncmp(expression + 1, cef_message_script, script_length) == 0);
	at = expression + 1 + script_length;
	fuzz_require(strncmp(at, ")(", 2) == 0 && strpbrk(at, "<\n") == NULL);
	fuzz_require(strstr(at, "\u2028") == NULL && strstr(at, "\u2029") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_answer((const char *)data, size);
	check_request((const char *)data, size);
	return 0;
}
