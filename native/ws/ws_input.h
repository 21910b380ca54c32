#pragma once

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct ws_pool;

/*
 * Joins the fragments of one connection's messages. Knows neither sockets nor libwebsockets.
 *
 * A message that is complete waits in `ready`, and nothing may be appended before the caller has
 * taken it from there and set ready_kind to none; so the receiver is one message behind, and knows
 * when it gets a message whether another one follows.
 */
enum ws_input_kind {
	WS_INPUT_NONE,
	WS_INPUT_TEXT,
	WS_INPUT_BINARY,
	WS_INPUT_TEXT_OVERSIZE,	  /* ready is empty */
	WS_INPUT_BINARY_OVERSIZE, /* ready holds its first max_bytes; the rest is thrown away */
};

struct ws_input {
	struct ws_pool *pool; /* buffers for large messages */
	size_t max_bytes;

	struct strbuf message; /* what has come of the message that is on its way */
	bool in_message;
	bool binary;
	bool discarding;
	size_t reported_bytes; /* of message: the caller's note of what it has passed on */

	enum ws_input_kind ready_kind;
	struct strbuf ready;
	size_t ready_reported_bytes;
};

void ws_input_init(struct ws_input *input, struct loop *loop, size_t max_bytes);
void ws_input_finish(struct ws_input *input);
/*
 * rest: bytes of this frame that are announced but have not come. final: the message ends with
 * these bytes.
 */
void ws_input_append(struct ws_input *input, bool binary, bool final, size_t rest, const char *data,
	size_t length);
/* Gives a buffer back for a large message that follows; empties it, always. */
void ws_input_recycle_take(struct ws_input *input, struct strbuf *buffer);
