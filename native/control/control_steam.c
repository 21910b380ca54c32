#include "control/control_steam.h"

#include "agent/agent.h"
#include "agent/config.h"
#include "control/control_methods.h"
#include "control/control_ticket.h"
#include "core/error.h"
#include "proto/proto_ipc.h"
#include "steam/steam.h"

static void on_restarted(void *user, const char *message, const struct error *err)
{
	const struct ipc_restarted result = { .message = message };

	if (err != NULL) {
		control_ticket_fail_take(user, err);
	} else {
		control_ticket_reply_take(user, ipc_restarted_fields, &result);
	}
}

bool control_steam_restart(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_restart params = {
		.force = agent_config(call->agent)->steam_restart_while_playing,
	};

	if (!json_read(&params, ipc_restart_fields, call->params, err)) {
		return false;
	}
	steam_restart_client(agent_steam(call->agent), params.force, on_restarted, ticket);
	return true;
}
