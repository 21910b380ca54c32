#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct pairing;
struct pairing_overlay;
struct strbuf;

/*
 * Shows the pairing code on the screen: a listener of pairing.h that has capydeck-overlay draw it.
 * The child exists only while a code is valid. If it dies it is restarted once; after that only the
 * other listeners show the code, and the state says why. If it has shown nothing within 3 s it may
 * still do so, but the state says so meanwhile. If it hangs for 30 s once it has shown a code, it
 * is killed, which counts as dying. The code reaches the child through a socket pair, never its
 * arguments or environment.
 */
struct pairing_overlay_options {
	struct loop *loop;
	struct pairing *pairing;
	const char *program; /* capydeck-overlay's path; copied */
	int64_t ping_ms;     /* time between pings of a child that has shown a code; 0: 10 s */
	/* Read again for every code: */
	char *const *language; /* a locale, or "": use session_language() */
	const bool *large_text;
	const bool *reduced_motion;
	/* A locale, or NULL: not known; caller frees. */
	char *(*session_language)(void *user);
	void *user;
};

struct pairing_overlay *pairing_overlay_create(const struct pairing_overlay_options *options);
void pairing_overlay_destroy(struct pairing_overlay *overlay); /* ends the child; NULL is fine */

/*
 * "ready", "starting", "shown" or "failed" (static text); detail: appends one sentence about it, or
 * nothing.
 */
const char *pairing_overlay_state(const struct pairing_overlay *overlay, struct strbuf *detail);
