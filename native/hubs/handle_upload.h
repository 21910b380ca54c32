#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>

struct agent_session;
struct chunk_receiver;
struct error;
struct strbuf;
struct upload_status;

/* Uploads. Rows of agent_dispatch.c … */
bool handle_init_upload(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_upload_chunk(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_complete_upload(struct agent_session *session, cJSON *payload, struct error *err);
bool handle_cancel_upload(struct agent_session *session, cJSON *payload, struct error *err);

/* … the binary messages of a paired session while they arrive … */
void handle_upload_part(struct agent_session *session, struct chunk_receiver *receiver,
	const char *message, size_t length);
/* … and when they are whole, replied to whatever happens … */
void handle_upload_binary(
	struct agent_session *session, struct chunk_receiver *receiver, struct strbuf *message);
/* … and the store's news of an upload of that session's Hub. */
void handle_upload_progress(struct agent_session *session, const struct upload_status *status);
