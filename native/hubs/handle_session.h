#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct error;
struct pairing;
struct strvec;
struct token_store;
struct upload_store;

/* Handshake, pairing, liveness and description. */
struct handle_session_options {
	/* What is reported to Hubs about this device. */
	const char *const *id;
	const char *platform;
	const char *version;
	const struct strvec *capabilities;
	struct pairing *pairing;
	struct token_store *tokens;
	const struct upload_store *uploads; /* whose library is the default install folder */
	/* The paired one that is connected; NULL: none. */
	struct agent_session *const *connected;
	/* Settings, read at each use: */
	char *const *name;	      /* agent.name */
	const bool *accept;	      /* connections.accept */
	const bool *send_code_to_hub; /* pairing.sendCodeToHub */
};

/* Rows of agent_dispatch.c. */
bool handle_hub_connected(const struct handle_session_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_pair_confirm(const struct handle_session_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_ping(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
bool handle_get_info(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
bool handle_get_config(const struct handle_session_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
