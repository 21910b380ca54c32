#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>

struct agent_session;
struct error;
struct game_artwork;
struct game_setup;
struct handle_artwork_options;
struct strbuf;
struct upload_status;
struct upload_store;

/* Uploads, from init_upload to the installed game. */
struct handle_upload_options {
	struct upload_store *uploads;
	struct game_setup *setup;
	struct game_artwork *artwork;
};

/* Rows of agent_dispatch.c … */
bool handle_init_upload(const struct handle_upload_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
bool handle_upload_chunk(const struct handle_upload_options *options, struct agent_session *session,
	cJSON *payload, struct error *err);
/*
 * The whole of complete_upload: the store moves the game into its folder, Steam gets the shortcut,
 * the registry stores it, the Hub gets one operation_result and its `install` event. An installed
 * game is a success even if Steam cannot take the shortcut: the result then says why.
 */
bool handle_complete_upload(const struct handle_upload_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);
bool handle_cancel_upload(const struct handle_upload_options *options,
	struct agent_session *session, cJSON *payload, struct error *err);

/* … the binary messages of a paired session while they arrive … */
void handle_upload_part(const struct handle_upload_options *options, struct agent_session *session,
	const char *message, size_t length);
/* … and once they are complete, always answered: chunks, and images … */
void handle_upload_binary(const struct handle_upload_options *options,
	const struct handle_artwork_options *artwork_options, struct agent_session *session,
	struct strbuf *message);
/* … and the store's events about an upload of that session's Hub. */
void handle_upload_progress(struct agent_session *session, const struct upload_status *status);
