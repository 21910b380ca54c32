#pragma once

#include <stdbool.h>

struct commit_record;
struct error;

/*
 * An upload whose bytes are all durable becomes an installed game. Everything here blocks: it runs
 * on the worker, or before the loop starts. uploads.md describes the steps and why their order
 * makes a crash at any of them harmless.
 */
struct upload_commit {
	const char *root;      /* the library folder; holds the game's folder and the staging */
	const char *state_dir; /* for the installed manifest */
	int dir_fd;	       /* the staging folder; borrowed */
	/* Paths that always get the execute bit; "" and NULL: none. */
	const char *executables[2];
	struct commit_record *record;
};

/*
 * Checks for every obstacle, prepares the staged files and writes the commit record. On failure the
 * game's folder is unchanged. Files that the record marks as kept must be unchanged; the times of
 * the others are filled in. Errors: CONFLICT (a folder where a file must go, the reverse, a link in
 * the way, a folder that nothing can be moved into), INVALID (a kept file has changed, a staged one
 * is incomplete), NO_SPACE, IO.
 */
bool upload_commit_prepare(const struct upload_commit *commit, struct error *err);

/*
 * Moves what is staged into the game's folder and makes that durable. May be called again after it
 * failed or was interrupted: it continues where it stopped. Errors: NOT_FOUND (a file is neither
 * staged nor moved: the Hub must send it again), CONFLICT, NO_SPACE, IO.
 */
bool upload_commit_apply(const struct upload_commit *commit, struct error *err);
