#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Where an Agent listens. */
struct agent_address {
	char *host; /* name or numeric, IPv6 without brackets */
	uint16_t port;
};

/*
 * Parses HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; the port defaults to the protocol's. *is_address:
 * whether the text is an address at all: "Steam Deck" or "livingroom" is the name of an Agent, and
 * then nothing is filled in. Errors: INVALID (a malformed address or port).
 */
bool agent_address_parse(
	struct agent_address *address, const char *text, bool *is_address, struct error *err);
void agent_address_finish(struct agent_address *address);
