#pragma once

#include <stdbool.h>

struct agent_state;
struct error;
struct loop;
struct state_link;
struct strvec;

/*
 * The agent's files that could not be read when it started, or not be written since: it is tried
 * again, after growing pauses, until it succeeds, and each that still fails is a notice for the
 * owner. What needs one meanwhile asks by itself and refuses, so nothing is answered, or written,
 * in ignorance.
 */
struct agent_state_options {
	struct loop *loop;
	/* The notices have changed. */
	void (*changed)(void *user);
	/* A file that has arrived had something to say; the sentence is the callee's. */
	void (*noted)(void *user, char *sentence);
	void *user;
};

struct agent_state *agent_state_create(const struct agent_state_options *options);
/* Before the owners of the files. NULL is fine. */
void agent_state_destroy(struct agent_state *state);

/*
 * Watches one, unless it is watched or there is no trouble. ready: tries it, false with a sentence.
 * arrived (may be NULL): its content is there now; called once, on the loop, with user.
 */
void agent_state_watch(struct agent_state *state, bool (*ready)(void *part, struct error *err),
	void *part, void (*arrived)(void *user), void *user);
/* The same for a state file; noticed at once when somebody else reads it. */
void agent_state_watch_link(struct agent_state *state, struct state_link *link,
	void (*arrived)(void *user), void *user);

/* Appends one sentence for each that cannot be read. */
void agent_state_notices(const struct agent_state *state, struct strvec *notices);
