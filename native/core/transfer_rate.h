#pragma once

#include <stdint.h>

/*
 * Bytes per second over the last few seconds or, if they come in big pieces over a slow link, over
 * the last few pieces. Needs no timer. Zeroed is empty.
 */
#define TRANSFER_RATE_SAMPLES 12
#define TRANSFER_RATE_SAMPLE_MS 250	     /* the least distance of two samples */
#define TRANSFER_RATE_SILENCE_MS (30 * 1000) /* after this it starts over */

struct transfer_rate {
	struct {
		int64_t at_ms;
		int64_t bytes;		  /* in all, when the sample began */
	} samples[TRANSFER_RATE_SAMPLES]; /* sample number n is at n % TRANSFER_RATE_SAMPLES */
	int64_t samples_count;		  /* ever taken */
	int64_t bytes;
	int64_t last_ms; /* of the last add */
};

/* 0 bytes: the clock starts now; otherwise it starts with the first bytes. */
void transfer_rate_add(struct transfer_rate *rate, int64_t now_ms, int64_t bytes);
int64_t transfer_rate_get(const struct transfer_rate *rate, int64_t now_ms);
