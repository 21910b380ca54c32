#pragma once

#include "core/peer_key.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Decides whose turn it is when several addresses request the one code that the screen can show. A
 * refused address keeps its place for PAIRING_TURN_WAIT_MS after its last request; addresses that
 * have left fewer codes unused come first, then those that have waited longer. So a crowd that
 * keeps asking cannot keep a newcomer out. Zeroed is empty; memory is fixed. Times are
 * loop_now_ms().
 */
#define PAIRING_TURNS_MAX 64
#define PAIRING_TURN_WAIT_MS (20 * 1000)

struct pairing_turn {
	struct peer_key peer;
	bool waiting;
	unsigned wasted_count;
	int64_t waiting_since_ms;
	int64_t asked_ms;
};

struct pairing_turns {
	struct pairing_turn items[PAIRING_TURNS_MAX];
	unsigned count;
};

/*
 * address requests the screen. True: it may have it, and no longer waits. is_free: the screen shows
 * nothing now.
 */
bool pairing_turns_ask(
	struct pairing_turns *turns, const char *address, bool is_free, int64_t now_ms);
/* Its code ended unused. */
void pairing_turns_wasted(struct pairing_turns *turns, const char *address);
/* It paired: forget it. */
void pairing_turns_forget(struct pairing_turns *turns, const char *address);
