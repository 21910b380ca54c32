#include "control/control_plugin.h"

#include "agent/agent.h"
#include "control/control_client.h"
#include "control/ui_link.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "library/game_registry.h"
#include "proto/proto_ipc.h"
#include "steam/steam_artwork.h"

bool control_plugin_attach(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_ui params = { 0 };
	bool ok = json_read(&params, ipc_ui_fields, call->params, err);

	if (ok) {
		ui_link_attach(call->ui, call->client->conn, params.name);
		strbuf_append_text(result, "{}");
	}
	json_finish(&params, ipc_ui_fields);
	return ok;
}

bool control_plugin_detach(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	ui_link_detach(call->ui, call->client->conn);
	strbuf_append_text(result, "{}");
	return true;
}

bool control_plugin_read_file(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_file_request params = { 0 };
	struct ipc_file_part part = { 0 };
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!json_read(&params, ipc_file_request_fields, call->params, err) ||
		!ui_link_read_file(call->ui, call->client->conn, params.file, params.offset, &data,
			&part.bytes, err)) {
		return false;
	}
	base64_encode(&text, data.data, data.length);
	part.data = text.data;
	json_write(result, ipc_file_part_fields, &part);
	return true;
}

static bool read_artwork(const struct agent *agent, const struct ipc_artwork_request *params,
	struct strbuf *data, struct artwork_part *part, struct error *err)
{
	struct game_registry *registry = agent_registry(agent);
	const struct game *game;

	if (!state_link_ready(game_registry_link(registry), err)) {
		return false;
	}
	game = game_registry_find(registry, params->dir);
	if (game == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "no game is installed in '%s'", params->dir);
	}
	if (game->app_id == 0) {
		return error_set(
			err, ERROR_NOT_FOUND, "'%s' is not in the Steam library", game->name);
	}
	return steam_artwork_read(agent_steam(agent), game->user_id, game->app_id, params->offset,
		UI_LINK_PART_MAX_BYTES, data, part, err);
}

bool control_plugin_artwork(
	const struct control_call *call, struct strbuf *result, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct ipc_artwork_request params = { 0 };
	struct artwork_part part = { 0 };
	bool ok = json_read(&params, ipc_artwork_request_fields, call->params, err) &&
		  read_artwork(call->agent, &params, &data, &part, err);

	if (ok) {
		base64_encode(&text, data.data, data.length);
		json_write(result, ipc_artwork_part_fields,
			&(struct ipc_artwork_part){
				.image_type = part.type,
				.data = strbuf_text(&text),
				.bytes = part.bytes,
			});
	}
	json_finish(&params, ipc_artwork_request_fields);
	return ok;
}
