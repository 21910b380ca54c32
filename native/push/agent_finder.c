#include "push/agent_finder.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "discovery/mdns.h"
#include "proto/proto_constants.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long others of the same name may still answer after one has been found. */
#define RIVAL_WAIT_MS 400
/* More than this many on one network is an attack. */
#define AGENTS_MAX 1024
/* Of what strangers call themselves. */
#define TEXT_MAX_BYTES 128

struct agent_finder {
	struct mdns_browser *browser;
	struct loop_timer *timer;
	char *wanted; /* NULL: all of them */
	struct found_agent *agents;
	size_t agents_count;
	bool is_narrowing; /* a wanted one has been found, or the time is up */
	struct error err;
	void (*finished)(void *user, const struct error *err);
	void *user;
};

static void free_agent(struct found_agent *agent)
{
	free(agent->instance);
	free(agent->id);
	free(agent->name);
	free(agent->host);
	free(agent->address);
	free(agent->platform);
	free(agent->version);
}

static bool is_host_label(const char *host, const char *label)
{
	size_t length = strlen(label);

	return strncasecmp(host, label, length) == 0 &&
	       (host[length] == '.' || host[length] == '\0');
}

static bool is_called(const struct found_agent *agent, const char *wanted)
{
	return strcasecmp(agent->id, wanted) == 0 || strcasecmp(agent->name, wanted) == 0 ||
	       is_host_label(agent->host, wanted);
}

/* Text from strangers on the network goes to a terminal. */
static char *printable(const char *text)
{
	char *copy = xstrdup(text != NULL ? text : "");

	copy[utf8_cut(copy, strlen(copy), TEXT_MAX_BYTES)] = '\0';
	utf8_make_printable(copy);
	return copy;
}

static char *txt_value(const struct strvec *txt, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < txt->count; i++) {
		if (strncasecmp(txt->items[i], key, length) == 0 && txt->items[i][length] == '=') {
			return printable(txt->items[i] + length + 1);
		}
	}
	return xstrdup("");
}

/*
 * Where the service goes: it replaces what it said before, but not what another said, whatever id
 * it claims. Where there is no room, the wanted one still gets a place.
 */
static struct found_agent *find_place(struct agent_finder *finder, const struct found_agent *agent)
{
	for (size_t i = 0; i < finder->agents_count; i++) {
		if (strcmp(finder->agents[i].instance, agent->instance) == 0) {
			free_agent(&finder->agents[i]);
			return &finder->agents[i];
		}
	}
	if (finder->agents_count == AGENTS_MAX) {
		if (finder->wanted == NULL || !is_called(agent, finder->wanted)) {
			return NULL;
		}
		for (size_t i = 0; i < AGENTS_MAX; i++) {
			if (!is_called(&finder->agents[i], finder->wanted)) {
				free_agent(&finder->agents[i]);
				return &finder->agents[i];
			}
		}
		return NULL;
	}
	finder->agents =
		xrealloc(finder->agents, finder->agents_count + 1, sizeof(*finder->agents));
	return &finder->agents[finder->agents_count++];
}

static void on_found(void *user, const struct mdns_found *found)
{
	struct agent_finder *finder = user;
	struct found_agent agent, *place;

	agent = (struct found_agent){
		.instance = printable(found->name),
		.id = txt_value(found->txt, "id"),
		.name = txt_value(found->txt, "name"),
		.host = printable(found->host),
		.address = printable(found->address),
		.port = found->port,
		.platform = txt_value(found->txt, "platform"),
		.version = txt_value(found->txt, "version"),
	};
	if (agent.id[0] == '\0') {
		free(agent.id);
		agent.id = xstrdup(agent.instance); /* the instance's name is also the id */
	}
	place = find_place(finder, &agent);
	if (place == NULL) {
		free_agent(&agent);
		return;
	}
	*place = agent;
	if (finder->wanted != NULL && !finder->is_narrowing && is_called(place, finder->wanted)) {
		finder->is_narrowing = true;
		loop_timer_set(finder->timer, RIVAL_WAIT_MS);
	}
}

static void on_removed(void *user, const char *name)
{
	/* It was there a moment ago: trying to connect tells more than dropping it. */
}

static void on_settled(void *user)
{
	/* The caches may be cold: devices on the network need time to answer. */
}

static void on_failed(void *user, const struct error *err)
{
	struct agent_finder *finder = user;

	finder->err = *err;
	loop_timer_set(finder->timer, 0);
}

