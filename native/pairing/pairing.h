#pragma once

#include "core/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loop;

/*
 * The pairing code: six digits that the device shows and the user types into the Hub. One at a
 * time, bound to the connection that requested it (its holder). It becomes invalid when it is used,
 * after PAIRING_EXPIRES_S, after three wrong tries, when it is dismissed and when its holder is
 * gone. It is never logged. Source: protocol.md §3.1–3.4.
 */
struct pairing;

enum pairing_end {
	PAIRING_USED,
	PAIRING_EXPIRED,
	PAIRING_DISMISSED, /* by the owner */
	PAIRING_GUESSED,   /* too many wrong tries */
	PAIRING_REPLACED,  /* its Hub asked again from another connection */
	PAIRING_YIELDED,   /* it was another Hub's turn, or the owner has chosen another */
	PAIRING_GONE,	   /* its holder has gone, or requested another */
};
const char *pairing_end_text(enum pairing_end end); /* "code expired"; static */

enum pairing_verdict {
	PAIRING_RIGHT,
	PAIRING_WRONG,
	PAIRING_VOID, /* the code ended before the try was judged */
};

/* The code on the screen; borrowed until it is hidden. */
struct pairing_shown {
	const char *code;
	const char *hub_id;
	const char *hub_name;
	const char *address;
	int64_t expires_at_ms; /* loop_now_ms() */
};

/* Someone who shows the code: the terminal, the local IPC, the overlay. Embedded by its owner. */
struct pairing_listener {
	void (*show)(void *user, const struct pairing_shown *view);
	void (*hide)(void *user, enum pairing_end end);
	/* Others wait than before: see pairing_waiting(). Once a second at most; may be NULL. */
	void (*waiting)(void *user);
	void *user;
	LIST_ENTRY(pairing_listener) link; /* pairing's own */
};

/* The one that requested the code. All strings are copied. */
struct pairing_request {
	const char *hub_id;
	const char *hub_name;
	const char *address;
	int64_t known_since_ms; /* when that address was first seen, loop_now_ms(); 0: now */
	bool is_trusted;	/* its machine has paired before */
	void *holder;
	/* The answer to a try: once for each, perhaps before pairing_try() returns. */
	void (*judged)(void *user, void *attempt, enum pairing_verdict verdict);
	/*
	 * The code ended for a reason other than the holder's: EXPIRED, DISMISSED, GUESSED,
	 * REPLACED, YIELDED.
	 */
	void (*ended)(void *user, void *holder, enum pairing_end end);
	/* The owner wants a new code for a holder whose last one ended. */
	void (*reopened)(void *user, void *holder);
	void *user;
};

struct pairing_options {
	struct loop *loop;
	int64_t expires_ms;
};

struct pairing *pairing_create(const struct pairing_options *options);
void pairing_destroy(struct pairing *pairing); /* does not notify holders; NULL is fine */

/*
 * Shows a new code; one of the same holder, or of the same hub_id and address, is replaced, and
 * while another Hub waits the new one lasts no longer than that.
 * Whose code gives way to whose in a crowd: pairing_turns.h.
 * Errors: LOCKED_OUT (the address has guessed too often; another code is on the screen; another
 * Hub waits its turn; the owner has chosen another), always with the seconds to wait.
 */
bool pairing_begin(
	struct pairing *pairing, const struct pairing_request *request, struct error *err);
/* Is the code on the screen the holder's? */
bool pairing_is_held_by(const struct pairing *pairing, const void *holder);
/*
 * What wrong codes cost is described in guess_limiter.h.
 * Errors: LOCKED_OUT (the address has guessed too often), with the seconds to wait.
 */
bool pairing_check_lockout(const struct pairing *pairing, const char *address, struct error *err);
/*
 * The holder tries a code; judged(attempt) follows, later when there were many wrong ones. A try
 * counts as of now, even if the code expires meanwhile. On failure judged() is not called.
 * Errors: LOCKED_OUT (a try is being judged), NOT_FOUND (the code shown is not the holder's).
 */
bool pairing_try(struct pairing *pairing, const void *holder, const char *code, void *attempt,
	struct error *err);
/* The holder's connection is gone. */
void pairing_abandon(struct pairing *pairing, const void *holder);

/* For the owner: removes the code from the screen. Errors: NOT_FOUND. */
bool pairing_dismiss(struct pairing *pairing, struct error *err);
/*
 * For the owner: shows a new code for the Hub whose last one ended unused, if it is still
 * connected. Errors: NOT_FOUND, CONFLICT (a code is shown).
 */
bool pairing_reopen(struct pairing *pairing, struct error *err);
/*
 * For the owner: of the Hubs that wait, the one at this address is to get the code. For
 * PAIRING_PICK_MS its next request does, at once, and nobody else's; its lock-out is lifted. A code
 * of another is removed from the screen. Errors: NOT_FOUND (nobody from there has asked).
 */
#define PAIRING_PICK_MS (2 * 60 * 1000)
bool pairing_pick(struct pairing *pairing, const char *address, struct error *err);
/* The Hubs that asked within the last minute and got no code, at most max; returns how many. */
struct pairing_waiting {
	const char *hub_name; /* both borrowed until the next request */
	const char *address;
	bool is_trusted; /* its machine has paired before */
	int64_t asked_ms;
};
#define PAIRING_WAITING_MAX 32
size_t pairing_waiting(
	const struct pairing *pairing, struct pairing_waiting out[PAIRING_WAITING_MAX]);
/* For the owner: every address may try again. */
void pairing_reset_lockouts(struct pairing *pairing);
unsigned pairing_lockout_count(const struct pairing *pairing); /* addresses */

const struct pairing_shown *pairing_shown(const struct pairing *pairing); /* NULL: none shown */
int64_t pairing_seconds_left(const struct pairing *pairing);		  /* rounded up */
/* A listener added while a code is shown is called at once. */
void pairing_listen(struct pairing *pairing, struct pairing_listener *listener);
void pairing_unlisten(struct pairing *pairing, struct pairing_listener *listener);
unsigned pairing_listener_count(const struct pairing *pairing);
