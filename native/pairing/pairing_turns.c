#include "pairing/pairing_turns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGIVE_MS (60 * 60 * 1000) /* unused codes count for this long after the last request */
#define LISTED_MS (60 * 1000)
/* One that has paired before and leaves so many codes unused comes first no more. */
#define TRUSTED_WASTE_MAX 2
/* So many others that were first seen within so long of it came with it. */
#define COMPANY_COUNT 4
#define COMPANY_MS 2000
/* How long a typed code that waits to be compared keeps the screen from a crowd. */
#define JUDGING_MS (4 * 1000)

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

static bool is_here(const struct pairing_turn *turn, int64_t now_ms)
{
	return now_ms - turn->asked_ms <= PAIRING_TURN_WAIT_MS;
}

static bool comes_first(const struct pairing_turn *turn)
{
	return turn->is_trusted && turn->wasted_count <= TRUSTED_WASTE_MAX;
}

/* What would be lost with it: nothing, its unused codes, or the place of one that came alone. */
static unsigned worth(const struct pairing_turn *turn, int64_t now_ms)
{
	bool has_wasted = turn->wasted_count > 0;

	if (comes_first(turn)) {
		return 5;
	}
	if (!is_here(turn, now_ms)) {
		return has_wasted ? 2 : 0;
	}
	if (turn->came_with_many) {
		return has_wasted ? 3 : 1;
	}
	return 4;
}

/* Of those that are worth least, the one that asked longest ago. */
static struct pairing_turn *find_least(struct pairing_turns *turns, int64_t now_ms)
{
	struct pairing_turn *least = &turns->items[0];
	unsigned least_worth = worth(least, now_ms);

	for (unsigned i = 1; i < turns->count; i++) {
		struct pairing_turn *turn = &turns->items[i];
		unsigned its_worth = worth(turn, now_ms);

		if (its_worth < least_worth ||
			(its_worth == least_worth && turn->asked_ms < least->asked_ms)) {
			least = turn;
			least_worth = its_worth;
		}
	}
	return least;
}

static struct pairing_turn *add(struct pairing_turns *turns, const char *address, int64_t now_ms)
{
	struct pairing_turn *turn = turns->count < PAIRING_TURNS_MAX ? &turns->items[turns->count++]
								     : find_least(turns, now_ms);

	*turn = (struct pairing_turn){ .peer = peer_key_of(address) };
	return turn;
}

static bool is_crowd(const struct pairing_turns *turns, int64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < turns->count && count < PAIRING_CROWD; i++) {
		count += is_here(&turns->items[i], now_ms);
	}
	return count == PAIRING_CROWD;
}

enum order {
	ORDER_LONGEST, /* who has waited longest goes first */
	/* In a crowd; in the first two those that came alone go first. */
	ORDER_CROWD_NEWEST,
	ORDER_CROWD_LONGEST_ALONE,
	ORDER_CROWD_LONGEST,
};

/*
 * The crowd may have come before the owner, or keep coming after; it may come in any rhythm, and
 * who is first may never take its turn. So each order has its time.
 */
static enum order order_at(const struct pairing_turns *turns, int64_t now_ms)
{
	static const enum order orders[] = { ORDER_CROWD_NEWEST, ORDER_CROWD_LONGEST_ALONE,
		ORDER_CROWD_NEWEST, ORDER_CROWD_LONGEST };

	return is_crowd(turns, now_ms) ? orders[now_ms / PAIRING_SLICE_MS %
						 (int64_t)(sizeof(orders) / sizeof(*orders))]
				       : ORDER_LONGEST;
}

static bool goes_before(
	const struct pairing_turn *other, const struct pairing_turn *turn, enum order order)
{
	if (comes_first(other) != comes_first(turn)) {
		return comes_first(other);
	}
	/* Before the unused codes: in a crowd those of the owner are taken away too. */
	if ((order == ORDER_CROWD_NEWEST || order == ORDER_CROWD_LONGEST_ALONE) &&
		other->came_with_many != turn->came_with_many) {
		return turn->came_with_many;
	}
	if (other->wasted_count != turn->wasted_count) {
		return other->wasted_count < turn->wasted_count;
	}
	if (order == ORDER_CROWD_NEWEST) {
		return other->known_since_ms != turn->known_since_ms
			       ? other->known_since_ms > turn->known_since_ms
			       : other > turn; /* they are added at the end */
	}
	return other->waiting_since_ms < turn->waiting_since_ms;
}

