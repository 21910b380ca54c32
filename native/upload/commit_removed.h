#pragma once

#include <stdbool.h>

struct commit_place;
struct error;

/*
 * The files of the old build that the new one does not have: before anything else is moved they go
 * to UPLOAD_STAGING_PREVIOUS, where room is made for them before. As for the others, what was done
 * with one follows from what is found under its name on both ends, so that each of these may be
 * interrupted and called again, also the opposite. Errors: CONFLICT, NO_SPACE, IO.
 */

bool commit_removed_room(const struct commit_place *place, struct error *err);
/* One that has changed since it was found stays. Then the folders that are in the way go. */
bool commit_removed_take(const struct commit_place *place, struct error *err);
bool commit_removed_back(const struct commit_place *place, struct error *err);
/* Makes the moves durable on both ends. */
bool commit_removed_sync(const struct commit_place *place, struct error *err);
/* The folders that have become empty; others, and what cannot be removed now, stay. */
void commit_removed_tidy(const struct commit_place *place);
