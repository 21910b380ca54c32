#pragma once

#include <stdbool.h>

/* The kind of a failure, on which callers may branch. */
enum error_kind {
	ERROR_NONE,
	ERROR_INVALID,	    /* the caller's or the peer's input */
	ERROR_UNAUTHORIZED, /* not paired */
	ERROR_NOT_FOUND,
	ERROR_BLOCKED, /* connections are switched off, or an unsupported protocol version */
	ERROR_CONFLICT,
	ERROR_TOO_LARGE,
	ERROR_LOCKED_OUT,
	ERROR_NOT_IMPLEMENTED,
	ERROR_NO_SPACE,
	ERROR_IO, /* the system refused: disk, socket, process */
	ERROR_TIMEOUT,
	ERROR_CANCELLED,
};

#define ERROR_SENTENCE_BYTES 512
#define ERROR_MESSAGE_BYTES 2560 /* of a sentence with a list in it */

#define ERROR_VALUES_MAX 3
#define ERROR_VALUE_BYTES 256

/*
 * One failure: a kind and one sentence that names the offending value and, where there is one,
 * the remedy. Zeroed means "no error". Needs no teardown.
 */
struct error {
	enum error_kind kind;
	int number; /* the errno that it came from; 0: it did not come from one */
	char message[ERROR_MESSAGE_BYTES]; /* UTF-8, cut between characters if too long */
	/* For a program that says the same in another language; NULL: no reason with a name. */
	const char *reason; /* static; control/README.md has the list */
	struct error_value {
		const char *name; /* static; NULL: no more of them */
		char text[ERROR_VALUE_BYTES];
	} values[ERROR_VALUES_MAX];
};

/*
 * Fills err (which may be NULL) and returns false, so that a function can end with
 * `return error_set(err, …)`. Control characters in the values become '?'. At most
 * ERROR_SENTENCE_BYTES, whatever a peer's values are: long ones in quotes lose their middle.
 */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a list whose items are bounded already: up to ERROR_MESSAGE_BYTES. */
bool error_set_list(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with the kind and the number of its cause, whose message is among the values. */
bool error_set_because(struct error *err, const struct error *cause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Names the reason of an err (which may be NULL) that has just been set. Then the values in it,
 * each a static name and a text, and a final NULL. Returns false. Any later error_set() forgets it.
 */
bool error_explain(struct error *err, const char *reason, ...) __attribute__((sentinel));

/* err becomes what why is. */
bool error_pass(struct error *err, const struct error *why);

/*
 * The same with ": " and what errno says appended, in our own words where the system's do not tell
 * what to do; number is that errno. ENOSPC, EDQUOT and EFBIG become ERROR_NO_SPACE, any other errno
 * ERROR_IO.
 */
bool error_set_errno(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
