#define LOG_MODULE "session"

#include "hubs/handle_session.h"

#include "agent/agent_identity.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "hubs/agent_session.h"
#include "pairing/pairing.h"
#include "pairing/token_store.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"
#include "upload/upload_store.h"

#include <string.h>

#define HUB_ID_MAX_BYTES 128
#define HUB_TEXT_MAX_BYTES 64  /* name, version, platform: shown to people */
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

bool handle_ping(struct agent_session *session, cJSON *payload, struct error *err)
{
	agent_session_reply(session, "pong", NULL, NULL);
	return true;
}

bool handle_get_info(struct agent_session *session, cJSON *payload, struct error *err)
{
	const struct agent_services *services = agent_session_services(session);
	struct info_response response = {
		.agent = {
			.id = services->identity->id,
			.name = services->config->agent_name,
			.platform = services->identity->platform,
			.version = services->identity->version,
			.accept_connections = services->config->connections_accept,
		},
	};

	agent_identity_capabilities(&response.agent.capabilities);
	agent_session_reply(session, "info_response", info_response_fields, &response);
	strvec_finish(&response.agent.capabilities);
	return true;
}

bool handle_get_config(struct agent_session *session, cJSON *payload, struct error *err)
{
	const struct agent_services *services = agent_session_services(session);
	const struct config_response response = {
		.install_path = upload_store_library(services->uploads),
	};

	agent_session_reply(session, "config_response", config_response_fields, &response);
	return true;
}

static void send_agent_status(struct agent_session *session, bool is_reply)
{
	const struct agent_services *services = agent_session_services(session);
	struct agent_status status = {
		.name = services->config->agent_name,
		.version = services->identity->version,
		.platform = services->identity->platform,
		.accept_connections = services->config->connections_accept,
		.telemetry_interval = TELEMETRY_INTERVAL_S,
		.protocol_version = PROTO_VERSION,
	};

	agent_identity_capabilities(&status.capabilities);
	if (is_reply) {
		agent_session_reply(session, "agent_status", agent_status_fields, &status);
	} else {
		agent_session_push(session, "agent_status", agent_status_fields, &status);
	}
	strvec_finish(&status.capabilities);
}

/* --- Handshake --- */

/* A text for people: printable and short. */
static char *clean_text(const char *text, const char *otherwise)
{
	char *clean = xstrdup(text != NULL && *text != '\0' ? text : otherwise);

	utf8_make_printable(clean);
	clean[utf8_cut(clean, strlen(clean), HUB_TEXT_MAX_BYTES)] = '\0';
	return clean;
}

static struct agent_hub hub_of(const struct hub_connected *hello)
{
	return (struct agent_hub){
		.id = xstrdup(hello->hub_id),
		.name = clean_text(hello->name, "a Hub without a name"),
		.version = clean_text(hello->version, ""),
		.platform = clean_text(hello->platform, ""),
		.is_desktop = hub_connected_is_desktop(hello),
	};
}

static bool is_blocked(struct agent_session *session, struct error *err)
{
	if (agent_session_services(session)->config->connections_accept) {
		return false;
	}
	error_set(err, ERROR_BLOCKED,
		"this device accepts no connections now; its owner can switch them on");
	return true;
}

/* Protocol.md: one Hub at a time, token or not. */
static bool is_taken(const struct agent_session *session, const char *hub_id, struct error *err)
{
	const struct agent_session *connected = agent_session_services(session)->connected;

	if (connected == NULL || strcmp(agent_session_hub(connected)->id, hub_id) == 0) {
		return false;
	}
	error_set(err, ERROR_CONFLICT, "the Hub '%s' is connected; disconnect it first",
		agent_session_hub(connected)->name);
	return true;
}

static bool check_hello(const struct hub_connected *hello, struct error *err)
{
	AUTO(free_ptr) char *printable = xstrdup(hello->hub_id);

	utf8_make_printable(printable);
	if (*hello->hub_id == '\0' || strlen(hello->hub_id) > HUB_ID_MAX_BYTES ||
		strcmp(printable, hello->hub_id) != 0) {
		return error_set(err, ERROR_INVALID,
			"'hubId' must have 1 to %d bytes without control characters, not '%.40s'",
			HUB_ID_MAX_BYTES, hello->hub_id);
	}
	if (hello->protocol_version > PROTO_VERSION) {
		return error_set(err, ERROR_BLOCKED,
			"protocol version %lld is not spoken here; this agent speaks version %d",
			(long long)hello->protocol_version, PROTO_VERSION);
	}
	return true;
}

static void send_pairing_required(struct agent_session *session, bool is_reply)
{
	const struct agent_services *services = agent_session_services(session);
	const char *code = services->config->pairing_send_code_to_hub
				   ? pairing_shown(services->pairing)->code
				   : "";
	const struct pairing_required response = {
		.code = code,
		.expires_in = pairing_seconds_left(services->pairing),
	};

	if (is_reply) {
		agent_session_reply(
			session, "pairing_required", pairing_required_fields, &response);
	} else {
		agent_session_push(session, "pairing_required", pairing_required_fields, &response);
	}
}

