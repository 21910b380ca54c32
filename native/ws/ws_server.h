#pragma once

#include "ws/ws_conn.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct lws_loop;
struct strvec;
struct ws_server;

/* Borrowed for the server's life unless said otherwise. */
struct ws_server_options {
	uint16_t port;	  /* 0: any free one */
	const char *path; /* "/ws"; anything else gets 404 */
	struct ws_limits limits;
	const struct strvec *allowed_origins; /* any other Origin header gets 403 */
	unsigned guest_count_max;	      /* sockets without WS_ADMITTED, in all … */
	unsigned guest_count_per_address;     /* … and per address (per /64 for IPv6) */
	int64_t guest_wait_ms;		      /* from the TCP connection on, upgrade included */
	/*
	 * Connections that wait to be let in: until their request is whole, until their host has
	 * its turn, and until there is a place (ws_porch.h).
	 */
	unsigned waiting_count_max;
	const struct ws_events *events;
	void *owner;
	/*
	 * It listens now, or on another port, or cannot listen for a new reason; may be NULL. Not
	 * called from within ws_server_create().
	 */
	void (*listening_changed)(void *user);
	/* So many connections were dropped for want of room; every minute at most. May be NULL. */
	void (*crowded)(void *user, unsigned dropped_count);
	void *user;
};

/*
 * Listens on every address, IPv4 and IPv6; while another process has the port, it tries again every
 * few seconds. A guest past the limits evicts the oldest one of the address that holds most.
 */
struct ws_server *ws_server_create(
	struct lws_loop *lws_loop, const struct ws_server_options *options);
/*
 * Listens on another port instead; connections stay. On failure nothing changes. Errors: CONFLICT
 * (the port is in use; the message names the process when /proc tells), IO.
 */
bool ws_server_move(struct ws_server *server, uint16_t port, struct error *err);
void ws_server_destroy(struct ws_server *server); /* closes every connection with 1001 */
/* Connections from this address go before others: ws_hosts_trust(). */
void ws_server_trust(struct ws_server *server, const char *address);
uint16_t ws_server_port(const struct ws_server *server); /* listened on, or wanted */
/* Why it does not listen, one sentence; NULL: it does. */
const char *ws_server_problem(const struct ws_server *server);
