#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

/* What a push tells whoever runs it. */

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

enum push_code_reason {
	PUSH_CODE_NEW,	   /* the Deck shows a code */
	PUSH_CODE_WRONG,   /* the one given was wrong; the same one is still shown */
	PUSH_CODE_EXPIRED, /* it was no longer good; another one can be asked for */
};

struct push_events {
	/*
	 * A person must read the code from the Deck's screen. expires_in_s: of a new code, else 0.
	 * Answered with a code, or by asking for a new one.
	 */
	void (*code_wanted)(void *user, enum push_code_reason reason, int64_t expires_in_s);
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
