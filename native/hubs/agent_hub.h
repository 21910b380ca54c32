#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct hub_connected;

/* How a Hub describes itself; cleaned for display. */
struct agent_hub {
	char *id;
	char *name;
	char *version;
	char *platform;
	bool is_desktop;      /* speaks the desktop app's dialect, protocol.md §3.11 */
	int64_t connected_at; /* Unix time of authentication */
};

/*
 * Fills hub from its first message. Errors: INVALID (hubId), BLOCKED (unsupported protocol
 * version); hub is then untouched.
 */
bool agent_hub_init(struct agent_hub *hub, const struct hub_connected *hello, struct error *err);
void agent_hub_finish(struct agent_hub *hub);
