#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct error;

/* Handshake, pairing, liveness and description. Rows of agent_dispatch.c. */
bool handle_hub_connected(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_pair_confirm(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_ping(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_get_info(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_get_config(struct agent_session *session, cJSON *payload, struct error *err);