static const struct mdns_browser_events browser_events = {
	.found = on_found,
	.removed = on_removed,
	.settled = on_settled,
	.failed = on_failed,
};

static void on_time(void *user)
{
	struct agent_finder *finder = user;
	bool failed = finder->agents_count == 0 && finder->err.kind != ERROR_NONE;

	finder->is_narrowing = true;
	finder->finished(finder->user, failed ? &finder->err : NULL);
}

struct agent_finder *agent_finder_create(struct loop *loop, const char *wanted, int64_t wait_ms,
	void (*finished)(void *user, const struct error *err), void *user)
{
	struct agent_finder *finder = xcalloc(1, sizeof(*finder));

	finder->wanted = xstrdup_or_null(wanted);
	finder->finished = finished;
	finder->user = user;
	finder->timer = loop_timer_create(loop, on_time, finder);
	loop_timer_set(finder->timer, wait_ms);
	finder->browser = mdns_browser_create(loop, PROTO_SERVICE_TYPE, &browser_events, finder);
	return finder;
}

void agent_finder_destroy(struct agent_finder *finder)
{
	if (finder == NULL) {
		return;
	}
	mdns_browser_destroy(finder->browser);
	loop_timer_destroy(finder->timer);
	for (size_t i = 0; i < finder->agents_count; i++) {
		free_agent(&finder->agents[i]);
	}
	free(finder->agents);
	free(finder->wanted);
	free(finder);
}

static int compare_agents(const void *a, const void *b)
{
	const struct found_agent *left = a;
	const struct found_agent *right = b;
	int order = strcasecmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->id, right->id);
}

const struct found_agent *agent_finder_agents(struct agent_finder *finder, size_t *count)
{
	*count = finder->agents_count;
	if (finder->agents_count > 0) {
		qsort(finder->agents, finder->agents_count, sizeof(*finder->agents),
			compare_agents);
	}
	return finder->agents;
}

static void list_agents(const struct agent_finder *finder, const char *wanted, struct strbuf *list)
{
	for (size_t i = 0; i < finder->agents_count; i++) {
		const struct found_agent *agent = &finder->agents[i];

		if (wanted == NULL || is_called(agent, wanted)) {
			strbuf_appendf(list, "%s%s (%s, %s)", list->length > 0 ? ", " : "",
				agent->name, agent->id, agent->address);
		}
	}
}

static bool has_id(const struct found_agent *agent, const char *wanted)
{
	return strcasecmp(agent->id, wanted) == 0;
}

/* One of those that fit, and how many they are. */
static const struct found_agent *find_only(const struct agent_finder *finder, const char *wanted,
	bool (*fits)(const struct found_agent *agent, const char *wanted), size_t *count)
{
	const struct found_agent *found = NULL;

	*count = 0;
	for (size_t i = 0; i < finder->agents_count; i++) {
		if (fits(&finder->agents[i], wanted)) {
			found = &finder->agents[i];
			(*count)++;
		}
	}
	return found;
}

const struct found_agent *agent_finder_match(
	struct agent_finder *finder, const char *wanted, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf list = { 0 };
	const struct found_agent *match = NULL;
	size_t count = 0;

	agent_finder_agents(finder, &count);
	match = find_only(finder, wanted, has_id, &count);
	if (count > 1) {
		list_agents(finder, wanted, &list);
		error_set(err, ERROR_CONFLICT,
			"several agents claim the id '%s': %s; use --to with the address of yours",
			wanted, strbuf_text(&list));
		return NULL;
	}
	if (match == NULL) {
		match = find_only(finder, wanted, is_called, &count);
	}
	if (match != NULL && count == 1) {
		return match;
	}
	list_agents(finder, count > 1 ? wanted : NULL, &list);
	if (count > 1) {
		error_set(err, ERROR_CONFLICT,
			"several agents are called '%s': %s; use --to with the id", wanted,
			strbuf_text(&list));
	} else if (finder->agents_count > 0) {
		error_set(err, ERROR_NOT_FOUND, "no agent is called '%s'; found: %s", wanted,
			strbuf_text(&list));
	} else {
		error_set(err, ERROR_NOT_FOUND,
			"no agent called '%s' answered: check that CapyDeck is running there, that "
			"this is the same network, and that the firewall allows UDP 5353; or use --to "
			"with its address",
			wanted);
	}
	return NULL;
}
