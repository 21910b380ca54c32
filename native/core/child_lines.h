#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct child_lines;
struct error;
struct loop;
struct strbuf;

/*
 * A child program that exchanges lines with us over a socket pair whose other end is its standard
 * input: orders go out, reports come in. It is not trusted: reports have a maximum length, nothing
 * here waits for it to read, and it can be pinged, so that one that hangs is noticed. The child
 * should exit when its input ends, which also happens when this process dies.
 *
 *	create ── send, report … ── (end) ── ended ── destroy
 */
struct child_lines_options {
	const char *const *argv; /* as spawn_options has it; borrowed during the call */
	const char *name;	 /* starts every sentence of ended(); static */
	/* Its standard output carries reports too; otherwise only the socket does. */
	bool reports_on_stdout;
	size_t report_max_bytes; /* without the line feed */
	/* A report; may destroy the child. False: it is malformed, and the child is killed. */
	bool (*reported)(void *user, const char *report, size_t length);
	/*
	 * It has exited; all its reports came before this. Called once, on the loop; must destroy
	 * it, here or later. The error, CANCELLED, is one sentence about how it ended.
	 */
	void (*ended)(void *user, const struct error *why);
	/*
	 * Sends an order that the child must answer; any report is an answer. Must not destroy the
	 * child. NULL if child_lines_watch() is not used.
	 */
	void (*ping)(void *user);
	int64_t ping_ms; /* time between pings; 0: 10 s */
	void *user;
};

/* NULL on error: NOT_FOUND (no such program), IO. */
struct child_lines *child_lines_create(
	struct loop *loop, const struct child_lines_options *options, struct error *err);
/*
 * Sends an order, to which the line feed is added here. One for a child that has just exited is
 * dropped: ended() follows. Errors: IO (the child has not read orders for a long time, has closed
 * its end, or was killed); further orders will fail too.
 */
bool child_lines_send(struct child_lines *child, struct strbuf *order, struct error *err);
/*
 * Pings it from now on. If it makes no report for three ping periods (30 s by default), it is
 * killed, and ended() says that it does not answer. No effect if it is being watched already.
 */
void child_lines_watch(struct child_lines *child);
/* Closes its input and stops reading reports, so that it exits. */
void child_lines_end(struct child_lines *child);
/* Kills it; ended() follows, whose sentence is the name and this: "does not read its orders". */
void child_lines_kill(struct child_lines *child, const char *why);
/* Blocks until it has exited, for at most wait_ms; ended() is then not called. */
void child_lines_wait(struct child_lines *child, int wait_ms);
/* Kills it if it still runs; ended() is not called. NULL is fine. */
void child_lines_destroy(struct child_lines *child);
