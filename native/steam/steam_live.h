#pragma once

#include "steam/change/steam_change.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shortcuts;

/*
 * Changes that a running Steam has made while its file does not show them yet. They are kept in
 * memory: Steam saves soon after each change, and at its end at the latest. Zeroed is empty.
 */
struct steam_live {
	struct steam_live_change {
		struct steam_change change;
		int64_t made_at_s; /* Unix time */
	} * changes;
	size_t count;
	pid_t pid; /* the Steam that made them */
};

/* The oldest is dropped past this. */
#define STEAM_LIVE_CHANGES_MAX 256

/* app_id: of the entry that was changed. */
void steam_live_add(
	struct steam_live *live, pid_t pid, const struct steam_change *change, uint32_t app_id);
/* One account's shortcuts.vdf, and the Steam that has it in memory. */
struct steam_live_file {
	const char *account_id;
	int64_t saved_at_s; /* Unix time */
	pid_t pid;	    /* 0: none runs */
};
/*
 * Adds to what the file holds what it does not show yet. Forgets what it shows, what it must have
 * shown when it was saved later (the user has changed or removed it since), and everything if
 * another Steam runs now.
 */
void steam_live_overlay(
	struct steam_live *live, const struct steam_live_file *file, struct shortcuts *shortcuts);
void steam_live_finish(struct steam_live *live);
