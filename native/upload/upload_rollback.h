#pragma once

#include <stdbool.h>

struct error;
struct game;
struct upload_installed;
struct upload_store;

/*
 * The previous build of a game, which an update has put by (library/kept_files.h), becomes the
 * installed one, by the same way as an upload: its folder becomes the staged files of one that
 * nobody sends, which completes at once. So what the player has changed since is protected in the
 * same way, the other build is put by in its place, and every step may be interrupted. Until the
 * commit is promised the folder goes back to the keeping place instead: UPLOAD_STAGING_ROLLBACK
 * names it.
 */
struct upload_rollback_options {
	const struct game *game;
	const char *root;    /* the library folder */
	const char *library; /* its id */
	const char *folder;  /* the keeping place below root */
	const char *pending; /* the work after it: struct game's */
};

/* As upload_store_complete(). Errors: also CONFLICT (an upload of the game is being installed). */
void upload_rollback_start(struct upload_store *store,
	const struct upload_rollback_options *options,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user);
