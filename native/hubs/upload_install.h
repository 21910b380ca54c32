#pragma once

#include <stdbool.h>

struct agent_session;
struct complete_upload;
struct error;

/*
 * complete_upload from end to end: the store moves the game into its folder, Steam gets the
 * shortcut, the registry remembers it, the Hub gets one operation_result and its `install` event.
 * A game that is installed stays a success when Steam cannot take the shortcut: the result then
 * says why. request loses its tags. Errors: INVALID (a start folder outside the game's), replied by
 * the caller; all others are replied later.
 */
bool upload_install_start(
	struct agent_session *session, struct complete_upload *request, struct error *err);
