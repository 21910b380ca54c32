#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * The key that one Agent gave us at pairing. The Agent is its id, under however many addresses and
 * names: it has one key.
 */
struct agent_token {
	char *agent_id;		 /* "" until the Agent has sent it */
	char *address;		 /* "host:port" as it was last reached; "": now another's */
	struct strvec addresses; /* where else it was reached, the latest first */
	char *name;		 /* the Agent's, for display */
	char *token;
};

/*
 * This Hub's identity and pairings: <config_dir>/hub.json holds the id, generated once, and
 * hub_tokens.json (0600) the tokens; invalid entries are dropped, the others are used. Entries of
 * one Agent, as earlier builds could have several, become one with the last key. Every change
 * reads the file again under a lock, so that two pushes to two Decks do not lose each other's
 * tokens.
 */
struct agent_tokens {
	char *config_dir;
	char *hub_id;
	struct agent_token *tokens;
	size_t tokens_count;
};

/*
 * Creates the folder and the id if missing. A file that does not parse is set aside and *notice
 * (caller frees, else NULL) says so. Errors: IO, NO_SPACE.
 */
bool agent_tokens_init(
	struct agent_tokens *tokens, const char *config_dir, char **notice, struct error *err);
void agent_tokens_finish(struct agent_tokens *tokens); /* zeroed is fine */

/*
 * The token for an Agent; borrowed until the next change; NULL when there is none. agent_id NULL or
 * "": not known; then the address alone decides. A token of a known Agent is never returned for
 * another id.
 */
const char *agent_tokens_find(
	const struct agent_tokens *tokens, const char *agent_id, const char *address);
/*
 * Stores the token with which an Agent was reached at token->address; token->addresses is not read.
 * It replaces that Agent's other token and joins its addresses. Another Agent that had the address
 * loses it, not its token. Errors: IO, NO_SPACE.
 */
bool agent_tokens_put(
	struct agent_tokens *tokens, const struct agent_token *token, struct error *err);
/* Removes it from every entry. Errors: IO, NO_SPACE. */
bool agent_tokens_forget(struct agent_tokens *tokens, const char *token, struct error *err);
