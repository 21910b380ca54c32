#pragma once

#include <stdbool.h>

struct game_registry;
struct game_trash;
struct library;
struct library_held;
struct upload_store;

/* The lists of what is in the libraries. */
struct library_contents {
	struct game_registry *registry;
	struct game_trash *trash;     /* NULL: not known yet */
	struct upload_store *uploads; /* NULL: not known yet */
};

/*
 * Counts what is in one library, for libraries.h: see struct libraries_options. False: one of the
 * lists cannot be read now.
 */
bool library_contents_count(const struct library_contents *contents, const char *id,
	const char *root, struct library_held *held, bool *seen);
/* Games and deleted games of before libraries had ids: those that are there are in this one. */
void library_contents_adopt(const struct library_contents *contents, const struct library *library);
