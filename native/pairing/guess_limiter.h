#pragma once

#include <stdint.h>

/*
 * What wrong pairing codes cost. After GUESSES_PER_LOCKOUT of them an address is locked out for
 * LOCKOUT_FIRST_MS, and for twice as long each further time, up to LOCKOUT_MAX_MS. Past
 * GUESSES_PER_HOUR from all addresses together every try is delayed, more and more, up to
 * GUESS_DELAY_MAX_MS; pairing itself is never disabled. An address without a wrong code so far
 * waits GUESS_DELAY_CLEAN_MS at most: that of the owner, who types it right the first time, must
 * not wait for what others have done. Tokens are not affected.
 *
 * Memory is bounded: the least recent address makes room for a new one, but its guesses still count
 * in the hourly total. Times are loop_now_ms(). Source: protocol.md §3.5.
 */
#define GUESSES_PER_LOCKOUT 3
#define LOCKOUT_FIRST_MS (60 * INT64_C(1000))
#define LOCKOUT_MAX_MS (60 * LOCKOUT_FIRST_MS)
#define GUESSES_PER_HOUR 30
#define GUESS_DELAY_STEP_MS 500
#define GUESS_DELAY_CLEAN_MS (3 * INT64_C(1000))
#define GUESS_DELAY_MAX_MS (20 * INT64_C(1000)) /* below the request's time-out of 30 s */

struct guess_limiter;

struct guess_limiter *guess_limiter_create(void);
void guess_limiter_destroy(struct guess_limiter *limiter); /* NULL is fine */

/* Seconds until the address may try again, rounded up; 0: now. */
int64_t guess_limiter_locked_seconds(
	const struct guess_limiter *limiter, const char *address, int64_t now_ms);
/* How long a try from this address must wait before it is judged. */
int64_t guess_limiter_delay_ms(
	const struct guess_limiter *limiter, const char *address, int64_t now_ms);
void guess_limiter_wrong(struct guess_limiter *limiter, const char *address, int64_t now_ms);
void guess_limiter_right(
	struct guess_limiter *limiter, const char *address); /* forgets the address */
void guess_limiter_reset(struct guess_limiter *limiter); /* on the owner's request: forgets all */
/* Addresses that are locked out now. */
unsigned guess_limiter_locked_count(const struct guess_limiter *limiter, int64_t now_ms);
