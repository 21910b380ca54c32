#include "ws/ws_output.h"

#include "core/xalloc.h"

#include <assert.h>
#include <stdlib.h>

/* A frame's slot in the ring, and its allocation's headroom, slack and bookkeeping; rounded up. */
#define FRAME_COST_BYTES 256

void ws_output_finish(struct ws_output *output)
{
	struct ws_frame frame;

	while (ws_output_pop(output, &frame)) {
		strbuf_finish(&frame.data);
	}
	free(output->frames);
	*output = (struct ws_output){ 0 };
}

static void grow(struct ws_output *output)
{
	size_t capacity = output->capacity == 0 ? 16 : output->capacity * 2;
	struct ws_frame *frames = xcalloc(capacity, sizeof(*frames));

	for (size_t i = 0; i < output->count; i++) {
		frames[i] = output->frames[(output->first + i) % output->capacity];
	}
	free(output->frames);
	output->frames = frames;
	output->capacity = capacity;
	output->first = 0;
}

void ws_output_push_take(struct ws_output *output, struct strbuf *data, bool binary)
{
	struct ws_frame *frame;

	if (output->count == output->capacity) {
		grow(output);
	}
	frame = &output->frames[(output->first + output->count++) % output->capacity];
	*frame = (struct ws_frame){ .binary = binary };
	output->queued_bytes += data->length;
	strbuf_move(&frame->data, data);
}

void ws_output_replace_take(struct ws_output *output, unsigned slot, struct strbuf *text)
{
	assert(slot < WS_OUTPUT_SLOTS);
	output->queued_bytes -= output->slots[slot].length;
	output->queued_bytes += text->length;
	strbuf_move(&output->slots[slot], text);
	output->slot_used[slot] = true;
}

size_t ws_output_count(const struct ws_output *output)
{
	size_t count = output->count;

	for (unsigned slot = 0; slot < WS_OUTPUT_SLOTS; slot++) {
		count += output->slot_used[slot];
	}
	return count;
}

bool ws_output_empty(const struct ws_output *output)
{
	return ws_output_count(output) == 0;
}

size_t ws_output_memory_bytes(const struct ws_output *output)
{
	return output->queued_bytes + output->count * FRAME_COST_BYTES;
}

bool ws_output_pop(struct ws_output *output, struct ws_frame *frame)
{
	if (output->count > 0) {
		*frame = output->frames[output->first];
		output->first = (output->first + 1) % output->capacity;
		output->count--;
		output->queued_bytes -= frame->data.length;
		return true;
	}
	for (unsigned slot = 0; slot < WS_OUTPUT_SLOTS; slot++) {
		if (output->slot_used[slot]) {
			*frame = (struct ws_frame){ 0 };
			output->queued_bytes -= output->slots[slot].length;
			strbuf_move(&frame->data, &output->slots[slot]);
			output->slot_used[slot] = false;
			return true;
		}
	}
	return false;
}
