#pragma once

#include "core/strvec.h"
#include "push/agent_client.h"

#include <stdint.h>

struct error;
struct agent_link;
struct agent_tokens;
struct lws_loop;

/*
 * The way to one Agent, kept up: uses and keeps the token of our pairing, asks for a code when
 * there is none or the Agent has forgotten it, and makes a broken connection again with growing
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
	int64_t retry_ms; /* for how long a link that was up is tried again without progress */
};

/* What the Agent says of itself. */
struct agent_link_agent {
	char *id;   /* NULL: it did not say */
	char *name; /* NULL likewise */
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
	 * No reply will come any more, and a code that was wanted is of no use: `code_wanted`, `up`
	 * or `failed` follows.
	 */
	void (*broken)(void *user, const struct error *why);
	/*
	 * For good, called once. Kinds IO, TIMEOUT and NOT_FOUND (no such host, or no Agent there):
	 * not reachable, or not any more; else the Agent refused.
	 */
	void (*failed)(void *user, const struct error *err);
	/* Something a person should know though it goes on; one sentence. */
	void (*notice)(void *user, const char *text);
};

/* Options and events are borrowed. Never calls back from within. */
struct agent_link *agent_link_create(const struct agent_link_options *options,
	const struct agent_link_events *events, void *user);
/* Not from within a callback; no further call is made. NULL is fine. */
void agent_link_destroy(struct agent_link *link);

/* Both do nothing unless a code is wanted now. */
void agent_link_confirm(struct agent_link *link, const char *code);
void agent_link_renew_code(struct agent_link *link);
/* Bytes were gained: a link that breaks from now on gets all its tries again. */
void agent_link_note_progress(struct agent_link *link);
