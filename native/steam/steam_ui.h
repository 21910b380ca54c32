#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * The game-mode plugin as steam/ reaches it. control/ implements it over the local IPC; its
 * requests are described in control/README.md.
 */

/* result: the answer's, borrowed during the call; NULL exactly when err is not. */
typedef void steam_ui_done(void *user, const cJSON *result, const struct error *err);

struct steam_ui {
	/* Is a plugin attached that answers requests? */
	bool (*attached)(void *owner);
	/*
	 * method: "steam.apply", "steam.show_artwork", "steam.restart"; params: one JSON object.
	 * done is called once, never from within the call. Errors: CONFLICT (none is attached, it
	 * went away, does not know the method or has too much to do), TIMEOUT (it did not answer
	 * within wait_ms and counts as gone until it attaches again), or the plugin's error.
	 */
	void (*request)(void *owner, const char *method, const char *params, int64_t wait_ms,
		steam_ui_done *done, void *user);
	/* Forgets a request: done is not called any more. */
	void (*forget)(void *owner, void *user);
	/*
	 * Offers the image at path under the returned number until that is withdrawn; the plugin
	 * may fetch it in parts while a request names it. bytes: its size.
	 * 0 on error: NOT_FOUND, IO.
	 */
	int64_t (*offer_file)(void *owner, const char *path, int64_t *bytes, struct error *err);
	void (*withdraw_file)(void *owner, int64_t number);
	void *owner;
};
