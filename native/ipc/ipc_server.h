#pragma once

#include <stddef.h>

struct error;
struct ipc_client_conn;
struct ipc_server;
struct loop;

/*
 * Local IPC: JSON lines on a Unix stream socket. This module transports lines; control/ interprets
 * them (JSON-RPC 2.0). The folder has mode 0700 and the socket 0600; peers of another uid except
 * root are dropped (SO_PEERCRED). The socket is recreated when its folder disappears.
 */
#define IPC_LINE_MAX_BYTES (1024 * 1024)
#define IPC_CLIENTS_MAX 16
#define IPC_QUEUE_MAX_BYTES (4 * 1024 * 1024) /* a client that reads too slowly is dropped */

struct ipc_server_events {
	void (*opened)(void *owner, struct ipc_client_conn *client);
	/* One line without its line feed; longer than the limit drops the client. */
	void (*line)(void *owner, struct ipc_client_conn *client, const char *line, size_t length);
	void (*closed)(void *owner, struct ipc_client_conn *client);
};

/* path: <runtime_dir>/agent.sock. Errors: IO. */
struct ipc_server *ipc_server_create(struct loop *loop, const char *path,
	const struct ipc_server_events *events, void *owner, struct error *err);
void ipc_server_destroy(struct ipc_server *server); /* removes the socket; NULL is fine */
void ipc_server_send(struct ipc_client_conn *client, const char *line, size_t length);
void ipc_server_set_user(struct ipc_client_conn *client, void *user);
void *ipc_server_user(const struct ipc_client_conn *client);
