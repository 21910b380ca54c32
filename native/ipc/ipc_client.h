#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct ipc_client;
struct strbuf;

/* The other end of ipc/ipc_server.h for command-line tools: blocking, with time-outs. */

/* Errors: NOT_FOUND (no agent is running: says how to start one), IO, TIMEOUT. */
struct ipc_client *ipc_client_create(const char *socket_path, struct error *err);
void ipc_client_destroy(struct ipc_client *client); /* NULL is fine */
bool ipc_client_send(struct ipc_client *client, const char *line, size_t length, struct error *err);
/* The next line (replaces line). wait_ms −1: no limit. Errors: TIMEOUT, IO (agent went away). */
bool ipc_client_receive(
	struct ipc_client *client, int64_t wait_ms, struct strbuf *line, struct error *err);
