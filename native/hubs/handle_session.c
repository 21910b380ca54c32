#define LOG_MODULE "session"

#include "hubs/handle_session.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "hubs/agent_hub.h"
#include "hubs/agent_session.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/pairing_code.h"
#include "proto/proto_session.h"
#include "upload/upload_store.h"

#include <string.h>

#define TELEMETRY_INTERVAL_S 2 /* desktop Hubs want a number even where there is no telemetry */

static void hub_connected_finish(struct hub_connected *hello)
{
	json_finish(hello, hub_connected_fields);
}

static void pair_confirm_finish(struct pair_confirm *request)
{
	json_finish(request, pair_confirm_fields);
}

/* --- Description --- */

bool handle_ping(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	agent_session_reply(session, "pong", NULL, NULL);
	return true;
}

bool handle_get_info(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	struct info_response response = {
		.agent = {
			.id = *options->id,
			.name = *options->name,
			.platform = options->platform,
			.version = options->version,
			.accept_connections = *options->accept,
		},
	};

	strvec_copy(&response.agent.capabilities, options->capabilities);
	agent_session_reply(session, "info_response", info_response_fields, &response);
	strvec_finish(&response.agent.capabilities);
	return true;
}

bool handle_get_config(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	const struct config_response response = {
		.install_path = upload_store_library(options->uploads),
	};

	agent_session_reply(session, "config_response", config_response_fields, &response);
	return true;
}

static void send_agent_status(
	const struct handle_session_options *options, struct agent_session *session, bool is_reply)
{
	struct agent_status status = {
		.name = *options->name,
		.version = options->version,
		.platform = options->platform,
		.accept_connections = *options->accept,
		.telemetry_interval = TELEMETRY_INTERVAL_S,
		.protocol_version = PROTO_VERSION,
	};

	strvec_copy(&status.capabilities, options->capabilities);
	if (is_reply) {
		agent_session_reply(session, "agent_status", agent_status_fields, &status);
	} else {
		agent_session_push(session, "agent_status", agent_status_fields, &status);
	}
	strvec_finish(&status.capabilities);
}

/* --- Handshake --- */

static bool is_blocked(const struct handle_session_options *options, struct error *err)
{
	if (*options->accept) {
		return false;
	}
	error_set(err, ERROR_BLOCKED,
		"this device does not accept connections at the moment; its owner can allow them");
	return true;
}

/* One Hub at a time, token or not: protocol.md §3.8. */
static bool is_taken(
	const struct handle_session_options *options, const char *hub_id, struct error *err)
{
	const struct agent_session *connected = *options->connected;

	if (connected == NULL || strcmp(agent_session_hub(connected)->id, hub_id) == 0) {
		return false;
	}
	error_set(err, ERROR_CONFLICT, "the Hub '%s' is connected; disconnect it first",
		agent_session_hub(connected)->name);
	return true;
}

static void send_pairing_required(
	const struct handle_session_options *options, struct agent_session *session, bool is_reply)
{
	const char *code = *options->send_code_to_hub ? pairing_shown(options->pairing)->code : "";
	const struct pairing_required response = {
		.code = code,
		.expires_in = pairing_seconds_left(options->pairing),
	};

	if (is_reply) {
		agent_session_reply(
			session, "pairing_required", pairing_required_fields, &response);
	} else {
		agent_session_push(session, "pairing_required", pairing_required_fields, &response);
	}
}

static void on_judged(void *user, void *attempt, enum pairing_verdict verdict);
static void on_ended(void *user, void *holder, enum pairing_end end);
static void on_reopened(void *user, void *holder);

/* hub is emptied. */
static bool begin_pairing(const struct handle_session_options *options,
	struct agent_session *session, struct agent_hub *hub, struct error *err)
{
	const struct pairing_request request = {
		.hub_id = hub->id,
		.hub_name = hub->name,
		.address = agent_session_address(session),
		.known_since_ms = agent_session_known_since_ms(session),
		.is_trusted = agent_session_is_trusted(session),
		.holder = session,
		.judged = on_judged,
		.ended = on_ended,
		.reopened = on_reopened,
		.user = (void *)options,
	};

	if (!pairing_begin(options->pairing, &request, err)) {
		return false;
	}
	log_info("Hub '%s' at %s wants to pair", hub->name, request.address);
	agent_session_set_pairing(session, hub);
	send_pairing_required(options, session, true);
	return true;
}

