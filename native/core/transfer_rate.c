#include "core/transfer_rate.h"

void transfer_rate_add(struct transfer_rate *rate, int64_t now_ms, int64_t bytes)
{
	int64_t newest = (rate->samples_count - 1) % TRANSFER_RATE_SAMPLES;

	if (rate->samples_count > 0 && now_ms - rate->last_ms > TRANSFER_RATE_SILENCE_MS) {
		*rate = (struct transfer_rate){ 0 };
	}
	rate->bytes += bytes;
	rate->last_ms = now_ms;
	if (rate->samples_count == 0 ||
		now_ms - rate->samples[newest].at_ms >= TRANSFER_RATE_SAMPLE_MS) {
		int64_t next = rate->samples_count % TRANSFER_RATE_SAMPLES;

		rate->samples[next].at_ms = now_ms;
		rate->samples[next].bytes = rate->bytes;
		rate->samples_count++;
	}
}

int64_t transfer_rate_get(const struct transfer_rate *rate, int64_t now_ms)
{
	int64_t oldest = 0;
	int64_t elapsed_ms;

	if (rate->samples_count == 0 || now_ms - rate->last_ms > TRANSFER_RATE_SILENCE_MS) {
		return 0;
	}
	if (rate->samples_count > TRANSFER_RATE_SAMPLES) {
		oldest = rate->samples_count % TRANSFER_RATE_SAMPLES;
	}
	elapsed_ms = now_ms - rate->samples[oldest].at_ms;
	/* Two pieces in one millisecond do not mean gigabytes per second. */
	if (elapsed_ms < TRANSFER_RATE_SAMPLE_MS) {
		elapsed_ms = TRANSFER_RATE_SAMPLE_MS;
	}
	return (rate->bytes - rate->samples[oldest].bytes) * 1000 / elapsed_ms;
}
