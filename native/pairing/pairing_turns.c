#include "pairing/pairing_turns.h"

#include <stddef.h>

#define FORGIVE_MS (60 * 60 * 1000) /* unused codes count for this long after the last request */

static struct pairing_turn *find(struct pairing_turns *turns, const char *address)
{
	struct peer_key key = peer_key_of(address);

	for (unsigned i = 0; i < turns->count; i++) {
		if (peer_key_equal(&turns->items[i].peer, &key)) {
			return &turns->items[i];
		}
	}
	return NULL;
}

static struct pairing_turn *add(struct pairing_turns *turns, const char *address)
{
	struct pairing_turn *turn = &turns->items[0];

	if (turns->count < PAIRING_TURNS_MAX) {
		turn = &turns->items[turns->count++];
	} else {
		for (unsigned i = 1; i < turns->count; i++) {
			if (turns->items[i].asked_ms < turn->asked_ms) {
				turn = &turns->items[i];
			}
		}
	}
	*turn = (struct pairing_turn){ .peer = peer_key_of(address) };
	return turn;
}

static bool goes_before(const struct pairing_turn *other, const struct pairing_turn *turn)
{
	if (other->wasted_count != turn->wasted_count) {
		return other->wasted_count < turn->wasted_count;
	}
	return other->waiting_since_ms < turn->waiting_since_ms;
}

bool pairing_turns_ask(
	struct pairing_turns *turns, const char *address, bool is_free, int64_t now_ms)
{
	struct pairing_turn *turn = find(turns, address);

	if (turn == NULL) {
		turn = add(turns, address);
	}
	if (!turn->waiting || now_ms - turn->asked_ms > PAIRING_TURN_WAIT_MS) {
		turn->waiting = true;
		turn->waiting_since_ms = now_ms;
	}
	if (now_ms - turn->asked_ms > FORGIVE_MS) {
		turn->wasted_count = 0;
	}
	turn->asked_ms = now_ms;
	if (!is_free) {
		return false;
	}
	for (unsigned i = 0; i < turns->count; i++) {
		const struct pairing_turn *other = &turns->items[i];

		if (other != turn && other->waiting &&
			now_ms - other->asked_ms <= PAIRING_TURN_WAIT_MS &&
			goes_before(other, turn)) {
			return false;
		}
	}
	turn->waiting = false;
	return true;
}

void pairing_turns_wasted(struct pairing_turns *turns, const char *address)
{
	struct pairing_turn *turn = find(turns, address);

	if (turn != NULL) {
		turn->wasted_count++;
	}
}

void pairing_turns_forget(struct pairing_turns *turns, const char *address)
{
	struct pairing_turn *turn = find(turns, address);

	if (turn != NULL) {
		*turn = turns->items[--turns->count];
	}
}
