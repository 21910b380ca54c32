#pragma once

#include <stdint.h>

/* Bytes a second over the last seconds, kept without a timer. Zeroed is empty. */
#define TRANSFER_RATE_SLOTS 12
#define TRANSFER_RATE_SLOT_MS 250

struct transfer_rate {
	int64_t bytes[TRANSFER_RATE_SLOTS]; /* of slot number n at n % TRANSFER_RATE_SLOTS */
	int64_t first_slot;		    /* when it began; numbers count from the clock's zero */
	int64_t last_slot;		    /* the newest with bytes; 0: none yet */
};

void transfer_rate_add(struct transfer_rate *rate, int64_t now_ms, int64_t bytes);
int64_t transfer_rate_get(const struct transfer_rate *rate, int64_t now_ms);
