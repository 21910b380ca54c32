/*
 * However a message is cut into frames and its parts are reported, the receiver gets its bytes, all
 * of them and in order, or the start of one that is too big.
 */
#include "ws/ws_input.h"

#include "core/loop.h"
#include "core/strbuf.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define SMALL_MAX_BYTES 64
#define LARGE_MAX_BYTES (5 * 1024 * 1024)
#define FRAMES_MAX_BYTES (24 * 1024 * 1024) /* of one input: so that it stays quick */
#define KEEP_MS 6000			    /* longer than ws_input keeps its buffers */

/* One step of the input. */
struct step {
	uint8_t flags, scale, length, rest;
};

enum {
	STEP_BINARY = 1,
	STEP_FINAL = 2,
	STEP_PARTS = 4,	   /* reports parts before the message */
	STEP_UNWANTED = 8, /* nothing is wanted at first */
	STEP_STOP = 16,	   /* nothing is wanted after a part */
	STEP_TAKE = 32,	   /* the receiver takes the message */
	STEP_RECYCLE = 64, /* … and gives what it took back */
	STEP_WAIT = 128,
};

static struct loop *loop;
static char *pattern; /* what every message consists of */

/* The message that is being sent, and what is known of the one that waits. */
struct peer {
	struct ws_input input;
	struct strbuf taken;
	unsigned flags;
	bool is_wanted;
	bool in_message, is_binary;
	size_t sent_bytes;
	bool is_ready;
	bool ready_binary;
	size_t ready_bytes;
	size_t part_bytes; /* of the message whose parts were reported last */
	unsigned messages;
};

static bool is_wanted(void *user)
{
	return ((const struct peer *)user)->is_wanted;
}

static void on_part(void *user, const struct strbuf *message)
{
	struct peer *peer = user;

	fuzz_require(message->length > 0 && message->length <= peer->input.max_bytes);
	fuzz_require(memcmp(message->data, pattern, message->length) == 0);
	peer->part_bytes = message->length;
	if ((peer->flags & STEP_STOP) != 0) {
		peer->is_wanted = false;
	}
}

static void on_message(void *user, enum ws_input_kind kind, struct strbuf *message)
{
	struct peer *peer = user;
	bool is_oversize = peer->ready_bytes > peer->input.max_bytes;

	fuzz_require(peer->is_ready);
	peer->is_ready = false;
	peer->messages++;
	if (peer->ready_binary) {
		size_t expected = is_oversize ? peer->input.max_bytes : peer->ready_bytes;

		fuzz_require(kind == (is_oversize ? WS_INPUT_BINARY_OVERSIZE : WS_INPUT_BINARY));
		fuzz_require(message->length == expected);
	} else {
		fuzz_require(kind == (is_oversize ? WS_INPUT_TEXT_OVERSIZE : WS_INPUT_TEXT));
		fuzz_require(message->length == (is_oversize ? 0 : peer->ready_bytes));
	}
	fuzz_require(message->length == 0 || memcmp(message->data, pattern, message->length) == 0);
	if ((peer->flags & STEP_TAKE) != 0) {
		strbuf_move(&peer->taken, message);
	}
}

static const struct ws_input_events events = {
	.is_wanted = is_wanted,
	.part = on_part,
	.message = on_message,
};

/* A message waits until it is wanted. */
static void deliver(struct peer *peer)
{
	bool was_ready = ws_input_is_ready(&peer->input);

	fuzz_require(was_ready == peer->is_ready);
	if ((peer->flags & STEP_PARTS) != 0) {
		ws_input_report_parts(&peer->input);
	}
	peer->is_wanted = (peer->flags & STEP_UNWANTED) == 0;
	ws_input_report(&peer->input, (peer->flags & STEP_BINARY) != 0);
	if (was_ready && peer->is_ready) {
		fuzz_require(ws_input_is_pending(&peer->input));
	}
	peer->is_wanted = true;
	if (peer->is_ready) {
		peer->flags &= ~(unsigned)STEP_STOP;
		ws_input_report(&peer->input, false);
	}
	fuzz_require(!peer->is_ready && !ws_input_is_ready(&peer->input));
	if ((peer->flags & STEP_RECYCLE) != 0) {
		ws_input_recycle_take(&peer->input, &peer->taken);
		fuzz_require(peer->taken.length == 0);
	}
}

static void append(struct peer *peer, size_t length, size_t rest)
{
	bool is_final = (peer->flags & STEP_FINAL) != 0;
	bool was_oversize = peer->in_message && peer->sent_bytes > peer->input.max_bytes;

	if (!peer->in_message) {
		peer->in_message = true;
		peer->is_binary = (peer->flags & STEP_BINARY) != 0;
		peer->sent_bytes = 0;
	}
	ws_input_append(&peer->input, peer->is_binary, is_final, rest,
		pattern + (was_oversize ? 0 : peer->sent_bytes), length);
	peer->sent_bytes += length;
	/* One that is too big is reported at once, and only once. */
	if (!was_oversize && (is_final || peer->sent_bytes > peer->input.max_bytes)) {
		peer->is_ready = true;
		peer->ready_binary = peer->is_binary;
		peer->ready_bytes = peer->sent_bytes;
	}
	peer->in_message = !is_final;
}

static void init(void)
{
	loop = loop_create();
	pattern = malloc(2 * LARGE_MAX_BYTES);
	for (size_t i = 0; i < 2 * LARGE_MAX_BYTES; i++) {
		pattern[i] = (char)(i * 2654435761u >> 13);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer peer = { .is_wanted = true };
	size_t total = 0;

	if (loop == NULL) {
		init();
	}
	if (size == 0) {
		return 0;
	}
	ws_input_init(&peer.input, loop, (data[0] & 1) != 0 ? LARGE_MAX_BYTES : SMALL_MAX_BYTES,
		&events, &peer);
	for (size_t at = 1; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
		struct step step;
		size_t length, rest;

		memcpy(&step, data + at, sizeof(step));
		length = (size_t)step.length << (step.scale & 15);
		rest = (step.scale >> 4) == 15 ? SIZE_MAX : (size_t)step.rest << (step.scale >> 4);
		if (length > LARGE_MAX_BYTES || total + length > FRAMES_MAX_BYTES) {
			break;
		}
		total += length;
		peer.flags = step.flags;
		append(&peer, length, rest);
		deliver(&peer);
		if ((step.flags & STEP_WAIT) != 0) {
			fuzz_clock_skip(KEEP_MS / 2 * (step.rest % 3));
			loop_dispatch(loop);
		}
	}
	ws_input_finish(&peer.input);
	strbuf_finish(&peer.taken);
	return 0;
}
