#pragma once

#include "steam/steam_live.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct shortcuts;
struct steam_change;
struct steam_queue;

/*
 * An account's shortcuts: what its file holds, what a running Steam has not saved yet, and what is
 * still to be made. Errors of all: NOT_FOUND (no Steam), INVALID (the file does not parse),
 * TOO_LARGE, IO.
 */
struct steam_view {
	const char *home; /* as for steam_install_find(); borrowed */
	const char *steam_dir;
	const struct steam_queue *queue;
	struct steam_live live;
};

/* As Steam has them. shortcuts is replaced. */
bool steam_view_made(struct steam_view *view, const char *account_id, struct shortcuts *shortcuts,
	struct error *err);
/* Makes in that list what is still to be made. */
void steam_view_add_queue(
	const struct steam_view *view, const char *account_id, struct shortcuts *shortcuts);
/* Both: as they will be once the queue is done. */
bool steam_view_coming(struct steam_view *view, const char *account_id, struct shortcuts *shortcuts,
	struct error *err);
/*
 * Finds out which entry a put will be, before anybody makes it: sets app_id where there is one, or
 * one comes, and reported_app_id, which for a new entry is one that is free.
 */
bool steam_view_choose(struct steam_view *view, struct steam_change *change, struct error *err);
/* A running Steam has made it. */
void steam_view_note_live(
	struct steam_view *view, const struct steam_change *change, uint32_t app_id);
void steam_view_finish(struct steam_view *view);
