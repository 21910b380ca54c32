#pragma once

#include <stdbool.h>

struct commit_place;
struct commit_record;
struct error;

/*
 * The new build's empty folders, which no move of a file brings into the game. One below a folder
 * that is moved as a whole is made in staging and goes with it; any other is made in the game while
 * room is made, before the promise. Each step may be repeated.
 */

/* After commit_plan_make(). Fills in the record's `empty_made`. Errors: CONFLICT (a file or a link
 * is in the way), IO. */
bool commit_empty_plan(
	const struct commit_place *place, struct commit_record *record, struct error *err);
/* Those that go with another folder, in staging; durable. Errors: INVALID, NO_SPACE, IO. */
bool commit_empty_stage(
	const struct commit_place *place, const struct commit_record *record, struct error *err);
/* The others, in the game. Errors: CONFLICT, NO_SPACE, IO. */
bool commit_empty_make(const struct commit_place *place, struct error *err);
/* After the moves: those that are not there after all; all are durable. Errors: as above. */
bool commit_empty_settle(const struct commit_place *place, struct error *err);
/* Before anything is moved back: takes those away that the old build did not have. */
void commit_empty_back(const struct commit_place *place);
