#include "ws/ws_input.h"

#include "core/loop.h"
#include "core/xalloc.h"

#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#define SPARES_MAX 12
#define SPARE_MAX_BYTES (2 * 1024 * 1024) /* a larger buffer is freed at once … */
#define SPARE_MIN_BYTES (64 * 1024)	  /* … and so is one that malloc() keeps warm */
#define KEEP_MS 5000
/* Messages of a transfer differ by a few bytes; a buffer for one should fit the next. */
#define ROUND_BYTES (64 * 1024)

/*
 * Spare buffers for large messages: their pages stay mapped while messages keep coming, and go
 * back to the system once none has come for a while, so that an idle process is small again.
 */

struct ws_pool {
	struct loop_timer *timer;
	bool in_use; /* large messages have come since memory was given back */
	int64_t last_use_ms;
	size_t count;
	struct strbuf spares[SPARES_MAX];
};

static void free_spares(struct ws_pool *pool)
{
	if (!pool->in_use) {
		return;
	}
	pool->in_use = false;
	while (pool->count > 0) {
		strbuf_finish(&pool->spares[--pool->count]);
	}
	malloc_trim(0); /* what a large text was parsed into lies in small chunks */
}

static void on_keep_timer(void *user)
{
	struct ws_pool *pool = user;
	int64_t left_ms = pool->last_use_ms + KEEP_MS - loop_now_ms();

	if (left_ms > 0) {
		loop_timer_set(pool->timer, left_ms);
		return;
	}
	free_spares(pool);
}

static struct ws_pool *create_pool(struct loop *loop)
{
	struct ws_pool *pool = xcalloc(1, sizeof(*pool));

	pool->timer = loop_timer_create(loop, on_keep_timer, pool);
	return pool;
}

static void destroy_pool(struct ws_pool *pool)
{
	free_spares(pool);
	loop_timer_destroy(pool->timer);
	free(pool);
}

/* An empty buffer, with memory if there is a spare. */
static void take_spare(struct ws_pool *pool, struct strbuf *buffer)
{
	strbuf_finish(buffer);
	if (pool->count > 0) {
		strbuf_move(buffer, &pool->spares[--pool->count]);
	}
}

/* Empties buffer, always. */
static void give_back(struct ws_pool *pool, struct strbuf *buffer)
{
	if (buffer->capacity < SPARE_MIN_BYTES) {
		strbuf_finish(buffer);
		return;
	}
	pool->in_use = true;
	pool->last_use_ms = loop_now_ms();
	if (!loop_timer_running(pool->timer)) {
		loop_timer_set(pool->timer, KEEP_MS);
	}
	if (buffer->capacity > SPARE_MAX_BYTES || pool->count == SPARES_MAX) {
		strbuf_finish(buffer);
		return;
	}
	strbuf_reset(buffer);
	strbuf_move(&pool->spares[pool->count++], buffer);
}

/* --- Messages --- */

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * An announced length is trusted up to the size of a spare buffer, since untouched memory costs
 * nothing; beyond that memory doubles as bytes really come. False: there is not so much memory.
 */
static bool reserve(struct ws_input *input, size_t wanted, size_t announced)
{
	struct strbuf *message = &input->message;
	size_t trusted, capacity;

	if (message->data != NULL && wanted <= message->capacity) {
		return true;
	}
	trusted = at_least(2 * message->capacity, SPARE_MAX_BYTES);
	capacity = at_least(wanted, at_most(announced, trusted));
	if (capacity >= SPARE_MIN_BYTES) {
		capacity = (capacity + ROUND_BYTES - 1) / ROUND_BYTES * ROUND_BYTES;
	}
	if (message->length == 0) {
		strbuf_finish(message); /* empty: nothing needs to be copied */
	}
	return strbuf_try_reserve(message, at_least(wanted, at_most(capacity, input->max_bytes)));
}

static void begin(struct ws_input *input, bool binary, size_t announced)
{
	input->in_message = true;
	input->binary = binary;
	input->discarding = false;
	input->reported_bytes = 0;
	if (announced >= SPARE_MIN_BYTES) {
		take_spare(input->pool, &input->message);
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
	/* A binary message's beginning tells which request to answer, if there is memory for it. */
	if (!input->binary || !reserve(input, input->max_bytes, input->max_bytes)) {
		give_back(input->pool, &input->message);
		make_ready(input, WS_INPUT_TEXT_OVERSIZE);
		return;
	}
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

		if (reserve(input, wanted, rest > SIZE_MAX - wanted ? SIZE_MAX : wanted + rest)) {
			strbuf_append(&input->message, data, length);
		} else {
			input->discarding = true; /* too large for the memory there is */
			give_back(input->pool, &input->message);
			make_ready(input, WS_INPUT_TEXT_OVERSIZE);
		}
	}
	if (final) {
		input->in_message = false;
		if (!input->discarding) {
			make_ready(input, input->binary ? WS_INPUT_BINARY : WS_INPUT_TEXT);
		}
	}
}

/* --- Reporting --- */

static void report_part(
	const struct ws_input *input, const struct strbuf *message, size_t *reported_bytes)
{
	if (*reported_bytes < message->length) {
		*reported_bytes = message->length;
		input->events->part(input->user, message);
	}
}

void ws_input_report(struct ws_input *input, bool more_here)
{
	enum ws_input_kind kind = input->ready_kind;

	if (kind == WS_INPUT_NONE || !input->events->is_wanted(input->user)) {
		return;
	}
	input->is_more_here = more_here;
	if (kind == WS_INPUT_BINARY) {
		report_part(input, &input->ready, &input->ready_reported_bytes);
	}
	/* The handler of the part may have stopped it half-way. */
	if (input->events->is_wanted(input->user)) {
		input->ready_kind = WS_INPUT_NONE; /* calls made meanwhile concern the next one */
		input->events->message(input->user, kind, &input->ready);
		give_back(input->pool, &input->ready);
	}
	input->is_more_here = false;
}

void ws_input_report_parts(struct ws_input *input)
{
	if (!input->events->is_wanted(input->user)) {
		return;
	}
	if (input->ready_kind == WS_INPUT_BINARY) {
		report_part(input, &input->ready, &input->ready_reported_bytes);
	} else if (input->in_message && input->binary && !input->discarding) {
		report_part(input, &input->message, &input->reported_bytes);
	}
}

bool ws_input_is_ready(const struct ws_input *input)
{
	return input->ready_kind != WS_INPUT_NONE;
}

bool ws_input_is_pending(const struct ws_input *input)
{
	return input->is_more_here || input->in_message || ws_input_is_ready(input);
}

void ws_input_recycle_take(struct ws_input *input, struct strbuf *buffer)
{
	give_back(input->pool, buffer);
}

void ws_input_init(struct ws_input *input, struct loop *loop, size_t max_bytes,
	const struct ws_input_events *events, void *user)
{
	*input = (struct ws_input){
		.pool = create_pool(loop),
		.max_bytes = max_bytes,
		.events = events,
		.user = user,
	};
}

void ws_input_finish(struct ws_input *input)
{
	strbuf_finish(&input->message);
	strbuf_finish(&input->ready);
	destroy_pool(input->pool);
}
