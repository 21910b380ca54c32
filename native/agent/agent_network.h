#pragma once

#include <stdbool.h>
#include <stdint.h>

struct agent_identity;
struct agent_network;
struct error;
struct hubs;
struct loop;
struct lws_loop;
struct mdns;
struct strvec;

/*
 * This agent on the network: listens for Hubs, is announced while it listens (protocol.md §1
 * "discovery"), and notices when the device's addresses change. All members are borrowed.
 */
struct agent_network_options {
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct hubs *hubs; /* they get the connections */
	const struct agent_identity *identity;
	char *const *name;		      /* agent.name; read at each use */
	const struct strvec *allowed_origins; /* connections.allowedOrigins; the same */
	uint16_t port;			      /* 0: any free one */
	/* It listens now, or on another port, or cannot listen for a new reason. */
	void (*listening_changed)(void *user);
	/* The way it is announced or its addresses have changed. */
	void (*changed)(void *user);
	void *user;
};

struct agent_network *agent_network_create(const struct agent_network_options *options);
void agent_network_destroy(struct agent_network *network); /* closes connections; NULL is fine */
/* From now on it is announced, by DNS-SD. */
void agent_network_announce(struct agent_network *network);
/* The name has changed. */
void agent_network_rename(struct agent_network *network);
/* As ws_server_trust(). */
void agent_network_trust(struct agent_network *network, const char *address);
/* As ws_server_move(). */
bool agent_network_move(struct agent_network *network, uint16_t port, struct error *err);

uint16_t agent_network_port(const struct agent_network *network);	/* or the one wanted */
const char *agent_network_problem(const struct agent_network *network); /* NULL: it listens */
const struct mdns *agent_network_mdns(
	const struct agent_network *network); /* NULL: not announced */
