#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct artwork_fetch;
struct error;
struct loop;

/*
 * Downloads images from http and https URLs, all at once, in a process of its own
 * (capydeck-fetch, beside this program): libcurl and untrusted bytes stay out of the agent,
 * and nothing on the network can hold up its loop. Redirects are followed (5 at most) and every
 * address is checked after name resolution: unless allow_local, this device's own, link-local,
 * private and other addresses that are not public are refused.
 */
#define ARTWORK_FETCH_DEADLINE_MS (20 * 1000)
#define ARTWORK_FETCH_COUNT_MAX 16

struct artwork_fetch_options {
	const char *const *urls;
	size_t count;
	const char *dir; /* exists; files 0, 1, … are created there; the caller removes them */
	bool allow_local;
	int64_t deadline_ms; /* for all; 0: ARTWORK_FETCH_DEADLINE_MS */
};

struct artwork_fetched {
	char *path;  /* the whole file; NULL: failed */
	char *error; /* one sentence; NULL: succeeded */
};

/*
 * results: in the order of the URLs, borrowed during the call. Called once, after the last, on the
 * loop, at most two seconds past the deadline.
 */
typedef void artwork_fetch_done(void *user, const struct artwork_fetched *results, size_t count);

/* NULL on error: NOT_FOUND (the program is missing), IO. done may destroy the fetch. */
struct artwork_fetch *artwork_fetch_create(struct loop *loop,
	const struct artwork_fetch_options *options, artwork_fetch_done *done, void *user,
	struct error *err);
/* Ends the downloads; done is not called any more. NULL is fine. */
void artwork_fetch_destroy(struct artwork_fetch *fetch);
