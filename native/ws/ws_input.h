#pragma once

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct ws_pool;

/*
 * Joins the fragments of one connection's messages and reports them. Knows neither sockets nor
 * libwebsockets.
 *
 * A message that is complete waits, and nothing may be appended before it has been reported; so the
 * receiver is one message behind, and knows when it gets a message whether another one follows.
 */
enum ws_input_kind {
	WS_INPUT_NONE,
	WS_INPUT_TEXT,
	WS_INPUT_BINARY,
	WS_INPUT_TEXT_OVERSIZE,	  /* message is empty */
	WS_INPUT_BINARY_OVERSIZE, /* its first max_bytes; the rest is discarded */
};

struct ws_input_events {
	bool (*is_wanted)(void *user); /* asked before each report: false keeps it for later */
	/* More of a binary message has come; message holds all of it so far. */
	void (*part)(void *user, const struct strbuf *message);
	/* It may be taken with strbuf_move(). */
	void (*message)(void *user, enum ws_input_kind kind, struct strbuf *message);
};

struct ws_input {
	struct ws_pool *pool; /* buffers for large messages */
	size_t max_bytes;
	const struct ws_input_events *events;
	void *user;

	struct strbuf message; /* what has arrived of the current message */
	bool in_message;
	bool binary;
	bool discarding;
	size_t reported_bytes; /* of message */

	enum ws_input_kind ready_kind;
	struct strbuf ready;
	size_t ready_reported_bytes;
	bool is_more_here; /* while one is reported: bytes of the next have come */
};

void ws_input_init(struct ws_input *input, struct loop *loop, size_t max_bytes,
	const struct ws_input_events *events, void *user);
void ws_input_finish(struct ws_input *input);
/*
 * rest: bytes of this frame that are announced but have not come. final: the message ends with
 * these bytes.
 */
void ws_input_append(struct ws_input *input, bool binary, bool final, size_t rest, const char *data,
	size_t length);
/* Gives a buffer back for a large message that follows; empties it, always. */
void ws_input_recycle_take(struct ws_input *input, struct strbuf *buffer);
/* Reports the complete message, if there is one. more_here: bytes of the next have arrived. */
void ws_input_report(struct ws_input *input, bool more_here);
/* Reports what has arrived of a binary message since the last report. */
void ws_input_report_parts(struct ws_input *input);
bool ws_input_is_ready(const struct ws_input *input);	/* a complete message waits */
bool ws_input_is_pending(const struct ws_input *input); /* or a part of one is here */
