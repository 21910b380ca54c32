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
 * Requests to the game-mode plugin. It is a client of the local IPC like others until it attaches
 * itself; then requests go to it on the same connection, of those attached to the newest. This
 * module knows neither what a request means (steam/steam_driver_ui.h) nor whose connection it is
 * (control.h), and outlives both. Source: control/README.md "Requests to the plugin".
 */
#define UI_LINK_REQUESTS_MAX 16 /* under way with one plugin; more are refused with CONFLICT */
#define UI_LINK_PART_MAX_BYTES (512 * 1024) /* what one file.read returns, before base64 */

struct ui_link *ui_link_create(struct loop *loop);
void ui_link_destroy(struct ui_link *link); /* no request is under way; NULL is fine */
/* For agent_create(); lives as long as the link. */
const struct steam_ui *ui_link_steam_ui(const struct ui_link *link);
/* Called, on the loop's next turn, when a plugin has attached or is gone. NULL: nobody listens. */
void ui_link_set_changed(struct ui_link *link, void (*changed)(void *user), void *user);

/*
 * The newest plugin serves all further requests; one that is attached already becomes it.
 * name: for the log, or NULL.
 */
void ui_link_attach(struct ui_link *link, struct ipc_client_conn *conn, const char *name);
/* It wants no more, or has gone: its requests end with CONFLICT. Others than plugins are fine. */
void ui_link_detach(struct ui_link *link, const struct ipc_client_conn *conn);
/*
 * Ends the request that message, a JSON-RPC object from that client, answers. An answer that comes
 * too late is dropped. False: message is no answer.
 */
bool ui_link_take_answer(
	struct ui_link *link, const struct ipc_client_conn *conn, const cJSON *message);
/*
 * For the method file.read: appends a part of an offered file. Errors: NOT_FOUND (not offered, or
 * the client has no request under way), INVALID (offset), IO.
 */
bool ui_link_read_file(const struct ui_link *link, const struct ipc_client_conn *conn,
	int64_t number, int64_t offset, struct strbuf *data, int64_t *total, struct error *err);
