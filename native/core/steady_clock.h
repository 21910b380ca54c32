#pragma once

#include <stdint.h>
#include <time.h>

/*
 * A clock for time that must have passed before something is deleted for good. Nobody can set it,
 * and it goes on while the device sleeps; it begins anew with each boot, so only differences within
 * one run mean anything. What has to count over several runs keeps a sum: time while the program
 * did not run is not in it.
 */
static inline int64_t steady_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Since a moment of this run; never negative. */
static inline int64_t steady_clock_passed_ms(int64_t since_ms)
{
	int64_t passed_ms = steady_clock_ms() - since_ms;

	return passed_ms > 0 ? passed_ms : 0;
}
