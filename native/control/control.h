#pragma once

#include <stdbool.h>

struct agent;
struct control;
struct control_client;
struct error;
struct loop;
struct strvec;
struct ui_link;

/*
 * The agent's local IPC: JSON-RPC 2.0 over ipc/ipc_server.h for the owner's command line, the
 * Decky bridge and the overlay. Its names are those of control_methods.h; what they mean is
 * described in control/README.md.
 */
struct control_options {
	struct loop *loop;
	struct agent *agent;
	struct ui_link *ui;	 /* what steam_ui of the agent's options came from */
	const char *socket_path; /* <runtime_dir>/agent.sock */
	/* Borrowed for the control's life: */
	const char *role; /* `status`: who started the agent */
	/* Another agent asks this one to make room. Errors: CONFLICT (there is none). */
	bool (*release)(void *user, struct error *err);
	void *user;
};

/* Errors: IO. */
struct control *control_create(const struct control_options *options, struct error *err);
void control_destroy(struct control *control); /* before the agent's; NULL is fine */

/* For the method `subscribe`. events: names; none: all but log_line. Errors: INVALID. */
bool control_client_subscribe(
	struct control_client *client, const struct strvec *events, struct error *err);
/* Replaces names by those the client gets. */
void control_client_events(const struct control_client *client, struct strvec *names);
