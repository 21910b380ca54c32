#include "steam/cef/cef_message.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <string.h>

#define PATH_MAX_BYTES 256

/* Read by the assembler, whose folder is the repository's. */
__asm__(".section .rodata\n"
	".global cef_message_script\n"
	".type cef_message_script, %object\n"
	"cef_message_script:\n"
	".incbin \"native/steam/cef/steam_script.js\"\n"
	".byte 0\n"
	".size cef_message_script, . - cef_message_script\n"
	".previous\n");

/* --- Asking --- */

/* What JavaScript writes differently from JSON; it occurs in strings only. */
static const char *escape_of(const char *at, size_t *length)
{
	static const struct {
		const char *text, *escape;
	} escapes[] = {
		{ "<", "\\u003c" },
		{ "\u2028", "\\u2028" },
		{ "\u2029", "\\u2029" },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		*length = strlen(escapes[i].text);
		if (strncmp(at, escapes[i].text, *length) == 0) {
			return escapes[i].escape;
		}
	}
	*length = 1;
	return NULL;
}

/*
 * JSON as an expression of JavaScript. All JSON is one, except that to engines before ES2019
 * U+2028 and U+2029 end a line; '<' is escaped in case the text is taken for HTML.
 */
static void append_literal(struct strbuf *out, const char *json)
{
	static const char first_bytes[] = "<\xe2";
	const char *run = json; /* not yet written, needs no change */
	size_t length;

	for (const char *at = strpbrk(json, first_bytes); at != NULL;
		at = strpbrk(at + length, first_bytes)) {
		const char *escape = escape_of(at, &length);

		if (escape != NULL) {
			strbuf_append(out, run, (size_t)(at - run));
			strbuf_append_text(out, escape);
			run = at + length;
		}
	}
	strbuf_append_text(out, run);
}

void cef_message_write(struct strbuf *out, int64_t id, const char *argument)
{
	AUTO(strbuf_finish) struct strbuf expression = { 0 };

	strbuf_reserve(&expression, strlen(cef_message_script) + strlen(argument) + 8);
	strbuf_append_char(&expression, '(');
	strbuf_append_text(&expression, cef_message_script);
	strbuf_append_text(&expression, ")(");
	append_literal(&expression, argument);
	strbuf_append_char(&expression, ')');
	strbuf_append_text(out, "{\"id\":");
	json_write_int64(out, id);
	strbuf_append_text(out,
		",\"method\":\"Runtime.evaluate\",\"params\":{\"awaitPromise\":true,"
		"\"returnByValue\":true,\"expression\":");
	json_write_string(out, strbuf_text(&expression));
	strbuf_append_text(out, "}}");
}

/* --- The answer --- */

/* The script's answer; described at its top. */
struct script_answer {
	bool ok;
	uint32_t app_id;
	char *kind;
	char *message;
};

static const struct json_field script_answer_fields[] = {
	JSON_FIELD(struct script_answer, ok, "ok", JSON_BOOL, JSON_REQUIRED),
	JSON_FIELD(struct script_answer, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct script_answer, kind, "kind", JSON_STRING, 0),
	JSON_FIELD(struct script_answer, message, "message", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static void script_answer_finish(struct script_answer *answer)
{
	json_finish(answer, script_answer_fields);
}

static enum error_kind kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum error_kind kind;
	} kinds[] = {
		{ "conflict", ERROR_CONFLICT },
		{ "io", ERROR_IO },
		{ "not_found", ERROR_NOT_FOUND },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (name != NULL && strcmp(kinds[i].name, name) == 0) {
			return kinds[i].kind;
		}
	}
	return ERROR_IO;
}

static enum cef_message read_value(const cJSON *value, uint32_t *app_id, struct error *err)
{
	AUTO(script_answer_finish) struct script_answer answer = { 0 };

	if (!json_is_object(value) || !json_read(&answer, script_answer_fields, value, NULL)) {
		error_set(err, ERROR_CONFLICT, "Steam's page sent a malformed answer");
		return CEF_MESSAGE_FAILED;
	}
	if (!answer.ok) {
		error_set(err, kind_of(answer.kind), "%s",
			answer.message != NULL ? answer.message
					       : "Steam refused and gave no reason");
		return CEF_MESSAGE_FAILED;
	}
	*app_id = answer.app_id;
	return CEF_MESSAGE_DONE;
}

static enum cef_message page_failed(const char *why, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "Steam's page did not do what was asked: %s",
		why != NULL ? why : "no reason given");
	return CEF_MESSAGE_FAILED;
}

enum cef_message cef_message_read(
	const char *text, size_t length, int64_t id, uint32_t *app_id, struct error *err)
{
	AUTO(json_free_ptr) cJSON *root = json_parse(text, length, NULL);
	const cJSON *result = json_member(root, "result");
	const cJSON *error = json_member(root, "error");
	const cJSON *thrown = json_member(result, "exceptionDetails");
	const char *why;
	double its_id;

	if (!json_number(json_member(root, "id"), &its_id) || its_id != (double)id) {
		return CEF_MESSAGE_OTHER;
	}
	if (error != NULL) {
		return page_failed(json_string(json_member(error, "message")), err);
	}
	if (thrown != NULL) {
		why = json_string(json_member(json_member(thrown, "exception"), "description"));
		return page_failed(
			why != NULL ? why : json_string(json_member(thrown, "text")), err);
	}
	return read_value(json_member(json_member(result, "result"), "value"), app_id, err);
}

/* --- The list of pages --- */

/* In order of preference. */
static const char *const titles[] = { "SharedJSContext", "Steam Shared Context presented by Valve™",
	"SP" };

/* It becomes part of a request's first line. */
static bool is_path_safe(const char *path)
{
	size_t length = strlen(path);

	for (const char *at = path; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~') {
			return false;
		}
	}
	return length <= PATH_MAX_BYTES && strncmp(path, "/devtools/", strlen("/devtools/")) == 0;
}

static const char *path_of(const cJSON *target)
{
	const char *url = json_string(json_member(target, "webSocketDebuggerUrl"));
	const char *path;

	if (url == NULL || strncmp(url, "ws://", strlen("ws://")) != 0) {
		return NULL;
	}
	path = strchr(url + strlen("ws://"), '/');
	return path != NULL && is_path_safe(path) ? path : NULL;
}

static const char *find_path(const cJSON *list, const char *title)
{
	for (const cJSON *target = json_first(list); target != NULL; target = json_next(target)) {
		const char *its_title = json_string(json_member(target, "title"));
		const char *path = path_of(target);

		if (its_title != NULL && strcmp(its_title, title) == 0 && path != NULL) {
			return path;
		}
	}
	return NULL;
}

char *cef_message_find_page(const char *list, size_t length, struct error *err)
{
	AUTO(json_free_ptr) cJSON *root = json_parse(list, length, NULL);

	if (root == NULL || !json_is_array(root)) {
		error_set(err, ERROR_INVALID, "the reply is not a debugger's list of pages");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		const char *path = find_path(root, titles[i]);

		if (path != NULL) {
			return xstrdup(path);
		}
	}
	error_set(err, ERROR_NOT_FOUND,
		"no page is called SharedJSContext; Steam is still starting, or another "
		"program has the port");
	return NULL;
}
