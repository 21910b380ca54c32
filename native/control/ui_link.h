#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct ipc_client_conn;
struct loop;
struct steam_ui;
struct strbuf;
struct ui_link;

/*
 * Requests to the game-mode plugin. It is an ordinary client of the local IPC until it attaches;
 * then it gets requests on the same connection, if it is the newest one attached. This module
 * interprets neither the requests (steam/steam_driver_ui.h) nor the connections (control.h), and
 * outlives both. Source: control/README.md "Requests to the plugin".
 */
#define UI_LINK_REQUESTS_MAX 16 /* open with one plugin; more are refused with CONFLICT */
#define UI_LINK_PART_MAX_BYTES (512 * 1024) /* what one file.read returns, before base64 */

struct ui_link *ui_link_create(struct loop *loop);
void ui_link_destroy(struct ui_link *link); /* no request is under way; NULL is fine */
/* For agent_create(); lives as long as the link. */
const struct steam_ui *ui_link_steam_ui(const struct ui_link *link);
/* Called, on the loop's next turn, when a plugin has attached or gone. NULL: no listener. */
void ui_link_set_changed(struct ui_link *link, void (*changed)(void *user), void *user);

/*
 * The newest plugin gets all further requests; attaching again makes a plugin the newest.
 * name: for the log, or NULL.
 */
void ui_link_attach(struct ui_link *link, struct ipc_client_conn *conn, const char *name);
/* It has detached or gone: its requests end with CONFLICT. Does nothing for other clients. */
void ui_link_detach(struct ui_link *link, const struct ipc_client_conn *conn);
/*
 * Ends the request that message, a JSON-RPC object from that client, answers. A late answer is
 * dropped. False: message is not an answer.
 */
bool ui_link_take_answer(
	struct ui_link *link, const struct ipc_client_conn *conn, const cJSON *message);
/*
 * For the method file.read: appends a part of an offered file. Errors: NOT_FOUND (not offered, or
 * the client has no open request), INVALID (offset), IO.
 */
bool ui_link_read_file(const struct ui_link *link, const struct ipc_client_conn *conn,
	int64_t number, int64_t offset, struct strbuf *data, int64_t *total, struct error *err);
