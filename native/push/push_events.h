#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct upload_changes;

/* What a push reports to its caller. */

enum push_phase {
	PUSH_CONNECTING,
	PUSH_HASHING,	 /* bytes: what must be read */
	PUSH_SENDING,	 /* bytes: of the game, those held already counted as done */
	PUSH_COMPLETING, /* the Agent installs */
	PUSH_WAITING,	 /* the link broke and will be retried */
};

struct push_progress {
	enum push_phase phase;
	int64_t bytes_done;
	int64_t bytes_total;
	const char *path; /* the file at hand; "" for none */
};

/* The outcome. Strings are borrowed. */
struct push_outcome {
	const char *upload_id;	/* NULL: there is none yet */
	const char *agent_name; /* as it calls itself; NULL before it did */
	const char *path;	/* of the game on the Deck; NULL unless it succeeded */
	const char *message;	/* the Agent's message for the user; NULL: none */
	uint32_t app_id;	/* 0: no shortcut */
	const char *shortcut; /* PROTO_SHORTCUT_…; NULL: none was asked for, or it is not told */
	/* What the update did, or would do; NULL: the Agent does not tell. */
	const struct upload_changes *changes;
	bool dry_run;
	int64_t bytes_total;
	int64_t bytes_sent; /* of a dry run: that would be */
	int64_t bytes_held; /* stored on the Deck now, however much was sent */
	size_t files_total;
	size_t files_sent;
};

enum push_end {
	PUSH_DONE,
	PUSH_FAILED,
	PUSH_PAIRING_NEEDED,
	PUSH_UNREACHABLE, /* never reached, or no longer; what was sent is kept */
	PUSH_REFUSED,	  /* blocked, locked out, another Hub, another upload of that game */
	PUSH_NO_SPACE,
	PUSH_INTERRUPTED, /* by the caller; the push itself never ends this way */
};

enum push_code_reason {
	PUSH_CODE_NEW,	   /* the Deck shows a code */
	PUSH_CODE_WRONG,   /* the code entered was wrong; the same one is still shown */
	PUSH_CODE_EXPIRED, /* it was no longer valid; another one can be requested */
};

struct push_events {
	/*
	 * The user must read the code from the Deck's screen. expires_in_s: of a new code, else 0.
	 * Answered with a code, or by asking for a new one.
	 */
	void (*code_wanted)(void *user, enum push_code_reason reason, int64_t expires_in_s);
	/* The connection that waited for a code, if any, is gone: stop asking. */
	void (*code_unwanted)(void *user);
	void (*paired)(void *user);
	/* Paired for the first time; agent_name is borrowed. */
	void (*connected)(void *user, const char *agent_name);
	void (*progress)(void *user, const struct push_progress *progress);
	/* A message for the user, while it continues; one sentence. */
	void (*notice)(void *user, const char *text);
	/* Called once. err: NULL when it is done. */
	void (*finished)(void *user, enum push_end end, const struct error *err);
};
