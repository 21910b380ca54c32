#include "core/transfer_rate.h"

void transfer_rate_add(struct transfer_rate *rate, int64_t now_ms, int64_t bytes)
{
	int64_t slot = now_ms / TRANSFER_RATE_SLOT_MS;

	if (rate->last_slot == 0 || slot - rate->last_slot >= TRANSFER_RATE_SLOTS) {
		*rate = (struct transfer_rate){ .first_slot = slot, .last_slot = slot };
	}
	while (rate->last_slot < slot) {
		rate->last_slot++;
		rate->bytes[rate->last_slot % TRANSFER_RATE_SLOTS] = 0;
	}
	rate->bytes[slot % TRANSFER_RATE_SLOTS] += bytes;
}

int64_t transfer_rate_get(const struct transfer_rate *rate, int64_t now_ms)
{
	int64_t now_slot = now_ms / TRANSFER_RATE_SLOT_MS;
	int64_t oldest = now_slot - TRANSFER_RATE_SLOTS + 1;
	int64_t start_ms, bytes = 0;

	if (rate->last_slot == 0) {
		return 0;
	}
	oldest = oldest < rate->first_slot ? rate->first_slot : oldest;
	for (int64_t slot = oldest; slot <= rate->last_slot; slot++) {
		bytes += rate->bytes[slot % TRANSFER_RATE_SLOTS];
	}
	start_ms = oldest * TRANSFER_RATE_SLOT_MS;
	/* The first slot is counted whole, so that a single chunk is not an endless rate. */
	if (now_ms - start_ms < TRANSFER_RATE_SLOT_MS) {
		start_ms = now_ms - TRANSFER_RATE_SLOT_MS;
	}
	return bytes * 1000 / (now_ms - start_ms);
}