static void on_judged(void *attempt, enum pairing_verdict verdict);
static void on_ended(void *holder, enum pairing_end end);
static void on_reopened(void *holder);

static bool begin_pairing(
	struct agent_session *session, const struct hub_connected *hello, struct error *err)
{
	struct agent_hub hub = hub_of(hello);
	const struct pairing_request request = {
		.hub_id = hub.id,
		.hub_name = hub.name,
		.address = agent_session_address(session),
		.holder = session,
		.judged = on_judged,
		.ended = on_ended,
		.reopened = on_reopened,
	};

	if (!pairing_begin(agent_session_services(session)->pairing, &request, err)) {
		agent_hub_finish(&hub);
		return false;
	}
	log_info("Hub '%s' at %s wants to pair", hub.name, request.address);
	agent_session_set_pairing(session, &hub);
	send_pairing_required(session, true);
	return true;
}

bool handle_hub_connected(struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(hub_connected_finish) struct hub_connected hello = { 0 };
	const struct agent_services *services = agent_session_services(session);
	struct agent_hub hub;

	if (!json_read(&hello, hub_connected_fields, payload, err) || !check_hello(&hello, err)) {
		return false;
	}
	if (is_blocked(session, err)) {
		agent_session_reply_error(session, err);
		agent_session_close(session, WS_CLOSE_POLICY, "connections are switched off");
		return true;
	}
	if (is_taken(session, hello.hub_id, err)) {
		return false;
	}
	if (agent_session_state(session) != SESSION_PAIRED) {
		if (!token_store_verify(services->tokens, hello.hub_id, hello.token)) {
			return begin_pairing(session, &hello, err);
		}
		pairing_abandon(services->pairing, session);
		hub = hub_of(&hello);
		agent_session_set_paired(session, &hub);
	}
	send_agent_status(session, true);
	return true;
}

/* --- Pairing --- */

static void fail_take(struct agent_ticket *ticket, const char *reason)
{
	const struct pair_failed failed = { .reason = reason };

	agent_ticket_reply_take(ticket, "pair_failed", pair_failed_fields, &failed);
}

static void succeed_take(struct agent_ticket *ticket)
{
	struct agent_session *session = agent_session_ref(agent_ticket_session(ticket));
	const struct agent_hub *hub = agent_session_hub(session);
	struct token_store *tokens = agent_session_services(session)->tokens;
	AUTO(token_free) char *token = NULL;
	struct error err = { 0 };
	struct pair_success success;

	/* Another Hub may have come while the code was judged. */
	if (!is_taken(session, hub->id, &err)) {
		token = token_store_issue(tokens, hub->id, hub->name, hub->platform, &err);
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
		send_agent_status(session, false);
	}
	agent_session_unref(session);
}

static void on_judged(void *attempt, enum pairing_verdict verdict)
{
	switch (verdict) {
	case PAIRING_RIGHT:
		succeed_take(attempt);
		break;
	case PAIRING_WRONG:
		fail_take(attempt, "invalid code");
		break;
	case PAIRING_VOID:
		fail_take(attempt, "the code is no longer valid");
		break;
	}
}

static void on_ended(void *holder, enum pairing_end end)
{
	const struct pair_failed failed = { .reason = pairing_end_text(end) };
	struct agent_session *session = holder;

	agent_session_set_unpaired(session, end);
	/* Wrong codes were answered one by one. */
	if (end != PAIRING_GUESSED) {
		agent_session_push(session, "pair_failed", pair_failed_fields, &failed);
	}
}

static void on_reopened(void *holder)
{
	agent_session_set_pairing(holder, NULL);
	send_pairing_required(holder, false);
}

bool handle_pair_confirm(struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(pair_confirm_finish) struct pair_confirm request = { 0 };
	struct pairing *pairing = agent_session_services(session)->pairing;
	struct agent_ticket *ticket;

	if (!json_read(&request, pair_confirm_fields, payload, err)) {
		return false;
	}
	if (agent_session_state(session) == SESSION_PAIRED) {
		return error_set(err, ERROR_INVALID, "this Hub is paired already");
	}
	if (!pairing_check_lockout(pairing, agent_session_address(session), err) ||
		is_blocked(session, err)) {
		return false;
	}
	ticket = agent_session_take_request(session);
	if (!pairing_is_held_by(pairing, session)) {
		fail_take(ticket, pairing_end_text(agent_session_pairing_end(session)));
		return true;
	}
	if (is_taken(session, agent_session_hub(session)->id, err) ||
		!pairing_try(pairing, session, request.code, ticket, err)) {
		agent_ticket_drop_take(ticket);
		return false;
	}
	return true;
}
