#include "push/agent_link.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_session.h"
#include "push/agent_tokens.h"
#include "push/host_lookup.h"
#include "ws/lws_loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 250
#define RETRY_LAST_MS (15 * 1000)
/* Room for the longest list of files besides the chunks under way. */
#define QUEUE_MAX_BYTES (4 * (size_t)MAX_MESSAGE_BYTES)

enum link_state {
	LINK_WAITING,	 /* for the timer: the next attempt, or the host's next address */
	LINK_LOOKING_UP, /* the host's addresses */
	LINK_CONNECTING, /* to one of them */
	LINK_PAIRING,	 /* waiting for a code */
	LINK_UP,	 /* paired and connected; `up` was called, or waits for get_info */
	LINK_OVER,
};

struct agent_link {
	struct agent_link_options options;
	const struct agent_link_events *events;
	void *user;
	enum link_state state;
	struct host_lookup *lookup;
	struct strvec addresses; /* of the host, as last looked up … */
	size_t next_address;	 /* … and the next one to try */
	struct agent_client *client;
	struct loop_timer *timer;
	int64_t retry_delay_ms;
	int64_t retry_until_ms; /* 0: no attempt has failed since the last progress */
	char *token;		/* the client's; NULL: none */
	struct agent_link_agent agent;
	bool was_up;	  /* at some time: then a broken link is worth more attempts */
	bool was_revoked; /* since the last progress */
};

static const struct agent_call info_call = { "get_info", NULL, NULL };

static void tell_notice(struct agent_link *link, const char *text)
{
	link->events->notice(link->user, text);
}

static void fail_link(struct agent_link *link, const struct error *err)
{
	if (link->state != LINK_OVER) {
		link->state = LINK_OVER;
		loop_timer_stop(link->timer);
		link->events->failed(link->user, err);
	}
}

static void keep_token(struct agent_link *link)
{
	AUTO(free_ptr) char *address = xstrdup(link->options.address);
	struct error err = { 0 };
	const struct agent_token token = {
		.agent_id = link->agent.id,
		.address = address,
		.name = link->agent.name,
		.token = link->token,
	};

	if (!agent_tokens_put(link->options.tokens, &token, &err)) {
		tell_notice(link, err.message);
	}
}

static void forget_token(struct agent_link *link)
{
	struct error err = { 0 };

	if (link->token != NULL && !agent_tokens_forget(link->options.tokens, link->token, &err)) {
		tell_notice(link, err.message);
	}
	free(TAKE_PTR(link->token));
}

static void learn_text(char **what, const char *value)
{
	if (value != NULL && *value != '\0') {
		free(*what);
		*what = xstrdup(value);
	}
}

static void add_capabilities(struct agent_link *link, const struct strvec *capabilities)
{
	for (size_t i = 0; i < capabilities->count; i++) {
		if (!strvec_contains(&link->agent.capabilities, capabilities->items[i])) {
			strvec_push(&link->agent.capabilities, capabilities->items[i]);
		}
	}
}

static void on_info_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct agent_link *link = user;
	struct info_response info = { 0 };

	/* An Agent that cannot describe itself is still an Agent. */
	if (err == NULL && strcmp(reply->type, "info_response") == 0 &&
		json_read(&info, info_response_fields, reply->payload, NULL)) {
		add_capabilities(link, &info.agent.capabilities);
		learn_text(&link->agent.id, info.agent.id);
		learn_text(&link->agent.name, info.agent.name);
	}
	json_finish(&info, info_response_fields);
	if (link->token != NULL) {
		keep_token(link); /* now with the Agent's id, or its new address or name */
	}
	link->was_up = true;
	link->events->up(link->user, link->client, &link->agent);
}

static void on_ready(void *user, const struct agent_status *status)
{
	struct agent_link *link = user;

	link->state = LINK_UP;
	learn_text(&link->agent.name, status->name);
	strvec_finish(&link->agent.capabilities);
	add_capabilities(link, &status->capabilities);
	agent_client_request(link->client, &info_call, NULL, on_info_reply, link);
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	struct agent_link *link = user;

	link->state = LINK_PAIRING;
	/* Perhaps it is another Agent that has the address now: the key may still be good
	 * elsewhere. */
	free(TAKE_PTR(link->token));
	link->events->code_wanted(link->user, reason, expires_in_s);
}

static void on_paired(void *user, const char *token)
{
	struct agent_link *link = user;

	free(link->token);
	link->token = xstrdup(token);
	keep_token(link);
	link->events->paired(link->user);
}

static void on_drained(void *user)
{
	struct agent_link *link = user;

	link->events->drained(link->user);
}

static void wait_ms(struct agent_link *link, int64_t delay_ms)
{
	link->state = LINK_WAITING;
	loop_timer_set(link->timer, delay_ms);
}

