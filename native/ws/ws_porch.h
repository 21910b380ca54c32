#pragma once

#include "core/peer_key.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct sockaddr;
struct ws_hosts;
struct ws_porch;

/*
 * Connections that were accepted and not yet let in. They wait here, at the cost of a descriptor
 * and a few words, until their request has arrived whole; libwebsockets never sees the others. Then
 * they are let in, no faster than the pace: trusted machines first, then the host whose last turn
 * is longest ago. Where there is no more room, a connection is dropped whose request should have
 * been here, or one of the host whose turn was most recent, perhaps the newest one. So each host
 * gets an equal share, whatever the others do.
 */

/* One that is about to be let in; borrowed. */
struct ws_visitor {
	const struct sockaddr *address;
	struct peer_key key;   /* by what limits count */
	struct peer_key exact; /* of its machine */
	bool is_trusted;
	bool was_silent;	/* as ws_host has it */
	int64_t known_since_ms; /* its host; loop_now_ms() */
	int64_t left_ms;	/* until the connection's deadline */
};

struct ws_porch_options {
	struct loop *loop;
	struct ws_hosts *hosts; /* borrowed for the porch's life */
	unsigned count_max;	/* and never more than a quarter of the descriptors we may have */
	int64_t wait_ms;	/* from the connection on, for the whole request and the turn */
	/* Is there a place for it? 0, and come_in() follows; or ms after which to ask again. */
	int64_t (*ask)(void *user, const struct ws_visitor *visitor);
	void (*come_in)(void *user, int fd, const struct ws_visitor *visitor); /* takes fd */
	/* Every minute at most, while connections are dropped for want of room: how many were. */
	void (*crowded)(void *user, unsigned dropped_count);
	void *user;
};

struct ws_porch *ws_porch_create(const struct ws_porch_options *options);
void ws_porch_destroy(struct ws_porch *porch); /* closes all; NULL is fine */
void ws_porch_add_take(struct ws_porch *porch, int fd, const struct sockaddr *address);
/* Time between two that are let in; a few may come at once. */
void ws_porch_set_pace(struct ws_porch *porch, int64_t pace_ms);
/* There may be a place now. Nobody is let in from within. */
void ws_porch_look(struct ws_porch *porch);
/* ws_hosts_trust(), for those that wait already too. */
void ws_porch_trust(struct ws_porch *porch, const struct peer_key *exact);
