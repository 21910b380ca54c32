#pragma once

#include <stdint.h>

/* The growing pause between retries. Starts zeroed; zero it again after a success. */
struct backoff {
	int64_t last_ms;
};

/* first_ms, or twice the last pause if that is longer, but max_ms at most. */
static inline int64_t backoff_next_ms(struct backoff *backoff, int64_t first_ms, int64_t max_ms)
{
	int64_t next_ms = backoff->last_ms * 2 > first_ms ? backoff->last_ms * 2 : first_ms;

	backoff->last_ms = next_ms < max_ms ? next_ms : max_ms;
	return backoff->last_ms;
}
