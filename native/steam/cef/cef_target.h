#pragma once

#include <stddef.h>

struct error;

/*
 * Which page of a running Steam has SteamClient, by what its debugger says at /json: the one
 * called SharedJSContext, on older clients otherwise; the first that can be talked to. Returns the
 * path of its WebSocket, "/devtools/…", caller frees. The host and port it names are not looked at:
 * the debugger is where we asked. Errors: INVALID (not such a list), NOT_FOUND (no such page: it is
 * not Steam, or it only starts). Source:
 * https://chromedevtools.github.io/devtools-protocol/#endpoints; for the titles README.md.
 */
char *cef_target_path(const char *list, size_t length, struct error *err);
