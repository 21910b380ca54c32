#pragma once

#include <stdbool.h>

/* How far a connection is: what may still pass, what its owner knows of that, and why it ends. */

enum ws_state {
	WS_CONNECTING,	 /* TCP or the upgrade: nothing yet */
	WS_OPEN,	 /* messages, both ways */
	WS_PEER_CLOSING, /* its close frame has come: what came before it is still reported */
	WS_CLOSING,	 /* what is queued leaves, then our close frame; what comes is dropped */
	WS_ENDING,	 /* the close frames are lws' business, or the link has gone */
	WS_KILLED,	 /* to be dropped without a close frame */
	WS_GONE,	 /* nothing, and `closed` is told */
};

enum ws_told {
	WS_TOLD_NOTHING,
	WS_TOLD_OPENING, /* during `opened`: there is no user yet */
	WS_TOLD_OPENED,
	WS_TOLD_CLOSED, /* or there is nobody to tell any more */
};

#define WS_LIFE_REASON_BYTES 124 /* a close frame holds 123 */

/* Zeroed at first. */
struct ws_life {
	enum ws_state state;
	enum ws_told told;
	unsigned code; /* why it ends; 0: not known yet */
	char reason[WS_LIFE_REASON_BYTES];
};

/* Both assert that the one may follow the other. */
void ws_life_become(struct ws_life *life, enum ws_state state);
void ws_life_tell(struct ws_life *life, enum ws_told told);
/* Does it still take what comes? */
bool ws_life_is_live(const struct ws_life *life);
/* The first code given stands, with its reason. */
void ws_life_note_end(struct ws_life *life, unsigned code, const char *reason);
