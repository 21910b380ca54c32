#pragma once

#include "push/agent_link.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct hash_cache;
struct push_transfer;
struct push_manifest;
struct shortcut_config;
struct upload_config;
struct worker;

/*
 * One push of one game to one Agent, from the first connection to the installed game:
 *
 *	connect, pair ─→ get_info ─→ hash the files ─→ init_upload ─→ chunks ─→ complete_upload
 *
 * A link that breaks on the way is made again with growing pauses, and the upload goes on from
 * what the Agent then says it holds. All of it on the loop; hashing and reading on the worker.
 */
struct push_transfer_options {
	struct agent_link_options link;
	struct worker *worker;
	struct push_manifest *manifest; /* outlives the worker */
	struct hash_cache *cache;	/* NULL: read every file */
	const struct upload_config *upload;
	const struct shortcut_config *shortcut; /* NULL: make none */
	const char *user_id;			/* of Steam, digits; NULL: whoever logged in last */
	int64_t chunk_size_bytes;		/* 0: what the Agent announces */
	unsigned in_flight_count;
};

enum push_phase {
	PUSH_CONNECTING,
	PUSH_HASHING,	 /* bytes: what must be read */
	PUSH_SENDING,	 /* bytes: of the game, those held already counted as done */
	PUSH_COMPLETING, /* the Agent installs */
	PUSH_WAITING,	 /* the link broke and will be tried again */
};

struct push_progress {
	enum push_phase phase;
	int64_t bytes_done;
	int64_t bytes_total;
	const char *path; /* the file at hand; "" for none */
};

/* What it came to. Strings are borrowed. */
struct push_outcome {
	const char *upload_id;	/* NULL: there is none yet */
	const char *agent_name; /* as it calls itself; NULL before it did */
	const char *path;	/* of the game on the Deck; NULL unless it succeeded */
	const char *message;	/* what the Agent wants a person to know; NULL: nothing */
	uint32_t app_id;	/* 0: no shortcut */
	int64_t bytes_total;
	int64_t bytes_sent;
	int64_t bytes_held; /* safe on the Deck now, whatever was sent for it */
	size_t files_total;
	size_t files_sent;
};

enum push_end {
	PUSH_DONE,
	PUSH_FAILED,
	PUSH_PAIRING_NEEDED,
	PUSH_UNREACHABLE, /* never, or not any more; what was sent is kept */
	PUSH_REFUSED,	  /* blocked, locked out, another Hub, another upload of that game */
	PUSH_NO_SPACE,
	PUSH_INTERRUPTED, /* by whoever runs it; the push itself never ends so */
};

struct push_events {
	/* See agent_client_events; answered with push_transfer_confirm() or
	 * push_transfer_renew_code(). */
	void (*code_wanted)(void *user, enum agent_code_reason reason, int64_t expires_in_s);
	/* The connection that a code was wanted on is gone, if one was: nobody need be asked. */
	void (*code_unwanted)(void *user);
	void (*paired)(void *user);
	/* For the first time; agent_name is borrowed. */
	void (*connected)(void *user, const char *agent_name);
	void (*progress)(void *user, const struct push_progress *progress);
	/* Something a person should know though it goes on; one sentence. */
	void (*notice)(void *user, const char *text);
	/* Called once. err: NULL when it is done. */
	void (*finished)(void *user, enum push_end end, const struct error *err);
};

/* Starts to connect. Everything in options is borrowed for the push's life. */
struct push_transfer *push_transfer_create(
	const struct push_transfer_options *options, const struct push_events *events, void *user);
/* Stops; what the Agent has stays resumable. Not from within a callback. NULL is fine. */
void push_transfer_destroy(struct push_transfer *push);

void push_transfer_confirm(struct push_transfer *push, const char *code);
void push_transfer_renew_code(struct push_transfer *push);
/* As it stands; also while it runs. */
struct push_outcome push_transfer_outcome(const struct push_transfer *push);
