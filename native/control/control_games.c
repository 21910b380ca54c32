#include "control/control_games.h"

#include "agent/agent.h"
#include "control/control_methods.h"
#include "control/control_ticket.h"
#include "control/control_views.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "games/game_removal.h"
#include "library/game_trash.h"
#include "proto/proto_ipc.h"

bool control_games_list(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_games games = { 0 };

	control_view_games(call->agent, &games);
	json_write(result, ipc_games_fields, &games);
	json_finish(&games, ipc_games_fields);
	return true;
}

bool control_games_trash(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_trash trash = { 0 };

	control_view_trash(call->agent, &trash);
	json_write(result, ipc_trash_fields, &trash);
	json_finish(&trash, ipc_trash_fields);
	return true;
}

bool control_games_discard(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	bool ok = json_read(&params, ipc_trash_id_fields, call->params, err) &&
		  game_trash_discard(agent_trash(call->agent), params.id, err);

	json_finish(&params, ipc_trash_id_fields);
	if (ok) {
		strbuf_append_text(result, "{}");
	}
	return ok;
}

static void answer_take(struct control_ticket *ticket, const struct json_field *fields,
	const struct game_removed *removed, const struct error *err)
{
	if (err != NULL) {
		control_ticket_fail_take(ticket, err);
	} else {
		const struct ipc_game_moved result = {
			.name = removed->game_name,
			.trash_id = removed->trash_id,
			.note = removed->note,
		};

		control_ticket_reply_take(ticket, fields, &result);
	}
}

static void on_deleted(void *user, const struct game_removed *removed, const struct error *err)
{
	answer_take(user, ipc_game_deleted_fields, removed, err);
}

static void on_restored(void *user, const struct game_removed *removed, const struct error *err)
{
	answer_take(user, ipc_game_restored_fields, removed, err);
}

bool control_games_delete(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_game_ref params = { 0 };
	bool ok = json_read(&params, ipc_game_ref_fields, call->params, err);

	if (ok && (params.app_id == 0) == (params.dir == NULL)) {
		ok = error_set(err, ERROR_INVALID, "games.delete needs either 'appId' or 'dir'");
	}
	if (ok) {
		game_removal_start(agent_removal(call->agent),
			&(struct game_removal_request){
				.app_id = params.app_id, .dir = params.dir },
			on_deleted, ticket);
	}
	json_finish(&params, ipc_game_ref_fields);
	return ok;
}

bool control_games_restore(
	const struct control_call *call, struct control_ticket *ticket, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	bool ok = json_read(&params, ipc_trash_id_fields, call->params, err);

	if (ok) {
		game_removal_restore(agent_removal(call->agent), params.id, on_restored, ticket);
	}
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}
