#pragma once

#include <stdbool.h>

struct agent_lock;
struct error;
struct loop;

/*
 * One agent for each user: who serves holds a lock on the first byte of <state_dir>/agent.lock,
 * which goes with its process, however that ends. The file says who it is and where it can be
 * asked to make room; one that cannot be written, on a full disk, keeps nobody from serving.
 *
 * Who takes over holds a lock on the second byte as well, the claim, from before it asks until it
 * has the first: so nobody who waits, and not the one who has just made room either, comes before
 * it, and if it dies meanwhile they go on.
 */
enum agent_lock_manner {
	AGENT_LOCK_AT_ONCE,   /* or fail */
	AGENT_LOCK_WAIT,      /* until the holder has gone, for ever */
	AGENT_LOCK_TAKE_OVER, /* asks the holder to make room (IPC: agent.release) … */
};
/* … and fails when it has not done so by then. */
#define AGENT_LOCK_PATIENCE_MS (20 * 1000) /* a slow card needs some for the last checkpoint */

struct agent_lock_options {
	struct loop *loop;
	enum agent_lock_manner manner;
	const char *state_dir;
	const char *description; /* of this process, for people; borrowed for the lock's life */
	const char *socket_path; /* of its local IPC; borrowed for the lock's life */
};

struct agent_lock_events {
	/* Someone else holds it: what is wanted will take a while. At most once. */
	void (*waiting)(void *user, const char *holder);
	/*
	 * err NULL: the lock is held now. Called once, and not from within agent_lock_take().
	 * Errors: CONFLICT (held; the message says by whom and what to do), IO.
	 */
	void (*taken)(void *user, const struct error *err);
};

/* Opens the file. Errors: IO. */
struct agent_lock *agent_lock_create(const struct agent_lock_options *options, struct error *err);
void agent_lock_take(struct agent_lock *lock, const struct agent_lock_events *events, void *user);
/* Does another agent wait for the holder, who asks this, to make room? */
bool agent_lock_is_claimed(const struct agent_lock *lock);
/* Gives the lock up, or the wait for it; NULL is fine. */
void agent_lock_destroy(struct agent_lock *lock);
