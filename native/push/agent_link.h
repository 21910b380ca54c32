#pragma once

#include "core/strvec.h"
#include "push/agent_client.h"

#include <stdint.h>

struct error;
struct agent_link;
struct agent_tokens;
struct lws_loop;

/*
 * Keeps up the connection to one Agent: uses and stores the token of our pairing, asks for a code
 * if there is none or the Agent has forgotten it, and restores a broken connection after growing
 * pauses (250 ms doubling to 15 s).
 */
struct agent_link_options {
	struct lws_loop *lws_loop;
	struct agent_tokens *tokens;
	const char *host;
	uint16_t port;
	const char *address;  /* "host:port", the key for an Agent whose id is not known */
	const char *agent_id; /* NULL: not known */
	const char *hub_name;
	int64_t retry_ms; /* how long a link that was up is retried without progress */
};

/* How the Agent describes itself. */
struct agent_link_agent {
	char *id;   /* NULL: not given */
	char *name; /* the same */
	struct strvec capabilities;
};

struct agent_link_events {
	/* See agent_client_events. */
	void (*code_wanted)(void *user, enum push_code_reason reason, int64_t expires_in_s);
	void (*paired)(void *user);
	/* Ready for requests; client and agent are borrowed until broken or failed. */
	void (*up)(void *user, struct agent_client *client, const struct agent_link_agent *agent);
	void (*drained)(void *user);
	/*
	 * No more replies will come, and a requested code is useless: `code_wanted`, `up` or
	 * `failed` follows.
	 */
	void (*broken)(void *user, const struct error *why);
	/*
	 * Permanently; called once. Kinds IO, TIMEOUT and NOT_FOUND (no such host, or no Agent
	 * there): not reachable, or no longer; else the Agent refused.
	 */
	void (*failed)(void *user, const struct error *err);
	/* A message for the user, while it continues; one sentence. */
	void (*notice)(void *user, const char *text);
};

/* Options and events are borrowed. Never calls back from within. */
struct agent_link *agent_link_create(const struct agent_link_options *options,
	const struct agent_link_events *events, void *user);
/* Not from within a callback; no further call is made. NULL is fine. */
void agent_link_destroy(struct agent_link *link);

/* Both do nothing unless a code is being waited for. */
void agent_link_confirm(struct agent_link *link, const char *code);
void agent_link_renew_code(struct agent_link *link);
/* Progress was made: a link that breaks from now on gets all its attempts again. */
void agent_link_note_progress(struct agent_link *link);
