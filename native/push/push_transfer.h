#pragma once

#include "push/agent_link.h"
#include "push/push_events.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct hash_cache;
struct push_transfer;
struct push_manifest;
struct shortcut_config;
struct strvec;
struct upload_config;
struct worker;

/*
 * One push of one game to one Agent, from the first connection to the installed game:
 *
 *	connect, pair ─→ get_info ─→ hash the files ─→ init_upload ─→ chunks ─→ complete_upload
 *
 * A link that breaks is restored after growing pauses, and the upload continues from what the Agent
 * then reports. Runs on the loop; hashing and reading on the worker.
 */
struct push_transfer_options {
	struct agent_link_options link;
	struct worker *worker;
	struct push_manifest *manifest; /* outlives the worker */
	struct hash_cache *cache;	/* NULL: read every file */
	const struct upload_config *upload;
	const struct shortcut_config *shortcut; /* NULL: create none */
	const char *user_id;			/* of Steam, digits; NULL: the most recent login */
	const struct strvec *overwrite;		/* patterns; NULL: none */
	bool dry_run;
	int64_t chunk_size_bytes; /* 0: what the Agent announces */
	unsigned in_flight_count;
};

/* Starts to connect. Everything in options is borrowed for the push's life. */
struct push_transfer *push_transfer_create(
	const struct push_transfer_options *options, const struct push_events *events, void *user);
/* Stops; what the Agent has stays resumable. Not from within a callback. NULL is fine. */
void push_transfer_destroy(struct push_transfer *push);

void push_transfer_confirm(struct push_transfer *push, const char *code);
void push_transfer_renew_code(struct push_transfer *push);
/* The present state; also while it runs. */
struct push_outcome push_transfer_outcome(const struct push_transfer *push);
