#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * What is said to a debugger and what it answers: one method, Runtime.evaluate, of the DevTools
 * protocol. Source: https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-evaluate
 */

/*
 * Appends the request that calls steam_script.js with one argument. argument: one JSON value, as
 * core/json writes it; it becomes a literal of the script, and nothing else ever becomes a part of
 * its text.
 */
void cef_message_write(struct strbuf *out, int64_t id, const char *argument);

enum cef_message {
	CEF_MESSAGE_OTHER, /* an event, or the answer to something else */
	CEF_MESSAGE_DONE,
	CEF_MESSAGE_FAILED,
};

/*
 * Is this the answer to the request with that id? DONE: app_id is the script's (0: it names none).
 * FAILED: the script's refusal (CONFLICT, NOT_FOUND, IO), or CONFLICT where the page could not run
 * it, has gone, or makes no sense.
 */
enum cef_message cef_message_read(
	const char *text, size_t length, int64_t id, uint32_t *app_id, struct error *err);
