#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct steam_restart;

/*
 * Ends Steam gracefully and has it start again. In desktop mode we start it, detached, in the
 * environment it had. In Game Mode the session starts it, so Steam is asked to restart by itself if
 * possible, else shut down, and never within 60 s of its start: three quick restarts make the
 * session start over. Between the end and the start, exited is called and waited for.
 */

/* err NULL: Steam will restart. */
typedef void steam_restart_asked(void *user, const struct error *err);

struct steam_restart_options {
	struct loop *loop;
	const char *home;
	const char *steam_dir; /* NULL: Steam's own places */
	/*
	 * Asks a running Steam to restart by itself; asked is called once, later. False: it cannot
	 * be asked, and asked is not called. NULL: the same.
	 */
	bool (*ask)(void *owner, steam_restart_asked *asked, void *user);
	/* Steam is down: write its files, then call steam_restart_go_on(). */
	void (*exited)(void *owner);
	void *owner;
};

/* message: one sentence for the user, also on success. */
typedef void steam_restart_done(void *user, const char *message, const struct error *err);

struct steam_restart *steam_restart_create(const struct steam_restart_options *options);
void steam_restart_destroy(struct steam_restart *restart); /* NULL is fine; done: CANCELLED */

/*
 * force: even while a game runs. done is called once, within 27 s, never from within this call. A
 * second call while one is under way shares its outcome.
 * Errors: NOT_FOUND (no Steam), CONFLICT (a game runs; it started just now), TIMEOUT (it does not
 * end; names the process), IO (it cannot be started again).
 */
void steam_restart_start(
	struct steam_restart *restart, bool force, steam_restart_done *done, void *user);
void steam_restart_go_on(struct steam_restart *restart);

/*
 * How much longer a client of this age (−1: unknown) must not be restarted in Game Mode, in full
 * seconds; 0: it may be.
 */
int steam_restart_wait_s(int64_t age_ms);
