#pragma once

#include <stdbool.h>

struct commit_record;
struct error;
struct game;

/*
 * An upload whose bytes are all durable becomes an installed game. Everything here blocks: it runs
 * on the worker, or before the loop starts. uploads.md describes the steps and why their order
 * makes a crash at any of them harmless.
 */
struct upload_commit {
	const char *root;      /* the library folder; holds the game's folder and the staging */
	const char *state_dir; /* for the list of the installed files */
	int dir_fd;	       /* the staging folder; borrowed */
	/* Paths that always get the execute bit; "" and NULL: none. */
	const char *executables[2];
	struct commit_record *record;
};

enum upload_commit_end {
	UPLOAD_COMMIT_DONE,   /* enter it in the registry */
	UPLOAD_COMMIT_UNDONE, /* see *err; the game is the old build, what is staged can be resumed
			       */
	UPLOAD_COMMIT_STUCK,  /* see *err; the record is still there: upload_commit_resume() */
	UPLOAD_COMMIT_OVER, /* nothing is left to do, and the staging is of no use; *err may say why
			     */
	UPLOAD_COMMIT_NONE, /* there is no record */
};

/*
 * Checks for every obstacle, prepares the staged files, makes room and promises the commit (DONE,
 * UNDONE or STUCK). Files that the record marks as kept must be unchanged; how the others are
 * moved, and their times, are filled in. Errors: CONFLICT (an obstacle), INVALID (a kept file has
 * changed, a staged one is incomplete), NO_SPACE, IO.
 */
enum upload_commit_end upload_commit_prepare(const struct upload_commit *commit, struct error *err);
/*
 * Right after it: moves what is staged into the game's folder, or, if that cannot be done, what was
 * moved back out of it. DONE, UNDONE or STUCK. Errors: NOT_FOUND (received data is gone), CONFLICT,
 * NO_SPACE, IO.
 */
enum upload_commit_end upload_commit_apply(const struct upload_commit *commit, struct error *err);
/*
 * Continues with the record that an interrupted commit has left, and fills in commit->record
 * (zeroed). known: the game's entry in the registry, which must have been read; NULL: none. A
 * record that is damaged is set aside, and everything must be sent again. last_try: an error of the
 * disk, which may pass, also leads back; otherwise it is STUCK.
 */
enum upload_commit_end upload_commit_resume(const struct upload_commit *commit,
	const struct game *known, bool last_try, struct error *err);
