#pragma once

#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What one connection has to send, in order. Knows neither sockets nor libwebsockets. Replaceable
 * texts come last, the lower slot first; a newer one replaces an older one.
 */
#define WS_OUTPUT_SLOTS 2

struct ws_frame {
	struct strbuf data;
	bool binary;
};

struct ws_output {
	struct ws_frame *frames; /* a ring */
	size_t capacity, first, count;
	struct strbuf slots[WS_OUTPUT_SLOTS];
	bool slot_used[WS_OUTPUT_SLOTS];
	size_t queued_bytes;
};

void ws_output_finish(struct ws_output *output); /* empty and usable again */
void ws_output_push_take(struct ws_output *output, struct strbuf *data, bool binary);
void ws_output_replace_take(struct ws_output *output, unsigned slot, struct strbuf *text);
size_t ws_output_count(const struct ws_output *output); /* frames */
bool ws_output_empty(const struct ws_output *output);
/* queued_bytes plus the frames' overhead: most of what a queue of tiny frames costs. */
size_t ws_output_memory_bytes(const struct ws_output *output);
/* The next frame; the caller finishes its data. False: nothing is queued. */
bool ws_output_pop(struct ws_output *output, struct ws_frame *frame);