static void try_again(struct agent_link *link, const struct error *why)
{
	int64_t now_ms = loop_now_ms();
	struct error err = { 0 };

	if (link->retry_until_ms == 0) {
		link->retry_until_ms = now_ms + link->options.retry_ms;
	}
	if (now_ms >= link->retry_until_ms) {
		error_set_because(&err, why, "still failing after %" PRId64 " s: %s",
			link->options.retry_ms / 1000, why->message);
		fail_link(link, &err);
		return;
	}
	strvec_finish(&link->addresses); /* the network may have changed by then */
	wait_ms(link, link->retry_delay_ms);
	link->retry_delay_ms *= 2;
	if (link->retry_delay_ms > RETRY_LAST_MS) {
		link->retry_delay_ms = RETRY_LAST_MS;
	}
	link->events->broken(link->user, why);
}

/* A name may not be found only because our own Wi-Fi is down. */
static bool is_worth_another_try(const struct error *err)
{
	return err->kind == ERROR_IO || err->kind == ERROR_TIMEOUT || err->kind == ERROR_NOT_FOUND;
}

static void on_lost(void *user, const struct error *err)
{
	struct agent_link *link = user;
	bool has_more = link->next_address < link->addresses.count;

	if (link->state == LINK_OVER) {
		return;
	}
	if (link->state == LINK_CONNECTING && has_more && is_worth_another_try(err)) {
		wait_ms(link, 0);
	} else if (err->kind == ERROR_UNAUTHORIZED && link->token != NULL && !link->was_revoked) {
		link->was_revoked = true;
		forget_token(link);
		strvec_finish(&link->addresses);
		wait_ms(link, 0);
		link->events->broken(link->user, err);
	} else if (link->was_up && is_worth_another_try(err)) {
		try_again(link, err);
	} else {
		fail_link(link, err);
	}
}

static const struct agent_client_events client_events = {
	.ready = on_ready,
	.code_wanted = on_code_wanted,
	.paired = on_paired,
	.drained = on_drained,
	.lost = on_lost,
};

static void connect_to(struct agent_link *link, const char *address)
{
	const struct agent_link_options *options = &link->options;
	struct agent_client_options client = {
		.host = options->host,
		.address = address,
		.port = options->port,
		.hub_id = options->tokens->hub_id,
		.hub_name = options->hub_name,
		.max_queued_bytes = QUEUE_MAX_BYTES,
	};
	struct error err = { 0 };

	link->state = LINK_CONNECTING;
	free(link->token);
	link->token = xstrdup_or_null(
		agent_tokens_find(options->tokens, link->agent.id, options->address));
	client.token = link->token;
	link->client = agent_client_create(options->lws_loop, &client, &client_events, link, &err);
	if (link->client == NULL) {
		on_lost(link, &err);
	}
}

static void on_looked_up(void *user, const struct strvec *addresses, const struct error *err)
{
	struct agent_link *link = user;
	struct error failure = { 0 };

	/* Both belong to the lookup. */
	strvec_copy(&link->addresses, addresses);
	if (err != NULL) {
		failure = *err;
	}
	link->next_address = 0;
	host_lookup_destroy(TAKE_PTR(link->lookup));
	if (failure.kind != ERROR_NONE) {
		on_lost(link, &failure);
	} else {
		connect_to(link, link->addresses.items[link->next_address++]);
	}
}

static void on_timer(void *user)
{
	struct agent_link *link = user;

	agent_client_destroy(TAKE_PTR(link->client));
	if (link->next_address < link->addresses.count) {
		connect_to(link, link->addresses.items[link->next_address++]);
		return;
	}
	link->state = LINK_LOOKING_UP;
	link->lookup = host_lookup_create(
		lws_loop_core(link->options.lws_loop), link->options.host, on_looked_up, link);
}

struct agent_link *agent_link_create(const struct agent_link_options *options,
	const struct agent_link_events *events, void *user)
{
	struct agent_link *link = xcalloc(1, sizeof(*link));

	link->options = *options;
	link->events = events;
	link->user = user;
	link->agent.id = xstrdup_or_null(options->agent_id);
	link->retry_delay_ms = RETRY_FIRST_MS;
	link->timer = loop_timer_create(lws_loop_core(options->lws_loop), on_timer, link);
	wait_ms(link, 0);
	return link;
}

void agent_link_destroy(struct agent_link *link)
{
	if (link == NULL) {
		return;
	}
	link->state = LINK_OVER;
	host_lookup_destroy(link->lookup);
	agent_client_destroy(link->client);
	loop_timer_destroy(link->timer);
	free(link->token);
	free(link->agent.id);
	free(link->agent.name);
	strvec_finish(&link->agent.capabilities);
	strvec_finish(&link->addresses);
	free(link);
}

void agent_link_confirm(struct agent_link *link, const char *code)
{
	if (link->state == LINK_PAIRING) {
		agent_client_confirm(link->client, code);
	}
}

void agent_link_renew_code(struct agent_link *link)
{
	if (link->state == LINK_PAIRING) {
		agent_client_renew_code(link->client);
	}
}

void agent_link_note_progress(struct agent_link *link)
{
	link->retry_until_ms = 0;
	link->retry_delay_ms = RETRY_FIRST_MS;
	link->was_revoked = false;
}
