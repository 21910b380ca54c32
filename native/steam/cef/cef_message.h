#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * What is said to a debugger and what it answers: the list of its pages, and one method,
 * Runtime.evaluate, of the DevTools protocol. Source:
 * https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-evaluate
 */

/*
 * Which page of a running Steam has SteamClient, by what its debugger says at /json: the one
 * called SharedJSContext, on older clients otherwise; the first that can be talked to. Returns the
 * path of its WebSocket, "/devtools/…", caller frees. The host and port it names are not looked at:
 * the debugger is where we asked. Errors: INVALID (not such a list), NOT_FOUND (no such page: it is
 * not Steam, or it only starts). Source:
 * https://chromedevtools.github.io/devtools-protocol/#endpoints; for the titles README.md.
 */
char *cef_message_find_page(const char *list, size_t length, struct error *err);

/*
 * steam_script.js, a JavaScript function of one argument, to be called inside Steam. What it takes
 * and answers is described there.
 */
extern const char cef_message_script[];

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
