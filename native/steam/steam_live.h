#pragma once

#include "steam/steam_change.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shortcuts;

/*
 * Changes that a running Steam has made while its file does not show them yet. They are kept in
 * memory: Steam saves soon after each change, and at its end at the latest. Zeroed is empty.
 */
struct steam_live {
	struct steam_change *changes;
	size_t count;
	pid_t pid; /* the Steam that made them */
};

/* The oldest is dropped past this. */
#define STEAM_LIVE_CHANGES_MAX 256

/* app_id: of the entry that was changed. */
void steam_live_add(
	struct steam_live *live, pid_t pid, const struct steam_change *change, uint32_t app_id);
/*
 * Adds to what an account's file holds what it does not show yet, and forgets the rest, as well
 * as everything if another Steam runs now. pid: 0 when none does.
 */
void steam_live_overlay(
	struct steam_live *live, pid_t pid, const char *account_id, struct shortcuts *shortcuts);
void steam_live_finish(struct steam_live *live);
