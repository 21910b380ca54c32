#pragma once

#include "core/json.h"

#include <stdbool.h>

struct agent_session;
struct error;

/* Steam's users and shortcuts, and Steam itself. Rows of agent_dispatch.c. */
bool handle_create_shortcut(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_delete_game(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_delete_shortcut(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_get_steam_users(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_list_shortcuts(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_restart_steam(struct agent_session *session, cJSON *payload, struct error *err);
