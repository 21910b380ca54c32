#pragma once

#include <stddef.h>

struct agent_session;

/*
 * Answers one text message of a Hub: finds its type in the table of handlers, checks that the
 * session has come far enough, and replies with the error when one fails.
 */
void agent_dispatch_text(struct agent_session *session, const char *text, size_t length);
