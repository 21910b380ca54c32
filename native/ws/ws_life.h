#pragma once

#include <stdbool.h>

/* The state of a connection: what may still pass, what its owner was told, and why it ends. */

enum ws_state {
	WS_CONNECTING,	 /* TCP or the upgrade: nothing yet */
	WS_OPEN,	 /* messages, both ways */
	WS_PEER_CLOSING, /* its close frame has come: what came before it is still reported */
	WS_CLOSING,	 /* what is queued leaves, then our close frame; what comes is dropped */
	WS_ENDING,	 /* lws exchanges the close frames, or the link is gone */
	WS_KILLED,	 /* to be dropped without a close frame */
	WS_GONE,	 /* nothing, and `closed` is told */
};

enum ws_told {
	WS_TOLD_NOTHING,
	WS_TOLD_OPENING, /* during `opened`: there is no user yet */
	WS_TOLD_OPENED,
	WS_TOLD_CLOSED, /* or the owner has let go of it */
};

#define WS_LIFE_REASON_BYTES 124 /* a close frame holds 123 */

/* Zeroed at first. */
struct ws_life {
	enum ws_state state;
	enum ws_told told;
	unsigned code; /* why it ends; 0: not known yet */
	char reason[WS_LIFE_REASON_BYTES];
};

/* Both assert that the transition is legal. */
void ws_life_become(struct ws_life *life, enum ws_state state);
void ws_life_tell(struct ws_life *life, enum ws_told told);
/* Does it still accept input? */
bool ws_life_is_live(const struct ws_life *life);
/* Only the first code is kept, with its reason. */
void ws_life_note_end(struct ws_life *life, unsigned code, const char *reason);
