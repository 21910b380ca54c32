#include "control/control_games.h"

#include "control/control_methods.h"
#include "control/control_views.h"
#include "proto/proto_ipc.h"

bool control_games_list(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_games games = { 0 };

	control_view_games(call->agent, &games);
	json_write(result, ipc_games_fields, &games);
	json_finish(&games, ipc_games_fields);
	return true;
}
