#pragma once

#include <stdbool.h>

struct agent;
struct control;
struct error;
struct loop;
struct steam_ui;

/*
 * The agent's local IPC: JSON-RPC 2.0 over ipc/ipc_server.h for the owner's command line, the
 * Decky bridge and the overlay. control/README.md describes its methods.
 *
 * It is created before the agent and destroyed after it, since Steam is changed through the plugin,
 * one of its clients; it is open while the agent serves.
 */
struct control *control_create(struct loop *loop);
void control_destroy(struct control *control); /* after the agent; NULL is fine */
/* For agent_create(); lives as long as control. */
const struct steam_ui *control_steam_ui(const struct control *control);

struct control_options {
	struct agent *agent;
	const char *socket_path; /* <runtime_dir>/agent.sock */
	/* Borrowed while it is open: */
	const char *role; /* `status`: who started the agent */
	/* Another agent asks this one to hand over. Errors: CONFLICT (none is waiting). */
	bool (*release)(void *user, struct error *err);
	void *user;
};

/* Errors: IO. */
bool control_open(
	struct control *control, const struct control_options *options, struct error *err);
void control_close(struct control *control); /* before the agent goes; NULL is fine */
