#include "pairing/guess_limiter.h"

#include "core/peer_key.h"
#include "core/xalloc.h"

#include <stdbool.h>
#include <stdlib.h>

#define PEERS_MAX 512
#define HOUR_MS (60 * 60 * INT64_C(1000))
/* An address is forgotten after this time without a guess since its last lock-out. */
#define FORGET_MS (2 * HOUR_MS)
/* As many as lead to the longest delay; no more need to be remembered. */
#define RECENT_MAX (GUESSES_PER_HOUR + GUESS_DELAY_MAX_MS / GUESS_DELAY_STEP_MS)

struct peer {
	struct peer_key key;
	unsigned wrong_count;	/* since the last lock-out */
	unsigned lockout_count; /* so far */
	int64_t locked_until_ms;
	int64_t touched_ms;
};

struct guess_limiter {
	struct peer peers[PEERS_MAX];
	unsigned peer_count;
	int64_t recent_ms[RECENT_MAX]; /* ring of the latest wrong guesses' times */
	unsigned recent_count;
	unsigned recent_next;
};

struct guess_limiter *guess_limiter_create(void)
{
	return xcalloc(1, sizeof(struct guess_limiter));
}

void guess_limiter_destroy(struct guess_limiter *limiter)
{
	free(limiter);
}

static bool is_forgotten(const struct peer *peer, int64_t now_ms)
{
	int64_t quiet_since_ms =
		peer->locked_until_ms > peer->touched_ms ? peer->locked_until_ms : peer->touched_ms;

	return now_ms - quiet_since_ms > FORGET_MS;
}

static const struct peer *find(const struct guess_limiter *limiter, const char *address)
{
	struct peer_key key = peer_key_of(address);

	for (unsigned i = 0; i < limiter->peer_count; i++) {
		if (peer_key_equal(&limiter->peers[i].key, &key)) {
			return &limiter->peers[i];
		}
	}
	return NULL;
}

static struct peer *find_or_add(struct guess_limiter *limiter, const char *address, int64_t now_ms)
{
	struct peer *peer = (struct peer *)find(limiter, address);

	if (peer != NULL && !is_forgotten(peer, now_ms)) {
		return peer;
	}
	if (peer == NULL && limiter->peer_count < PEERS_MAX) {
		peer = &limiter->peers[limiter->peer_count++];
	}
	if (peer == NULL) {
		peer = &limiter->peers[0];
		for (unsigned i = 1; i < PEERS_MAX; i++) {
			if (limiter->peers[i].touched_ms < peer->touched_ms) {
				peer = &limiter->peers[i];
			}
		}
	}
	*peer = (struct peer){ .key = peer_key_of(address) };
	return peer;
}

int64_t guess_limiter_locked_seconds(
	const struct guess_limiter *limiter, const char *address, int64_t now_ms)
{
	const struct peer *peer = find(limiter, address);

	if (peer == NULL || peer->locked_until_ms <= now_ms) {
		return 0;
	}
	return (peer->locked_until_ms - now_ms + 999) / 1000;
}

static bool is_clean(const struct guess_limiter *limiter, const char *address, int64_t now_ms)
{
	const struct peer *peer = find(limiter, address);

	return peer == NULL || is_forgotten(peer, now_ms);
}

int64_t guess_limiter_delay_ms(
	const struct guess_limiter *limiter, const char *address, int64_t now_ms)
{
	int64_t count = 0;
	int64_t delay_ms;

	for (unsigned i = 0; i < limiter->recent_count; i++) {
		count += now_ms - limiter->recent_ms[i] < HOUR_MS;
	}
	delay_ms = (count - GUESSES_PER_HOUR) * GUESS_DELAY_STEP_MS;
	if (delay_ms > GUESS_DELAY_CLEAN_MS && is_clean(limiter, address, now_ms)) {
		return GUESS_DELAY_CLEAN_MS;
	}
	return delay_ms < 0 ? 0 : delay_ms;
}

void guess_limiter_wrong(struct guess_limiter *limiter, const char *address, int64_t now_ms)
{
	struct peer *peer = find_or_add(limiter, address, now_ms);
	int64_t lockout_ms = LOCKOUT_FIRST_MS;

	limiter->recent_ms[limiter->recent_next] = now_ms;
	limiter->recent_next = (limiter->recent_next + 1) % RECENT_MAX;
	if (limiter->recent_count < RECENT_MAX) {
		limiter->recent_count++;
	}
	peer->touched_ms = now_ms;
	if (++peer->wrong_count < GUESSES_PER_LOCKOUT) {
		return;
	}
	peer->wrong_count = 0;
	for (unsigned i = 0; i < peer->lockout_count && lockout_ms < LOCKOUT_MAX_MS; i++) {
		lockout_ms *= 2;
	}
	peer->lockout_count++;
	peer->locked_until_ms =
		now_ms + (lockout_ms < LOCKOUT_MAX_MS ? lockout_ms : LOCKOUT_MAX_MS);
}

void guess_limiter_right(struct guess_limiter *limiter, const char *address)
{
	struct peer *peer = (struct peer *)find(limiter, address);

	if (peer != NULL) {
		*peer = limiter->peers[--limiter->peer_count];
	}
}

void guess_limiter_reset(struct guess_limiter *limiter)
{
	*limiter = (struct guess_limiter){ .peer_count = 0 };
}

unsigned guess_limiter_locked_count(const struct guess_limiter *limiter, int64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < limiter->peer_count; i++) {
		count += limiter->peers[i].locked_until_ms > now_ms;
	}
	return count;
}
