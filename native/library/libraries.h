#pragma once

#include "library/install_dir.h" /* which folder in a library a game goes to */
#include "library/kept_record.h" /* what an update has put by */
#include "library/library.h"	 /* one of them */
#include "library/places.h"	 /* how its disk compares paths */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game;
struct libraries;
struct loop;
struct state_link;
struct strvec;

/*
 * The folders that games are installed in, some of them on cards that come and go.
 *
 * A library is known by the file system that it is on: an id in the library itself
 * (library_marker.h) and the file system's UUID, kept with its place in <state_dir>/libraries.json.
 * A folder in its place on another file system is not the library. So games are never installed
 * beneath a card, on the folder that it is mounted on, and what is on a card that is out counts as
 * away, not as deleted. Source: design.md §3.8.
 */
struct libraries_options {
	struct loop *loop;
	const char *state_dir;
	const char *home;	  /* for "~" */
	const char *library_path; /* absolute or "~…" */
	const struct strvec *library_extra;
	/*
	 * Counts what is registered with that id, or, where that is not known of an item or id is
	 * "", below root; adds to *held. If not NULL: *seen becomes true if one of it is there.
	 * False: one of the lists cannot be read now.
	 */
	bool (*count)(void *user, const char *id, const char *root, struct library_held *held,
		bool *seen);
	/* One can be used, or can be used again. */
	void (*arrived)(void *user, const struct library *library);
	/* One can no longer be used. */
	void (*left)(void *user, const struct library *library);
	void (*changed)(void *user); /* anything of them but the room */
	void *user;
};

/*
 * Nothing is looked at before libraries_start(), which reports no arrivals. notice (caller frees,
 * else NULL): a message for the user.
 */
struct libraries *libraries_create(const struct libraries_options *options, char **notice);
void libraries_start(struct libraries *libraries);
void libraries_destroy(struct libraries *libraries); /* NULL is fine */
/* The settings have changed. */
void libraries_configure(
	struct libraries *libraries, const char *library_path, const struct strvec *library_extra);
/* What they contain has changed. */
void libraries_count_again(struct libraries *libraries);

/* The file of what is known of them (core/state_file.h); look again once it is read. */
struct state_link *libraries_link(struct libraries *libraries);
/* Something may have changed: looks, and reports it. */
void libraries_look(struct libraries *libraries);

size_t libraries_count(const struct libraries *libraries);
const struct library *libraries_at(const struct libraries *libraries, size_t index);
/* Brings the room up to date, for showing. */
void libraries_measure(struct libraries *libraries);
const char *libraries_default(const struct libraries *libraries); /* library.path, expanded */
const struct strvec *libraries_extra(const struct libraries *libraries);

/*
 * Before something is written to the library in root, one of those configured: looks whether it is
 * there, and makes the folder of one that was never used. *id (caller frees): its id, for
 * library_marker_open(). Errors, one sentence with the remedy: CONFLICT (away, read-only, belongs
 * to someone else, a broken link), NO_SPACE, IO.
 */
bool libraries_claim(struct libraries *libraries, const char *root, char **id, struct error *err);
/* Is the one of that id in that place now? Looks. Errors: CONFLICT (names the card), IO. */
bool libraries_check(
	struct libraries *libraries, const char *root, const char *id, struct error *err);
/*
 * Is the library that has this game there now? what: "delete it", for the remedy. A game outside
 * all known libraries is the caller's affair: true. Errors: CONFLICT (names the card), IO.
 */
bool libraries_check_game(
	struct libraries *libraries, const struct game *game, const char *what, struct error *err);
/* Is the game on a card that is mounted elsewhere, or in a folder that was moved? Does not look. */
bool libraries_is_elsewhere(const struct libraries *libraries, const struct game *game);
/* What people call it: its card's label, else the place. Caller frees. */
char *libraries_name(const struct libraries *libraries, const char *root, const char *id);
/*
 * After something in that library failed: if it has gone, or can no longer be written to, err says
 * so instead; if its disk fails, or cannot be read now, err names the card and the remedy, too.
 */
void libraries_explain(
	struct libraries *libraries, const char *root, const char *id, struct error *err);
/*
 * After no folder was found for a game below path: if nothing can be installed there at all, err
 * says so instead.
 */
void libraries_explain_path(struct libraries *libraries, const char *path, struct error *err);
/* Why the library of that id is not there, one sentence; "": it is. Borrowed. Does not look. */
const char *libraries_problem(const struct libraries *libraries, const char *root, const char *id);
/* The id of the library that is in root; "" unless it is there. Does not look. */
const char *libraries_id_at(const struct libraries *libraries, const char *root);
/*
 * Forgets a library that will not come back: what is registered there has to be forgotten by the
 * caller. Errors: NOT_FOUND, CONFLICT (it is there), IO, NO_SPACE.
 */
bool libraries_check_forgettable(
	const struct libraries *libraries, const char *id, struct error *err);
bool libraries_forget(struct libraries *libraries, const char *id, struct error *err);

/* A descriptor of the library folder if it has that id; see library_marker.h. */
int library_open(const char *root, const char *id, struct error *err);
/* What can be written below an open folder: a quota counts. Errors: IO. */
bool library_free_bytes(int fd, int64_t *free_bytes, struct error *err);
