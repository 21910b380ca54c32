#pragma once

#include <stdbool.h>

struct commit_place;
struct error;

/*
 * Room for what a commit will move, made before it is promised: after that nothing may fail for
 * want of it. A rename onto a name that exists needs none, so everything that needs an entry in a
 * folder gets one: a new folder an empty one (0755), a new file an empty one without permissions.
 */

/* Can the staging folder's file system exchange two names? Errors: IO, NO_SPACE. */
bool commit_room_can_exchange(int dir_fd, bool *can, struct error *err);
/* Errors: CONFLICT (something has appeared), NO_SPACE, IO. commit_back_run() takes it away. */
bool commit_room_make(struct commit_place *place, struct error *err);
