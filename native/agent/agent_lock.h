#pragma once

#include <stdbool.h>

struct error;

/*
 * One agent for each user: a lock on <state_dir>/agent.lock, held until the descriptor is closed,
 * so that it also goes with a process that dies. The file says who holds it.
 *
 * wait: blocks until the holder has gone; a SIGTERM or SIGINT meanwhile ends the process with
 * exit code 0, so call it before there is anything to clean up.
 * Returns the descriptor, or −1. Errors: CONFLICT (held; the message says by whom), IO, NO_SPACE.
 */
int agent_lock_take(const char *state_dir, const char *description, bool wait, struct error *err);
