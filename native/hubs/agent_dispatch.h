#pragma once

#include "hubs/handle_artwork.h"
#include "hubs/handle_session.h"
#include "hubs/handle_steam.h"
#include "hubs/handle_upload.h"

#include <stddef.h>

struct agent_session;
struct strbuf;

/*
 * Passes messages of Hubs to the handler of their type, if the session's state permits, and answers
 * with the error when one fails. Holds the modules that each family's handlers work with.
 */
struct agent_dispatch {
	struct handle_session_options session;
	struct handle_steam_options steam;
	struct handle_artwork_options artwork;
	struct handle_upload_options upload;
};

/* For struct agent_session_events. */
void agent_dispatch_text(const struct agent_dispatch *dispatch, struct agent_session *session,
	const char *text, size_t length);
void agent_dispatch_binary_part(const struct agent_dispatch *dispatch,
	struct agent_session *session, const char *message, size_t length);
void agent_dispatch_binary(const struct agent_dispatch *dispatch, struct agent_session *session,
	struct strbuf *message);
void agent_dispatch_oversize(const struct agent_dispatch *dispatch, struct agent_session *session,
	const char *start, size_t length);
