#define LOG_MODULE "agent"

#include "agent/agent_state.h"

#include "core/backoff.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS (30 * 1000)

/* One that has not arrived. */
struct missing {
	bool (*ready)(void *part, struct error *err);
	void *part;
	struct state_link *file; /* the same as part, or NULL */
	void (*arrived)(void *user);
	void *user; /* of arrived() */
	struct error why;
	LIST_ENTRY(missing) link;
};

struct agent_state {
	struct agent_state_options options;
	LIST_HEAD(, missing) missing;
	struct loop_timer *timer;
	struct backoff backoff;
};

static void take_notice(const struct agent_state *state, struct state_link *link)
{
	char *notice = link != NULL ? state_link_take_notice(link) : NULL;

	if (notice != NULL) {
		state->options.noted(state->options.user, notice);
	}
}

static void end_missing(struct missing *missing)
{
	if (missing->file != NULL) {
		missing->file->arrived = NULL;
	}
	LIST_REMOVE(missing, link);
	free(missing);
}

static void on_arrived(struct agent_state *state, struct missing *missing)
{
	void (*arrived)(void *user) = missing->arrived;
	void *user = missing->user;

	log_info("resolved: %s", missing->why.message);
	take_notice(state, missing->file);
	end_missing(missing);
	if (arrived != NULL) {
		arrived(user);
	}
}

/* Only a new reason is logged: it is tried often. */
static void note_why(struct missing *missing, const struct error *why)
{
	if (strcmp(missing->why.message, why->message) != 0) {
		log_warning("%s", why->message);
	}
	missing->why = *why;
}

static void on_timer(void *user)
{
	struct agent_state *state = user;
	struct missing *missing, *next;

	LIST_FOREACH_SAFE (missing, &state->missing, link, next) {
		struct error why = { 0 };

		if (missing->ready(missing->part, &why)) {
			on_arrived(state, missing);
		} else {
			note_why(missing, &why);
		}
	}
	if (!LIST_EMPTY(&state->missing)) {
		loop_timer_set(state->timer,
			backoff_next_ms(&state->backoff, FIRST_PAUSE_MS, LONGEST_PAUSE_MS));
	}
	state->options.changed(state->options.user);
}

/* Somebody has read it: the rest happens on the loop, not inside of what that one is doing. */
static void on_link_arrived(void *user)
{
	const struct agent_state *state = user;

	loop_timer_set(state->timer, 0);
}

static bool is_link_ready(void *part, struct error *err)
{
	return state_link_ready(part, err);
}

static struct missing *add_missing(struct agent_state *state,
	bool (*ready)(void *part, struct error *err), void *part, void (*arrived)(void *user),
	void *user)
{
	struct missing *missing;
	struct error why = { 0 };

	LIST_FOREACH (missing, &state->missing, link) {
		if (missing->ready == ready && missing->part == part) {
			return NULL; /* watched already */
		}
	}
	if (ready(part, &why)) {
		return NULL;
	}
	missing = xcalloc(1, sizeof(*missing));
	*missing =
		(struct missing){ .ready = ready, .part = part, .arrived = arrived, .user = user };
	note_why(missing, &why);
	LIST_INSERT_HEAD(&state->missing, missing, link);
	state->backoff = (struct backoff){ 0 };
	loop_timer_set(state->timer, FIRST_PAUSE_MS);
	return missing;
}

void agent_state_watch(struct agent_state *state, bool (*ready)(void *part, struct error *err),
	void *part, void (*arrived)(void *user), void *user)
{
	add_missing(state, ready, part, arrived, user);
}

void agent_state_watch_link(
	struct agent_state *state, struct state_link *link, void (*arrived)(void *user), void *user)
{
	struct missing *missing = add_missing(state, is_link_ready, link, arrived, user);

	if (missing != NULL) {
		missing->file = link;
		link->arrived = on_link_arrived;
		link->user = state;
	}
	take_notice(state, link);
}

void agent_state_notices(const struct agent_state *state, struct strvec *notices)
{
	const struct missing *missing;

	LIST_FOREACH (missing, &state->missing, link) {
		strvec_push(notices, missing->why.message);
	}
}

struct agent_state *agent_state_create(const struct agent_state_options *options)
{
	struct agent_state *state = xcalloc(1, sizeof(*state));

	state->options = *options;
	LIST_INIT(&state->missing);
	state->timer = loop_timer_create(options->loop, on_timer, state);
	return state;
}

void agent_state_destroy(struct agent_state *state)
{
	struct missing *missing, *next;

	if (state == NULL) {
		return;
	}
	LIST_FOREACH_SAFE (missing, &state->missing, link, next) {
		end_missing(missing);
	}
	loop_timer_destroy(state->timer);
	free(state);
}
