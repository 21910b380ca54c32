#pragma once

#include <stdbool.h>

struct agent_lock;
struct error;
struct loop;

/*
 * One agent per user: the agent that serves holds a lock on the first byte of
 * <state_dir>/agent.lock, which is released when its process ends in any way. The file names the
 * holder and its socket, on which it can be asked to hand over; if it cannot be written, on a full
 * disk, the agent serves anyway.
 *
 * An agent that takes over also holds a lock on the second byte, the claim, from before it asks
 * until it has the first: so no waiting agent, nor the one that just handed over, gets ahead of it,
 * and if it dies meanwhile they continue.
 */
enum agent_lock_manner {
	AGENT_LOCK_AT_ONCE,   /* or fail */
	AGENT_LOCK_WAIT,      /* until the holder has gone, without a limit */
	AGENT_LOCK_TAKE_OVER, /* asks the holder to hand over (IPC: agent.release) … */
};
/* … and fails when it has not done so by then. */
#define AGENT_LOCK_PATIENCE_MS                                                                     \
	(20 * 1000) /* a slow card needs time for the last checkpoint                              \
		     */

struct agent_lock_options {
	struct loop *loop;
	enum agent_lock_manner manner;
	const char *state_dir;
	const char *description; /* of this process, for messages; borrowed for the lock's life */
	const char *socket_path; /* of its local IPC; borrowed for the lock's life */
};

struct agent_lock_events {
	/* Another process holds it: taking it will be delayed. Called at most once. */
	void (*waiting)(void *user, const char *holder);
	/*
	 * err NULL: the lock is held now. Called once, and not from within agent_lock_take().
	 * Errors: CONFLICT (held; the message names the holder and says what to do), IO.
	 */
	void (*taken)(void *user, const struct error *err);
};

/* Opens the file. Errors: IO. */
struct agent_lock *agent_lock_create(const struct agent_lock_options *options, struct error *err);
void agent_lock_take(struct agent_lock *lock, const struct agent_lock_events *events, void *user);
/* For the holder: is another agent waiting to take over? */
bool agent_lock_is_claimed(const struct agent_lock *lock);
/* Releases the lock, or stops waiting for it; NULL is fine. */
void agent_lock_destroy(struct agent_lock *lock);
