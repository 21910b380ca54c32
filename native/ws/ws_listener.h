#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct sockaddr;
struct ws_listener;

/*
 * Listens on a TCP port, on every address, IPv4 and IPv6. While another process has the port, it
 * names that process and tries again every few seconds.
 */
struct ws_listener_events {
	/* A new connection: fd is non-blocking and belongs to the callee. */
	void (*accepted)(void *user, int fd, const struct sockaddr *peer);
	/* It listens now, or on another port, or cannot listen for a new reason. */
	void (*changed)(void *user);
};

/* Tries at once, without calling changed(). port: 0 takes any free one. */
struct ws_listener *ws_listener_create(
	struct loop *loop, uint16_t port, const struct ws_listener_events *events, void *user);
/*
 * Listens on another port instead. On failure nothing changes. Errors: CONFLICT (the port is in
 * use; the message names the process when /proc tells), IO.
 */
bool ws_listener_move(struct ws_listener *listener, uint16_t port, struct error *err);
void ws_listener_destroy(struct ws_listener *listener); /* NULL is fine */

/*
 * How long connections wait for each other, so that many come in one turn of the loop; 0, as at
 * first: each is accepted as it comes.
 */
void ws_listener_set_rest(struct ws_listener *listener, int64_t rest_ms);
uint16_t ws_listener_port(const struct ws_listener *listener);
/* Why it does not listen, one sentence; NULL: it does. */
const char *ws_listener_problem(const struct ws_listener *listener);
