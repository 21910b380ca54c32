#pragma once

#include <stdbool.h>

struct commit_place;
struct commit_record;
struct error;

/*
 * Before anything is changed: is there an obstacle in the game's folder, and how does each file get
 * there? Fills in the record's `made`, `folders`, each file's `added`, and what is known of the one
 * that it replaces.
 *
 * Errors: CONFLICT (a folder where a file must go, the reverse, a link in the way, a folder that
 * nothing can be moved into, a file that cannot be replaced), INVALID (a kept file has changed),
 * IO. Each names the file and what to do.
 */
bool commit_plan_make(
	const struct commit_place *place, struct commit_record *record, struct error *err);
