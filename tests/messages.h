#pragma once

/* Every message table of proto/, for what must hold for all of them. */

#include "proto/proto_ipc.h"
#include "proto/proto_session.h"
#include "proto/proto_steam.h"
#include "proto/proto_upload.h"

#include <stddef.h>

#define MESSAGE_BYTES_MAX 1024 /* the largest of these structs fits */
#define MESSAGE(type)                                                                              \
	{                                                                                          \
#type, type##_fields, sizeof(struct type)                                          \
	}

struct message_table {
	const char *name;
	const struct json_field *fields;
	size_t bytes;
};

static const struct message_table messages[] = {
	MESSAGE(hub_connected),
	MESSAGE(pairing_required),
	MESSAGE(pair_confirm),
	MESSAGE(pair_success),
	MESSAGE(pair_failed),
	MESSAGE(agent_status),
	MESSAGE(info_response),
	MESSAGE(config_response),
	MESSAGE(steam_users_response),
	MESSAGE(list_shortcuts),
	MESSAGE(shortcuts_response),
	MESSAGE(shortcut_config),
	MESSAGE(init_upload),
	MESSAGE(upload_init_response),
	MESSAGE(upload_chunk),
	MESSAGE(upload_chunk_response),
	MESSAGE(upload_progress),
	MESSAGE(complete_upload),
	MESSAGE(cancel_upload),
	MESSAGE(operation_result),
	MESSAGE(artwork_image_response),
	MESSAGE(operation_event),
	MESSAGE(ipc_message),
	MESSAGE(ipc_pairing),
	MESSAGE(ipc_pairing_hidden),
	MESSAGE(ipc_connected_hub),
	MESSAGE(ipc_hubs),
	MESSAGE(ipc_hub_id),
	MESSAGE(ipc_upload),
	MESSAGE(ipc_uploads),
	MESSAGE(ipc_upload_id),
	MESSAGE(ipc_games),
	MESSAGE(ipc_setting),
	MESSAGE(ipc_settings),
	MESSAGE(ipc_setting_change),
	MESSAGE(ipc_log_request),
	MESSAGE(ipc_log),
	MESSAGE(ipc_log_line),
	MESSAGE(ipc_subscription),
	MESSAGE(ipc_status),
};

#define MESSAGE_COUNT (sizeof(messages) / sizeof(messages[0]))