bool handle_hub_connected(const struct handle_session_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(hub_connected_finish) struct hub_connected hello = { 0 };
	AUTO(agent_hub_finish) struct agent_hub hub = { 0 };

	if (!json_read(&hello, hub_connected_fields, payload, err) ||
		!agent_hub_init(&hub, &hello, err)) {
		return false;
	}
	if (is_blocked(options, err)) {
		agent_session_reply_error(session, err);
		agent_session_close(session, WS_CLOSE_POLICY, "connections are switched off");
		return true;
	}
	if (is_taken(options, hub.id, err)) {
		return false;
	}
	if (agent_session_state(session) != SESSION_PAIRED) {
		/* A Hub whose token cannot be checked now must not take it for revoked. */
		if (!state_link_ready(token_store_link(options->tokens), err)) {
			return false;
		}
		if (!token_store_verify(options->tokens, hub.id, hello.token)) {
			return begin_pairing(options, session, &hub, err);
		}
		pairing_abandon(options->pairing, session);
		agent_session_set_paired(session, &hub);
	}
	send_agent_status(options, session, true);
	return true;
}

/* --- Pairing --- */

static void fail_pairing_take(struct agent_ticket *ticket, const char *reason)
{
	const struct pair_failed failed = { .reason = reason };

	agent_ticket_reply_take(ticket, "pair_failed", pair_failed_fields, &failed);
}

static void pair_take(const struct handle_session_options *options, struct agent_ticket *ticket)
{
	struct agent_session *session = agent_session_ref(agent_ticket_session(ticket));
	const struct agent_hub *hub = agent_session_hub(session);
	AUTO(token_free) char *token = NULL;
	struct error err = { 0 };
	struct pair_success success;

	/* Another Hub may have connected while the code was judged. */
	if (!is_taken(options, hub->id, &err)) {
		token = token_store_issue(options->tokens, hub->id, hub->name, hub->platform, &err);
	}
	success.token = token;
	if (token == NULL) {
		log_warning("Hub '%s' could not be paired: %s", hub->name, err.message);
		agent_session_set_unpaired(session, PAIRING_USED);
		agent_ticket_fail_take(ticket, &err);
	} else {
		log_info("Hub '%s' is paired", hub->name);
		agent_session_set_paired(session, NULL);
		agent_ticket_reply_take(ticket, "pair_success", pair_success_fields, &success);
		send_agent_status(options, session, false);
	}
	agent_session_unref(session);
}

static void on_judged(void *user, void *attempt, enum pairing_verdict verdict)
{
	switch (verdict) {
	case PAIRING_RIGHT:
		pair_take(user, attempt);
		break;
	case PAIRING_WRONG:
		fail_pairing_take(attempt, "invalid code");
		break;
	case PAIRING_VOID:
		fail_pairing_take(attempt, "the code is no longer valid");
		break;
	}
}

static void on_ended(void *user, void *holder, enum pairing_end end)
{
	const struct pair_failed failed = { .reason = pairing_end_text(end) };
	struct agent_session *session = holder;

	agent_session_set_unpaired(session, end);
	/* Each wrong code has already been answered. */
	if (end != PAIRING_GUESSED) {
		agent_session_push(session, "pair_failed", pair_failed_fields, &failed);
	}
}

static void on_reopened(void *user, void *holder)
{
	agent_session_set_pairing(holder, NULL);
	send_pairing_required(user, holder, false);
}

bool handle_pair_confirm(const struct handle_session_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(pair_confirm_finish) struct pair_confirm request = { 0 };
	char code[PAIRING_CODE_BYTES];
	struct agent_ticket *ticket;

	if (!json_read(&request, pair_confirm_fields, payload, err)) {
		return false;
	}
	if (agent_session_state(session) == SESSION_PAIRED) {
		return error_set(err, ERROR_INVALID, "this Hub is already paired");
	}
	if (!pairing_check_lockout(options->pairing, agent_session_address(session), err) ||
		is_blocked(options, err)) {
		return false;
	}
	ticket = agent_session_take_request(session);
	if (!pairing_is_held_by(options->pairing, session)) {
		fail_pairing_take(ticket, pairing_end_text(agent_session_pairing_end(session)));
		return true;
	}
	if (!pairing_code_read(code, request.code)) {
		fail_pairing_take(ticket, "a code has six digits; enter the code on the screen");
		return true;
	}
	if (is_taken(options, agent_session_hub(session)->id, err) ||
		!pairing_try(options->pairing, session, code, ticket, err)) {
		agent_ticket_drop_take(ticket);
		return false;
	}
	return true;
}
