#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct http_get;
struct loop;

/*
 * GET http://127.0.0.1:<port><path>, one document, for the debugger of a program on this machine.
 *
 * On core/loop with a socket of its own: the client of libwebsockets 4.1.6 would bring its own
 * clocks, pool and callback for one write and a few reads. The request says HTTP/1.1 because
 * Chromium hangs up on 1.0, and names the host by its address because it refuses names; it ignores
 * "Connection: close", so the document ends where Content-Length says.
 */
struct http_get_options {
	uint16_t port;
	const char *path;
	int64_t wait_ms;  /* for all of it */
	size_t max_bytes; /* of the document */
};

/*
 * body: borrowed until http_get_destroy(); NULL exactly when err is not.
 * Errors: IO (nothing listens, another status than 200), TIMEOUT, TOO_LARGE, INVALID (not
 * HTTP, or chunked).
 */
typedef void http_get_done(void *user, const char *body, size_t length, const struct error *err);

/* done is called once, on the loop, never from within this call; it may destroy the request. */
struct http_get *http_get_create(
	struct loop *loop, const struct http_get_options *options, http_get_done *done, void *user);
void http_get_destroy(struct http_get *get); /* NULL is fine; done is not called any more */

#define HTTP_GET_HEAD_MAX_BYTES (16 * 1024)

/* The head of an HTTP/1 answer. Source: RFC 9112. */
struct http_get_head {
	size_t head_bytes; /* including the empty line; 0: incomplete */
	unsigned status;
	int64_t body_bytes; /* −1: until the connection ends */
};

/*
 * Parses what has arrived so far; call it again with more until head_bytes is set.
 * Errors: INVALID (not HTTP/1, or a body in chunks, which are not read here), TOO_LARGE.
 */
bool http_get_read_head(
	struct http_get_head *head, const char *text, size_t length, struct error *err);