static bool came_with_many(const struct pairing_turns *turns, const struct pairing_turn *turn)
{
	unsigned count = 0;

	for (unsigned i = 0; i < turns->count; i++) {
		int64_t apart_ms = turns->items[i].known_since_ms - turn->known_since_ms;

		count += &turns->items[i] != turn && apart_ms <= COMPANY_MS &&
			 apart_ms >= -COMPANY_MS;
	}
	return count >= COMPANY_COUNT;
}

/* Its request is noted. */
static struct pairing_turn *note(
	struct pairing_turns *turns, const struct pairing_asker *asker, int64_t now_ms)
{
	struct pairing_turn *turn = find(turns, asker->address);

	if (turn == NULL) {
		turn = add(turns, asker->address, now_ms);
		turn->known_since_ms = asker->known_since_ms != 0 ? asker->known_since_ms : now_ms;
	}
	if (!turn->is_waiting || !is_here(turn, now_ms)) {
		turn->is_waiting = true;
		turn->waiting_since_ms = now_ms;
	}
	if (now_ms - turn->asked_ms > FORGIVE_MS) {
		turn->wasted_count = 0;
	}
	turn->asked_ms = now_ms;
	turn->came_with_many = came_with_many(turns, turn);
	turn->is_trusted = asker->is_trusted;
	snprintf(turn->address, sizeof(turn->address), "%s", asker->address);
	snprintf(turn->hub_name, sizeof(turn->hub_name), "%s", asker->hub_name);
	return turn;
}

static bool gives_way(struct pairing_turns *turns, const struct pairing_screen *screen,
	const struct pairing_turn *turn, int64_t now_ms)
{
	const struct pairing_turn *holder = find(turns, screen->address);
	bool is_short = holder != NULL && holder->wasted_count > turn->wasted_count &&
			(holder->came_with_many || !turn->came_with_many);
	int64_t slice_ms = is_short ? PAIRING_SHORT_SLICE_MS : PAIRING_SLICE_MS;

	return now_ms - screen->since_ms >= slice_ms + (screen->is_judging ? JUDGING_MS : 0);
}

bool pairing_turns_ask(struct pairing_turns *turns, const struct pairing_asker *asker,
	const struct pairing_screen *screen, int64_t now_ms)
{
	struct pairing_turn *turn = note(turns, asker, now_ms);
	enum order order = order_at(turns, now_ms);

	if (screen != NULL && (order == ORDER_LONGEST || !gives_way(turns, screen, turn, now_ms))) {
		return false;
	}
	for (unsigned i = 0; i < turns->count; i++) {
		struct pairing_turn *other = &turns->items[i];

		if (other != turn && other->is_waiting && is_here(other, now_ms) &&
			goes_before(other, turn, order)) {
			/* Others may have come with it since it asked. */
			other->came_with_many |= came_with_many(turns, other);
			if (goes_before(other, turn, order)) {
				return false;
			}
		}
	}
	turn->is_waiting = false;
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

static int compare(const void *a, const void *b)
{
	const struct pairing_turn *left = *(const struct pairing_turn *const *)a;
	const struct pairing_turn *right = *(const struct pairing_turn *const *)b;

	return goes_before(left, right, ORDER_CROWD_NEWEST)   ? -1
	       : goes_before(right, left, ORDER_CROWD_NEWEST) ? 1
							      : 0;
}

static bool is_listed(const struct pairing_turn *turn, int64_t now_ms)
{
	return turn->is_waiting && now_ms - turn->asked_ms <= LISTED_MS;
}

bool pairing_turns_is_waiting(
	const struct pairing_turns *turns, const char *address, int64_t now_ms)
{
	for (unsigned i = 0; i < turns->count; i++) {
		if (strcmp(turns->items[i].address, address) == 0) {
			return is_listed(&turns->items[i], now_ms);
		}
	}
	for (unsigned i = 0; i < turns->count; i++) {
		if (!is_here(&turns->items[i], now_ms)) {
			return false;
		}
	}
	return turns->count == PAIRING_TURNS_MAX;
}

size_t pairing_turns_waiting(const struct pairing_turns *turns, int64_t now_ms,
	const struct pairing_turn **out, size_t max)
{
	const struct pairing_turn *all[PAIRING_TURNS_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < turns->count; i++) {
		const struct pairing_turn *turn = &turns->items[i];

		if (is_listed(turn, now_ms)) {
			all[count++] = turn;
		}
	}
	qsort(all, count, sizeof(all[0]), compare);
	count = count < max ? count : max;
	for (size_t i = 0; i < count; i++) {
		out[i] = all[i];
	}
	return count;
}
