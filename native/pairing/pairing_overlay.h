#pragma once

#include <stdbool.h>

struct loop;
struct pairing;
struct pairing_overlay;
struct strbuf;

/*
 * Shows the pairing code on the screen: a listener of pairing.h that has capydeck-overlay draw it.
 * The child exists only while a code is valid. One that dies is started once more; after that the
 * code is for the other listeners alone, and the state says why. One that has shown nothing within
 * 3 s may still do so, and meanwhile the state tells of that.
 * The code reaches the child through a socket pair, never its arguments or environment.
 */
struct pairing_overlay_options {
	struct loop *loop;
	struct pairing *pairing;
	const char *program; /* capydeck-overlay's path; copied */
	/* Read anew for every code: */
	char *const *language; /* a locale, or "": what session_language() tells */
	const bool *large_text;
	const bool *reduced_motion;
	/* A locale, or NULL: not known; caller frees. */
	char *(*session_language)(void *user);
	void *user;
};

struct pairing_overlay *pairing_overlay_create(const struct pairing_overlay_options *options);
void pairing_overlay_destroy(struct pairing_overlay *overlay); /* ends the child; NULL is fine */

/*
 * "ready", "starting", "shown" or "failed" (static text); what there is to say of it is appended to
 * detail, one sentence or nothing.
 */
const char *pairing_overlay_state(const struct pairing_overlay *overlay, struct strbuf *detail);
