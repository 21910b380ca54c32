#pragma once

#include "core/strvec.h"
#include "push/push_events.h"

#include <stdbool.h>
#include <stdint.h>

struct lws_loop;
struct push;

/*
 * Sends the game in a folder to a Deck and has it installed there: reads the folder, finds the
 * Deck, pairs if needed, hashes, sends what the Deck lacks and reports. It neither prompts nor
 * prints; its caller does.
 *
 * All borrowed for the push's life, tags and excludes too.
 */
struct push_options {
	struct lws_loop *lws_loop;
	const char *dir;
	const char *to;		    /* a Deck's name or id, or an address */
	const char *name;	    /* of the game; NULL: the folder's */
	const char *exe;	    /* relative to dir; NULL: guess it */
	const char *install_path;   /* "": the Deck's default */
	const char *launch_options; /* NULL: none */
	struct strvec tags;
	const char *user_id; /* of Steam, digits; NULL: the most recent login */
	bool wants_shortcut;
	struct strvec excludes;	 /* see push_manifest_init() */
	struct strvec overwrite; /* patterns: also what only the Deck has changed is replaced */
	bool dry_run;		 /* only ask what would be done */
	int64_t in_flight_count;
	int64_t chunk_size_bytes; /* 0: what the Deck announces */
	int64_t retry_ms;	  /* how long a broken link is retried */
	const char *config_dir;	  /* of this computer's id and keys; NULL: the default */
};

/* Is `to` well-formed? Errors: INVALID (a malformed address or port). */
bool push_check_target(const char *to, struct error *err);

/*
 * Reads the folder and this computer's keys, which takes as long as the disk needs, and starts to
 * look for the Deck; only notice() may be called from within. NULL on failure. Errors: as
 * push_manifest_init(), executable_guess() and agent_tokens_init().
 */
struct push *push_create(const struct push_options *options, const struct push_events *events,
	void *user, struct error *err);
/* Stops; what the Deck has stays resumable. Not from within a callback. NULL is fine. */
void push_destroy(struct push *push);

/* Both do nothing unless a code is being waited for. */
void push_confirm(struct push *push, const char *code);
void push_renew_code(struct push *push);

/* The Deck's name as far as it is known, else its address; borrowed. "" while it is looked for. */
const char *push_agent_name(const struct push *push);
/* The present state; also while it runs. */
struct push_outcome push_outcome(const struct push *push);
