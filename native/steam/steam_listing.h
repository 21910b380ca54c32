#pragma once

#include "steam/change/steam_change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct shortcuts;
struct steam_queue;

/*
 * An account's shortcuts as Steam has them (the content of its file plus what a running Steam has
 * not saved yet), and as they will be once the queue is done.
 *
 * Unsaved changes are kept in memory: Steam saves soon after each change, and at the latest when it
 * ends.
 */
struct steam_listing {
	const char *home; /* as for steam_install_find(); borrowed */
	const char *steam_dir;
	const struct steam_queue *queue;
	struct steam_unsaved {
		struct steam_change change;
		int64_t made_at_s; /* Unix time */
	} * unsaved;		   /* oldest first */
	size_t unsaved_count;
	pid_t pid; /* the Steam that made them */
};

/* The oldest is dropped past this. */
#define STEAM_LISTING_UNSAVED_MAX 256

void steam_listing_finish(struct steam_listing *listing);

/*
 * Errors of all: NOT_FOUND (no Steam), INVALID (the file does not parse), TOO_LARGE, IO. shortcuts
 * is replaced.
 */
bool steam_listing_now(struct steam_listing *listing, const char *account_id,
	struct shortcuts *shortcuts, struct error *err);
bool steam_listing_coming(struct steam_listing *listing, const char *account_id,
	struct shortcuts *shortcuts, struct error *err);
/* Turns the first into the second. */
void steam_listing_add_queue(
	const struct steam_listing *listing, const char *account_id, struct shortcuts *shortcuts);
/*
 * Finds out which entry a put will change, before it is made: sets app_id if that entry exists or
 * is queued, and reported_app_id, which for a new entry is a free id.
 */
bool steam_listing_choose(
	struct steam_listing *listing, struct steam_change *change, struct error *err);

/* The Steam that runs now has made it. app_id: of the entry that was changed. */
void steam_listing_note_made(
	struct steam_listing *listing, const struct steam_change *change, uint32_t app_id);

/* Its two halves, which do not look at the system. pid: of the Steam that made it. */
void steam_listing_add_unsaved(struct steam_listing *listing, pid_t pid,
	const struct steam_change *change, uint32_t app_id);
struct steam_listing_file {
	const char *account_id;
	int64_t saved_at_s; /* Unix time */
	pid_t pid;	    /* the Steam that has it in memory; 0: none is running */
};
/*
 * Adds to a file's content what it does not show yet. Forgets what it shows, what it must have
 * shown when it was saved later (the user has changed or removed it since), and everything if
 * another Steam is running now.
 */
void steam_listing_overlay(struct steam_listing *listing, const struct steam_listing_file *file,
	struct shortcuts *shortcuts);
