#pragma once

#include "steam/change/steam_change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct state_link;
struct steam_queue;

/*
 * The changes of Steam's shortcuts still to be made, in order, and which ids have changed:
 * <state_dir>/steam.json, version 1. Each transition is one atomic write, done when the call
 * returns. A copy of a damaged file is set aside and its usable entries are kept; a file that
 * cannot be read now is left alone and read later.
 */
struct steam_queued {
	int64_t number; /* ascending; not 0 */
	struct steam_change change;
	char *obstacle; /* a sentence on why it could not be made; NULL: none; not in the file */
};

#define STEAM_QUEUE_CHANGES_MAX 1000
#define STEAM_QUEUE_CHANGE_MAX_BYTES (64 * 1024) /* as JSON */
#define STEAM_QUEUE_MAX_BYTES (8 * 1024 * 1024)	 /* it is written whole, on the loop */
#define STEAM_QUEUE_ALIASES_MAX 4096		 /* the oldest are dropped first */

/* notice (caller frees, else NULL): a message for the user. */
struct steam_queue *steam_queue_create(const char *state_dir, char **notice);
void steam_queue_destroy(struct steam_queue *queue); /* NULL is fine */
/* core/state_file.h: while it is not ready, nothing is known of what waits. */
struct state_link *steam_queue_link(struct steam_queue *queue);

size_t steam_queue_count(const struct steam_queue *queue);
/* Borrowed until the queue changes. */
const struct steam_queued *steam_queue_at(const struct steam_queue *queue, size_t index);

/* The change with that number, or NULL; borrowed until the queue changes. */
const struct steam_queued *steam_queue_find(const struct steam_queue *queue, int64_t number);

/* Does nothing if there is no such change. */
void steam_queue_set_obstacle(struct steam_queue *queue, int64_t number, const char *obstacle);

/*
 * Adds a copy at the end. Errors: INVALID (steam_change_check()), TOO_LARGE (of one change),
 * NO_SPACE (of the disk, or of the queue), IO (also: the file cannot be read yet); then nothing was
 * added.
 */
bool steam_queue_add(struct steam_queue *queue, const struct steam_change *change, int64_t *number,
	struct error *err);
/* Removes changes that are not to be made. On failure none is removed. Errors: IO, NO_SPACE. */
bool steam_queue_remove(
	struct steam_queue *queue, const int64_t *numbers, size_t count, struct error *err);

/*
 * The change was made, or has failed permanently (app_id 0), and is removed even if that cannot be
 * written. app_id: the entry's as it is in Steam. A put with a different reported id gets an alias.
 */
void steam_queue_settle(struct steam_queue *queue, int64_t number, uint32_t app_id);
/* Retries what could not be written or read. False: it still fails. */
bool steam_queue_flush(struct steam_queue *queue);

/*
 * The id in Steam for a reported one; other ids are returned unchanged. account_id: NULL for any.
 */
uint32_t steam_queue_actual(
	const struct steam_queue *queue, const char *account_id, uint32_t app_id);
