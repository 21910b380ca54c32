#pragma once

#include <stdbool.h>

struct commit_place;
struct error;

/*
 * Moves everything back that a commit has moved and takes away the room that was made for it,
 * durably: the game is the old build. May be interrupted and called again. Not for a record of
 * version 1, whose replaced files are gone. Errors: CONFLICT, NO_SPACE, IO, naming the file.
 */
bool commit_back_run(struct commit_place *place, struct error *err);
