#include "ws/ws_input.h"

#include "ws/ws_pool.h"

#include <assert.h>
#include <stdint.h>

/* Messages of a transfer differ by a few bytes; a buffer for one shall fit the next. */
#define ROUND_BYTES (64 * 1024)

void ws_input_init(struct ws_input *input, struct ws_pool *pool, size_t max_bytes)
{
	*input = (struct ws_input){ .pool = pool, .max_bytes = max_bytes };
}

void ws_input_finish(struct ws_input *input)
{
	strbuf_finish(&input->message);
	strbuf_finish(&input->ready);
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * An announced length is believed as far as a spare buffer goes, since untouched memory costs
 * nothing; beyond that memory doubles as bytes really come.
 */
static void reserve(struct ws_input *input, size_t wanted, size_t announced)
{
	struct strbuf *message = &input->message;
	size_t believed, capacity;

	if (message->data != NULL && wanted <= message->capacity) {
		return;
	}
	believed = at_least(2 * message->capacity, WS_POOL_SPARE_MAX_BYTES);
	capacity = at_least(wanted, at_most(announced, believed));
	if (capacity >= WS_POOL_SPARE_MIN_BYTES) {
		capacity = (capacity + ROUND_BYTES - 1) / ROUND_BYTES * ROUND_BYTES;
	}
	if (message->length == 0) {
		strbuf_finish(message); /* nothing that growing in place would have to copy */
	}
	strbuf_reserve(message, at_least(wanted, at_most(capacity, input->max_bytes)));
}

static void begin(struct ws_input *input, bool binary, size_t announced)
{
	input->in_message = true;
	input->binary = binary;
	input->discarding = false;
	input->reported_bytes = 0;
	if (announced >= WS_POOL_SPARE_MIN_BYTES) {
		ws_pool_take(input->pool, &input->message);
	}
}

static void make_ready(struct ws_input *input, enum ws_input_kind kind)
{
	input->ready_kind = kind;
	strbuf_move(&input->ready, &input->message);
	input->ready_reported_bytes = input->reported_bytes;
}

static void overflow(struct ws_input *input, const char *data, size_t length)
{
	size_t room = input->max_bytes - input->message.length;

	input->discarding = true;
	if (!input->binary) {
		ws_pool_give(input->pool, &input->message);
		make_ready(input, WS_INPUT_TEXT_OVERSIZE);
		return;
	}
	reserve(input, input->max_bytes, input->max_bytes);
	strbuf_append(&input->message, data, room);
	make_ready(input, WS_INPUT_BINARY_OVERSIZE);
}

void ws_input_append(struct ws_input *input, bool binary, bool final, size_t rest, const char *data,
	size_t length)
{
	assert(input->ready_kind == WS_INPUT_NONE);
	if (!input->in_message) {
		begin(input, binary, rest > SIZE_MAX - length ? SIZE_MAX : length + rest);
	}
	if (!input->discarding && length > input->max_bytes - input->message.length) {
		overflow(input, data, length);
	}
	if (!input->discarding) {
		size_t wanted = input->message.length + length;

		reserve(input, wanted, rest > SIZE_MAX - wanted ? SIZE_MAX : wanted + rest);
		strbuf_append(&input->message, data, length);
	}
	if (final) {
		input->in_message = false;
		if (!input->discarding) {
			make_ready(input, input->binary ? WS_INPUT_BINARY : WS_INPUT_TEXT);
		}
	}
}
