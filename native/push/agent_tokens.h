#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

/* The key that one Agent gave us when we paired. */
struct agent_token {
	char *agent_id; /* "" until the Agent has told it */
	char *address;	/* "host:port" as it was last reached */
	char *name;	/* the Agent's, for people */
	char *token;
};

/*
 * Who this Hub is and whom it is paired with: <config_dir>/hub.json holds the id, made once, and
 * hub_tokens.json (0600) the tokens; an entry that does not fit is dropped, the others serve. Every
 * change reads the file anew under a lock, so that two pushes to two Decks do not lose each other's
 * tokens.
 */
struct agent_tokens {
	char *config_dir;
	char *hub_id;
	struct agent_token *tokens;
	size_t tokens_count;
};

/*
 * Makes the folder and the id where missing. A file that does not parse is set aside and *notice
 * (caller frees, else NULL) says so. Errors: IO, NO_SPACE.
 */
bool agent_tokens_init(
	struct agent_tokens *tokens, const char *config_dir, char **notice, struct error *err);
void agent_tokens_finish(struct agent_tokens *tokens); /* zeroed is fine */

/*
 * The token for an Agent; borrowed until the next change; NULL when there is none. agent_id NULL
 * or "": not known, then the address alone decides. A token whose Agent is known is never given
 * out for another one's id.
 */
const char *agent_tokens_find(
	const struct agent_tokens *tokens, const char *agent_id, const char *address);
/* Keeps a token, in place of any other of that Agent or address. Errors: IO, NO_SPACE. */
bool agent_tokens_put(
	struct agent_tokens *tokens, const struct agent_token *token, struct error *err);
/* Forgets it, wherever it stands. Errors: IO, NO_SPACE. */
bool agent_tokens_forget(struct agent_tokens *tokens, const char *token, struct error *err);
