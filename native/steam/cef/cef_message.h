#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * Requests to a debugger and its answers: the list of its pages, and one method, Runtime.evaluate,
 * of the DevTools protocol. Source:
 * https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-evaluate
 */

/*
 * The page of a running Steam that has SteamClient, according to its debugger's /json: the first
 * one called SharedJSContext, or its name in older clients, that accepts a connection. Returns the
 * path of its WebSocket, "/devtools/…", caller frees. The host and port in it are ignored: the
 * debugger is where we asked. Errors: INVALID (not such a list), NOT_FOUND (no such page: not
 * Steam, or still starting). Source: https://chromedevtools.github.io/devtools-protocol/#endpoints;
 * for the titles README.md.
 */
char *cef_message_find_page(const char *list, size_t length, struct error *err);

/*
 * steam_script.js, a JavaScript function of one argument, to be called inside Steam. Its argument
 * and answer are described there.
 */
extern const char cef_message_script[];

/*
 * Appends the request that calls steam_script.js with one argument. argument: one JSON value, as
 * core/json writes it; it becomes a literal in the script; nothing else is ever inserted into its
 * text.
 */
void cef_message_write(struct strbuf *out, int64_t id, const char *argument);

enum cef_message {
	CEF_MESSAGE_OTHER, /* an event, or the answer to something else */
	CEF_MESSAGE_DONE,
	CEF_MESSAGE_FAILED,
};

/*
 * Is this the answer to the request with that id? DONE: app_id is the script's (0: none). FAILED:
 * the script's refusal (CONFLICT, NOT_FOUND, IO), or CONFLICT if the page could not run it, has
 * gone, or sent a malformed answer.
 */
enum cef_message cef_message_read(
	const char *text, size_t length, int64_t id, uint32_t *app_id, struct error *err);
