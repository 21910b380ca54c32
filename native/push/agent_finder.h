#pragma once

#include <stddef.h>
#include <stdint.h>

struct agent_finder;
struct error;
struct loop;

/* An Agent that announces itself on the network. Strings are "" if not given. */
struct found_agent {
	char *instance; /* the service's name, of which the network has one */
	char *id;	/* as it says; another may say the same */
	char *name;
	char *host;    /* "steamdeck.local" */
	char *address; /* numeric */
	uint32_t port; /* 1–65535; as wide as JSON_UINT32 */
	char *platform;
	char *version;
};

/*
 * Looks for Agents by DNS-SD for wait_ms, or, if one is wanted, until it is found and others of the
 * same name have had time to answer. finished is called once; err: NULL, or why the search failed
 * (IO).
 */
struct agent_finder *agent_finder_create(struct loop *loop, const char *wanted, int64_t wait_ms,
	void (*finished)(void *user, const struct error *err), void *user);
/* From within finished too. NULL is fine. */
void agent_finder_destroy(struct agent_finder *finder);

/* Sorted by name, then id; borrowed until the finder continues or ends. */
const struct found_agent *agent_finder_agents(struct agent_finder *finder, size_t *count);
/*
 * The one with that id, name or host name, ignoring case. NULL on failure. Errors: NOT_FOUND (none;
 * the message lists those found), CONFLICT (several, by name or by id; it says how to tell them
 * apart).
 */
const struct found_agent *agent_finder_match(
	struct agent_finder *finder, const char *wanted, struct error *err);
