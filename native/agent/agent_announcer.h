#pragma once

#include <stdint.h>

struct agent_announcer;
struct agent_identity;
struct config;
struct loop;
struct mdns;

/* Tells the network of this agent. Source: protocol.md §1 "discovery". */

/* config and identity are borrowed. changed: it is announced in another way, or no more. */
struct agent_announcer *agent_announcer_create(struct loop *loop, const struct config *config,
	const struct agent_identity *identity, uint16_t port, void (*changed)(void *user),
	void *user);
void agent_announcer_destroy(struct agent_announcer *announcer); /* NULL is fine */
/* What is announced has changed. NULL is fine. */
void agent_announcer_update(struct agent_announcer *announcer);
const struct mdns *agent_announcer_mdns(const struct agent_announcer *announcer);
