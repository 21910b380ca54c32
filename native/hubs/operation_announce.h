#pragma once

struct agent_session;

/*
 * Tells a Hub how an operation goes, as an operation_event. type: "install", "delete", "artwork";
 * status: "start", "progress", "complete". The desktop app shows any message as an error, so it
 * gets none, and takes whatever comes while it uploads for news of that upload: it is told of
 * installs alone then. Source: proto/protocol.md "Two dialects".
 */
void operation_announce(struct agent_session *session, const char *type, const char *status,
	const char *game_name, const char *message);
