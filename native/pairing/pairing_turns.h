#pragma once

#include "core/peer_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decides whose turn it is when several addresses request the one code that the screen can show. A
 * refused address keeps its place for PAIRING_TURN_WAIT_MS after its last request. First come
 * machines that have paired before, then addresses that have left fewer codes unused, then those
 * that have waited longer.
 *
 * PAIRING_CROWD addresses at once are no household: that is an attack, or a test. In a crowd those
 * go first that were not first seen together with several others, then those with fewer unused
 * codes. Of equal ones it is the newest, because whoever stands before the screen has only just
 * begun, and the crowd was there before; and every other PAIRING_SLICE_MS the one that has waited
 * longest, every fourth also if it came with others, because the crowd may keep coming. The code on
 * the screen gives way after PAIRING_SLICE_MS. Memory is fixed: where more ask than there are
 * places, those that came together and have used no code are forgotten first, those that came alone
 * last. Zeroed is empty. Times are loop_now_ms().
 */
#define PAIRING_TURNS_MAX 512
#define PAIRING_TURN_WAIT_MS (20 * 1000)
#define PAIRING_CROWD 5
#define PAIRING_SLICE_MS (10 * 1000)
/*
 * The same for a code of an address that has left more unused than the one that asks; but not of
 * one that came alone for one that came with many.
 */
#define PAIRING_SHORT_SLICE_MS (4 * 1000)

struct pairing_asker {
	const char *address;
	const char *hub_name;
	int64_t known_since_ms; /* when its address was first seen; 0: now */
	bool is_trusted;	/* its machine has paired before */
};

struct pairing_turn {
	struct peer_key peer;
	char address[64], hub_name[80]; /* of its last request; longer ones do not occur */
	bool is_waiting;
	bool is_trusted;
	bool came_with_many; /* as of its last request */
	unsigned wasted_count;
	int64_t known_since_ms;
	int64_t waiting_since_ms;
	int64_t asked_ms;
};

struct pairing_turns {
	struct pairing_turn items[PAIRING_TURNS_MAX];
	unsigned count;
};

/* What the screen shows to another address. */
struct pairing_screen {
	const char *address;
	int64_t since_ms;
	bool is_judging; /* a code that was typed in time waits to be compared */
};

/*
 * asker requests the screen. True: it may have it, and no longer waits. screen: what is shown,
 * NULL: nothing, or what is the asker's own.
 */
bool pairing_turns_ask(struct pairing_turns *turns, const struct pairing_asker *asker,
	const struct pairing_screen *screen, int64_t now_ms);
/* Its code ended unused. */
void pairing_turns_wasted(struct pairing_turns *turns, const char *address);
/* It paired: forget it. */
void pairing_turns_forget(struct pairing_turns *turns, const char *address);
/* Was it refused within the last minute? True also if more are asking than can be remembered. */
bool pairing_turns_is_waiting(
	const struct pairing_turns *turns, const char *address, int64_t now_ms);
/*
 * Those refused within the last minute, in the order of a crowd; borrowed until the next request.
 * Returns how many.
 */
size_t pairing_turns_waiting(const struct pairing_turns *turns, int64_t now_ms,
	const struct pairing_turn **out, size_t max);
