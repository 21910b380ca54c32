#pragma once

#include <stdbool.h>

struct commit_place;
struct error;

/*
 * Moves what is not moved yet into the game, and makes it durable: files first, then whole folders,
 * since what is refused is mostly a file that is replaced. again: not directly after making room,
 * so that anything may have happened. Errors: NOT_FOUND (a file is neither staged nor moved: the
 * Hub must send it again), CONFLICT, NO_SPACE, IO, naming the file.
 */
bool commit_moves_run(struct commit_place *place, bool again, struct error *err);
/* Makes the names below one end, place->game_fd or place->files_fd, durable. Errors: IO. */
bool commit_moves_sync(const struct commit_place *place, int dir_fd, struct error *err);
